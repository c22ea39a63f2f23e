/* What scenes ask of the room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "world/roomd.h"

#define MSEC_MAX	60000.0
#define ROOM_PATH	"/org/bluez_combine/Room"

static void add_adapter(struct room *room, GDBusMethodInvocation *invocation, GVariant *args)
{
	GError *error = NULL;
	const char *name;

	g_variant_get(args, "(&s)", &name);
	if (adapter_new(room, name, &error) == NULL)
		g_dbus_method_invocation_take_error(invocation, error);
	else
		g_dbus_method_invocation_return_value(invocation, NULL);
}

/* Another seed for each device, the same for the same room and address */
static uint32_t device_seed(struct room *room, const char *address)
{
	struct random random = { .state = room->seed ^ g_str_hash(address) };

	return random_next(&random);
}

static void add_device(struct room *room, GDBusMethodInvocation *invocation, GVariant *args,
		       enum option_use use)
{
	g_autoptr(GVariant) dict = NULL;
	struct options options;
	GError *error = NULL;
	const char *address;

	g_variant_get(args, "(&s@a{sv})", &address, &dict);
	options_init(&options, use, device_seed(room, address));
	if (options_read(&options, dict, use, &error) && device_new(room, address, &options, &error) != NULL)
		g_dbus_method_invocation_return_value(invocation, NULL);
	else
		g_dbus_method_invocation_take_error(invocation, error);
	options_finish(&options);
}

static void status_link(GString *json, struct link *link)
{
	const struct link_stats *l = link_stats(link);
	const struct speaker_stats *s = speaker_stats(link_speaker(link));

	g_string_append_printf(json, ", \"state\": \"%s\", \"packets\": %" G_GUINT64_FORMAT
		", \"lost\": %" G_GUINT64_FORMAT ", \"corrupt\": %" G_GUINT64_FORMAT ", \"queued\": %u",
		speaker_state_names[speaker_state(link_speaker(link))], l->packets, l->lost, l->corrupt, l->queued);
	g_string_append_printf(json, ", \"frames\": %" G_GUINT64_FORMAT ", \"late\": %" G_GUINT64_FORMAT
		", \"missing\": %" G_GUINT64_FORMAT ", \"starts\": %u, \"underruns\": %u, \"overflows\": %u",
		s->frames, s->late, s->missing, s->starts, s->underruns, s->overflows);
	g_string_append_printf(json, ", \"fill.msec\": %.3f, \"ppm\": %.1f",
		speaker_fill_ms(link_speaker(link)), speaker_turn_ppm(link_speaker(link)));
}

static void status_device(GString *json, struct device *device)
{
	static const char * const keys[N_ROLES] = { "transport", "source" };
	char *name = recorder_quote(device->options.name);
	int role;

	g_string_append_printf(json, "\"%s\": {\"name\": \"%s\", \"adapter\": \"%s\", \"connected\": %s",
			       device->address, name, device->adapter->name, device->connected ? "true" : "false");
	free(name);
	for (role = 0; role < N_ROLES; role++) {
		struct transport *t = device->transports[role];

		if (t != NULL)
			g_string_append_printf(json, ", \"%s\": \"%s\", \"%s.configured\": %s, \"%s.rate\": %d",
				keys[role], transport_state_names[t->state], keys[role],
				t->configured ? "true" : "false", keys[role],
				t->configuration[0] & 0x10 ? 48000 : 44100);
		if (t != NULL && role == ROLE_ECHO && t->has_delay)
			g_string_append_printf(json, ", \"delay.msec\": %.1f", t->delay / 10.0);
	}
	if (device->options.volume >= 0)
		g_string_append_printf(json, ", \"volume\": %d", device->options.volume);
	if (device->link != NULL)
		status_link(json, device->link);
	if (device->sender != NULL)
		g_string_append_printf(json, ", \"sent\": %" G_GUINT64_FORMAT ", \"dropped\": %" G_GUINT64_FORMAT
			", \"late.max.msec\": %.3f", sender_stats(device->sender)->packets,
			sender_stats(device->sender)->dropped, sender_stats(device->sender)->late_max_ns * 1e-6);
	g_string_append(json, "}");
}

static void status(struct room *room, GDBusMethodInvocation *invocation)
{
	g_autoptr(GString) json = g_string_new(NULL);
	guint i;

	radio_lock(room->radio);
	g_string_append_printf(json, "{\"now\": %" G_GINT64_FORMAT ", \"devices\": {",
			       room_clock_now_ns(room->clock));
	for (i = 0; i < room->devices->len; i++) {
		g_string_append(json, i > 0 ? ", " : "");
		status_device(json, room->devices->pdata[i]);
	}
	radio_unlock(room->radio);
	g_string_append(json, "}, \"microphones\": {");
	air_status(room->air, json);
	g_string_append(json, "}}");
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", json->str));
}

static bool stall(struct device *device, double msec, GError **error)
{
	int64_t until;

	if (!(msec >= 0.0 && msec <= MSEC_MAX)) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "msec = %g; allowed: a number from 0 to %g", msec, MSEC_MAX);
		return false;
	}
	until = room_clock_now_ns(device->room->clock) + (int64_t)(msec * 1e6);
	radio_lock(device->room->radio);
	if (device->link != NULL)
		link_stall(device->link, until);
	if (device->sender != NULL)
		sender_stall(device->sender, until);
	radio_unlock(device->room->radio);
	device_event(device, "stall", "\"msec\": %.3f", msec);
	return true;
}

static bool need(const void *thing, const struct device *device, const char *what, GError **error)
{
	if (thing == NULL)
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "device %s is not %s",
			    device->address, what);
	return thing != NULL;
}

/* The methods whose first argument is the address of a device */
static bool device_call(struct device *device, const char *method, GVariant *args, GError **error)
{
	g_autoptr(GVariant) second = NULL;

	if (g_variant_n_children(args) > 1)
		second = g_variant_get_child_value(args, 1);
	if (g_str_equal(method, "Set"))
		return device_set(device, second, error);
	if (g_str_equal(method, "Stall"))
		return stall(device, g_variant_get_double(second), error);
	if (g_str_equal(method, "Connect")) {
		device_come(device);
	} else if (g_str_equal(method, "Close")) {
		device_close(device);
	} else if (g_str_equal(method, "Disconnect")) {
		device_disconnect(device);
	} else if (g_str_equal(method, "Suspend")) {
		if (!need(device->link, device, "a speaker", error))
			return false;
		transport_suspend(device);
	} else if (g_str_equal(method, "Remove")) {
		device_remove(device);
	} else if (g_str_equal(method, "Search")) {
		device_search(device);
	} else if (g_str_equal(method, "Drop")) {
		if (!need(device->link, device, "a speaker", error))
			return false;
		radio_lock(device->room->radio);
		link_drop(device->link, g_variant_get_uint32(second));
		radio_unlock(device->room->radio);
	} else {
		if (!need(device->sender, device, "an Echo", error))
			return false;
		if (g_str_equal(method, "Play"))
			transport_play(device);
		else
			transport_pause(device);
	}
	return true;
}

static void call_device(struct room *room, GDBusMethodInvocation *invocation, const char *method,
			GVariant *args)
{
	GError *error = NULL;
	struct device *device;
	const char *address;

	g_variant_get_child(args, 0, "&s", &address);
	device = device_find(room, address);
	if (device == NULL)
		g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			"address = '%s'; allowed: that of a device that was added", address);
	else if (!device_call(device, method, args, &error))
		g_dbus_method_invocation_take_error(invocation, error);
	else
		g_dbus_method_invocation_return_value(invocation, NULL);
}

static void restart(struct room *room, GDBusMethodInvocation *invocation, GVariant *args)
{
	double msec = 0.0;

	g_variant_get(args, "(d)", &msec);
	if (!(msec >= 0.0 && msec <= MSEC_MAX)) {
		g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			"msec = %g; allowed: a number from 0 to %g", msec, MSEC_MAX);
		return;
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
	recorder_event(room->recorder, room_clock_now_ns(room->clock), "room", "restart", "\"msec\": %.3f", msec);
	room_restart(room, msec);
}

static void power(struct room *room, GDBusMethodInvocation *invocation, GVariant *args)
{
	const char *name, *state;
	struct adapter *adapter;

	g_variant_get(args, "(&s&s)", &name, &state);
	adapter = adapter_find(room, name);
	if (adapter == NULL || (!g_str_equal(state, "on") && !g_str_equal(state, "off") &&
				!g_str_equal(state, "blocked"))) {
		g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			"adapter = '%s', state = '%s'; allowed: one that was added; on, off, blocked", name, state);
		return;
	}
	adapter_set_blocked(adapter, g_str_equal(state, "blocked"));
	adapter_set_powered(adapter, g_str_equal(state, "on"));
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void call_air(struct room *room, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	g_autoptr(GVariant) dict = g_variant_get_child_value(args, g_variant_n_children(args) - 1);
	const char *name, *address;
	GError *error = NULL;
	bool good;

	g_variant_get_child(args, 0, "&s", &name);
	if (g_str_equal(method, "AddMicrophone")) {
		good = air_add_microphone(room->air, name, dict, &error);
	} else if (g_str_equal(method, "SetMicrophone")) {
		good = air_set_microphone(room->air, name, dict, &error);
	} else {
		g_variant_get_child(args, 1, "&s", &address);
		good = air_set_path(room->air, name, address, dict, &error);
	}
	if (good)
		g_dbus_method_invocation_return_value(invocation, NULL);
	else
		g_dbus_method_invocation_take_error(invocation, error);
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct room *room = data;

	if (g_str_equal(method, "AddAdapter")) {
		add_adapter(room, invocation, args);
	} else if (g_str_equal(method, "AddSpeaker")) {
		add_device(room, invocation, args, OPTIONS_SPEAKER);
	} else if (g_str_equal(method, "AddEcho")) {
		add_device(room, invocation, args, OPTIONS_ECHO);
	} else if (g_str_equal(method, "AddMicrophone") || g_str_equal(method, "SetMicrophone") ||
		   g_str_equal(method, "SetPath")) {
		call_air(room, invocation, method, args);
	} else if (g_str_equal(method, "Now")) {
		g_dbus_method_invocation_return_value(invocation,
			g_variant_new("(x)", room_clock_now_ns(room->clock)));
	} else if (g_str_equal(method, "Status")) {
		status(room, invocation);
	} else if (g_str_equal(method, "Finish")) {
		room_finish(room);
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else if (g_str_equal(method, "Power")) {
		power(room, invocation, args);
	} else if (g_str_equal(method, "Misplace")) {
		room->misplaces = true;
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else if (g_str_equal(method, "Restart")) {
		restart(room, invocation, args);
	} else if (g_str_equal(method, "Quit")) {
		g_dbus_method_invocation_return_value(invocation, NULL);
		g_main_loop_quit(room->loop);
	} else {
		call_device(room, invocation, method, args);
	}
}

static const struct bus_interface room_interface = {
	.info = &org_bluez_combine_room1_interface,
	.call = call,
};

void control_export(struct room *room)
{
	bus_export(room, ROOM_PATH, &room_interface, room);
}
