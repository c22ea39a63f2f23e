/* Arrival: the first sound in the envelope of a response */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "ear/arrival.h"

/* The direct sound may be weaker than a reflection. 20 dB are more than bodies in the way take from it, and the
 * window's sidelobes are at -31 */
#define FIRST_BELOW	0.1
/* Of noise with a root mean square of 1 an envelope exceeds k with a probability of exp(-k^2): at 4.5
 * once in 6e8 */
#define ABOVE_FLOOR	4.5
/* The strongest peak stands so far above the noise that a direct sound 11 dB below it is seen */
#define STRONGEST_ABOVE	16.0

/* The height of the parabola through the logarithms of three samples around a peak: of a Gaussian it is exact */
static double crest(const float *y)
{
	double a = log(y[-1]), b = log(y[0]), c = log(y[1]), d = a - 2 * b + c;

	return d < 0 ? exp(b - (a - c) * (a - c) / (8 * d)) : y[0];
}

/*
 * Where the envelope rises through a height on its way to a peak. A bounce close behind the first sound makes
 * one peak of both, and moves it; the rise in front it hardly does.
 */
static double rise(const float *envelope, uint32_t peak, double height)
{
	uint32_t i = peak;

	while (i > 0 && envelope[i - 1] >= height)
		i--;
	return i > 0 ? i - (envelope[i] - height) / (envelope[i] - envelope[i - 1]) : 0.0;
}

/* The noise just ahead of a place: what decays there, as a harmonic's reverberation does, is lower than it was before */
struct floor {
	const float *envelope;
	uint32_t length, guard;		/* guard: the rise of the peak itself */
	double sum;			/* of squares in [at - guard - length, at - guard) */
};

static double square(const struct floor *f, int64_t i)
{
	return i >= 0 ? (double)f->envelope[i] * f->envelope[i] : 0.0;
}

static void floor_init(struct floor *f, uint32_t at)
{
	uint32_t i;

	for (f->sum = 0, i = 1; i <= f->length; i++)
		f->sum += square(f, (int64_t)at - f->guard - i);
}

static void floor_advance(struct floor *f, uint32_t at)
{
	f->sum += square(f, (int64_t)at - f->guard) - square(f, (int64_t)at - f->guard - f->length);
}

static double floor_rms(const struct floor *f)
{
	return sqrt(SPA_MAX(f->sum, 0.0) / f->length);
}

enum ear_reason ear_arrival_find(struct ear_arrival *a, const float *envelope, uint32_t n, const struct ear_search *s)
{
	struct floor f = { .envelope = envelope, .length = s->floor, .guard = s->guard };
	uint32_t i, strongest = s->peak_from, to = SPA_MIN(s->peak_to, n - 1);

	*a = (struct ear_arrival) { 0 };
	for (i = s->peak_from; i < to; i++)
		if (envelope[i] > envelope[strongest])
			strongest = i;
	a->strongest = envelope[strongest];
	i = strongest - SPA_MIN(s->lead, strongest);
	for (floor_init(&f, i); i < strongest; floor_advance(&f, i), i++)
		if (envelope[i] >= SPA_MAX(FIRST_BELOW * a->strongest, ABOVE_FLOOR * floor_rms(&f)) &&
		    envelope[i] >= envelope[i + 1])
			break;
	a->floor = floor_rms(&f);
	if (!(a->strongest > STRONGEST_ABOVE * a->floor) || !(a->strongest > 0))
		return EAR_TOO_QUIET;
	if (i < 1 || i + 1 >= n || !(envelope[i - 1] > 0) || !(envelope[i + 1] > 0))
		return EAR_AMBIGUOUS;
	a->peak = crest(&envelope[i]);
	a->at = rise(envelope, i, 0.5 * a->peak) + s->half_rise;
	return EAR_HEARD;
}
