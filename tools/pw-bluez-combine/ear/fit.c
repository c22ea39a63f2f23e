/* Fit: from arrivals to the differences between speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/fit.h"

/* What is known beforehand */
#define RATE_SIGMA	150e-6	/* of a microphone's clock */
#define DRIFT_SIGMA	40e-6	/* of a speaker's */
/* Beyond these it is no clock, but a piece that is missing, or a speaker that has jumped */
#define RATE_MAX	500e-6
#define DRIFT_MAX	160e-6
#define RESIDUAL_MAX_S	3e-4
#define SIGMA_MIN_S	5e-6

/* Unknowns: the rate, then of each speaker its time and its drift */
struct problem {
	uint32_t n;			/**< 1 + 2 * speakers */
	double *normal;			/**< n * n: J'WJ + prior; later its inverse */
	double *right;			/**< n: J'Wy */
	double *x;			/**< n */
};

static uint32_t late_of(uint32_t speaker)
{
	return 1 + 2 * speaker;
}

static uint32_t drift_of(uint32_t speaker)
{
	return 2 + 2 * speaker;
}

static void add_prior(struct problem *p, uint32_t i, double sigma)
{
	p->normal[i * p->n + i] += 1 / (sigma * sigma);
}

/* y = late + (rate + drift) * dt */
static void add_row(struct problem *p, uint32_t speaker, double dt, double y, double sigma)
{
	const uint32_t at[] = { 0, late_of(speaker), drift_of(speaker) };
	const double j[] = { dt, 1, dt };
	double w = 1 / (sigma * sigma);
	uint32_t a, b;

	for (a = 0; a < 3; a++) {
		for (b = 0; b < 3; b++)
			p->normal[at[a] * p->n + at[b]] += w * j[a] * j[b];
		p->right[at[a]] += w * j[a] * y;
	}
}

/* Gauss and Jordan, in place; of a positive definite matrix no pivot is needed */
static void invert(double *m, uint32_t n)
{
	uint32_t i, j, k;

	for (k = 0; k < n; k++) {
		double pivot = 1 / m[k * n + k];

		m[k * n + k] = 1;
		for (j = 0; j < n; j++)
			m[k * n + j] *= pivot;
		for (i = 0; i < n; i++) {
			double factor = m[i * n + k];

			if (i == k)
				continue;
			m[i * n + k] = 0;
			for (j = 0; j < n; j++)
				m[i * n + j] -= factor * m[k * n + j];
		}
	}
}

static void solve(struct problem *p)
{
	uint32_t i, j;

	invert(p->normal, p->n);
	for (i = 0; i < p->n; i++)
		for (p->x[i] = 0, j = 0; j < p->n; j++)
			p->x[i] += p->normal[i * p->n + j] * p->right[j];
}

static int problem_init(struct problem *p, uint32_t n_speakers)
{
	*p = (struct problem) { .n = 1 + 2 * n_speakers };
	p->normal = calloc((size_t)p->n * p->n, sizeof(double));
	p->right = calloc(p->n, sizeof(double));
	p->x = calloc(p->n, sizeof(double));
	return p->normal && p->right && p->x ? 0 : -ENOMEM;
}

static void problem_finish(struct problem *p)
{
	free(p->normal);
	free(p->right);
	free(p->x);
}

/* What is fitted */
struct data {
	const struct ear_slot *slots;
	const double *emitted_s;
	const struct ear_heard *heard;
	uint32_t n;
	double rate_hz, instant_s, at_s;
};

static bool is_good(const struct data *d, const struct ear_fit_speaker *speakers, uint32_t i)
{
	return d->heard[i].reason == EAR_HEARD && speakers[d->slots[i].speaker].reason == EAR_HEARD;
}

static double since(const struct data *d, uint32_t i)
{
	return d->emitted_s[i] + d->instant_s - d->at_s;
}

/* Its sound's travel, less that of the first slot so that no digits are lost */
static double travel(const struct data *d, uint32_t i)
{
	return d->heard[i].arrival / d->rate_hz - (d->emitted_s[i] - d->emitted_s[0]);
}

static void fit_once(struct problem *p, const struct data *d, const struct ear_fit_speaker *speakers, uint32_t n_speakers)
{
	uint32_t i;

	memset(p->normal, 0, (size_t)p->n * p->n * sizeof(double));
	memset(p->right, 0, p->n * sizeof(double));
	add_prior(p, 0, RATE_SIGMA);
	for (i = 0; i < n_speakers; i++) {
		/* nothing is known of when; so weak that it does not count, but for who was not heard */
		add_prior(p, late_of(i), 1e6);
		add_prior(p, drift_of(i), DRIFT_SIGMA);
	}
	for (i = 0; i < d->n; i++)
		if (is_good(d, speakers, i))
			add_row(p, d->slots[i].speaker, since(d, i), travel(d, i),
					SPA_MAX(d->heard[i].sigma / d->rate_hz, SIGMA_MIN_S));
	solve(p);
}

static double residual(const struct problem *p, const struct data *d, uint32_t i)
{
	uint32_t s = d->slots[i].speaker;

	return travel(d, i) - p->x[late_of(s)] - (p->x[0] + p->x[drift_of(s)]) * since(d, i);
}

/* The speaker that fits worst, if it does not at all; or -1 */
static int64_t misfit(const struct problem *p, const struct data *d, const struct ear_fit_speaker *speakers)
{
	double worst = 1;
	int64_t speaker = -1;
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		uint32_t s = d->slots[i].speaker;
		double excess;

		if (!is_good(d, speakers, i))
			continue;
		excess = SPA_MAX(fabs(residual(p, d, i)) / RESIDUAL_MAX_S, fabs(p->x[drift_of(s)]) / DRIFT_MAX);
		if (excess > worst) {
			worst = excess;
			speaker = s;
		}
	}
	return speaker;
}

/* How many speakers were heard; those that were not get a reason, that of their last slot */
static void first_reasons(const struct data *d, struct ear_fit_speaker *speakers, uint32_t n_speakers)
{
	uint32_t i;

	for (i = 0; i < n_speakers; i++)
		speakers[i] = (struct ear_fit_speaker) { .reason = EAR_TOO_QUIET, .late_s = NAN, .sigma_s = NAN };
	for (i = 0; i < d->n; i++) {
		struct ear_fit_speaker *s = &speakers[d->slots[i].speaker];

		if (d->heard[i].reason == EAR_HEARD) {
			s->reason = EAR_HEARD;
			s->heard++;
		} else if (s->heard == 0) {
			s->reason = d->heard[i].reason;
		}
	}
}

static void tell(struct ear_fit *fit, const struct problem *p, const struct data *d,
		struct ear_fit_speaker *speakers, uint32_t n_speakers)
{
	uint32_t i, n = 0, ref;
	double sum = 0;

	for (ref = 0; ref < n_speakers && speakers[ref].reason != EAR_HEARD; ref++)
		;
	*fit = (struct ear_fit) { .reference = ref, .rate_ppm = p->x[0] * 1e6 };
	for (i = 0; i < d->n; i++)
		if (is_good(d, speakers, i)) {
			sum += residual(p, d, i) * residual(p, d, i);
			n++;
		}
	fit->residual_s = n > 0 ? sqrt(sum / n) : 0.0;
	for (i = 0; i < n_speakers; i++) {
		uint32_t a = late_of(i), b = late_of(ref);

		if (speakers[i].reason != EAR_HEARD)
			continue;
		speakers[i].late_s = p->x[a] - p->x[b];
		speakers[i].sigma_s = sqrt(SPA_MAX(p->normal[a * p->n + a] + p->normal[b * p->n + b] -
				2 * p->normal[a * p->n + b], 0.0));
		speakers[i].drift_ppm = p->x[drift_of(i)] * 1e6;
	}
}

int ear_fit(struct ear_fit *fit, struct ear_fit_speaker *speakers, uint32_t n_speakers, double rate_hz,
		const struct ear_slot *slots, const double *emitted_s, const struct ear_heard *heard,
		uint32_t n, double instant_s, double at_s)
{
	struct data d = { slots, emitted_s, heard, n, rate_hz, instant_s, at_s };
	uint32_t i, count = 0;
	struct problem p;
	int64_t bad;
	int res;

	for (i = 0; i < n; i++)
		if (slots[i].speaker >= n_speakers)
			return -EINVAL;
	if ((res = problem_init(&p, n_speakers)) < 0)
		goto done;
	first_reasons(&d, speakers, n_speakers);
	fit_once(&p, &d, speakers, n_speakers);
	while ((bad = misfit(&p, &d, speakers)) >= 0) {
		speakers[bad].reason = EAR_INCONSISTENT;
		fit_once(&p, &d, speakers, n_speakers);
	}
	for (i = 0; i < n_speakers; i++) {
		if (speakers[i].reason == EAR_HEARD && !(fabs(p.x[0]) <= RATE_MAX))
			speakers[i].reason = EAR_INCONSISTENT;
		count += speakers[i].reason == EAR_HEARD;
	}
	tell(fit, &p, &d, speakers, n_speakers);
	res = (int)count;
done:
	problem_finish(&p);
	return res;
}
