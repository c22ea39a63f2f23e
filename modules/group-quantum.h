/* The cycle of the graph that a group asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_QUANTUM_H
#define BLUEZ_COMBINE_GROUP_QUANTUM_H

#include "group.h"

/**
 * Ask for a cycle that holds the longest packet of the members, or for the one that the user has
 * named. While the group plays nothing changes: another cycle moves every speaker by 31 samples,
 * which is what a resampler makes of it. Main loop.
 */
void group_quantum_choose(struct group *group);

#endif /* BLUEZ_COMBINE_GROUP_QUANTUM_H */
