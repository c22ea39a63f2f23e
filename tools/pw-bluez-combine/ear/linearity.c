/* Linearity: does the microphone follow what is played, and is anything cut off? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "ear/linearity.h"

#define SPREAD_MIN_DB	3.0	/* of the levels: a slope over less is noise */
#define FULL_SCALE	0.999f
#define QUIET		0.003f	/* below it steps of a 16 bit converter are flat by themselves */
#define RUN		3	/* equal samples in a row, at the top: no sound stands still there */
/*
 * Flat tops that are no longer equal, as they went through a resampler: many samples are within 3 % of the
 * largest, few within the next 3 %. Of a sine these are 15.6 and 6.5 of a hundred, of anything less
 * steady there are fewer at the very top.
 */
#define TOP		0.97f
#define NEXT		0.94f
#define TOP_RATIO	5
#define TOP_MIN		48

enum ear_reason ear_linearity(const struct ear_slot *slots, const struct ear_heard *heard, uint32_t n,
		double *slope)
{
	double min = INFINITY, max = -INFINITY, x = 0, y = 0, xx = 0, xy = 0;
	enum ear_reason reason = EAR_TOO_QUIET;
	uint32_t i, count = 0;

	*slope = NAN;
	for (i = 0; i < n; i++) {
		if (heard[i].reason != EAR_HEARD) {
			reason = heard[i].reason;
			continue;
		}
		min = SPA_MIN(min, slots[i].level_db);
		max = SPA_MAX(max, slots[i].level_db);
		x += slots[i].level_db;
		y += heard[i].level_db;
		count++;
	}
	if (!(max - min >= SPREAD_MIN_DB))
		return reason;
	x /= count;
	y /= count;
	for (i = 0; i < n; i++) {
		if (heard[i].reason != EAR_HEARD)
			continue;
		xx += (slots[i].level_db - x) * (slots[i].level_db - x);
		xy += (slots[i].level_db - x) * (heard[i].level_db - y);
	}
	*slope = xy / xx;
	return *slope >= EAR_SLOPE_MIN && *slope <= EAR_SLOPE_MAX ? EAR_HEARD : EAR_AGC;
}

static float top_of(const float *x, size_t n)
{
	float top = 0;

	for (size_t i = 0; i < n; i++)
		top = SPA_MAX(top, fabsf(x[i]));
	return top;
}

/* Samples that stand at the top, in runs */
static size_t flat(const float *x, size_t n, float top)
{
	size_t i, run = 0, count = 0;

	for (i = 0; i < n; i++) {
		bool same = run > 0 && x[i] == x[i - 1];

		if (fabsf(x[i]) < TOP * top) {
			run = 0;
		} else {
			run = same ? run + 1 : 1;
			if (run >= RUN)
				count += run == RUN ? RUN : 1;
		}
	}
	return count;
}

size_t ear_clipped(const float *x, size_t n)
{
	float top = top_of(x, n);
	size_t i, runs, at_top = 0, next = 0, full = 0;

	if (!(top >= QUIET))
		return 0;
	for (i = 0; i < n; i++) {
		float a = fabsf(x[i]);

		full += a >= FULL_SCALE;
		at_top += a >= TOP * top;
		next += a >= NEXT * top && a < TOP * top;
	}
	runs = flat(x, n, top);
	if (full > 0 || at_top < TOP_MIN || at_top < TOP_RATIO * next)
		at_top = 0;
	runs = SPA_MAX(runs, at_top);
	return SPA_MAX(runs, full);
}
