/* Adapters of the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "world/roomd.h"

#define CLASS_AUDIO_COMPUTER	0x6c010c	/* audio, rendering, capturing; a laptop */

/** A client that has the adapter look for devices, until it says stop or goes */
struct discoverer {
	struct adapter *adapter;
	char *sender;
	guint watch;
};

static void set_discoverable(struct adapter *adapter, bool discoverable);

static void adapter_event(struct adapter *adapter, const char *event)
{
	recorder_event(adapter->room->recorder, room_clock_now_ns(adapter->room->clock), adapter->name, event,
		       "%s", "");
}

static void discoverer_free(void *data)
{
	struct discoverer *d = data;

	g_bus_unwatch_name(d->watch);
	g_free(d->sender);
	g_free(d);
}

static void set_discovering(struct adapter *adapter, bool discovering)
{
	if (adapter->discovering == discovering)
		return;
	adapter->discovering = discovering;
	adapter_event(adapter, discovering ? "discovering" : "not-discovering");
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "Discovering", NULL);
	if (discovering)
		adapter_discover(adapter);
}

static struct discoverer *find_discoverer(struct adapter *adapter, const char *sender)
{
	guint i;

	for (i = 0; i < adapter->discoverers->len; i++) {
		struct discoverer *d = adapter->discoverers->pdata[i];

		if (g_str_equal(d->sender, sender))
			return d;
	}
	return NULL;
}

static void end_discoverer(struct discoverer *d)
{
	struct adapter *adapter = d->adapter;

	g_ptr_array_remove(adapter->discoverers, d);
	set_discovering(adapter, adapter->discoverers->len > 0);
}

static void on_discoverer_vanished(GDBusConnection *bus, const char *name, void *data)
{
	end_discoverer(data);
}

static void start_discovery(struct adapter *adapter, GDBusMethodInvocation *invocation)
{
	const char *sender = g_dbus_method_invocation_get_sender(invocation);
	struct discoverer *d;

	if (!adapter->powered) {
		bus_error(invocation, "NotReady", "Resource Not Ready");
		return;
	}
	if (find_discoverer(adapter, sender) != NULL) {
		bus_error(invocation, "InProgress", "Operation already in progress");
		return;
	}
	d = g_new0(struct discoverer, 1);
	d->adapter = adapter;
	d->sender = g_strdup(sender);
	d->watch = g_bus_watch_name_on_connection(adapter->room->bus, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
						  on_discoverer_vanished, d, NULL);
	g_ptr_array_add(adapter->discoverers, d);
	g_dbus_method_invocation_return_value(invocation, NULL);
	set_discovering(adapter, true);
}

static void stop_discovery(struct adapter *adapter, GDBusMethodInvocation *invocation)
{
	struct discoverer *d = find_discoverer(adapter, g_dbus_method_invocation_get_sender(invocation));

	if (d == NULL) {
		bus_error(invocation, "Failed", "No discovery started");
		return;
	}
	end_discoverer(d);
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct adapter *adapter = data;
	const char *path = NULL;
	guint i;

	if (g_str_equal(method, "StartDiscovery")) {
		start_discovery(adapter, invocation);
		return;
	} else if (g_str_equal(method, "StopDiscovery")) {
		stop_discovery(adapter, invocation);
		return;
	} else if (g_str_equal(method, "RemoveDevice")) {
		g_variant_get(args, "(&o)", &path);
		for (i = 0; i < adapter->room->devices->len; i++) {
			struct device *device = adapter->room->devices->pdata[i];

			if (g_strcmp0(device->path, path) != 0)
				continue;
			device_remove_for(device, invocation);
			return;
		}
		bus_error(invocation, "DoesNotExist", "Does Not Exist");
		return;
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
}

/* bluetoothd has a service of its own for AVRCP, and for A2DP what was registered. */
static GVariant *uuids(struct adapter *adapter)
{
	static const char * const a2dp[] = { UUID_A2DP_SOURCE, UUID_A2DP_SINK };
	const char *list[4] = { UUID_AVRCP_TARGET, UUID_AVRCP };
	int n = 2;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(a2dp); i++)
		if (adapter_endpoint(adapter, a2dp[i]) != NULL)
			list[n++] = a2dp[i];
	return g_variant_new_strv(list, n);
}

static GVariant *get(void *data, const char *property)
{
	struct adapter *adapter = data;

	if (g_str_equal(property, "Address"))
		return g_variant_new_string(adapter->address);
	if (g_str_equal(property, "AddressType"))
		return g_variant_new_string("public");
	if (g_str_equal(property, "Name"))
		return g_variant_new_string(adapter->name);
	if (g_str_equal(property, "Alias"))
		return g_variant_new_string(adapter->alias);
	if (g_str_equal(property, "Class"))
		return g_variant_new_uint32(CLASS_AUDIO_COMPUTER);
	if (g_str_equal(property, "Powered"))
		return g_variant_new_boolean(adapter->powered);
	if (g_str_equal(property, "PowerState"))
		return g_variant_new_string(adapter->blocked ? "off-blocked" : adapter->powered ? "on" : "off");
	if (g_str_equal(property, "Discoverable"))
		return g_variant_new_boolean(adapter->discoverable);
	if (g_str_equal(property, "DiscoverableTimeout"))
		return g_variant_new_uint32(adapter->discoverable_s);
	if (g_str_equal(property, "Pairable"))
		return g_variant_new_boolean(adapter->pairable);
	if (g_str_equal(property, "PairableTimeout"))
		return g_variant_new_uint32(adapter->pairable_s);
	if (g_str_equal(property, "Discovering"))
		return g_variant_new_boolean(adapter->discovering);
	if (g_str_equal(property, "UUIDs"))
		return uuids(adapter);
	if (g_str_equal(property, "Modalias"))
		return g_variant_new_string("usb:v1D6Bp0246d0557");
	return NULL;
}

static gboolean on_discoverable_timeout(void *data)
{
	struct adapter *adapter = data;

	adapter->discoverable_timer = 0;
	set_discoverable(adapter, false);
	return G_SOURCE_REMOVE;
}

static void set_discoverable(struct adapter *adapter, bool discoverable)
{
	g_clear_handle_id(&adapter->discoverable_timer, g_source_remove);
	if (adapter->discoverable != discoverable)
		adapter_event(adapter, discoverable ? "discoverable" : "not-discoverable");
	adapter->discoverable = discoverable;
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "Discoverable", NULL);
	if (!discoverable)
		return;
	if (adapter->discoverable_s > 0)
		adapter->discoverable_timer = g_timeout_add_seconds(adapter->discoverable_s,
								    on_discoverable_timeout, adapter);
	adapter_became_discoverable(adapter);
}

void adapter_set_blocked(struct adapter *adapter, bool blocked)
{
	adapter->blocked = blocked;
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "PowerState", NULL);
}

void adapter_set_powered(struct adapter *adapter, bool powered)
{
	guint i;

	for (i = 0; !powered && i < adapter->room->devices->len; i++) {
		struct device *device = adapter->room->devices->pdata[i];

		if (device->adapter == adapter)
			device_disconnect(device);
	}
	if (!powered && adapter->discoverable)
		set_discoverable(adapter, false);
	adapter->powered = powered;
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "Powered", "PowerState", NULL);
}

void adapter_endpoints_changed(struct adapter *adapter)
{
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "UUIDs", NULL);
}

/* bluetoothd's own errors for a property */
static bool refuse(GError **error, const char *name, const char *text)
{
	static GQuark domain;
	static int codes;

	/* GDBus sends only names that it was told of. */
	if (domain == 0)
		domain = g_quark_from_static_string("room");
	g_dbus_error_register_error(domain, ++codes, name);
	*error = g_error_new_literal(domain, codes, text);
	return false;
}

static bool set(void *data, const char *property, GVariant *value, GError **error)
{
	struct adapter *adapter = data;

	if (g_str_equal(property, "Discoverable")) {
		if (!adapter->powered)
			return refuse(error, BLUEZ ".Error.NotReady", "Resource Not Ready");
		set_discoverable(adapter, g_variant_get_boolean(value));
		return true;
	}
	if (g_str_equal(property, "Powered")) {
		if (adapter->blocked)
			return refuse(error, BLUEZ ".Error.Blocked", "Blocked through rfkill");
		adapter_set_powered(adapter, g_variant_get_boolean(value));
		return true;
	}
	if (g_str_equal(property, "Alias")) {
		g_free(adapter->alias);
		adapter->alias = g_variant_dup_string(value, NULL);
	} else if (g_str_equal(property, "Pairable")) {
		adapter->pairable = g_variant_get_boolean(value);
		adapter_event(adapter, adapter->pairable ? "pairable" : "not-pairable");
	} else if (g_str_equal(property, "DiscoverableTimeout")) {
		adapter->discoverable_s = g_variant_get_uint32(value);
	} else if (g_str_equal(property, "PairableTimeout")) {
		adapter->pairable_s = g_variant_get_uint32(value);
	}
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, property, NULL);
	return true;
}

static const struct bus_interface adapter_interface = {
	.info = &org_bluez_adapter1_interface,
	.call = call,
	.get = get,
	.set = set,
};

struct adapter *adapter_new(struct room *room, const char *name, GError **error)
{
	struct adapter *adapter;
	char *end = NULL;
	long index = -1;

	if (g_str_has_prefix(name, "hci"))
		index = strtol(name + 3, &end, 10);
	if (index < 0 || index > 99 || end == name + 3 || *end != '\0') {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "name = '%s'; allowed: hci0 to hci99", name);
		return NULL;
	}
	if (adapter_find(room, name) != NULL) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_FILE_EXISTS, "adapter %s is there already", name);
		return NULL;
	}
	adapter = g_new0(struct adapter, 1);
	adapter->room = room;
	adapter->name = g_strdup(name);
	adapter->alias = g_strdup(name);
	adapter->path = g_strconcat("/org/bluez/", name, NULL);
	adapter->address = g_strdup_printf("00:1A:7D:DA:71:%02lX", index);
	adapter->powered = adapter->pairable = true;
	adapter->discoverable_s = 180;
	adapter->apps = g_ptr_array_new();
	adapter->discoverers = g_ptr_array_new_with_free_func(discoverer_free);
	g_ptr_array_add(room->adapters, adapter);
	bus_export(room, adapter->path, &adapter_interface, adapter);
	bus_export(room, adapter->path, &media_interface, adapter);
	return adapter;
}

struct adapter *adapter_find(struct room *room, const char *name)
{
	guint i;

	for (i = 0; i < room->adapters->len; i++) {
		struct adapter *adapter = room->adapters->pdata[i];

		if (g_str_equal(adapter->name, name))
			return adapter;
	}
	return NULL;
}

struct endpoint *adapter_endpoint(struct adapter *adapter, const char *uuid)
{
	guint i, j;

	for (i = adapter->apps->len; i > 0; i--) {
		struct app *app = adapter->apps->pdata[i - 1];

		for (j = 0; j < app->endpoints->len; j++) {
			struct endpoint *ep = app->endpoints->pdata[j];

			if (ep->codec == 0 && g_ascii_strcasecmp(ep->uuid, uuid) == 0)
				return ep;
		}
	}
	return NULL;
}
