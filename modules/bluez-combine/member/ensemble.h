/* When a group begins to be heard, and whether anybody hears it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ENSEMBLE_H
#define BLUEZ_COMBINE_ENSEMBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "member/member.h"

/**
 * Pure: the members of a group as a whole. In a start all begin together: at once where all latencies are known from
 * before, else as soon as every speaker has reported, and after half a second with those that have. Zeroed: nobody plays.
 */
struct ensemble {
	bool audible;			/**< somebody has been heard since it began to play */
	int64_t since_ns;		/**< since when somebody plays to it, 0: nobody does */
};

/** Somebody plays to the group from now on, or nobody any more. */
void ensemble_play(struct ensemble *e, bool playing, int64_t now_ns);

/**
 * Whether it begins to be heard, or ends, and which part each member has in that.
 *
 * \param next_ns  lowered to when to ask again
 */
void ensemble_update(struct ensemble *e, const struct member_list *all, int64_t now_ns, int64_t *next_ns);

/** Does what is played reach anybody, or will it again in a moment? */
bool ensemble_is_heard(const struct member_list *all);

#endif /* BLUEZ_COMBINE_ENSEMBLE_H */
