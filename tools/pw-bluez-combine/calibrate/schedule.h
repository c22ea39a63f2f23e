/* When each speaker of a round is asked to play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SCHEDULE_H
#define BLUEZ_COMBINE_SCHEDULE_H

#include <stdint.h>

/*
 * Pure calculation, in seconds of the group's clock since the beginning of the round.
 *
 * All speakers get the same sound; each plays it a delay later, and all but one are muted where they would play it. So from
 * speaker a to speaker b the others' say changes between
 *
 *	emit_a + sweep + max(delay_a, delay_b)	and	emit_b + min(delay_a, delay_b)
 *
 * when a has played all of it, and b would have, and before either plays what is meant for b. What a change of the say
 * takes is the margin. So
 *
 *	emit_b - emit_a >= sweep + |delay_a - delay_b| + margin
 *
 * and it pays to go through the speakers in the order of their delays. Each has a window in which it may be heard; these are
 * kept apart, in the air.
 */

struct schedule_slot {
	double delay_sec;		/**< in: what the group delays this speaker by */
	double sound_sec;		/**< in: from being sent to being heard, as far as is known, */
	double before_sec, after_sec;	/**< in: and how much earlier and later than that it may be */
	double emit_sec;		/**< the sound's first sample is sent */
	double solo_sec;		/**< from then on the others can be muted, and not before */
	double ready_sec;		/**< at this moment they have to be */
};

/** What all slots of a round have in common. */
struct schedule {
	double sweep_sec;		/**< how long the sound lasts */
	double margin_sec;		/**< what muting takes at most */
	double apart_sec;		/**< at least from one window to the next */
};

/** Fill in the times. Returns when the last sound has been sent. */
double schedule_work_out(const struct schedule *schedule, struct schedule_slot *slots, uint32_t n);

#endif /* BLUEZ_COMBINE_SCHEDULE_H */
