/* Guess: a speaker may be somewhere else now */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "track/common.h"
#include "track/guess.h"

/* Of the middles of windows, in lengths */
#define ROUNDING	0.01


static void begin(struct guess *g, const struct guess_window *w, double rate, double rate_sigma)
{
	*g = (struct guess) { .n = 1, .since_s = w->at_s, .length_s = w->length_s };
	drift_begin(&g->drift, w->at_s, w->late_s, sqrt(w->variance), rate, rate_sigma);
}

static bool agrees(const struct guess *g, const struct guess_window *w)
{
	const double sigma_s = drift_sigma_s(&g->drift, w->at_s);

	return w->at_s - g->drift.at_s <= w->length_s &&
		fabs(w->late_s - drift_late_s(&g->drift, w->at_s)) <=
			COMMON_GATE * sqrt(sigma_s * sigma_s + w->variance);
}

void guess_add(struct guess *g, const struct guess_window *w, double rate, double rate_sigma)
{
	if (g->n == 0 || !agrees(g, w)) {
		begin(g, w, rate, rate_sigma);
	} else {
		drift_go_on(&g->drift, w->at_s);
		drift_correct(&g->drift, w->late_s - g->drift.late_s, w->variance);
		g->n++;
	}
	if (isfinite(w->rate_sigma))
		drift_correct_rate(&g->drift, w->rate - g->drift.rate, w->rate_sigma * w->rate_sigma);
}

bool guess_is_sure(const struct guess *g, double size_s)
{
	const double lengths = (g->drift.at_s - g->since_s) / g->length_s + ROUNDING;

	if (isinf(size_s))
		return g->n >= 3 && lengths >= 0.75;
	if (fabs(size_s) >= GUESS_LARGE_S)
		return g->n >= 2 && lengths >= 0.5;
	return g->n >= 3 && lengths >= 1.0;
}
