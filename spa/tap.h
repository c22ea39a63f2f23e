/* Tap: one read position in the history */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TAP_H
#define BLUEZ_COMBINE_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "realtime.h"
#include "role.h"

/** Where a tap reads. */
struct tap_source {
	uint32_t delay;			/**< before the newest sample, in samples */
	const struct role_map *map;	/**< what each channel is made of */
};

enum tap_state {
	TAP_SETTLED,			/**< plays now */
	TAP_CROSSFADE,			/**< from now to next */
};

/**
 * One output's read position, with gain.
 *
 * A settled tap with gain 1 copies its samples bit for bit. When the delay or
 * the map changes it crossfades from the old to the new place; when the gain
 * changes it ramps. Both take \a fade samples, and a change that comes in the
 * middle of a crossfade is taken after it: a crossfade cut short would be the
 * click it is there to prevent.
 *
 * Data loop only; all channels of the output move together.
 */
struct tap {
	uint32_t fade;			/**< length of a crossfade or ramp, in samples, >= 1 */
	uint32_t near;			/**< moves below this are correlated, in samples */

	enum tap_state state;
	struct tap_source now;
	struct tap_source next;		/**< while crossfading */
	struct tap_source target;	/**< the latest wish */

	uint32_t pos;			/**< in the crossfade, in samples */
	bool equal_power;		/**< the crossfade's curve */
	double c, s;			/**< weights of now and next at pos, equal power */
	double step_c, step_s;		/**< their rotation per sample */

	float gain_from, gain_to;	/**< linear, 0.0-1.0 */
	uint32_t gain_pos;		/**< in the ramp, in samples; fade when it is over */
};

/** Silent, with nothing to play yet. */
void tap_init(struct tap *t, uint32_t fade, uint32_t near) REALTIME;

/** The wish from now on. A tap that is silent goes there at once and only its
 * gain ramps.
 * \param delay in samples, >= 0; the nearest whole sample is taken
 * \param map stays the caller's, and valid for as long as the tap is used */
void tap_set(struct tap *t, double delay, float gain, const struct role_map *map) REALTIME;

/** Nothing is heard, and nothing will be before the next tap_set(). */
bool tap_is_silent(const struct tap *t) REALTIME;

/** Play \a n samples, the first of them written \a age samples ago (plus the delay).
 * \param dst one pointer per channel; NULL: time passes, nothing is written */
void tap_process(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t n) REALTIME;

#endif /* BLUEZ_COMBINE_TAP_H */
