/* Acquisition: a first idea of when speakers are heard, and of how fast their clocks are */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kiss_fft.h>
#include <spa/utils/defs.h>

#include "ear/acquire.h"

/* So short that clocks 100 ppm apart do not smear a peak */
#define LAG_PIECE_SEC	2.0
#define LAG_FROM_HZ	500.0
#define LAG_TO_HZ	2500.0
#define LAG_HEIGHT	8.0	/* of the peak's power, in means of it */

#define RATES		21	/* that are tried */
#define RATE(r)		(EAR_ACQUIRE_RATE * (2.0 * (r) / (RATES - 1) - 1))
#define ROUNDS		5
#define SURE		0.5	/* nats */

static float in_range(float x)
{
	return x > -1e3f && x < 1e3f ? x : 0.0f;
}

int ear_acquire_lag(const float *sent, const float *heard, uint32_t n, uint32_t max_lag, double rate, double *lag)
{
	uint32_t piece = SPA_MIN(n, (uint32_t)(LAG_PIECE_SEC * rate)), at, i, best = 0;
	uint32_t size = kiss_fft_next_fast_size(piece + max_lag);
	uint32_t from = (uint32_t)(LAG_FROM_HZ * size / rate), to = (uint32_t)(LAG_TO_HZ * size / rate);
	kiss_fft_cfg forward = kiss_fft_alloc(size, 0, NULL, NULL), inverse = kiss_fft_alloc(size, 1, NULL, NULL);
	kiss_fft_cpx *x = calloc(size, sizeof(*x)), *both = calloc(size, sizeof(*both));
	double *power = calloc(max_lag + 1, sizeof(*power)), mean = 0;
	int res = -ENOMEM;

	*lag = NAN;
	if (forward == NULL || inverse == NULL || x == NULL || both == NULL || power == NULL)
		goto done;
	for (at = 0; at + piece <= n; at += piece) {
		memset(x, 0, size * sizeof(*x));
		/* two real signals in one transform: sent, and heard where it has no lag at max_lag */
		for (i = 0; i < piece + max_lag; i++)
			x[i].r = in_range(sent[at + i]);
		for (i = 0; i < piece; i++)
			x[max_lag + i].i = in_range(heard[at + i]);
		kiss_fft(forward, x, both);
		memset(x, 0, size * sizeof(*x));
		for (i = from; i < to; i++) {
			float complex p = both[i].r + I * both[i].i, q = both[size - i].r - I * both[size - i].i;
			float complex s = p + q, h = -I * (p - q), c = conjf(s) * h;
			float a = cabsf(c);

			c /= a > 0 ? a : 1.0f;
			x[i].r = crealf(c);
			x[i].i = cimagf(c);
		}
		kiss_fft(inverse, x, both);
		/* heard is at max_lag + i what was sent at max_lag + i - lag */
		for (i = 0; i <= max_lag; i++)
			power[i] += both[i].r * both[i].r + both[i].i * both[i].i;
	}
	for (i = 0; i <= max_lag; i++) {
		mean += power[i] / (max_lag + 1);
		if (power[i] > power[best])
			best = i;
	}
	if (power[best] > LAG_HEIGHT * mean)
		*lag = best;
	res = 0;
done:
	kiss_fft_free(forward);
	kiss_fft_free(inverse);
	free(x);
	free(both);
	free(power);
	return res;
}

/* All of them at one rate, which is the microphone's more than theirs */
static double search_common(struct ear_separation *s, const bool *wanted)
{
	double best = INFINITY, rate = 0;
	uint32_t r, i;

	for (r = 0; r < RATES; r++) {
		double misfit;

		for (i = 0; i < s->n; i++)
			s->rates[i] = wanted[i] ? RATE(r) : s->rates[i];
		misfit = ear_separation_misfit(s);
		if (misfit < best) {
			best = misfit;
			rate = RATE(r);
		}
	}
	for (i = 0; i < s->n; i++)
		s->rates[i] = wanted[i] ? rate : s->rates[i];
	return best;
}

/* Each by itself, the others as they are */
static double search_each(struct ear_separation *s, const bool *wanted, double best)
{
	double rates[RATES], misfit[RATES];
	uint32_t r, i;

	for (r = 0; r < RATES; r++)
		rates[r] = RATE(r);
	for (i = 0; i < s->n; i++) {
		if (!wanted[i])
			continue;
		ear_separation_try(s, i, rates, RATES, misfit);
		for (r = 0; r < RATES; r++)
			if (misfit[r] < best - SURE) {
				best = misfit[r];
				s->rates[i] = rates[r];
			}
	}
	return best;
}

static void swap(double *a, double *b)
{
	double was = *a;

	*a = *b;
	*b = was;
}

/* Two may have taken each other's */
static double search_swaps(struct ear_separation *s, const bool *wanted, double best)
{
	uint32_t i, j;

	for (i = 0; i < s->n; i++)
		for (j = 0; j < i; j++) {
			double misfit;

			if (!wanted[i] || !wanted[j] || s->rates[i] == s->rates[j])
				continue;
			swap(&s->rates[i], &s->rates[j]);
			misfit = ear_separation_misfit(s);
			if (misfit < best)
				best = misfit;
			else
				swap(&s->rates[i], &s->rates[j]);
		}
	return best;
}

void ear_acquire_rates(struct ear_separation *s, const bool *wanted)
{
	double best = search_common(s, wanted), before;
	uint32_t round = 0;

	do {
		before = best;
		best = search_each(s, wanted, best);
		best = search_swaps(s, wanted, best);
	} while (best < before && ++round < ROUNDS);
}
