/* How long to wait before the next attempt */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_BACKOFF_H
#define BLUEZ_COMBINE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/defs.h>

#define BACKOFF_FIRST_NS	(2 * (int64_t)SPA_NSEC_PER_SEC)
#define BACKOFF_LAST_NS		(60 * (int64_t)SPA_NSEC_PER_SEC)
/** Who has been well for so long has a clean slate */
#define BACKOFF_FORGET_NS	(2 * BACKOFF_LAST_NS)

/** Of something that is tried again after it failed. Zero: it never did. */
struct backoff {
	uint32_t failures;	/**< in a row */
	uint32_t pauses;	/**< of backoff_pause() */
	int64_t until_ns;	/**< not to be tried before */
};

/** Only to be left alone for the first wait: as often as \a max, then that counts as failing. */
static inline bool backoff_pause(struct backoff *b, int64_t now_ns, uint32_t max)
{
	if (b->pauses >= max)
		return false;
	b->pauses++;
	b->until_ns = now_ns + BACKOFF_FIRST_NS;
	return true;
}

/** It has failed now: the wait doubles, from the first to the last. */
static inline void backoff_fail(struct backoff *b, int64_t now_ns)
{
	int64_t wait_ns = BACKOFF_FIRST_NS;

	if (b->failures > 0 && now_ns - b->until_ns >= BACKOFF_FORGET_NS)
		b->failures = b->pauses = 0;
	for (uint32_t i = 0; i < b->failures && wait_ns < BACKOFF_LAST_NS; i++)
		wait_ns *= 2;
	b->failures++;
	b->until_ns = now_ns + SPA_MIN(wait_ns, BACKOFF_LAST_NS);
}

#endif /* BLUEZ_COMBINE_BACKOFF_H */
