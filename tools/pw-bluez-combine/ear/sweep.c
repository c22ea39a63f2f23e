/* Sweep: the sound that is listened for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "ear/sweep.h"

#define FADE_IN_SEC	0.02	/* eight periods of 400 Hz */
#define FADE_OUT_SEC	0.005	/* fifty of 10 kHz */
/* Of the rate: above it an anti-alias filter weakens, and turns phases */
#define BAND_LIMIT	0.46

static double slowness(const struct ear_sweep *s)
{
	return s->seconds / log(s->to_hz / s->from_hz);
}

double ear_sweep_time(const struct ear_sweep *s, double hz)
{
	return slowness(s) * log(hz / s->from_hz);
}

double ear_sweep_lead(const struct ear_sweep *s, uint32_t k)
{
	return slowness(s) * log(k);
}

uint32_t ear_sweep_frames(const struct ear_sweep *s, double rate_hz)
{
	return (uint32_t)ceil(s->seconds * rate_hz);
}

void ear_sweep_fill(const struct ear_sweep *s, double rate_hz, float *dst)
{
	double L = slowness(s), end = SPA_MIN(s->seconds, ear_sweep_time(s, BAND_LIMIT * rate_hz));
	uint32_t i, n = ear_sweep_frames(s, rate_hz);

	for (i = 0; i < n; i++) {
		double t = i / rate_hz;
		double in = SPA_MIN(t / FADE_IN_SEC, 1.0), out = SPA_CLAMP((end - t) / FADE_OUT_SEC, 0.0, 1.0);
		double fade = 0.25 * (1 - cos(M_PI * in)) * (1 - cos(M_PI * out));

		dst[i] = (float)(fade * sin(2 * M_PI * s->from_hz * L * (exp(t / L) - 1)));
	}
}
