/* Waiting for what others do, for a signal, or for the time to be up */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>

#include <glib-unix.h>

#include "bluez/bluez.h"
#include "pair/wait.h"

#define SET_MS	5000	/* a daemon that lives answers at once */

static gboolean on_signal(void *data)
{
	struct wait_signal *s = data;

	s->wait->signal = s->number;
	return G_SOURCE_CONTINUE;
}

void wait_init(struct wait *wait)
{
	static const int numbers[WAIT_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
	int i;

	*wait = (struct wait) { 0 };
	for (i = 0; i < WAIT_SIGNALS; i++) {
		struct wait_signal *s = &wait->signals[i];

		s->wait = wait;
		s->number = numbers[i];
		s->source = g_unix_signal_add(numbers[i], on_signal, s);
	}
}

void wait_finish(struct wait *wait)
{
	int i;

	for (i = 0; i < WAIT_SIGNALS; i++)
		g_clear_handle_id(&wait->signals[i].source, g_source_remove);
}

static gboolean on_time_is_up(void *data)
{
	*(bool *)data = true;
	return G_SOURCE_CONTINUE;
}

int wait_until(struct wait *wait, bool (*done)(void *data), void *data, int limit_ms)
{
	bool time_is_up = false;
	guint timer = g_timeout_add(limit_ms, on_time_is_up, &time_is_up);
	int res = -EAGAIN;

	while (res == -EAGAIN) {
		if (wait->signal)
			res = -EINTR;
		else if (done(data))
			res = 0;
		else if (time_is_up)
			res = -ETIMEDOUT;
		else
			g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
	return res;
}

struct call {
	GVariant *reply;
	GError *error;
	bool done;
};

static void on_reply(GObject *source, GAsyncResult *result, void *data)
{
	struct call *call = data;

	call->reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &call->error);
	call->done = true;
}

GVariant *wait_call(struct wait *wait, GDBusConnection *bus, const char *path, const char *iface,
		const char *method, GVariant *args, int limit_ms, GError **error)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	struct call call = { 0 };

	g_dbus_connection_call(bus, BLUEZ_NAME, path, iface, method, args, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
			limit_ms, cancel, on_reply, &call);
	while (!call.done) {
		if (wait->signal)
			g_cancellable_cancel(cancel);
		g_main_context_iteration(NULL, TRUE);
	}
	if (call.error)
		g_propagate_error(error, call.error);
	return call.reply;
}

bool wait_set(struct wait *wait, GDBusConnection *bus, const char *path, const char *iface,
		const char *property, GVariant *value, GError **error)
{
	g_autoptr(GVariant) reply = wait_call(wait, bus, path, "org.freedesktop.DBus.Properties", "Set",
			g_variant_new("(ssv)", iface, property, value), SET_MS, error);

	return reply != NULL;
}
