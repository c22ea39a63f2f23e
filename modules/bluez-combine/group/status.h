/* A group's status as JSON in its metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_STATUS_H
#define BLUEZ_COMBINE_GROUP_STATUS_H

#include "group/group.h"

/** Raised whenever a field changes its meaning or goes. */
#define GROUP_STATUS_VERSION	1

/** Write the group's status and each member's. Main loop. */
void group_status_write(struct group *group);

/** A member leaves: say so. Main loop. */
void group_status_remove(struct group *group, struct output *output);

/** A line of this address stands in the metadata, ours or another's. Main loop. */
void group_status_found(struct group *group, const char *address);

/** The group ends: nothing is left of its own status. Main loop. */
void group_status_finish(struct group *group);

#endif /* BLUEZ_COMBINE_GROUP_STATUS_H */
