/* When a group begins to be heard, and whether anybody hears it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "member/ensemble.h"

/* What speakers report later than this moves them by a crossfade. One that has reported nothing
 * by then is not waited for any longer. */
#define START_WAIT_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)

void ensemble_play(struct ensemble *e, bool playing, int64_t now_ns)
{
	e->since_ns = playing ? now_ns : 0;
}

static bool may_start(const struct ensemble *e, const struct member_list *all, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = e->since_ns + START_WAIT_NS;
	uint32_t i, ready = 0;

	for (i = 0; i < all->n; i++)
		ready += member_has_latency(all->members[i]);
	if (ready == 0)
		return false;
	if (ready == all->n || now_ns >= limit_ns)
		return true;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return false;
}

void ensemble_update(struct ensemble *e, const struct member_list *all, int64_t now_ns, int64_t *next_ns)
{
	uint32_t i;

	/* The first to come back after all have gone interrupts nobody */
	if (e->since_ns == 0 || all->n == 0) {
		e->audible = false;
	} else if (!e->audible && may_start(e, all, now_ns, next_ns)) {
		e->audible = true;
		for (i = 0; i < all->n; i++)
			member_begin(all->members[i]);
	}
	for (i = 0; i < all->n; i++)
		member_update_part(all->members[i], e->audible, now_ns, next_ns);
}

bool ensemble_is_heard(const struct member_list *all)
{
	uint32_t i;

	for (i = 0; i < all->n; i++)
		if (all->members[i]->streaming || member_is_coming_back(all->members[i]))
			return true;
	return false;
}
