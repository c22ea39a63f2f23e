/* Which members of a group have an output, and what becomes of those that fail */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_OUTPUTS_H
#define BLUEZ_COMBINE_GROUP_OUTPUTS_H

#include "group/group.h"

/**
 * Give a member an output.
 * Returns 0, -EEXIST if another node of this speaker has one, -ENOSPC if the group has as many as
 * it can, or -errno. Main loop, like all of this.
 */
int group_outputs_add(struct group *group, struct speaker *speaker);

void group_outputs_remove(struct group *group, struct output *output);

/** All of them are about to end: their speakers' sinks are to let go before the group's cycles end. */
void group_outputs_rest(struct group *group);

/**
 * End outputs that failed, and try those again whose time has come.
 * Returns when to call it again at the latest, or INT64_MAX.
 */
int64_t group_outputs_update(struct group *group, int64_t now_ns);

#endif /* BLUEZ_COMBINE_GROUP_OUTPUTS_H */
