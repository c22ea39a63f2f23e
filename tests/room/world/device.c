/* Devices in reach of the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/roomd.h"

#define RSSI_DBM		(-55)	/* some metres */
#define CLASS_LOUDSPEAKER	0x240414	/* audio, rendering; audio/video, loudspeaker */

void device_event(struct device *device, const char *event, const char *fields, ...)
{
	struct room *room = device->room;
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, fields);
	text = g_strdup_vprintf(fields, args);
	va_end(args);
	recorder_event(room->recorder, room_clock_now_ns(room->clock), device->options.name, event, "%s",
		       text);
}

static GVariant *uuids(const struct device *device)
{
	const char *list[6];
	int n = 0;

	if (device->options.source && device->options.audio)
		list[n++] = UUID_A2DP_SOURCE;
	if (device->options.speaker && device->options.audio)
		list[n++] = UUID_A2DP_SINK;
	if (device->options.input)
		list[n++] = UUID_HID;
	if (device->options.handsfree)
		list[n++] = UUID_HANDSFREE;
	list[n++] = UUID_AVRCP_TARGET;
	list[n++] = UUID_AVRCP;
	return g_variant_new_strv(list, n);
}

/* "bluetooth:0171" -> "bluetooth:v0171p0001d0001" */
static GVariant *modalias(const char *vendor)
{
	const char *id = strchr(vendor, ':');
	g_autofree char *text = NULL;

	if (id == NULL)
		return NULL;
	text = g_strdup_printf("%.*s:v%sp0001d0001", (int)(id - vendor), vendor, id + 1);
	return g_variant_new_string(text);
}

static GVariant *get_flag(const struct device *device, const char *property)
{
	if (g_str_equal(property, "Paired") || g_str_equal(property, "Bonded"))
		return g_variant_new_boolean(device->paired);
	if (g_str_equal(property, "Trusted"))
		return g_variant_new_boolean(device->trusted);
	if (g_str_equal(property, "Blocked") || g_str_equal(property, "LegacyPairing"))
		return g_variant_new_boolean(false);
	/* Who has paired by itself is there, and its services come later. */
	if (g_str_equal(property, "Connected"))
		return g_variant_new_boolean(device->connected || device->coming);
	if (g_str_equal(property, "ServicesResolved"))
		return g_variant_new_boolean(device->resolved);
	return NULL;
}

static GVariant *get(void *data, const char *property)
{
	struct device *device = data;

	if (g_str_equal(property, "Address"))
		return g_variant_new_string(device->address);
	if (g_str_equal(property, "AddressType"))
		return g_variant_new_string("public");
	if (g_str_equal(property, "Adapter"))
		return g_variant_new_object_path(device->adapter->path);
	if (g_str_equal(property, "Name") || g_str_equal(property, "Alias"))
		return g_variant_new_string(device->options.name);
	if (g_str_equal(property, "Class"))
		return g_variant_new_uint32(CLASS_LOUDSPEAKER);
	if (g_str_equal(property, "Icon"))
		return g_variant_new_string("audio-card");
	if (g_str_equal(property, "UUIDs"))
		return uuids(device);
	if (g_str_equal(property, "Modalias"))
		return modalias(device->options.vendor);
	if (g_str_equal(property, "RSSI"))
		return device->in_reach ? g_variant_new_int16(RSSI_DBM) : NULL;
	return get_flag(device, property);
}

static bool set(void *data, const char *property, GVariant *value, GError **error)
{
	struct device *device = data;

	if (!g_str_equal(property, "Trusted")) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_NOT_SUPPORTED, "%s cannot be written", property);
		return false;
	}
	device->trusted = g_variant_get_boolean(value);
	device_event(device, device->trusted ? "trusted" : "untrusted", "%s", "");
	bus_changed(device->room, device->path, IFACE_DEVICE, "Trusted", NULL);
	return true;
}

/* NULL: it can be connected to */
static const char *connect_error(const struct device *device)
{
	if (!device->adapter->powered)
		return "br-connection-adapter-not-powered";
	if (device->options.connect_error[0] != '\0')
		return device->options.connect_error;
	return device->paired ? NULL : "br-connection-refused";
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct device *device = data;

	if (g_str_equal(method, "Connect") || g_str_equal(method, "ConnectProfile")) {
		const char *error = connect_error(device);

		if (error == NULL)
			error = device_meet(device);
		if (error != NULL) {
			bus_error(invocation, "Failed", error);
			return;
		}
	} else if (g_str_equal(method, "Disconnect")) {
		device_disconnect(device);
	} else if (g_str_equal(method, "Pair")) {
		device_pair(device, invocation);
		return;
	} else if (g_str_equal(method, "CancelPairing")) {
		device_cancel_pairing(device, invocation);
		return;
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static const struct bus_interface device_interface = {
	.info = &org_bluez_device1_interface,
	.call = call,
	.get = get,
	.set = set,
};

/* The endpoint of the device itself. PipeWire switches codecs through it. */

struct sep {
	struct device *device;
	enum role role;
};

static void sep_call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct sep *sep = data;
	g_autoptr(GVariant) dict = g_variant_get_child_value(args, 1), array = NULL;
	const uint8_t *configuration = NULL;
	gsize size = 0;

	array = g_variant_lookup_value(dict, "Capabilities", G_VARIANT_TYPE_BYTESTRING);
	if (array != NULL)
		configuration = g_variant_get_fixed_array(array, &size, 1);
	if (size != SBC_CAPS) {
		bus_error(invocation, "InvalidArguments", "Invalid arguments in method call");
		return;
	}
	transport_configure_with(sep->device, sep->role, configuration);
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static GVariant *sep_get(void *data, const char *property)
{
	struct sep *sep = data;
	const struct options *o = &sep->device->options;
	uint8_t caps[SBC_CAPS];

	if (g_str_equal(property, "UUID"))
		return g_variant_new_string(sep->role == ROLE_SPEAKER ? UUID_A2DP_SINK : UUID_A2DP_SOURCE);
	if (g_str_equal(property, "Codec"))
		return g_variant_new_byte(0);
	if (g_str_equal(property, "Capabilities")) {
		transport_capabilities(sep->device, caps);
		return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, caps, SBC_CAPS, 1);
	}
	if (g_str_equal(property, "Device"))
		return g_variant_new_object_path(sep->device->path);
	if (g_str_equal(property, "DelayReporting"))
		return g_variant_new_boolean(sep->role == ROLE_ECHO || o->report_ms >= 0.0);
	return NULL;
}

static const struct bus_interface sep_interface = {
	.info = &org_bluez_media_endpoint1_interface,
	.call = sep_call,
	.get = sep_get,
};

void device_check_resolved(struct device *device)
{
	int role;

	for (role = 0; role < N_ROLES; role++)
		if (device->seps[role] != NULL &&
		    (device->transports[role] == NULL || !device->transports[role]->configured))
			return;
	if (device->resolved || !device->connected)
		return;
	device->resolved = true;
	bus_changed(device->room, device->path, IFACE_DEVICE, "ServicesResolved", NULL);
}

void device_connect(struct device *device)
{
	const struct options *o = &device->options;
	const bool roles[N_ROLES] = { o->speaker && o->audio, o->source && o->audio };
	int role, n = 1;

	if (!device->shown)
		device_show(device);
	if (!device->connected) {
		device->connected = true;
		device_event(device, "connected", "%s", "");
		bus_changed(device->room, device->path, IFACE_DEVICE, "Connected", NULL);
		for (role = 0; role < N_ROLES; role++) {
			struct sep *sep;

			if (!roles[role])
				continue;
			sep = g_new0(struct sep, 1);
			sep->device = device;
			sep->role = role;
			device->seps[role] = g_strdup_printf("%s/sep%d", device->path, n++);
			g_object_set_data_full(G_OBJECT(device->room->bus), device->seps[role], sep, g_free);
			bus_export(device->room, device->seps[role], &sep_interface, sep);
		}
		handsfree_connected(device);
	}
	for (role = 0; role < N_ROLES; role++)
		transport_configure(device, role);
	device_check_resolved(device);
}

void device_disconnect(struct device *device)
{
	int role;

	if (!device->connected)
		return;
	for (role = 0; role < N_ROLES; role++) {
		device->generation[role]++;
		if (device->transports[role] != NULL)
			transport_destroy(device->transports[role], true);
		if (device->seps[role] == NULL)
			continue;
		bus_remove(device->room, device->seps[role]);
		g_object_set_data(G_OBJECT(device->room->bus), device->seps[role], NULL);
		g_clear_pointer(&device->seps[role], g_free);
	}
	handsfree_disconnected(device);
	device->connected = device->resolved = device->playing = false;
	device_event(device, "disconnected", "%s", "");
	bus_changed(device->room, device->path, IFACE_DEVICE, "ServicesResolved", "Connected", NULL);
}

void device_close(struct device *device)
{
	for (int role = 0; role < N_ROLES; role++) {
		device->generation[role]++;
		if (device->transports[role] != NULL)
			transport_destroy(device->transports[role], true);
	}
}

void device_remove(struct device *device)
{
	device_disconnect(device);
	device_forget_pairing(device);
	device->paired = device->trusted = device->in_reach = false;
	if (!device->shown)
		return;
	device->shown = false;
	device_event(device, "removed", "%s", "");
	bus_remove(device->room, device->path);
}

bool device_set(struct device *device, GVariant *dict, GError **error)
{
	struct transport *t = device->transports[ROLE_SPEAKER];
	struct options *o = &device->options;
	double report = o->report_ms;
	int32_t volume = o->volume;
	int role;

	if (!options_read(o, dict, OPTIONS_SET, error))
		return false;
	radio_lock(device->room->radio);
	if (device->link != NULL)
		link_configure(device->link, &o->link_config, &o->speaker_config);
	if (device->sender != NULL)
		echo_configure(sender_echo(device->sender), &o->echo_config);
	radio_unlock(device->room->radio);
	if (report != o->report_ms && t != NULL)
		transport_report(t, o->report_ms * 10.0 + 0.5);
	if (volume != o->volume) {
		device_event(device, "volume", "\"volume\": %d", o->volume);
		for (role = 0; role < N_ROLES; role++)
			if (device->transports[role] != NULL)
				bus_changed(device->room, device->transports[role]->path, IFACE_TRANSPORT,
					    "Volume", NULL);
	}
	return true;
}

static int add_link(struct device *device)
{
	struct room *room = device->room;
	struct options *o = &device->options;
	struct track *track = recorder_track(room->recorder, "speaker", o->name);
	int res;

	if (track == NULL)
		return -errno;
	device->link = link_new(room->clock, room->recorder, o->name, track, &o->link_config,
				&o->speaker_config, o->seed);
	g_assert(device->link != NULL);
	radio_lock(room->radio);
	res = radio_add_link(room->radio, device->link);
	radio_unlock(room->radio);
	if (res == 0)
		air_add_speaker(room->air, device->address, o->name, device->link);
	return res;
}

/* Takes echo. */
static int add_sender(struct device *device, struct echo *echo)
{
	struct room *room = device->room;
	const char *name = device->options.name;
	struct track *track = recorder_track(room->recorder, "echo", name);
	int res;

	if (track == NULL) {
		res = -errno;
		echo_destroy(echo);
		return res;
	}
	device->sender = sender_new(room->clock, room->recorder, name, track, echo);
	g_assert(device->sender != NULL);
	radio_lock(room->radio);
	res = radio_add_sender(room->radio, device->sender);
	radio_unlock(room->radio);
	return res;
}

static bool add_to_radio(struct device *device, GError **error)
{
	struct options *o = &device->options;
	struct echo *echo = NULL;
	g_autofree char *why = NULL;
	int res = 0;

	if (o->source) {
		if (o->wav != NULL)
			echo = echo_new(&o->echo_config, o->wav, o->seed ^ 0xec40, &why);
		if (echo == NULL) {
			g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
				    "option 'wav': %s; allowed: a file that libsndfile reads",
				    why != NULL ? why : "missing");
			return false;
		}
		res = add_sender(device, echo);
	}
	if (o->speaker && res == 0)
		res = add_link(device);
	if (res == 0)
		return true;
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "device '%s': %s", o->name,
		    res == -ENOSPC ? "there are too many" : strerror(-res));
	return false;
}

static bool check_address(struct room *room, const char *address, GError **error)
{
	bool good = strlen(address) == 17;
	int i;

	for (i = 0; good && i < 17; i++)
		good = i % 3 == 2 ? address[i] == ':' : g_ascii_isxdigit(address[i]);
	if (!good)
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "address = '%s'; allowed: six bytes as in AA:BB:CC:00:11:22", address);
	else if (device_find(room, address) != NULL)
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_FILE_EXISTS, "device %s is there already", address);
	else
		return true;
	return false;
}

static bool check_name(struct room *room, const struct options *o, GError **error)
{
	guint i;

	for (i = 0; i < room->devices->len; i++) {
		struct device *other = room->devices->pdata[i];

		if (!g_str_equal(other->options.name, o->name))
			continue;
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_FILE_EXISTS,
			    "option 'name' = '%s'; allowed: a name that no other device has", o->name);
		return false;
	}
	return true;
}

struct device *device_new(struct room *room, const char *address, struct options *options,
			  GError **error)
{
	struct device *device;
	struct adapter *adapter;

	if (!check_address(room, address, error))
		return NULL;
	if (options->name == NULL)
		options->name = g_strdup(address);
	if (!check_name(room, options, error))
		return NULL;
	adapter = adapter_find(room, options->adapter);
	if (adapter == NULL) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option 'adapter' = '%s'; allowed: one that was added", options->adapter);
		return NULL;
	}
	device = g_new0(struct device, 1);
	device->room = room;
	device->adapter = adapter;
	device->call_fd = -1;
	device->address = g_ascii_strup(address, -1);
	options_copy(&device->options, options);
	device->paired = options->paired;
	device->trusted = options->paired && options->trusted;
	if (!add_to_radio(device, error)) {
		/* What the radio has already, it keeps to the end. */
		if (device->link == NULL && device->sender == NULL)
			device_destroy(device);
		return NULL;
	}
	g_ptr_array_add(room->devices, device);
	if (device->paired)
		device_show(device);
	return device;
}

void device_show(struct device *device)
{
	g_free(device->path);
	device->path = g_strdup_printf("%s/dev_%s", device->adapter->path, device->address);
	g_strdelimit(device->path, ":", '_');
	device->shown = true;
	bus_export(device->room, device->path, &device_interface, device);
}

void device_destroy(struct device *device)
{
	int role;

	for (role = 0; role < N_ROLES; role++) {
		struct transport *t = device->transports[role];

		g_free(device->seps[role]);
		if (t == NULL)
			continue;
		g_clear_object(&t->acquiring);
		g_free(t->path);
		g_free(t->sender);
		g_free(t->endpoint);
		g_free(t);
	}
	handsfree_finish(device);
	link_destroy(device->link);
	sender_destroy(device->sender);
	options_finish(&device->options);
	g_free(device->pairing.sender);
	g_free(device->address);
	g_free(device->path);
	g_free(device);
}

struct device *device_find(struct room *room, const char *address)
{
	guint i;

	for (i = 0; i < room->devices->len; i++) {
		struct device *device = room->devices->pdata[i];

		if (g_ascii_strcasecmp(device->address, address) == 0)
			return device;
	}
	return NULL;
}
