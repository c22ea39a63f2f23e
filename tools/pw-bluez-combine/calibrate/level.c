/* Level: how far what is played stands out from a room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "calibrate/level.h"

/* Half a step of 16 bits: digital silence is not infinitely quiet */
#define POWER_MIN	2.3e-10

/* Mean power of the loudest stretch of n; of all if it is shorter. NAN if there is nothing, or no number */
static double loudest(const float *samples, size_t n, size_t stretch, double a)
{
	double last = n > 0 ? samples[0] : 0.0, high = 0.0, sum = 0.0, most = -INFINITY;
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		/* one pole, y = a (y + x - x') */
		high = a * (high + samples[i] - last);
		last = samples[i];
		sum += high * high;
		if (++count < stretch && i + 1 < n)
			continue;
		/* Half a stretch at the end says nothing */
		if (2 * count >= stretch || most == -INFINITY)
			most = fmax(most, sum / count);
		sum = 0.0;
		count = 0;
	}
	return isfinite(most) ? fmax(most, POWER_MIN) : NAN;
}

double level_measure(const float *quiet, size_t n_quiet, const float *loud, size_t n_loud, double rate_hz)
{
	double a = 1.0 / (1.0 + 2.0 * M_PI * LEVEL_FROM_HZ / rate_hz);
	size_t stretch = (size_t)(LEVEL_STRETCH_SEC * rate_hz);
	double before = loudest(quiet, n_quiet, stretch, a), with = loudest(loud, n_loud, stretch, a);

	return with > before ? 10.0 * log10((with - before) / before) : -INFINITY;
}
