/* Nodes that live in this process */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_LOCAL_NODE_H
#define BLUEZ_COMBINE_LOCAL_NODE_H

#include <pipewire/pipewire.h>

/**
 * Have a Bluetooth sink of this process stop at once, with no word to the daemon, which starts it again as any other when it is
 * wanted. What is said to the daemon is on its way for some cycles, and is lost if the connection ends meanwhile. Main loop.
 *
 * Returns 0, -ENOENT if no such node lives here, or -errno.
 */
int local_node_pause(struct pw_context *context, const char *name);

#endif /* BLUEZ_COMBINE_LOCAL_NODE_H */
