/* Objects on the bus and their ObjectManager */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "world/roomd.h"

#define OBJECT_MANAGER	"org.freedesktop.DBus.ObjectManager"

struct exported {
	const struct bus_interface *iface;
	GDBusInterfaceInfo *info;
	void *data;
	guint id;
};

struct object {
	GPtrArray *interfaces;	/* struct exported */
};

static GDBusNodeInfo *node;

static void on_call(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		    const char *method, GVariant *args, GDBusMethodInvocation *invocation, void *data)
{
	struct exported *e = data;

	e->iface->call(e->data, invocation, method, args);
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			const char *property, GError **error, void *data)
{
	struct exported *e = data;
	GVariant *value = e->iface->get(e->data, property);

	if (value == NULL && error != NULL)
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
			    "%s has no %s", path, property);
	return value;
}

static gboolean on_set(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		       const char *property, GVariant *value, GError **error, void *data)
{
	struct exported *e = data;

	if (e->iface->set != NULL)
		return e->iface->set(e->data, property, value, error);
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY, "%s is read-only", property);
	return FALSE;
}

static const GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_get,
	.set_property = on_set };

static void exported_free(void *data)
{
	g_free(data);
}

static void object_free(void *data)
{
	struct object *o = data;

	g_ptr_array_unref(o->interfaces);
	g_free(o);
}

static GVariant *properties(struct exported *e)
{
	GVariantBuilder b;
	GDBusPropertyInfo **p;

	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	for (p = e->info->properties; p != NULL && *p != NULL; p++) {
		GVariant *value = e->iface->get(e->data, (*p)->name);

		if (value != NULL)
			g_variant_builder_add(&b, "{sv}", (*p)->name, value);
	}
	return g_variant_builder_end(&b);
}

static void managed_objects(void *data, GDBusMethodInvocation *invocation, const char *method,
			    GVariant *args)
{
	struct room *room = data;
	GVariantBuilder b;
	g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(room->objects), (GCompareFunc)strcmp);
	GList *l;

	g_variant_builder_init(&b, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
	for (l = paths; l != NULL; l = l->next) {
		struct object *o = g_hash_table_lookup(room->objects, l->data);
		guint i;

		g_variant_builder_open(&b, G_VARIANT_TYPE("{oa{sa{sv}}}"));
		g_variant_builder_add(&b, "o", (const char *)l->data);
		g_variant_builder_open(&b, G_VARIANT_TYPE("a{sa{sv}}"));
		for (i = 0; i < o->interfaces->len; i++) {
			struct exported *e = o->interfaces->pdata[i];

			g_variant_builder_add(&b, "{s@a{sv}}", e->iface->name, properties(e));
		}
		g_variant_builder_close(&b);
		g_variant_builder_close(&b);
	}
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(a{oa{sa{sv}}})", &b));
}

static GVariant *no_property(void *data, const char *property)
{
	return NULL;
}

static const struct bus_interface manager_interface = {
	.name = OBJECT_MANAGER,
	.call = managed_objects,
	.get = no_property,
};

static struct exported *register_interface(struct room *room, const char *path,
					   const struct bus_interface *iface, void *data)
{
	struct exported *e = g_new0(struct exported, 1);

	e->iface = iface;
	e->data = data;
	e->info = g_dbus_node_info_lookup_interface(node, iface->name);
	g_assert(e->info != NULL);
	e->id = g_dbus_connection_register_object(room->bus, path, e->info, &vtable, e, exported_free, NULL);
	g_assert(e->id != 0);
	return e;
}

int bus_init(struct room *room)
{
	g_autoptr(GError) error = NULL;

	node = g_dbus_node_info_new_for_xml(bus_xml, &error);
	if (node == NULL)
		g_error("%s", error->message);
	room->objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
	register_interface(room, "/", &manager_interface, room);
	return 0;
}

void bus_finish(struct room *room)
{
	g_clear_pointer(&room->objects, g_hash_table_unref);
	g_clear_pointer(&node, g_dbus_node_info_unref);
}

static void emit(struct room *room, const char *path, const char *iface, const char *signal,
		 GVariant *args)
{
	g_dbus_connection_emit_signal(room->bus, NULL, path, iface, signal, args, NULL);
}

void bus_export(struct room *room, const char *path, const struct bus_interface *iface, void *data)
{
	struct object *o = g_hash_table_lookup(room->objects, path);
	struct exported *e = register_interface(room, path, iface, data);
	GVariantBuilder b;

	/* The room's own objects are none of BlueZ'. */
	if (!g_str_has_prefix(iface->name, BLUEZ "."))
		return;
	if (o == NULL) {
		o = g_new0(struct object, 1);
		o->interfaces = g_ptr_array_new();
		g_hash_table_insert(room->objects, g_strdup(path), o);
	}
	g_ptr_array_add(o->interfaces, e);
	g_variant_builder_init(&b, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_builder_add(&b, "{s@a{sv}}", iface->name, properties(e));
	emit(room, "/", OBJECT_MANAGER, "InterfacesAdded", g_variant_new("(oa{sa{sv}})", path, &b));
}

void bus_remove(struct room *room, const char *path)
{
	struct object *o = g_hash_table_lookup(room->objects, path);
	GVariantBuilder b;
	guint i;

	if (o == NULL)
		return;
	g_variant_builder_init(&b, G_VARIANT_TYPE("as"));
	for (i = 0; i < o->interfaces->len; i++) {
		struct exported *e = o->interfaces->pdata[i];

		g_variant_builder_add(&b, "s", e->iface->name);
		g_dbus_connection_unregister_object(room->bus, e->id);
	}
	emit(room, "/", OBJECT_MANAGER, "InterfacesRemoved", g_variant_new("(oas)", path, &b));
	g_hash_table_remove(room->objects, path);
}

void bus_changed(struct room *room, const char *path, const char *iface, ...)
{
	struct object *o = g_hash_table_lookup(room->objects, path);
	GVariantBuilder b;
	const char *name;
	va_list names;
	guint i;

	if (o == NULL)
		return;
	for (i = 0; i < o->interfaces->len; i++) {
		struct exported *e = o->interfaces->pdata[i];

		if (!g_str_equal(e->iface->name, iface))
			continue;
		g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
		va_start(names, iface);
		while ((name = va_arg(names, const char *)) != NULL) {
			GVariant *value = e->iface->get(e->data, name);

			if (value != NULL)
				g_variant_builder_add(&b, "{sv}", name, value);
		}
		va_end(names);
		emit(room, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
		     g_variant_new("(sa{sv}as)", iface, &b, NULL));
	}
}

void bus_error(GDBusMethodInvocation *invocation, const char *name, const char *text)
{
	g_autofree char *full = g_strconcat(BLUEZ ".Error.", name, NULL);

	g_dbus_method_invocation_return_dbus_error(invocation, full, text);
}
