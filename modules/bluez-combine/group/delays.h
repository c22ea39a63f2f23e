/* Which delay each member of a group gets, and when it is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_ALIGN_H
#define BLUEZ_COMBINE_GROUP_ALIGN_H

#include "group/group.h"

/**
 * Hear what every speaker reports, decide who may be heard, and set the delays.
 * Main loop. Returns when to call it again at the latest, or INT64_MAX.
 */
int64_t group_align(struct group *group, int64_t now_ns);

#endif /* BLUEZ_COMBINE_GROUP_ALIGN_H */
