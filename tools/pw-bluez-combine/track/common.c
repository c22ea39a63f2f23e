/* Common: what all are later by at once */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "track/common.h"

static bool is_with(const struct common_speaker *s, double m)
{
	return fabs(s->error_s - m) <= fmin(COMMON_GATE * sqrt(s->variance), COMMON_GATE_MAX_S);
}

static uint32_t count(const struct common_speaker *speakers, uint32_t n, double m)
{
	uint32_t i, with = 0;

	for (i = 0; i < n; i++)
		with += is_with(&speakers[i], m);
	return with;
}

static bool is_expected(double m, bool free)
{
	return free || fabs(m) <= COMMON_GATE * COMMON_SIGMA_S;
}

/* By how much all that are with m are away from \a at, by their weights: the least is at their median */
static double distance(const struct common_speaker *speakers, uint32_t n, double m, double at)
{
	double sum = 0.0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (is_with(&speakers[i], m))
			sum += fabs(speakers[i].error_s - at) / speakers[i].variance;
	return sum;
}

/* The weighted median of those that are with m, and of what is expected of it. One that is only just with them
 * draws a mean towards itself, and then seems to be right. What the median is worse in is an error of all, which is not heard */
static double refine(const struct common_speaker *speakers, uint32_t n, double m, bool free)
{
	const double weight = free ? 0.0 : 1.0 / (COMMON_SIGMA_S * COMMON_SIGMA_S);
	double best = m, away, least = INFINITY;
	uint32_t i;

	for (i = 0; i <= n; i++) {
		const double at = i < n ? speakers[i].error_s : 0.0;

		if (i < n ? !is_with(&speakers[i], m) : free)
			continue;
		away = distance(speakers, n, m, at) + weight * fabs(at);
		if (away < least) {
			least = away;
			best = at;
		}
	}
	return best;
}

double common_find(struct common_speaker *speakers, uint32_t n, bool free)
{
	uint32_t most = count(speakers, n, 0.0), i, with;
	double m = 0.0, other;

	for (i = 0; i < n; i++) {
		other = speakers[i].error_s;
		with = count(speakers, n, other);
		if (is_expected(other, free) && (with > most || (with == most && fabs(other) < fabs(m)))) {
			m = other;
			most = with;
		}
	}
	if (most > 0)
		m = refine(speakers, n, m, free);
	for (i = 0; i < n; i++)
		speakers[i].still = most > 0 && is_with(&speakers[i], m);
	return m;
}
