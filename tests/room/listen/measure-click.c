/* Clicks and dips in a recording of sound without treble */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>

#include "listen/measure-click.h"
#include "listen/measure.h"

#define HALF	64	/* taps either side: 800 Hz from pass to stop */
#define TAPS	(2 * HALF + 1)

/* High-pass: an impulse less the low-pass of a windowed sinc, Blackman: 74 dB */
static void make_filter(double *h)
{
	double w = 2.0 * M_PI * CLICK_HZ / MEASURE_RATE, sum = 0.0;

	for (int i = 0; i < TAPS; i++) {
		double t = i - HALF, p = 2.0 * M_PI * (i + 0.5) / TAPS;

		h[i] = (t == 0.0 ? w : sin(w * t) / t) * (0.42 - 0.5 * cos(p) + 0.08 * cos(2.0 * p));
		sum += h[i];
	}
	for (int i = 0; i < TAPS; i++)
		h[i] = (i == HALF) - h[i] / sum;
}

static void clamp(const struct wav *w, double from, double to, int64_t *begin, int64_t *end)
{
	*begin = llrint(fmax(from, 0.0) * MEASURE_RATE);
	*end = llrint(to * MEASURE_RATE);
	if (*end > (int64_t)w->frames)
		*end = w->frames;
}

static double filtered(const struct wav *w, const double *h, int64_t at, uint32_t channel)
{
	double sum = 0.0;

	for (int i = 0; i < TAPS; i++) {
		int64_t k = at + i - HALF;

		if (k >= 0 && k < (int64_t)w->frames)
			sum += h[i] * w->data[k * w->channels + channel];
	}
	return sum;
}

static double rms(const struct wav *w, int64_t begin, int64_t end)
{
	double sum = 0.0;

	for (int64_t i = begin * w->channels; i < end * w->channels; i++)
		sum += (double)w->data[i] * w->data[i];
	return end > begin ? sqrt(sum / ((end - begin) * w->channels)) : 0.0;
}

struct click click_find(const struct wav *w, double from, double to)
{
	struct click click = { .level = NAN, .time = NAN };
	double h[TAPS], most = 0.0, all;
	int64_t begin, end;

	clamp(w, from, to, &begin, &end);
	if (!((all = rms(w, begin, end)) > 0.0))
		return click;
	make_filter(h);
	for (int64_t i = begin; i < end; i++)
		for (uint32_t c = 0; c < w->channels; c++) {
			double v = fabs(filtered(w, h, i, c));

			if (v <= most)
				continue;
			most = v;
			click.time = (double)i / MEASURE_RATE;
		}
	click.level = 20.0 * log10(most / all);
	return click;
}

/* Mean square of those about the i-th; below that of SBC's last bit nothing is a click. */
#define BEND_HALF	(MEASURE_RATE / 40)
#define BEND_FLOOR	(2e-4 * 2e-4)

static double bend(const struct wav *w, int64_t at, uint32_t channel)
{
	const float *x = w->data + at * w->channels + channel;

	return x[-(int64_t)w->channels] - 2.0 * x[0] + x[w->channels];
}

static void find_bend(const struct wav *w, uint32_t channel, int64_t begin, int64_t end, const double *sums,
		      struct click *click, double *most)
{
	for (int64_t i = begin; i < end; i++) {
		int64_t from = i - BEND_HALF < begin ? begin : i - BEND_HALF, to = i + BEND_HALF < end ? i + BEND_HALF : end;
		double mean = fmax((sums[to - begin] - sums[from - begin]) / (to - from), BEND_FLOOR);
		double b = bend(w, i, channel), ratio = b * b / mean;

		if (ratio <= *most)
			continue;
		*most = ratio;
		click->time = (double)i / MEASURE_RATE;
	}
}

struct click bend_find(const struct wav *w, double from, double to)
{
	struct click click = { .level = NAN, .time = NAN };
	int64_t begin, end;
	double most = 0.0, *sums;

	clamp(w, from, to, &begin, &end);
	begin = begin < 1 ? 1 : begin;
	end = end > (int64_t)w->frames - 1 ? (int64_t)w->frames - 1 : end;
	if (end <= begin || (sums = calloc(end - begin + 1, sizeof(*sums))) == NULL)
		return click;
	for (uint32_t c = 0; c < w->channels; c++) {
		for (int64_t i = begin; i < end; i++)
			sums[i - begin + 1] = sums[i - begin] + bend(w, i, c) * bend(w, i, c);
		find_bend(w, c, begin, end, sums, &click, &most);
	}
	free(sums);
	if (most > 0.0)
		click.level = 10.0 * log10(most);
	return click;
}

struct level_range level_range_find(const struct wav *w, double from, double to, double block)
{
	struct level_range range = { .low = NAN, .high = NAN };
	int64_t begin, end, len = llrint(block * MEASURE_RATE);
	double *levels, median;
	int n;

	clamp(w, from, to, &begin, &end);
	n = (int)((end - begin) / len);
	if (n <= 0 || (levels = calloc(n, sizeof(*levels))) == NULL)
		return range;
	for (int i = 0; i < n; i++)
		levels[i] = rms(w, begin + i * len, begin + (i + 1) * len);
	/* sorts them */
	median = measure_median(levels, n);
	if (median > 0.0) {
		range.low = 20.0 * log10(levels[0] / median);
		range.high = 20.0 * log10(levels[n - 1] / median);
	}
	free(levels);
	return range;
}
