/* Decimation: a lower rate for what is only looked at up to some kHz */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_DECIMATE_H
#define BLUEZ_COMBINE_EAR_DECIMATE_H

#include <stdint.h>

/*
 * A windowed sinc of linear phase, its middle at half of the lower rate: up to 0.42 of that rate everything is
 * kept, and nothing that is folded back gets there. Each output is summed up anew, so what is no number spoils
 * just the outputs that it is in.
 */
struct ear_decimator {
	uint32_t factor;
	uint32_t n_taps;
	float *taps;		/**< n_taps */
	float *line;		/**< 2 * n_taps: the newest inputs, twice, so that they are in one piece */
	uint32_t at, phase;
};

/** \return 0 or -ENOMEM */
int ear_decimator_init(struct ear_decimator *d, uint32_t factor);
void ear_decimator_finish(struct ear_decimator *d);

/** Forget what went through. */
void ear_decimator_reset(struct ear_decimator *d);

/** How many inputs the middle of the filter is behind. */
uint32_t ear_decimator_delay(const struct ear_decimator *d);

/** \param dst room for n / factor + 1
 * \return how many there are */
uint32_t ear_decimator_run(struct ear_decimator *d, const float *src, uint32_t n, float *dst);

#endif /* BLUEZ_COMBINE_EAR_DECIMATE_H */
