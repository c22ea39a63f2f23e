/* The latency offset of a speaker's port */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ROUTE_H
#define BLUEZ_COMBINE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>

#include "client/client.h"

/**
 * The output port (a Route of PipeWire's) of the Bluetooth device with an address, and the
 * latency offset on it: what pavucontrol shows and changes too, and WirePlumber keeps.
 */
struct route {
	struct pw_core *core;
	struct spa_hook core_listener, proxy_listener, listener;
	struct pw_proxy *device;	/**< the client's; NULL: not connected */
	int sync;
	bool asked;			/**< all that there is has come */

	bool found;			/**< it has an output port */
	int32_t index, port_device;
	int64_t offset_ns;

	/** All is known; and again whenever it changes */
	void (*ready)(void *data);
	void *data;
};

/** Look for the device among those that \a client knows of. route_finish() at the end. */
void route_init(struct route *route, const struct client *client, const char *address,
		void (*ready)(void *data), void *data);
void route_finish(struct route *route);

/** Change the offset, and have it kept. \a route has been found. Returns 0 or -errno. */
int route_set_offset(struct route *route, int64_t offset_ns);

#endif /* BLUEZ_COMBINE_ROUTE_H */
