/* Who plays and records: the applications that register with the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/roomd.h"

static void endpoint_free(void *data)
{
	struct endpoint *ep = data;

	g_free(ep->path);
	g_free(ep->uuid);
	g_free(ep);
}

void app_free(struct app *app)
{
	if (app->watch != 0)
		g_bus_unwatch_name(app->watch);
	g_ptr_array_unref(app->endpoints);
	g_free(app->sender);
	g_free(app->path);
	g_free(app);
}

void app_remove(struct app *app, bool there)
{
	struct adapter *adapter = app->adapter;
	struct room *room = adapter->room;
	guint i, role;

	g_ptr_array_remove(adapter->apps, app);
	for (i = 0; i < room->devices->len; i++) {
		struct device *device = room->devices->pdata[i];

		if (device->adapter != adapter)
			continue;
		for (role = 0; role < N_ROLES; role++) {
			struct transport *t = device->transports[role];

			if (t != NULL && g_str_equal(t->sender, app->sender))
				transport_destroy(t, there);
		}
	}
	recorder_event(room->recorder, room_clock_now_ns(room->clock), adapter->name, "unregistered", "%s", "");
	adapter_endpoints_changed(adapter);
	app_free(app);
}

static void on_vanished(GDBusConnection *bus, const char *name, void *data)
{
	app_remove(data, false);
}

static void read_endpoints(struct app *app, GVariant *objects)
{
	GVariantIter iter, *ifaces, *props;
	const char *path, *iface;

	g_variant_iter_init(&iter, objects);
	while (g_variant_iter_next(&iter, "{&oa{sa{sv}}}", &path, &ifaces)) {
		while (g_variant_iter_next(ifaces, "{&sa{sv}}", &iface, &props)) {
			struct endpoint *ep = g_new0(struct endpoint, 1);
			const char *key;
			GVariant *value;

			ep->app = app;
			ep->path = g_strdup(path);
			while (g_variant_iter_next(props, "{&sv}", &key, &value)) {
				if (g_str_equal(key, "UUID") && ep->uuid == NULL)
					ep->uuid = g_variant_dup_string(value, NULL);
				else if (g_str_equal(key, "Codec"))
					ep->codec = g_variant_get_byte(value);
				g_variant_unref(value);
			}
			g_variant_iter_free(props);
			if (g_str_equal(iface, IFACE_ENDPOINT) && ep->uuid != NULL)
				g_ptr_array_add(app->endpoints, ep);
			else
				endpoint_free(ep);
		}
		g_variant_iter_free(ifaces);
	}
}

struct registration {
	struct adapter *adapter;
	char *path;
	GDBusMethodInvocation *invocation;
};

static void on_objects(GObject *source, GAsyncResult *result, void *data)
{
	struct registration *reg = data;
	struct adapter *adapter = reg->adapter;
	struct room *room = adapter->room;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(room->bus, result, &error);
	struct app *app;
	guint i, role;

	if (reply == NULL) {
		bus_error(reg->invocation, "InvalidArguments", error->message);
		goto done;
	}
	app = g_new0(struct app, 1);
	app->adapter = adapter;
	app->sender = g_strdup(g_dbus_method_invocation_get_sender(reg->invocation));
	app->path = g_strdup(reg->path);
	app->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
	{
		g_autoptr(GVariant) objects = g_variant_get_child_value(reply, 0);

		read_endpoints(app, objects);
	}
	g_ptr_array_add(adapter->apps, app);
	g_dbus_method_invocation_return_value(reg->invocation, NULL);
	adapter_endpoints_changed(adapter);
	recorder_event(room->recorder, room_clock_now_ns(room->clock), adapter->name, "registered",
		       "\"endpoints\": %u", app->endpoints->len);
	app->watch = g_bus_watch_name_on_connection(room->bus, app->sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
						    NULL, on_vanished, app, NULL);
	for (i = 0; i < room->devices->len; i++) {
		struct device *device = room->devices->pdata[i];

		for (role = 0; role < N_ROLES; role++)
			if (device->adapter == adapter && device->connected)
				transport_configure(device, role);
	}
done:
	g_free(reg->path);
	g_free(reg);
}

static struct app *find_app(struct adapter *adapter, const char *sender, const char *path)
{
	guint i;

	for (i = 0; i < adapter->apps->len; i++) {
		struct app *app = adapter->apps->pdata[i];

		if (g_str_equal(app->sender, sender) && g_str_equal(app->path, path))
			return app;
	}
	return NULL;
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct adapter *adapter = data;
	const char *sender = g_dbus_method_invocation_get_sender(invocation), *path;
	struct registration *reg;
	struct app *app;

	g_variant_get_child(args, 0, "&o", &path);
	app = find_app(adapter, sender, path);
	if (g_str_equal(method, "UnregisterApplication")) {
		if (app == NULL) {
			bus_error(invocation, "DoesNotExist", "Does Not Exist");
			return;
		}
		app_remove(app, true);
		g_dbus_method_invocation_return_value(invocation, NULL);
		return;
	}
	if (app != NULL) {
		bus_error(invocation, "AlreadyExists", "Already Exists");
		return;
	}
	reg = g_new0(struct registration, 1);
	reg->adapter = adapter;
	reg->path = g_strdup(path);
	reg->invocation = invocation;
	g_dbus_connection_call(adapter->room->bus, sender, path, "org.freedesktop.DBus.ObjectManager",
			       "GetManagedObjects", NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"),
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_objects, reg);
}

static GVariant *get(void *data, const char *property)
{
	static const char * const list[] = { UUID_A2DP_SOURCE, UUID_A2DP_SINK };

	return g_str_equal(property, "SupportedUUIDs") ?
		g_variant_new_strv(list, G_N_ELEMENTS(list)) : NULL;
}

const struct bus_interface media_interface = {
	.info = &org_bluez_media1_interface,
	.call = call,
	.get = get,
};
