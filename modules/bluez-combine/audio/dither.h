/* Dither: noise that nobody hears, at which amplifiers stay awake */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_DITHER_H
#define BLUEZ_COMBINE_DITHER_H

#include <stdint.h>

#include "realtime.h"

/* One step of 16 bits: at -90 dBFS the softest that a speaker can be sent */
#define DITHER_STEP	(1.0f / 32768.0f)

struct dither {
	float *samples;			/**< noise, of which any part is as good as another */
	uint32_t length;		/**< in samples */
	uint32_t longest;		/**< that is asked for at a time, in samples */
	uint32_t random;		/**< data loop */
};

/**
 * \param steps    its peak, in steps of 16 bits, >= 1: no sample is louder
 * \param longest  the most samples that are asked for at a time
 * Returns 0 or -errno. Main loop.
 */
int dither_init(struct dither *d, uint32_t steps, uint32_t longest);
/** A zeroed one is fine, too. */
void dither_finish(struct dither *d);

/** Write \a n samples, up to longest. Data loop. */
void dither_write(struct dither *d, float *dst, uint32_t n) REALTIME;

#endif /* BLUEZ_COMBINE_DITHER_H */
