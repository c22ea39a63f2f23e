/* Arrival: the first sound in the envelope of a response */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "ear/arrival.h"

/* The direct sound may be weaker than a reflection by 6 dB, and by some more in a part of the band */
#define FIRST_BELOW	0.2	/* -14 dB of the strongest */
/* Of noise with a root mean square of 1 an envelope exceeds k with a probability of exp(-k^2): at 4.5
 * once in 6e8 */
#define ABOVE_FLOOR	4.5
/* What hides in the noise must be below FIRST_BELOW, too */
#define STRONGEST_ABOVE	(ABOVE_FLOOR / FIRST_BELOW / 1.5)

/* The vertex of the parabola through the logarithms of three samples around a peak: of a Gaussian it is exact */
static double vertex(const float *y)
{
	double a = log(y[-1]), b = log(y[0]), c = log(y[1]), d = a - 2 * b + c;

	return d < 0 ? SPA_CLAMP(0.5 * (a - c) / d, -0.5, 0.5) : 0.0;
}

static double rms(const float *x, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
	return n > 0 ? sqrt(sum / n) : 0.0;
}

enum ear_reason ear_arrival_find(struct ear_arrival *a, const float *envelope, uint32_t n, const struct ear_search *s)
{
	uint32_t i, strongest = s->peak_from, to = SPA_MIN(s->peak_to, n - 1), from, floor_from;
	double threshold;

	*a = (struct ear_arrival) { 0 };
	for (i = s->peak_from; i < to; i++)
		if (envelope[i] > envelope[strongest])
			strongest = i;
	from = strongest - SPA_MIN(s->lead, strongest);
	floor_from = from - SPA_MIN(s->floor, from);
	a->strongest = envelope[strongest];
	a->floor = rms(envelope + floor_from, from - floor_from);
	if (!(a->strongest > STRONGEST_ABOVE * a->floor) || !(a->strongest > 0))
		return EAR_TOO_QUIET;

	threshold = SPA_MAX(FIRST_BELOW * a->strongest, ABOVE_FLOOR * a->floor);
	for (i = SPA_MAX(from, 1u); i < strongest; i++)
		if (envelope[i] >= threshold && envelope[i] >= envelope[i + 1])
			break;
	if (i < 1 || i + 1 >= n || !(envelope[i - 1] > 0) || !(envelope[i + 1] > 0))
		return EAR_AMBIGUOUS;
	a->peak = envelope[i];
	a->at = i + vertex(&envelope[i]);
	return EAR_HEARD;
}
