/* Waiting for what others do, for a signal, or for the time to be up */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_WAIT_H
#define BLUEZ_COMBINE_WAIT_H

#include <stdbool.h>

#include <gio/gio.h>

/*
 * A command that goes step by step reads best from top to bottom. Each step waits
 * here, and everything else that happens is handled meanwhile, in the default context.
 */

#define WAIT_SIGNALS	3

struct wait_signal {
	struct wait *wait;
	int number;
	guint source;
};

struct wait {
	int signal;			/**< that came; 0: none */
	struct wait_signal signals[WAIT_SIGNALS];
};

void wait_init(struct wait *wait);
void wait_finish(struct wait *wait);

/** Until \a done, which is asked after each event. 0, -ETIMEDOUT, or -EINTR after a signal. */
int wait_until(struct wait *wait, bool (*done)(void *data), void *data, int limit_ms);

/** Call a method of BlueZ. \a args is floating or NULL. NULL with an error; G_IO_ERROR_CANCELLED
 * after a signal. */
GVariant *wait_call(struct wait *wait, GDBusConnection *bus, const char *path, const char *iface,
		const char *method, GVariant *args, int limit_ms, GError **error);
/** Write a property of BlueZ. Returns whether it was. */
bool wait_set(struct wait *wait, GDBusConnection *bus, const char *path, const char *iface,
		const char *property, GVariant *value, GError **error);

#endif /* BLUEZ_COMBINE_WAIT_H */
