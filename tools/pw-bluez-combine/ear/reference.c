/* Reference: a speaker's response as it is known, and by how much another one is later */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/arrival.h"
#include "ear/reference.h"

/* Where the first sound is looked for; a Hann window's middle is in the core of the band (ear/band.h) */
#define BAND_FROM_HZ	1000.0
#define BAND_TO_HZ	6000.0
#define LEAD_SEC	0.030
#define FLOOR_SEC	0.015
#define GUARD_SEC	0.002
/* What is kept of a response, around its peak */
#define KEEP_BEFORE_SEC	0.080	/* more than where the first sound is looked for */
#define KEEP_AFTER_SEC	0.120
#define FADE_SEC	0.008
#define SMOOTH_BINS	4
/* What a response changes by itself, in power: no bin counts more than this allows */
#define CHANGE		0.03
#define APART_SEC	0.0015	/* two shifts are two */
#define WINDOWS_MAX	8	/* of which a mean is made */

int ear_shape_init(struct ear_shape *s, double rate, uint32_t n_fft, uint32_t first_bin, uint32_t n_bins)
{
	size_t size = (size_t)n_fft * EAR_SHAPE_FINE;

	*s = (struct ear_shape) {
		.rate = rate,
		.n_fft = n_fft,
		.first_bin = first_bin,
		.n_bins = n_bins,
		.forward = kiss_fft_alloc(n_fft, 0, NULL, NULL),
		.inverse = kiss_fft_alloc(n_fft, 1, NULL, NULL),
		.fine = kiss_fft_alloc((int)size, 1, NULL, NULL),
		.in = calloc(size, sizeof(*s->in)),
		.out = calloc(size, sizeof(*s->out)),
		.other = calloc(size, sizeof(*s->other)),
		.envelope = calloc(size, sizeof(*s->envelope)),
	};
	if (s->forward == NULL || s->inverse == NULL || s->fine == NULL || s->in == NULL || s->out == NULL ||
	    s->other == NULL || s->envelope == NULL) {
		ear_shape_finish(s);
		return -ENOMEM;
	}
	return 0;
}

void ear_shape_finish(struct ear_shape *s)
{
	kiss_fft_free(s->forward);
	kiss_fft_free(s->inverse);
	kiss_fft_free(s->fine);
	free(s->in);
	free(s->out);
	free(s->other);
	free(s->envelope);
	memset(s, 0, sizeof(*s));
}

static double hz_of(const struct ear_shape *s, uint32_t bin)
{
	return (s->first_bin + bin) * s->rate / s->n_fft;
}

static double hann(double hz)
{
	double x = (hz - BAND_FROM_HZ) / (BAND_TO_HZ - BAND_FROM_HZ);

	return x > 0 && x < 1 ? 0.5 * (1 - cos(2 * M_PI * x)) : 0.0;
}

static void put(kiss_fft_cpx *dst, double complex x)
{
	dst->r = (float)creal(x);
	dst->i = (float)cimag(x);
}

static double power(kiss_fft_cpx x)
{
	return (double)x.r * x.r + (double)x.i * x.i;
}

double ear_shape_height(struct ear_shape *s, const double complex *response, const double *variance, double reach, double *at)
{
	uint32_t k, best = 0, size = s->n_fft * EAR_SHAPE_FINE, far = (uint32_t)(reach * EAR_SHAPE_FINE * s->rate);
	double sum = 0;

	memset(s->in, 0, size * sizeof(*s->in));
	for (k = 0; k < s->n_bins; k++)
		if (variance[k] > 0 && isfinite(variance[k])) {
			double w = hann(hz_of(s, k));

			put(&s->in[s->first_bin + k], w * response[k] / sqrt(variance[k]));
			sum += w * w;
		}
	kiss_fft(s->fine, s->in, s->out);
	for (k = 0; k < size; k++)
		if ((k < far || k > size - far) && power(s->out[k]) > power(s->out[best]))
			best = k;
	*at = (best < size / 2 ? (double)best : (double)best - size) / (EAR_SHAPE_FINE * s->rate);
	return sum > 0 ? sqrt(power(s->out[best]) / sum) : 0.0;
}

/* By Wiener: as much of a bin as is not noise, told from some bins around it */
static void wiener(const struct ear_shape *s, const double complex *response, const double *variance, kiss_fft_cpx *dst)
{
	double signal = 0, noise = 0;
	uint32_t k;
	int64_t j;

	for (j = -SMOOTH_BINS; j < (int64_t)s->n_bins + SMOOTH_BINS; j++) {
		int64_t in = j + SMOOTH_BINS, out = j - SMOOTH_BINS - 1;

		if (in < s->n_bins && isfinite(variance[in])) {
			signal += creal(conj(response[in]) * response[in]);
			noise += variance[in];
		}
		if (out >= 0 && isfinite(variance[out])) {
			signal -= creal(conj(response[out]) * response[out]);
			noise -= variance[out];
		}
		if (j < 0 || j >= s->n_bins)
			continue;
		k = (uint32_t)j;
		put(&dst[s->first_bin + k], isfinite(variance[k]) && signal > noise ? response[k] * (1 - noise / signal) : 0.0);
	}
}

void ear_shape_clean(struct ear_shape *s, const double complex *response, const double *variance, double at,
		double complex *clean)
{
	uint32_t k, n = s->n_fft;

	memset(s->in, 0, n * sizeof(*s->in));
	wiener(s, response, variance, s->in);
	kiss_fft(s->inverse, s->in, s->out);
	for (k = 0; k < n; k++) {
		double t = remainder(k / s->rate - at, n / s->rate), in = (t + KEEP_BEFORE_SEC) / FADE_SEC;
		double out = (KEEP_AFTER_SEC - t) / FADE_SEC, edge = SPA_CLAMP(SPA_MIN(in, out), 0.0, 1.0);
		float gain = (float)(0.5 * (1 - cos(M_PI * edge)) / n);

		s->in[k].r = gain * s->out[k].r;
		s->in[k].i = gain * s->out[k].i;
	}
	kiss_fft(s->forward, s->in, s->out);
	for (k = 0; k < s->n_bins; k++)
		clean[k] = s->out[s->first_bin + k].r + I * s->out[s->first_bin + k].i;
}

bool ear_shape_first(struct ear_shape *s, const double complex *response, double *first)
{
	uint32_t k, best = 0, size = s->n_fft * EAR_SHAPE_FINE, half = size / 2;
	double step = EAR_SHAPE_FINE * s->rate;
	struct ear_search search = {
		.half_rise = step / (BAND_TO_HZ - BAND_FROM_HZ),
		.lead = (uint32_t)(LEAD_SEC * step),
		.floor = (uint32_t)(FLOOR_SEC * step),
		.guard = (uint32_t)(GUARD_SEC * step),
	};
	struct ear_arrival a;

	memset(s->in, 0, size * sizeof(*s->in));
	for (k = 0; k < s->n_bins; k++)
		put(&s->in[s->first_bin + k], hann(hz_of(s, k)) * response[k]);
	kiss_fft(s->fine, s->in, s->out);
	for (k = 0; k < size; k++)
		if (power(s->out[k]) > power(s->out[best]))
			best = k;
	/* the strongest in the middle */
	for (k = 0; k < size; k++)
		s->envelope[k] = (float)sqrt(power(s->out[(k + best + half) % size]));
	search.peak_from = half;
	search.peak_to = half + 1;
	if (ear_arrival_find(&a, s->envelope, size, &search) != EAR_HEARD)
		return false;
	*first = ((best < half ? (double)best : (double)best - size) + a.at - half) / step;
	return true;
}

/* How much a bin counts: less, the more noise is in it */
static double weight(const struct ear_reference *r, const double *variance, uint32_t k)
{
	double p = creal(conj(r->response[k]) * r->response[k]), v = variance[k] + r->variance[k] + CHANGE * p;

	return v > 0 && isfinite(v) ? 1 / v : 0.0;
}

/* Where sum of Re(c exp(j w d)) is largest, near d */
static double refine(const struct ear_shape *s, const kiss_fft_cpx *c, double d)
{
	int round;

	for (round = 0; round < 3; round++) {
		double slope = 0, bend = 0, change;
		uint32_t k;

		for (k = 0; k < s->n_bins; k++) {
			double omega = 2 * M_PI * hz_of(s, k);
			double complex x = (c[s->first_bin + k].r + I * c[s->first_bin + k].i) * cexp(I * omega * d);

			slope -= omega * cimag(x);
			bend -= omega * omega * creal(x);
		}
		if (!(bend < 0))
			break;
		change = -slope / bend;
		d += SPA_CLAMP(change, -20e-6, 20e-6);
	}
	return d;
}

/* Besides the shift that was found there may be another one: more than the response's own likeness to itself */
static double second_of(const struct ear_shape *s, uint32_t best, double total)
{
	uint32_t k, size = s->n_fft * EAR_SHAPE_FINE, apart = (uint32_t)(APART_SEC * EAR_SHAPE_FINE * s->rate);
	double top = sqrt(power(s->out[best])), second = 0;

	for (k = apart; k <= size - apart; k++) {
		double own = sqrt(power(s->other[k])) / total;
		double x = sqrt(power(s->out[(best + k) % size])) / top;

		second = SPA_MAX(second, x - own);
	}
	return second;
}

void ear_reference_match(const struct ear_reference *r, struct ear_shape *s, const double complex *response,
		const double *variance, struct ear_match *match)
{
	uint32_t k, best = 0, size = s->n_fft * EAR_SHAPE_FINE;
	double own = 0, other = 0, sum = 0;

	memset(s->in, 0, size * sizeof(*s->in));
	for (k = 0; k < s->n_bins; k++) {
		double w = weight(r, variance, k);

		own += w * creal(conj(r->response[k]) * r->response[k]);
		other += w * creal(conj(response[k]) * response[k]);
		put(&s->in[s->first_bin + k], w * creal(conj(r->response[k]) * r->response[k]));
	}
	kiss_fft(s->fine, s->in, s->other);
	for (k = 0; k < s->n_bins; k++)
		put(&s->in[s->first_bin + k], weight(r, variance, k) * conj(r->response[k]) * response[k]);
	/* later by d is exp(-j w d): the transform's sign gives d */
	kiss_fft(s->fine, s->in, s->out);
	for (k = 0; k < size; k++)
		if (s->out[k].r > s->out[best].r)
			best = k;
	match->shift_s = refine(s, s->in, (best < size / 2 ? (double)best : (double)best - size) / (EAR_SHAPE_FINE * s->rate));
	for (k = 0; k < s->n_bins; k++) {
		double omega = 2 * M_PI * hz_of(s, k);

		sum += creal((s->in[s->first_bin + k].r + I * s->in[s->first_bin + k].i) * cexp(I * omega * match->shift_s));
	}
	match->likeness = own > 0 && other > 0 ? SPA_CLAMP(sum / sqrt(own * other), 0.0, 1.0) : 0.0;
	match->second = own > 0 ? second_of(s, best, own) : 1.0;
}

void ear_reference_probes(const struct ear_reference *r, const struct ear_shape *s, const double *variance, double shift_s,
		double complex *shift, double complex *size)
{
	double bend = 0, own = 0;
	uint32_t k;

	for (k = 0; k < s->n_bins; k++) {
		double omega = 2 * M_PI * hz_of(s, k), w = weight(r, variance, k);
		double complex x = r->response[k] * cexp(-I * omega * shift_s);
		double p = creal(conj(x) * x);

		bend += w * omega * omega * p;
		own += w * p;
		shift[k] = -I * w * omega * x;
		size[k] = w * x;
	}
	for (k = 0; k < s->n_bins; k++) {
		shift[k] = bend > 0 ? shift[k] / bend : 0;
		size[k] = own > 0 ? size[k] / own : 0;
	}
}

int ear_reference_begin(struct ear_reference *r, const struct ear_shape *s, const double complex *response,
		const double *variance)
{
	ear_reference_finish(r);
	r->response = calloc(s->n_bins, sizeof(*r->response));
	r->variance = calloc(s->n_bins, sizeof(*r->variance));
	if (r->response == NULL || r->variance == NULL) {
		ear_reference_finish(r);
		return -ENOMEM;
	}
	memcpy(r->response, response, s->n_bins * sizeof(*r->response));
	memcpy(r->variance, variance, s->n_bins * sizeof(*r->variance));
	r->n = 1;
	return 0;
}

void ear_reference_add(struct ear_reference *r, const struct ear_shape *s, const double complex *response, const double *variance,
		double shift_s)
{
	uint32_t k;

	r->n = SPA_MIN(r->n + 1, (uint32_t)WINDOWS_MAX);
	for (k = 0; k < s->n_bins; k++) {
		double omega = 2 * M_PI * hz_of(s, k), v = r->variance[k], part = 1.0 / r->n;

		if (!isfinite(variance[k]))
			continue;
		/* a bin that was clearer before keeps what it is: windows overlap, and so the mean's noise falls less */
		part = isfinite(v) ? SPA_CLAMP(v / (v + variance[k]), 0.2 * part, part) : 1.0;
		r->response[k] += part * (response[k] * cexp(I * omega * shift_s) - r->response[k]);
		r->variance[k] = isfinite(v) ? (1 - part) * v + part * SPA_MIN(v, variance[k]) : variance[k];
	}
}

void ear_reference_finish(struct ear_reference *r)
{
	free(r->response);
	free(r->variance);
	*r = (struct ear_reference) { .first_s = NAN };
}
