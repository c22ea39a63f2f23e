/* What BlueZ has on the system bus */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_BLUEZ_H
#define BLUEZ_COMBINE_BLUEZ_H

#include <stdbool.h>
#include <stdint.h>

#include <gio/gio.h>

#define BLUEZ_NAME		"org.bluez"
#define BLUEZ_ADAPTER		"org.bluez.Adapter1"
#define BLUEZ_DEVICE		"org.bluez.Device1"
#define BLUEZ_TRANSPORT		"org.bluez.MediaTransport1"
#define BLUEZ_AGENT_MANAGER	"org.bluez.AgentManager1"

#define BLUEZ_UUID_A2DP_SOURCE	"0000110a-0000-1000-8000-00805f9b34fb"
#define BLUEZ_UUID_A2DP_SINK	"0000110b-0000-1000-8000-00805f9b34fb"
#define BLUEZ_UUID_HID		"00001124-0000-1000-8000-00805f9b34fb"
#define BLUEZ_UUID_HID_LE	"00001812-0000-1000-8000-00805f9b34fb"

struct bluez {
	GDBusObjectManager *manager;
	GDBusConnection *bus;		/**< the manager's */
};

/** Connect; BlueZ needs not be there. False with an error when the bus can't be reached. */
bool bluez_init(struct bluez *bluez, GError **error);
void bluez_finish(struct bluez *bluez);
bool bluez_is_running(const struct bluez *bluez);

/** All objects with that interface, by path; a g_autolist(GDBusProxy) */
GList *bluez_list(const struct bluez *bluez, const char *iface);
/** A new reference, or NULL */
GDBusProxy *bluez_get(const struct bluez *bluez, const char *path, const char *iface);

/* Properties, as they are now. A property that is missing, or is of another type, is
 * false, 0, or NULL. */

const char *bluez_path(GDBusProxy *proxy);
/** To be freed */
char *bluez_string(GDBusProxy *proxy, const char *property);
bool bluez_bool(GDBusProxy *proxy, const char *property);
bool bluez_has(GDBusProxy *proxy, const char *property);
/** Of any unsigned type up to 32 bits */
uint32_t bluez_number(GDBusProxy *proxy, const char *property);
bool bluez_has_uuid(GDBusProxy *proxy, const char *uuid);

/** Does it play what is sent to it? By its services, or what it calls itself before they are known */
bool bluez_is_speaker(GDBusProxy *device);
/** Does it send music? */
bool bluez_is_source(GDBusProxy *device);
/** Does it type, or point? */
bool bluez_is_input(GDBusProxy *device);
/** The object path of its adapter */
char *bluez_adapter_of(GDBusProxy *device);
/** The transport on which the device has the role of a speaker, or of a source; NULL: there is none */
GDBusProxy *bluez_transport(const struct bluez *bluez, const char *device, bool speaker);

/** Call a method for what it does, at the end of things, and wait for a while. Returns whether it was done. */
bool bluez_call_quietly(const struct bluez *bluez, const char *path, const char *iface, const char *method,
		GVariant *args);

/** What an error of BlueZ or of the bus means, and what helps; translated, static. */
const char *bluez_explain(const GError *error);
/** Its D-Bus name is this one */
bool bluez_error_is(const GError *error, const char *name);

#endif /* BLUEZ_COMBINE_BLUEZ_H */
