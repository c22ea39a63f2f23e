/* Separation: of the sum that a microphone hears, which part is whose */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/separate.h"

#define N_MAX		EAR_SEPARATE_MAX
#define RIDGE		1e-9	/* of the diagonal: numbers have an end */
#define WEIGHT_MIN	0.02
#define WEIGHT_MAX	4.0
#define STEP_MAX	30e-6	/* of a rate, at once */
#define RATE_MAX	400e-6
/* Of a coarse search: above it a rate that is off by a step shows no more */
#define MISFIT_TO_HZ	4000.0
#define MISFIT_STRIDE	4
#define LIKENESS_STRIDE	16

/* Sums over the frames of one bin, of the columns c_i = S_i exp(-j w r_i t) */
struct normal {
	double complex a0[N_MAX][N_MAX];	/* w conj(c_i) c_j */
	double complex a1[N_MAX][N_MAX];	/* the same times t */
	double complex a2[N_MAX][N_MAX];	/* times t squared */
	double complex b0[N_MAX], b1[N_MAX];	/* w conj(c_i) y, and times t */
	double yy, weight;
};

/* The step of the rates: its matrix and right side, in all bins together */
struct step {
	double a[N_MAX][N_MAX];
	double b[N_MAX];
};

int ear_separation_init(struct ear_separation *s, const struct ear_spectra *spectra)
{
	size_t n = spectra->n_channels - 1, bins = spectra->n_bins;

	*s = (struct ear_separation) {
		.spectra = spectra,
		.n = (uint32_t)n,
		.weights = calloc((size_t)spectra->n_frames * EAR_SEPARATE_OCTAVES, sizeof(*s->weights)),
		.response = calloc(n * bins, sizeof(*s->response)),
		.variance = calloc(n * bins, sizeof(*s->variance)),
		.columns = calloc((size_t)spectra->n_frames * (n + 1), sizeof(*s->columns)),
		.inverse = calloc(n * n * bins, sizeof(*s->inverse)),
	};
	if (s->weights == NULL || s->response == NULL || s->variance == NULL || s->inverse == NULL ||
	    s->columns == NULL) {
		ear_separation_finish(s);
		return -ENOMEM;
	}
	return 0;
}

void ear_separation_finish(struct ear_separation *s)
{
	free(s->weights);
	free(s->response);
	free(s->variance);
	free(s->inverse);
	free(s->columns);
	memset(s, 0, sizeof(*s));
}

void ear_separation_reset(struct ear_separation *s)
{
	uint32_t m, o;

	for (m = 0; m < s->spectra->n_frames; m++)
		for (o = 0; o < EAR_SEPARATE_OCTAVES; o++)
			s->weights[m * EAR_SEPARATE_OCTAVES + o] = s->spectra->spoilt[m] ? 0.0f : 1.0f;
}

/* Goes through the frames of a bin with the columns of each */
struct walk {
	const struct ear_separation *s;
	const float complex *cell;
	const float *weight;
	double complex turn[N_MAX], step[N_MAX], c[N_MAX], y;
	double t, dt, w;
};

static void walk_init(struct walk *k, const struct ear_separation *s, uint32_t bin)
{
	const struct ear_spectra *x = s->spectra;
	double omega = ear_spectra_omega(x, bin);
	uint32_t i;

	k->s = s;
	k->cell = ear_spectra_bin(x, bin);
	k->weight = s->weights + ear_separation_octave(omega);
	k->t = ear_spectra_time(x, 0);
	k->dt = x->hop / x->rate;
	for (i = 0; i < s->n; i++) {
		k->turn[i] = cexp(-I * omega * s->rates[i] * k->t);
		k->step[i] = cexp(-I * omega * s->rates[i] * k->dt);
	}
}

static void walk_load(struct walk *k)
{
	uint32_t i, n = k->s->n;

	k->w = *k->weight;
	for (i = 0; i < n; i++)
		k->c[i] = k->cell[i] * k->turn[i];
	k->y = k->cell[n];
}

static void walk_next(struct walk *k)
{
	uint32_t i, n = k->s->n;

	for (i = 0; i < n; i++)
		k->turn[i] *= k->step[i];
	k->cell += n + 1;
	k->weight += EAR_SEPARATE_OCTAVES;
	k->t += k->dt;
}

/* \param with_time the sums times t as well */
static void gather(const struct ear_separation *s, uint32_t bin, struct normal *a, bool with_time)
{
	uint32_t m, i, j, n = s->n;
	struct walk k;

	a->yy = a->weight = 0;
	for (i = 0; i < n; i++) {
		a->b0[i] = a->b1[i] = 0;
		for (j = 0; j <= i; j++)
			a->a0[i][j] = a->a1[i][j] = a->a2[i][j] = 0;
	}
	walk_init(&k, s, bin);
	for (m = 0; m < s->spectra->n_frames; m++, walk_next(&k)) {
		double tt = k.t * k.t;

		walk_load(&k);
		if (!(k.w > 0))
			continue;
		a->yy += k.w * creal(conj(k.y) * k.y);
		a->weight += k.w;
		for (i = 0; i < n; i++) {
			double complex x = k.w * conj(k.c[i]), xy = x * k.y;

			a->b0[i] += xy;
			for (j = 0; j <= i; j++)
				a->a0[i][j] += x * k.c[j];
			if (!with_time)
				continue;
			a->b1[i] += k.t * xy;
			for (j = 0; j <= i; j++) {
				double complex p = x * k.c[j];

				a->a1[i][j] += k.t * p;
				a->a2[i][j] += tt * p;
			}
		}
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++) {
			a->a0[j][i] = conj(a->a0[i][j]);
			a->a1[j][i] = conj(a->a1[i][j]);
			a->a2[j][i] = conj(a->a2[i][j]);
		}
}

/* Of a Hermitian matrix that is positive, by Gauss and Jordan; false if it is none */
static bool invert(const struct normal *a, uint32_t n, double complex *g)
{
	double complex x[N_MAX][2 * N_MAX];
	uint32_t i, j, k;
	double trace = 0;

	for (i = 0; i < n; i++)
		trace += creal(a->a0[i][i]);
	if (!(trace > 0))
		return false;
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			x[i][j] = a->a0[i][j] + (i == j ? RIDGE * trace / n : 0.0);
			x[i][n + j] = i == j;
		}
	for (k = 0; k < n; k++) {
		double pivot = creal(x[k][k]);

		if (!(pivot > 0))
			return false;
		for (j = 0; j < 2 * n; j++)
			x[k][j] /= pivot;
		for (i = 0; i < n; i++) {
			double complex f = x[i][k];

			if (i == k)
				continue;
			for (j = k; j < 2 * n; j++)
				x[i][j] -= f * x[k][j];
		}
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			g[i * n + j] = x[i][n + j];
	return true;
}

/*
 * With B_i = -j w t c_i H_i, the change of y with r_i, e the residual, P the projection on what the c span, and v the noise's power:
 *
 *	a_ij = Re(B_i* (1 - P) B_j) / v = w^2 Re(H_i* H_j (a2 - a1 G a1)_ij) / v,    b_i = Re(B_i* e) / v
 *
 * H_i is noise as well: as much of it as is not counts.
 */
static void add_to_step(const struct ear_separation *s, uint32_t bin, const struct normal *a, double noise, struct step *step)
{
	const double complex *g = &s->inverse[(size_t)bin * s->n * s->n];
	double omega = ear_spectra_omega(s->spectra, bin);
	double complex h[N_MAX], ga[N_MAX][N_MAX];
	uint32_t i, j, k, n = s->n, bins = s->spectra->n_bins;

	for (i = 0; i < n; i++) {
		double complex x = s->response[(size_t)i * bins + bin];
		double power = creal(conj(x) * x);

		h[i] = x * (power > 0 ? SPA_MAX(0.0, 1 - s->variance[(size_t)i * bins + bin] / power) : 0.0);
		for (j = 0; j < n; j++)
			for (ga[i][j] = 0, k = 0; k < n; k++)
				ga[i][j] += g[i * n + k] * a->a1[k][j];
	}
	for (i = 0; i < n; i++) {
		double complex u = a->b1[i];

		for (j = 0; j < n; j++)
			u -= a->a1[i][j] * s->response[(size_t)j * bins + bin];
		step->b[i] += creal(I * omega * conj(h[i]) * u) / noise;
		for (j = 0; j < n; j++) {
			double complex x = a->a2[i][j];

			for (k = 0; k < n; k++)
				x -= a->a1[i][k] * ga[k][j];
			step->a[i][j] += omega * omega * creal(conj(h[i]) * h[j] * x) / noise;
		}
	}
}

/* In units of a ppm, so that the numbers are near 1 */
static void take_step(struct ear_separation *s, struct step *step, const double *prior, const double *prior_sigma)
{
	double x[N_MAX][N_MAX + 1], inverse[N_MAX][N_MAX];
	uint32_t i, j, k, n = s->n;

	for (i = 0; i < n; i++) {
		double p = 1 / SPA_MAX(prior_sigma[i] * 1e6, 1e-3);

		for (j = 0; j < n; j++) {
			x[i][j] = step->a[i][j] * 1e-12 + (i == j ? p * p : 0);
			inverse[i][j] = i == j;
		}
		x[i][n] = step->b[i] * 1e-6 + p * p * (prior[i] - s->rates[i]) * 1e6;
	}
	for (k = 0; k < n; k++) {
		double pivot = x[k][k];

		if (!(pivot > 0))
			return;
		for (j = 0; j <= n; j++)
			x[k][j] /= pivot;
		for (j = 0; j < n; j++)
			inverse[k][j] /= pivot;
		for (i = 0; i < n; i++) {
			double f = x[i][k];

			if (i == k)
				continue;
			for (j = 0; j <= n; j++)
				x[i][j] -= f * x[k][j];
			for (j = 0; j < n; j++)
				inverse[i][j] -= f * inverse[k][j];
		}
	}
	for (i = 0; i < n; i++) {
		double change = SPA_CLAMP(1e-6 * x[i][n], -STEP_MAX, STEP_MAX);

		s->rates[i] = SPA_CLAMP(s->rates[i] + change, -RATE_MAX, RATE_MAX);
		s->rate_sigmas[i] = 1e-6 * sqrt(SPA_MAX(inverse[i][i], 0.0));
	}
}

static void no_response(struct ear_separation *s, uint32_t bin)
{
	uint32_t i, n = s->n, bins = s->spectra->n_bins;

	memset(&s->inverse[(size_t)bin * n * n], 0, (size_t)n * n * sizeof(*s->inverse));
	for (i = 0; i < n; i++) {
		s->response[(size_t)i * bins + bin] = 0;
		s->variance[(size_t)i * bins + bin] = INFINITY;
	}
}

/* The noise's power in a bin, or 0 if there is nothing to go by */
static double solve_bin(struct ear_separation *s, uint32_t bin, const struct normal *a)
{
	uint32_t i, j, n = s->n, bins = s->spectra->n_bins;
	double complex *g = &s->inverse[(size_t)bin * n * n];
	double left = a->yy, noise;

	if (!(a->weight > 2 * n) || !(a->yy > 0) || !invert(a, n, g)) {
		no_response(s, bin);
		return 0;
	}
	for (i = 0; i < n; i++) {
		double complex h = 0;

		for (j = 0; j < n; j++)
			h += g[i * n + j] * a->b0[j];
		s->response[(size_t)i * bins + bin] = h;
		left -= creal(conj(a->b0[i]) * h);
	}
	left = SPA_MAX(left, 1e-7 * a->yy);
	noise = left / (a->weight - n);
	for (i = 0; i < n; i++) {
		s->variance[(size_t)i * bins + bin] = creal(g[i * n + i]) * noise;
	}
	s->residual += left;
	s->heard += a->yy;
	return noise;
}

void ear_separation_solve(struct ear_separation *s, const double *prior, const double *prior_sigma)
{
	struct step step = { 0 };
	struct normal a;
	uint32_t bin;

	s->residual = s->heard = 0;
	for (bin = 0; bin < s->spectra->n_bins; bin++) {
		double noise;

		gather(s, bin, &a, prior != NULL);
		noise = solve_bin(s, bin, &a);
		if (noise > 0 && prior != NULL)
			add_to_step(s, bin, &a, noise, &step);
	}
	if (prior != NULL)
		take_step(s, &step, prior, prior_sigma);
}

double ear_separation_misfit(const struct ear_separation *s)
{
	double complex g[N_MAX * N_MAX];
	uint32_t bin, i, j, n = s->n;
	struct normal a;
	double sum = 0;

	for (bin = 0; bin < s->spectra->n_bins; bin += MISFIT_STRIDE) {
		double left;

		if (ear_spectra_omega(s->spectra, bin) > 2 * M_PI * MISFIT_TO_HZ)
			break;
		gather(s, bin, &a, false);
		if (!(a.weight > 2 * n) || !(a.yy > 0) || !invert(&a, n, g))
			continue;
		for (left = a.yy, i = 0; i < n; i++)
			for (j = 0; j < n; j++)
				left -= creal(conj(a.b0[i]) * g[i * n + j] * a.b0[j]);
		sum += a.weight * log(SPA_MAX(left / a.yy, 1e-7));
	}
	return sum;
}

/* The bin's frames with their columns, so that one of them can be tried at many rates */
static void load_columns(const struct ear_separation *s, uint32_t bin, double complex *columns)
{
	uint32_t m, n = s->n;
	struct walk k;

	walk_init(&k, s, bin);
	for (m = 0; m < s->spectra->n_frames; m++, walk_next(&k)) {
		walk_load(&k);
		memcpy(&columns[(size_t)m * (n + 1)], k.c, n * sizeof(*columns));
		columns[(size_t)m * (n + 1) + n] = k.y;
	}
}

/* What is left of a bin with column i at another rate: the others are inverted once, and its part of them is taken out */
static double left_with(const struct ear_separation *s, uint32_t bin, uint32_t i, double rate, const double complex *columns,
		const struct normal *a, const double complex *g, double left)
{
	double omega = ear_spectra_omega(s->spectra, bin), d = 0;
	double complex turn = cexp(-I * omega * (rate - s->rates[i]) * ear_spectra_time(s->spectra, 0));
	double complex step = cexp(-I * omega * (rate - s->rates[i]) * s->spectra->hop / s->spectra->rate);
	double complex v[N_MAX] = { 0 }, u = 0;
	const float *weight = s->weights + ear_separation_octave(omega);
	uint32_t m, j, l, n = s->n;

	for (m = 0; m < s->spectra->n_frames; m++, turn *= step, weight += EAR_SEPARATE_OCTAVES, columns += n + 1) {
		double complex c = *weight * conj(columns[i] * turn);

		d += *weight * creal(conj(columns[i]) * columns[i]);
		u += c * columns[n];
		for (j = 0; j < n; j++)
			v[j] += c * columns[j];
	}
	for (j = 0; j < n; j++)
		for (l = 0; j != i && l < n; l++)
			if (l != i) {
				u -= v[j] * g[j * n + l] * a->b0[l];
				d -= creal(v[j] * g[j * n + l] * conj(v[l]));
			}
	return d > 0 ? left - creal(conj(u) * u) / d : left;
}

void ear_separation_try(const struct ear_separation *s, uint32_t i, const double *rates, uint32_t n_rates, double *misfit)
{
	const struct ear_spectra *x = s->spectra;
	double complex g[N_MAX * N_MAX];
	uint32_t bin, j, l, r, n = s->n;
	struct normal a;

	for (r = 0; r < n_rates; r++)
		misfit[r] = 0;
	for (bin = 0; bin < x->n_bins && ear_spectra_omega(x, bin) <= 2 * M_PI * MISFIT_TO_HZ; bin += MISFIT_STRIDE) {
		double left;

		gather(s, bin, &a, false);
		if (!(a.weight > 2 * n) || !(a.yy > 0))
			continue;
		for (j = 0; j < n; j++)
			if (j != i)
				a.a0[i][j] = a.a0[j][i] = 0;
		if (!invert(&a, n, g))
			continue;
		for (left = a.yy, j = 0; j < n; j++)
			for (l = 0; l < n; l++)
				left -= j == i || l == i ? 0 : creal(conj(a.b0[j]) * g[j * n + l] * a.b0[l]);
		load_columns(s, bin, s->columns);
		for (r = 0; r < n_rates; r++) {
			double now = left_with(s, bin, i, rates[r], s->columns, &a, g, left);

			misfit[r] += a.weight * log(SPA_MAX(now / a.yy, 1e-7));
		}
	}
}

void ear_separation_likeness(const struct ear_separation *s, double *likeness)
{
	struct ear_separation still = *s;
	double complex g[N_MAX * N_MAX];
	uint32_t bin, i, n = s->n, count = 0;
	struct normal a;

	memset(still.rates, 0, sizeof(still.rates));
	for (i = 0; i < n; i++)
		likeness[i] = 0;
	for (bin = s->spectra->n_bins / 2; bin < s->spectra->n_bins; bin += LIKENESS_STRIDE) {
		gather(&still, bin, &a, false);
		if (!(a.weight > 2 * n) || !invert(&a, n, g))
			continue;
		for (i = 0; i < n; i++)
			likeness[i] += log(creal(g[i * n + i]) * creal(a.a0[i][i]));
		count++;
	}
	for (i = 0; i < n; i++)
		likeness[i] = count > 0 ? exp(likeness[i] / count) : INFINITY;
}

static double complex residual_of(const struct walk *k, uint32_t bin)
{
	const struct ear_separation *s = k->s;
	double complex e = k->y;

	for (uint32_t i = 0; i < s->n; i++)
		e -= k->c[i] * s->response[(size_t)i * s->spectra->n_bins + bin];
	return e;
}

void ear_separation_weigh(struct ear_separation *s)
{
	const struct ear_spectra *x = s->spectra;
	float *left = s->weights;		/* the old ones are read no more */
	double mean[EAR_SEPARATE_OCTAVES] = { 0 };
	uint32_t bin, m, o, good = 0;
	struct walk k;

	memset(left, 0, (size_t)x->n_frames * EAR_SEPARATE_OCTAVES * sizeof(*left));
	for (bin = 0; bin < x->n_bins; bin++) {
		float *l = left + ear_separation_octave(ear_spectra_omega(x, bin));

		walk_init(&k, s, bin);
		for (m = 0; m < x->n_frames; m++, walk_next(&k), l += EAR_SEPARATE_OCTAVES) {
			double complex e;

			walk_load(&k);
			e = residual_of(&k, bin);
			*l += (float)creal(conj(e) * e);
		}
	}
	for (m = 0; m < x->n_frames; m++) {
		good += !x->spoilt[m];
		for (o = 0; o < EAR_SEPARATE_OCTAVES; o++)
			mean[o] += x->spoilt[m] ? 0.0 : left[m * EAR_SEPARATE_OCTAVES + o];
	}
	for (m = 0; m < x->n_frames; m++)
		for (o = 0; o < EAR_SEPARATE_OCTAVES; o++) {
			float *w = &s->weights[m * EAR_SEPARATE_OCTAVES + o];
			double level = good > 0 ? mean[o] / good : 0;

			*w = x->spoilt[m] ? 0.0f : !(level > 0) ? 1.0f :
				(float)SPA_CLAMP(1.1 * level / (*w + 0.1 * level), WEIGHT_MIN, WEIGHT_MAX);
		}
}

void ear_separation_influence(const struct ear_separation *s, const double complex *probe, double (*effect)[EAR_SEPARATE_BLOCKS])
{
	const struct ear_spectra *x = s->spectra;
	uint32_t bin, m, i, j, b, n = s->n;
	double complex q[EAR_SEPARATE_BLOCKS][N_MAX];
	struct walk k;

	memset(effect, 0, n * sizeof(*effect));
	for (bin = 0; bin < x->n_bins; bin++) {
		const double complex *g = &s->inverse[(size_t)bin * n * n];

		memset(q, 0, sizeof(q));
		walk_init(&k, s, bin);
		for (m = 0; m < x->n_frames; m++, walk_next(&k)) {
			double complex e;

			walk_load(&k);
			e = k.w * residual_of(&k, bin);
			b = m * EAR_SEPARATE_BLOCKS / x->n_frames;
			for (i = 0; i < n; i++)
				q[b][i] += conj(k.c[i]) * e;
		}
		for (b = 0; b < EAR_SEPARATE_BLOCKS; b++)
			for (i = 0; i < n; i++) {
				double complex h = 0;

				for (j = 0; j < n; j++)
					h += g[i * n + j] * q[b][j];
				effect[i][b] += creal(conj(probe[(size_t)i * x->n_bins + bin]) * h);
			}
	}
}
