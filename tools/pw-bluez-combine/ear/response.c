/* Response: what a sweep has become on its way */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/response.h"

/* Within the sweep's fades and an anti-alias filter's edge, with edges of a tenth themselves */
#define LOW_MARGIN	1.2	/* of the sweep's first frequency */
#define HIGH_MARGIN	0.92	/* of its last one */
#define BAND_LIMIT	0.45	/* of the rate */
#define EDGE		0.1	/* of the band's end */

uint32_t ear_fast_length(uint32_t n)
{
	return kiss_fftr_next_fast_size_real(n);
}

/* From 0 below \a from to 1 at \a to, as a cosine; falls if \a to is below */
static double edge(double x, double from, double to)
{
	return 0.5 * (1 - cos(M_PI * SPA_CLAMP((x - from) / (to - from), 0.0, 1.0)));
}

static double band_gain(const struct ear_sweep *sweep, double rate_hz, double hz)
{
	double low = sweep->from_hz * LOW_MARGIN, high = SPA_MIN(sweep->to_hz * HIGH_MARGIN, rate_hz * BAND_LIMIT);

	return edge(hz, low, low * (1 + EDGE)) * edge(hz, high, high * (1 - EDGE));
}

int ear_deconvolver_init(struct ear_deconvolver *d, const struct ear_sweep *sweep, double rate_hz, uint32_t n)
{
	uint32_t i, bins = n / 2 + 1;

	*d = (struct ear_deconvolver) {
		.n = n,
		.forward = kiss_fftr_alloc(n, 0, NULL, NULL),
		.inverse = kiss_fftr_alloc(n, 1, NULL, NULL),
		.time = calloc(n, sizeof(*d->time)),
		.spectrum = calloc(bins, sizeof(*d->spectrum)),
		.divisor = calloc(bins, sizeof(*d->divisor)),
	};
	if (d->forward == NULL || d->inverse == NULL || d->time == NULL || d->spectrum == NULL || d->divisor == NULL) {
		ear_deconvolver_finish(d);
		return -ENOMEM;
	}
	ear_sweep_fill(sweep, rate_hz, d->time);
	kiss_fftr(d->forward, d->time, d->divisor);
	for (i = 0; i < bins; i++) {
		kiss_fft_cpx *x = &d->divisor[i];
		double gain = band_gain(sweep, rate_hz, i * rate_hz / n);
		double power = (double)x->r * x->r + (double)x->i * x->i;

		/* 1 / X is X* / |X|^2; the inverse transform multiplies by n */
		gain = gain > 0 && power > 0 ? gain / power / n : 0.0;
		x->r = (float)(gain * x->r);
		x->i = (float)(-gain * x->i);
	}
	return 0;
}

void ear_deconvolver_finish(struct ear_deconvolver *d)
{
	kiss_fftr_free(d->forward);
	kiss_fftr_free(d->inverse);
	free(d->time);
	free(d->spectrum);
	free(d->divisor);
	memset(d, 0, sizeof(*d));
}

void ear_deconvolver_run(struct ear_deconvolver *d)
{
	uint32_t i;

	kiss_fftr(d->forward, d->time, d->spectrum);
	for (i = 0; i <= d->n / 2; i++) {
		kiss_fft_cpx y = d->spectrum[i], x = d->divisor[i];

		d->spectrum[i].r = y.r * x.r - y.i * x.i;
		d->spectrum[i].i = y.r * x.i + y.i * x.r;
	}
	kiss_fftri(d->inverse, d->spectrum, d->time);
}

int ear_envelope_init(struct ear_envelope *e, uint32_t n, uint32_t factor)
{
	*e = (struct ear_envelope) {
		.n = n,
		.factor = factor,
		.forward = kiss_fftr_alloc(n, 0, NULL, NULL),
		.inverse = kiss_fft_alloc(n * factor, 1, NULL, NULL),
		.time = calloc(n, sizeof(*e->time)),
		.spectrum = calloc(n / 2 + 1, sizeof(*e->spectrum)),
		.band = calloc((size_t)n * factor, sizeof(*e->band)),
		.analytic = calloc((size_t)n * factor, sizeof(*e->analytic)),
	};
	if (e->forward == NULL || e->inverse == NULL || e->time == NULL || e->spectrum == NULL ||
	    e->band == NULL || e->analytic == NULL) {
		ear_envelope_finish(e);
		return -ENOMEM;
	}
	return 0;
}

void ear_envelope_finish(struct ear_envelope *e)
{
	kiss_fftr_free(e->forward);
	kiss_fft_free(e->inverse);
	free(e->time);
	free(e->spectrum);
	free(e->band);
	free(e->analytic);
	memset(e, 0, sizeof(*e));
}

void ear_envelope_load(struct ear_envelope *e)
{
	kiss_fftr(e->forward, e->time, e->spectrum);
}

void ear_envelope_run(struct ear_envelope *e, double rate_hz, double from_hz, double to_hz, float *dst)
{
	uint32_t i, n = e->n * e->factor;
	double sum = 0, squares = 0;

	memset(e->band, 0, n * sizeof(*e->band));
	for (i = 0; i <= e->n / 2; i++) {
		double x = (i * rate_hz / e->n - from_hz) / (to_hz - from_hz);
		double w;

		if (x <= 0 || x >= 1)
			continue;
		/* Hann: its sidelobes, which could pass for an early sound, are 31 dB down and fall quickly */
		w = 0.5 * (1 - cos(2 * M_PI * x));
		sum += w;
		squares += w * w;
		e->band[i].r = (float)(w * e->spectrum[i].r);
		e->band[i].i = (float)(w * e->spectrum[i].i);
	}
	e->unit_energy = sum > 0 ? n * squares / (sum * sum) : 1.0;
	kiss_fft(e->inverse, e->band, e->analytic);
	for (i = 0; i < n; i++)
		dst[i] = sum > 0 ? (float)(hypot(e->analytic[i].r, e->analytic[i].i) / sum) : 0.0f;
}

double ear_envelope_density(const struct ear_envelope *e, double rate_hz, double from_hz, double to_hz)
{
	uint32_t i, first = (uint32_t)ceil(from_hz * e->n / rate_hz), n = 0;
	double sum = 0;

	for (i = first; i <= e->n / 2 && i * rate_hz / e->n < to_hz; i++, n++) {
		kiss_fft_cpx x = e->spectrum[i];

		sum += (double)x.r * x.r + (double)x.i * x.i;
	}
	return n > 0 ? sum / n : 0.0;
}
