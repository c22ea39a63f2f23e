/* Interpolator: a signal between its samples */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_INTERPOLATOR_H
#define BLUEZ_COMBINE_INTERPOLATOR_H

#include <stdint.h>

#define INTERPOLATOR_TAPS	32
#define INTERPOLATOR_PHASES	256

/* Samples that are needed around a place: of x + fraction from x - BEFORE to x + AFTER */
#define INTERPOLATOR_BEFORE	(INTERPOLATOR_TAPS / 2 - 1)
#define INTERPOLATOR_AFTER	(INTERPOLATOR_TAPS / 2)

/** A place in a signal. */
struct interpolator_place {
	uint32_t first;			/**< index of the first sample that is needed */
	float fraction;			/**< the place is first + BEFORE + fraction, 0.0-1.0 */
};

/**
 * One way to compute it: dst[i] is src at places[i], for i < n. Reads
 * src[places[i].first] and the INTERPOLATOR_TAPS - 1 after it. Any thread; what
 * one sample becomes does not depend on n.
 *
 * A windowed sinc: exact to -100 dB up to 3/4 of the Nyquist frequency, a low pass
 * above, and where the fraction is 0 or 1 the very sample.
 */
struct interpolator {
	const char *name;
	void (*process)(float *dst, const float *src, const struct interpolator_place *places,
			uint32_t n);
};

/** The fastest that this CPU has. Main loop; the first call computes the table
 * that all share. */
const struct interpolator *interpolator_get(void);

/** Those that this CPU has, from the slowest, number \a index from 0, or NULL. 0 is plain C,
 * the reference. Main loop. */
const struct interpolator *interpolator_get_variant(uint32_t index);

#endif /* BLUEZ_COMBINE_INTERPOLATOR_H */
