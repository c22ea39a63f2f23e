/* Slew: how a delay moves to another one */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SLEW_H
#define BLUEZ_COMBINE_SLEW_H

#include <stdbool.h>
#include <stdint.h>

#include "realtime.h"

/**
 * What is not heard: a delay that changes by v samples in a sample plays at 1 - v
 * times the pitch.
 */
struct slew_limits {
	double speed;			/**< in samples per sample, > 0: 500 ppm is 5e-4 */
	double acceleration;		/**< in samples per sample^2, > 0 */
};

/**
 * A way from one delay to another, from the speed that there is to a stand, within
 * limits. It is a formula of the time, so that it does not matter how it is cut
 * into blocks, and it ends where it shall. A zeroed one stands at 0.
 *
 * Data loop; no function waits or allocates.
 */
struct slew {
	double from, to;		/**< delays, in samples */
	double v0;			/**< speed at the start, in samples per sample */
	double c2, c3;			/**< from + v0 k + c2 k^2 + c3 k^3 after k samples */
	uint32_t length;		/**< in samples; 0: stands at to */
	uint32_t pos;			/**< samples since the start, up to length */
};

/** Stand at \a delay. */
void slew_stand(struct slew *s, double delay) REALTIME;

/** The longest way, in samples: an hour and a half at 384 kHz. */
#define SLEW_LENGTH_MAX		(UINT32_MAX / 2)

/** Go from where \a s is, as fast as it is, to \a to.
 * \return false if that may take longer than SLEW_LENGTH_MAX under these limits; \a s goes on as before */
bool slew_start(struct slew *s, double to, const struct slew_limits *limits) REALTIME;

/** The delay \a k samples from now. */
double slew_delay(const struct slew *s, uint32_t k) REALTIME;

/** The speed now, in samples per sample. */
double slew_speed(const struct slew *s) REALTIME;

/** Time passes: \a n samples. */
void slew_advance(struct slew *s, uint32_t n) REALTIME;

/** The least and the largest delay between now and the end. A slew that was on its way
 * elsewhere may have to turn round, and goes past both ends for that. */
void slew_range(const struct slew *s, double *min, double *max) REALTIME;

static inline bool slew_stands(const struct slew *s)
{
	return s->pos >= s->length;
}

#endif /* BLUEZ_COMBINE_SLEW_H */
