/* The node that drives a group */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_DRIVER_H
#define BLUEZ_COMBINE_DRIVER_H

#include <pipewire/pipewire.h>

#include "args.h"

struct driver {
	struct spa_handle *handle;
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	void (*lost)(void *data);
	void *data;
};

/**
 * Make the driver and put it into the group of the sink and the outputs.
 *
 * It is made here and exported, not made in the daemon: where this process is
 * the one that also runs the Bluetooth nodes, a stall of either process then
 * stops the driver together with its followers, and nothing that they should
 * have played is lost. Main loop. Returns 0 or -errno; driver_finish() undoes
 * it, also when it failed. \a lost is called when somebody else has destroyed it.
 */
int driver_init(struct driver *driver, struct pw_context *context, struct pw_core *core,
		struct pw_loop *data_loop, const struct args *args,
		void (*lost)(void *data), void *data);
void driver_finish(struct driver *driver);

/** The id of its node; SPA_ID_INVALID while the daemon has not said it. */
uint32_t driver_id(const struct driver *driver);

#endif /* BLUEZ_COMBINE_DRIVER_H */
