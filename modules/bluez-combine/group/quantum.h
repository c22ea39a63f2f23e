/* The cycle of the graph that a group asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_QUANTUM_H
#define BLUEZ_COMBINE_GROUP_QUANTUM_H

#include "group/group.h"

/**
 * Ask for a cycle that holds the longest packet of the members, or for the one that the user has
 * named. While the group plays nothing changes: another cycle moves every speaker by 31 samples,
 * which is what a resampler makes of it. Main loop.
 */
void group_quantum_choose(struct group *group);

/**
 * Somebody else forces a quantum or a rate: keep the group's own, if that is still possible.
 *
 * PipeWire takes what was forced last, by any node of a graph. When that changes it suspends every
 * node and starts it again (context.c: reconfigure_driver()), and does so several times over while a
 * client is being linked that forces another one than we do: it is not in the graph when its links
 * are not set up, and they are not while it is suspended. So the group forces its own once more,
 * which nobody hears, before the client is linked. Main loop.
 */
void group_quantum_defend(struct group *group, const struct rival *rival, const char *name);

/** Say so when the graph runs otherwise than the group asks for, and when no longer. Main loop. */
void group_quantum_tell(struct group *group);

#endif /* BLUEZ_COMBINE_GROUP_QUANTUM_H */
