/* Tap: one read position in the history */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TAP_H
#define BLUEZ_COMBINE_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "dsp/history.h"
#include "dsp/interpolator.h"
#include "realtime.h"
#include "dsp/role.h"
#include "dsp/slew.h"
#include "dsp/wobble.h"

/** The least delay at which a tap can be between samples: the interpolator needs as many
 * that are newer than what it makes. */
#define TAP_DELAY_BETWEEN	((double)INTERPOLATOR_AFTER)
/** And what it needs that is older than the longest delay. */
#define TAP_REACH		(INTERPOLATOR_TAPS + WOBBLE_SAMPLES_MAX)
/** The fastest slew, in samples per sample: keeps what a slice reads short */
#define TAP_SPEED_MAX		0.01

/** The same for all taps at one rate. */
struct tap_params {
	uint32_t fade;			/**< length of a crossfade or ramp, in samples, >= 1 */
	uint32_t near;			/**< moves below this are correlated, in samples */
	double slew;			/**< moves below this slew, others crossfade, in samples */
	double acceleration;		/**< of a slew, in samples per sample^2 */
	uint32_t wobble;		/**< longest move of a wobble, in samples */
	double delay_max;		/**< longest delay, in samples; the ring holds TAP_REACH more,
					  *  and a block */
	const struct interpolator *interpolator;
};

/** What a tap shall do. */
struct tap_target {
	double delay;			/**< before the newest sample, in samples, >= 0; the
					  *  nearest whole number is taken */
	uint32_t wait;			/**< if that is another delay: samples until it counts */
	double speed;			/**< of a slew, in samples per sample, up to TAP_SPEED_MAX;
					  *  0, or so slow that it would not arrive: a crossfade */
	struct wobble_params wobble;	/**< what is added to the delay */
	float gain;			/**< linear, 0.0-1.0 */
	const struct role_map *map;	/**< what each channel is made of; stays the caller's, and
					  *  valid as long as the tap is used */
};

/** A place that a tap reads from. */
struct tap_source {
	struct slew delay;		/**< before the newest sample, in samples; stands on whole ones */
	const struct role_map *map;
};

enum tap_state {
	TAP_SETTLED,			/**< plays now, which stands: a copy */
	TAP_SLEWING,			/**< plays now, which moves */
	TAP_CROSSFADE,			/**< from now to next */
};

/**
 * One output's read position, with gain.
 *
 * A settled tap with gain 1 copies its samples bit for bit. A delay that changes by less
 * than params.slew is slewed to, so slowly that nobody hears it; if the change is
 * larger, or the map changes, or one of the delays is too short to be interpolated,
 * the tap crossfades. A gain that changes ramps.
 *
 * What comes in the middle of a slew turns it round in flight, or is crossfaded to while the
 * slew goes on; what comes in the middle of a crossfade or ramp is taken after it: one
 * cut short would be the click it is there to prevent.
 *
 * A wobble is beside all that: it is added to wherever the tap reads, but for delays that are too short
 * to be interpolated.
 *
 * Data loop only; all channels of the output move together.
 */
struct tap {
	struct tap_params params;

	enum tap_state state;
	struct tap_source now;
	struct tap_source next;		/**< while crossfading; stands */

	/* the latest wish */
	double wished;			/**< delay as it was set, in samples */
	double pending;			/**< what the delay will be after the wait, in samples, whole */
	uint32_t wait;			/**< in samples, 0: nothing waits */
	double delay;			/**< the delay that counts, in samples, whole */
	const struct role_map *map;
	double speed;			/**< in samples per sample */
	float gain;			/**< linear, 0.0-1.0 */

	struct wobble wobble;

	uint32_t pos;			/**< in the crossfade, in samples */
	bool equal_power;		/**< the crossfade's curve */

	float gain_from, gain_to;	/**< linear, 0.0-1.0 */
	uint32_t gain_pos;		/**< in the ramp, in samples; fade when it is over */
};

/** What nobody hears, at \a rate in Hz; delay_max and the interpolator are left alone. */
void tap_params_set_rate(struct tap_params *params, uint32_t rate) REALTIME;

/** Silent, with nothing to play yet. */
void tap_init(struct tap *t, const struct tap_params *params) REALTIME;

/** The wish from now on. A tap that is silent goes there at once and only its
 * gain ramps; the first one does not wait.
 *
 * The same delay as in the last wish changes nothing about how it is reached, or
 * waited for.
 * \return false if the delay was beyond delay_max, which is taken instead */
bool tap_set(struct tap *t, const struct tap_target *target) REALTIME;

/** Nothing is heard, and nothing will be before the next tap_set(). */
bool tap_is_silent(const struct tap *t) REALTIME;

/** Play \a n samples, the first of them written \a age samples ago (plus the delay).
 * \param dst one pointer per channel; NULL: time passes, nothing is written */
void tap_process(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t n) REALTIME;

#endif /* BLUEZ_COMBINE_TAP_H */
