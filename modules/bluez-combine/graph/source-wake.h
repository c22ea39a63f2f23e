/* Bluetooth sources that read no more after a pause */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SOURCE_WAKE_H
#define BLUEZ_COMBINE_SOURCE_WAKE_H

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

/*
 * QUIRK_SOURCE_SLEEPS: the node of an Echo, or a phone, that is suspended and started again
 * while the device goes on sending never reads another packet. The transport is kept meanwhile
 * (bluez5-device.c: spa_bt_transport_keepalive()), and the node begins to read when it is told of
 * a state of the transport; but who acquires what was kept is told of none (bluez5-dbus.c:
 * spa_bt_transport_acquire()). It is told when somebody else acquires it, too: so a second node on
 * the same transport is started, and stopped at once.
 *
 * That needs the node's own properties, so it works in the process that the Bluetooth nodes live
 * in, WirePlumber's, and nowhere else.
 */
struct source_wake {
	struct pw_context *context;
	struct pw_loop *data_loop;
	struct spa_hook listener;
	struct spa_list sources;	/**< struct source.link */
	struct spa_source *event;	/**< some are to be woken */
};

/** Watch the sources of this process, if there are any. Main loop.
 * Returns 0 or -errno. */
int source_wake_init(struct source_wake *wake, struct pw_context *context,
		struct pw_loop *data_loop);
void source_wake_finish(struct source_wake *wake);

#endif /* BLUEZ_COMBINE_SOURCE_WAKE_H */
