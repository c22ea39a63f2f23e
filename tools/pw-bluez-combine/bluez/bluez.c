/* What BlueZ has on the system bus */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "bluez/bluez.h"

/* A device that is connected has 2 s to go before it is removed, and a machine may stutter. */
#define QUIET_MS	10000

/* Class of Device, "Assigned Numbers" of the Bluetooth SIG, 2.8 */
#define CLASS_MAJOR(c)		(((c) >> 8) & 0x1f)
#define CLASS_MAJOR_AUDIO	0x04
#define CLASS_RENDERING		(1u << 18)

bool bluez_init(struct bluez *bluez, GError **error)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);

	*bluez = (struct bluez) { 0 };
	if (bus == NULL)
		return false;
	g_dbus_connection_set_exit_on_close(bus, FALSE);
	bluez->manager = g_dbus_object_manager_client_new_sync(bus,
			G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, BLUEZ_NAME, "/",
			NULL, NULL, NULL, NULL, error);
	if (bluez->manager == NULL)
		return false;
	bluez->bus = g_dbus_object_manager_client_get_connection(G_DBUS_OBJECT_MANAGER_CLIENT(bluez->manager));
	return true;
}

void bluez_finish(struct bluez *bluez)
{
	g_clear_object(&bluez->manager);
	bluez->bus = NULL;
}

bool bluez_is_running(const struct bluez *bluez)
{
	g_autofree char *owner = NULL;

	if (bluez->manager == NULL)
		return false;
	owner = g_dbus_object_manager_client_get_name_owner(G_DBUS_OBJECT_MANAGER_CLIENT(bluez->manager));
	return owner != NULL;
}

bool bluez_call_quietly(const struct bluez *bluez, const char *path, const char *iface, const char *method,
		GVariant *args)
{
	GVariant *reply = g_dbus_connection_call_sync(bluez->bus, BLUEZ_NAME, path, iface, method, args, NULL,
			G_DBUS_CALL_FLAGS_NO_AUTO_START, QUIET_MS, NULL, NULL);

	if (reply == NULL)
		return false;
	g_variant_unref(reply);
	return true;
}

static int compare_paths(const void *a, const void *b)
{
	return strverscmp(bluez_path((GDBusProxy *)a), bluez_path((GDBusProxy *)b));
}

GList *bluez_list(const struct bluez *bluez, const char *iface)
{
	GList *objects, *l, *proxies = NULL;

	if (bluez->manager == NULL)
		return NULL;
	objects = g_dbus_object_manager_get_objects(bluez->manager);
	for (l = objects; l; l = l->next) {
		GDBusInterface *i = g_dbus_object_get_interface(l->data, iface);

		if (i)
			proxies = g_list_prepend(proxies, i);
	}
	g_list_free_full(objects, g_object_unref);
	return g_list_sort(proxies, compare_paths);
}

GDBusProxy *bluez_get(const struct bluez *bluez, const char *path, const char *iface)
{
	GDBusInterface *i;

	if (bluez->manager == NULL || path == NULL)
		return NULL;
	i = g_dbus_object_manager_get_interface(bluez->manager, path, iface);
	return i ? G_DBUS_PROXY(i) : NULL;
}

const char *bluez_path(GDBusProxy *proxy)
{
	return g_dbus_proxy_get_object_path(proxy);
}

static GVariant *get(GDBusProxy *proxy, const char *property, const GVariantType *type)
{
	GVariant *value = g_dbus_proxy_get_cached_property(proxy, property);

	if (value && type && !g_variant_is_of_type(value, type))
		g_clear_pointer(&value, g_variant_unref);
	return value;
}

char *bluez_string(GDBusProxy *proxy, const char *property)
{
	g_autoptr(GVariant) value = get(proxy, property, NULL);

	if (value == NULL || (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) &&
	    !g_variant_is_of_type(value, G_VARIANT_TYPE_OBJECT_PATH)))
		return NULL;
	return g_variant_dup_string(value, NULL);
}

bool bluez_bool(GDBusProxy *proxy, const char *property)
{
	g_autoptr(GVariant) value = get(proxy, property, G_VARIANT_TYPE_BOOLEAN);

	return value && g_variant_get_boolean(value);
}

bool bluez_has(GDBusProxy *proxy, const char *property)
{
	g_autoptr(GVariant) value = get(proxy, property, NULL);

	return value != NULL;
}

uint32_t bluez_number(GDBusProxy *proxy, const char *property)
{
	g_autoptr(GVariant) value = get(proxy, property, NULL);

	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
		return g_variant_get_uint32(value);
	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT16))
		return g_variant_get_uint16(value);
	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_BYTE))
		return g_variant_get_byte(value);
	return 0;
}

bool bluez_has_uuid(GDBusProxy *proxy, const char *uuid)
{
	g_autoptr(GVariant) value = get(proxy, "UUIDs", G_VARIANT_TYPE_STRING_ARRAY);
	GVariantIter iter;
	const char *u;

	if (value == NULL)
		return false;
	g_variant_iter_init(&iter, value);
	while (g_variant_iter_next(&iter, "&s", &u))
		if (g_ascii_strcasecmp(u, uuid) == 0)
			return true;
	return false;
}

bool bluez_is_speaker(GDBusProxy *device)
{
	uint32_t class = bluez_number(device, "Class");

	if (bluez_has_uuid(device, BLUEZ_UUID_A2DP_SINK))
		return true;
	/* What a device tells while it can be found is often no more than this */
	return !bluez_bool(device, "Paired") && CLASS_MAJOR(class) == CLASS_MAJOR_AUDIO &&
		(class & CLASS_RENDERING) && !bluez_has_uuid(device, BLUEZ_UUID_A2DP_SOURCE);
}

bool bluez_is_source(GDBusProxy *device)
{
	return bluez_has_uuid(device, BLUEZ_UUID_A2DP_SOURCE);
}

bool bluez_is_input(GDBusProxy *device)
{
	return bluez_has_uuid(device, BLUEZ_UUID_HID) || bluez_has_uuid(device, BLUEZ_UUID_HID_LE);
}

char *bluez_adapter_of(GDBusProxy *device)
{
	return bluez_string(device, "Adapter");
}

GDBusProxy *bluez_transport(const struct bluez *bluez, const char *device, bool speaker)
{
	g_autolist(GDBusProxy) transports = bluez_list(bluez, BLUEZ_TRANSPORT);
	/* It bears the service of this side: the opposite one */
	const char *uuid = speaker ? BLUEZ_UUID_A2DP_SOURCE : BLUEZ_UUID_A2DP_SINK;
	GList *l;

	for (l = transports; l; l = l->next) {
		g_autofree char *of = bluez_string(l->data, "Device"), *is = bluez_string(l->data, "UUID");

		if (g_strcmp0(of, device) == 0 && is && g_ascii_strcasecmp(is, uuid) == 0)
			return g_object_ref(l->data);
	}
	return NULL;
}
