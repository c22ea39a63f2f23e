/* Decimation: a lower rate for what is only looked at up to some kHz */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ear/decimate.h"

#define TAPS_PER_OUTPUT	24	/* the edge is 0.16 of the lower rate wide */

int ear_decimator_init(struct ear_decimator *d, uint32_t factor)
{
	double sum = 0;
	uint32_t i;

	*d = (struct ear_decimator) { .factor = factor, .n_taps = TAPS_PER_OUTPUT * factor + 1 };
	d->taps = calloc(d->n_taps, sizeof(*d->taps));
	d->line = calloc(2 * (size_t)d->n_taps, sizeof(*d->line));
	if (d->taps == NULL || d->line == NULL) {
		ear_decimator_finish(d);
		return -ENOMEM;
	}
	for (i = 0; i < d->n_taps; i++) {
		double x = ((double)i - d->n_taps / 2) / factor, u = 2.0 * M_PI * (i + 0.5) / d->n_taps;
		/* Blackman's window: 74 dB */
		double w = 0.42 - 0.5 * cos(u) + 0.08 * cos(2 * u);

		d->taps[i] = (float)(w * (x == 0 ? 1.0 : sin(M_PI * x) / (M_PI * x)));
		sum += d->taps[i];
	}
	for (i = 0; i < d->n_taps; i++)
		d->taps[i] /= (float)sum;
	return 0;
}

void ear_decimator_finish(struct ear_decimator *d)
{
	free(d->taps);
	free(d->line);
	memset(d, 0, sizeof(*d));
}

void ear_decimator_reset(struct ear_decimator *d)
{
	memset(d->line, 0, 2 * (size_t)d->n_taps * sizeof(*d->line));
	d->at = d->phase = 0;
}

uint32_t ear_decimator_delay(const struct ear_decimator *d)
{
	return d->n_taps / 2;
}

uint32_t ear_decimator_run(struct ear_decimator *d, const float *src, uint32_t n, float *dst)
{
	uint32_t i, k, n_dst = 0;

	for (i = 0; i < n; i++) {
		d->line[d->at] = d->line[d->at + d->n_taps] = src[i];
		d->at = (d->at + 1) % d->n_taps;
		if (d->phase == 0) {
			const float *x = &d->line[d->at];
			float sum = 0;

			for (k = 0; k < d->n_taps; k++)
				sum += d->taps[k] * x[k];
			dst[n_dst++] = sum;
		}
		d->phase = (d->phase + 1) % d->factor;
	}
	return n_dst;
}
