/* Wobble: a delay that goes to and fro */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_WOBBLE_H
#define BLUEZ_COMBINE_WOBBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "realtime.h"

#define WOBBLE_CODES		63u	/**< from 1 on */
#define WOBBLE_SAMPLES_MAX	4u
/** The fastest move, in samples per sample: keeps what a slice of a tap reads short */
#define WOBBLE_SPEED_MAX	0.01

/**
 * What somebody who listens tells one output from the others by: time is cut into chips, and in each the delay stands
 * either where it is, or some samples further back, by a code that no other output has.
 */
struct wobble_params {
	uint32_t code;			/**< 1 to WOBBLE_CODES; 0: it stands where it is */
	uint32_t samples;		/**< how far it goes, up to WOBBLE_SAMPLES_MAX */
	uint32_t chip;			/**< length of a chip, in samples, > 0 */
};

/**
 * What is added to a delay. It stands on whole samples, and goes from one to another by a move, which is not cut short: what
 * is asked for meanwhile comes after it. A move is a formula of the time, so that it does not matter
 * how it is cut into blocks. A zeroed one stands at 0.
 *
 * Data loop; no function waits or allocates.
 */
struct wobble {
	struct wobble_params params;
	uint32_t length;		/**< of a move that begins now, in samples */

	uint32_t from, to;		/**< of the move, in samples */
	uint32_t move;			/**< its length, in samples; 0: none was yet */
	uint32_t pos;			/**< samples since it began, up to move */
};

/** Where the delay of this code is in chip \a k: 0 or 1. Codes from 1 on are orthogonal to each other, and to a delay
 * that stands: over any 16 chips in turn up to 15, over 32 up to 31, over 64 all. */
uint32_t wobble_bit(uint32_t code, uint64_t k) REALTIME;

/** From now on. \param longest  of a move, in samples: it is shorter where chips are */
void wobble_set(struct wobble *w, const struct wobble_params *params, uint32_t longest) REALTIME;

/**
 * It is \a frame now, counted from where chips are: a move begins if it is time.
 * \return for how many samples nothing else begins or ends
 */
uint32_t wobble_aim(struct wobble *w, uint64_t frame) REALTIME;

/** What is added \a k samples from now, before anything else begins. */
double wobble_delay(const struct wobble *w, uint32_t k) REALTIME;

/** Time passes: \a n samples. */
void wobble_advance(struct wobble *w, uint32_t n) REALTIME;

/** It stands, on a whole sample. */
static inline bool wobble_stands(const struct wobble *w)
{
	return w->pos >= w->move;
}

/** It is 0 and stays so: nothing needs to be called. */
static inline bool wobble_is_off(const struct wobble *w)
{
	return w->params.code == 0 && w->to == 0 && wobble_stands(w);
}

#endif /* BLUEZ_COMBINE_WOBBLE_H */
