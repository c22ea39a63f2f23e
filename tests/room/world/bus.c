/* Objects on the bus */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/roomd.h"

/*
 * An interface whose properties are asked for when somebody wants them. The skeletons that gdbus-codegen makes keep
 * each property in the skeleton: theirs cannot be absent, or be refused with an error of bluetoothd's.
 */
struct _Skeleton {
	GDBusInterfaceSkeleton parent;
	const struct bus_interface *iface;
	void *data;
};
G_DECLARE_FINAL_TYPE(Skeleton, skeleton, ROOM, SKELETON, GDBusInterfaceSkeleton)
G_DEFINE_TYPE(Skeleton, skeleton, G_TYPE_DBUS_INTERFACE_SKELETON)

static GVariant *get(Skeleton *s, const char *property)
{
	return s->iface->get != NULL ? s->iface->get(s->data, property) : NULL;
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		    const char *method, GVariant *args, GDBusMethodInvocation *invocation, void *data)
{
	Skeleton *s = data;

	s->iface->call(s->data, invocation, method, args);
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			const char *property, GError **error, void *data)
{
	GVariant *value = get(data, property);

	if (value == NULL && error != NULL)
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
			    "%s has no %s", path, property);
	return value;
}

static gboolean on_set(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		       const char *property, GVariant *value, GError **error, void *data)
{
	Skeleton *s = data;

	return s->iface->set(s->data, property, value, error);
}

static GDBusInterfaceInfo *skeleton_info(GDBusInterfaceSkeleton *skeleton)
{
	return (GDBusInterfaceInfo *)ROOM_SKELETON(skeleton)->iface->info;
}

static GDBusInterfaceVTable *skeleton_vtable(GDBusInterfaceSkeleton *skeleton)
{
	static GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_get,
		.set_property = on_set };

	return &vtable;
}

/* One that the object has not is left out */
static void add_property(Skeleton *s, GVariantBuilder *b, const char *name)
{
	GVariant *value = get(s, name);

	if (value != NULL)
		g_variant_builder_add(b, "{sv}", name, value);
}

static GVariant *skeleton_properties(GDBusInterfaceSkeleton *skeleton)
{
	Skeleton *s = ROOM_SKELETON(skeleton);
	GDBusPropertyInfo **p;
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	for (p = s->iface->info->properties; p != NULL && *p != NULL; p++)
		add_property(s, &b, (*p)->name);
	return g_variant_builder_end(&b);
}

/* bus_changed() has told already */
static void skeleton_flush(GDBusInterfaceSkeleton *skeleton)
{
}

static void skeleton_class_init(SkeletonClass *class)
{
	GDBusInterfaceSkeletonClass *parent = G_DBUS_INTERFACE_SKELETON_CLASS(class);

	parent->get_info = skeleton_info;
	parent->get_vtable = skeleton_vtable;
	parent->get_properties = skeleton_properties;
	parent->flush = skeleton_flush;
}

static void skeleton_init(Skeleton *s)
{
}

void bus_init(struct room *room)
{
	room->objects = g_dbus_object_manager_server_new("/");
	g_dbus_object_manager_server_set_connection(room->objects, room->bus);
	room->others = g_ptr_array_new_with_free_func(g_object_unref);
}

void bus_finish(struct room *room)
{
	g_clear_object(&room->objects);
	g_clear_pointer(&room->others, g_ptr_array_unref);
}

void bus_export(struct room *room, const char *path, const struct bus_interface *iface, void *data)
{
	GDBusObjectManager *objects = G_DBUS_OBJECT_MANAGER(room->objects);
	g_autoptr(GDBusObjectSkeleton) object = NULL;
	g_autoptr(Skeleton) s = g_object_new(skeleton_get_type(), NULL);
	GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON(s);

	s->iface = iface;
	s->data = data;
	/* The room's own objects are none of BlueZ'. */
	if (!g_str_has_prefix(iface->info->name, BLUEZ ".")) {
		if (!g_dbus_interface_skeleton_export(skeleton, room->bus, path, NULL))
			g_error("%s is there already", path);
		g_ptr_array_add(room->others, g_steal_pointer(&s));
		return;
	}
	object = (GDBusObjectSkeleton *)g_dbus_object_manager_get_object(objects, path);
	if (object != NULL) {
		g_dbus_object_skeleton_add_interface(object, skeleton);
		return;
	}
	object = g_dbus_object_skeleton_new(path);
	g_dbus_object_skeleton_add_interface(object, skeleton);
	g_dbus_object_manager_server_export(room->objects, object);
}

void bus_remove(struct room *room, const char *path)
{
	g_dbus_object_manager_server_unexport(room->objects, path);
}

void bus_changed(struct room *room, const char *path, const char *iface, ...)
{
	g_autoptr(GDBusInterface) found =
		g_dbus_object_manager_get_interface(G_DBUS_OBJECT_MANAGER(room->objects), path, iface);
	GVariantBuilder b;
	const char *name;
	va_list names;

	if (found == NULL)
		return;
	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	va_start(names, iface);
	while ((name = va_arg(names, const char *)) != NULL)
		add_property(ROOM_SKELETON(found), &b, name);
	va_end(names);
	g_dbus_connection_emit_signal(room->bus, NULL, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
				      g_variant_new("(sa{sv}as)", iface, &b, NULL), NULL);
}

void bus_error(GDBusMethodInvocation *invocation, const char *name, const char *text)
{
	g_autofree char *full = g_strconcat(BLUEZ ".Error.", name, NULL);

	g_dbus_method_invocation_return_dbus_error(invocation, full, text);
}
