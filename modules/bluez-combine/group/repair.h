/* What stalls have done to the speakers of a group: carries out what repair.h in member/ says */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_REPAIR_H
#define BLUEZ_COMBINE_GROUP_REPAIR_H

#include "group/group.h"

/** What has been told until now is put down to those that play. Main loop. */
void group_take_stock(struct group *group, int64_t now_ns);

/** Start the speakers anew that are out of step. Main loop. Returns when to call again. */
int64_t group_repair(struct group *group, int64_t now_ns);

#endif /* BLUEZ_COMBINE_GROUP_REPAIR_H */
