/* Adapters of the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "roomd.h"

#define CLASS_AUDIO_COMPUTER	0x6c010c	/* audio, rendering, capturing; a laptop */

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct adapter *adapter = data;
	const char *path = NULL;
	guint i;

	if (g_str_equal(method, "StartDiscovery") || g_str_equal(method, "StopDiscovery")) {
		adapter->discovering = g_str_equal(method, "StartDiscovery");
		bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, "Discovering", NULL);
	} else if (g_str_equal(method, "RemoveDevice")) {
		g_variant_get(args, "(&o)", &path);
		for (i = 0; i < adapter->room->devices->len; i++) {
			struct device *device = adapter->room->devices->pdata[i];

			if (!g_str_equal(device->path, path))
				continue;
			device_disconnect(device);
			device->paired = device->trusted = false;
			bus_changed(device->room, device->path, IFACE_DEVICE, "Paired", "Bonded", "Trusted", NULL);
		}
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static GVariant *uuids(void)
{
	static const char * const list[] = { UUID_A2DP_SOURCE, UUID_A2DP_SINK, UUID_AVRCP_TARGET, UUID_AVRCP };

	return g_variant_new_strv(list, G_N_ELEMENTS(list));
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
	if (g_str_equal(property, "Discoverable"))
		return g_variant_new_boolean(adapter->discoverable);
	if (g_str_equal(property, "Pairable"))
		return g_variant_new_boolean(adapter->pairable);
	if (g_str_equal(property, "Discovering"))
		return g_variant_new_boolean(adapter->discovering);
	if (g_str_equal(property, "UUIDs"))
		return uuids();
	if (g_str_equal(property, "Modalias"))
		return g_variant_new_string("usb:v1D6Bp0246d0557");
	return NULL;
}

static bool set(void *data, const char *property, GVariant *value, GError **error)
{
	struct adapter *adapter = data;

	if (g_str_equal(property, "Alias")) {
		g_free(adapter->alias);
		adapter->alias = g_variant_dup_string(value, NULL);
	} else if (g_str_equal(property, "Powered")) {
		adapter->powered = g_variant_get_boolean(value);
	} else if (g_str_equal(property, "Discoverable")) {
		adapter->discoverable = g_variant_get_boolean(value);
	} else if (g_str_equal(property, "Pairable")) {
		adapter->pairable = g_variant_get_boolean(value);
	}
	bus_changed(adapter->room, adapter->path, IFACE_ADAPTER, property, NULL);
	return true;
}

static const struct bus_interface adapter_interface = {
	.name = IFACE_ADAPTER,
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
	adapter->apps = g_ptr_array_new();
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
