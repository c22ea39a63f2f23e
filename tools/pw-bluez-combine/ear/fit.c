/* Fit: from arrivals to the differences between speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/fit.h"

/* What is known beforehand */
#define RATE_SIGMA	100e-6	/* of a microphone's clock */
#define DRIFT_SIGMA	40e-6	/* of a speaker's */
/* Beyond these it is no clock, but a piece that is missing, or a speaker that has jumped */
#define RATE_MAX	300e-6
#define DRIFT_MAX	160e-6
#define RESIDUAL_MAX_S	3e-4
#define SIGMA_MIN_S	5e-6
#define TIME_MAX_S	1e5	/* no recording is longer */
/* What the response of a speaker may add to its arrival against another's, in the same band */
#define RESPONSE_SIGMA_S 20e-6

/* A piece that is missing moves all that comes after it. That explains the arrivals so much better: chi squared falls
 * by that */
#define STEP_PRIOR	1.0	/* s */
#define NO_STEP_PRIOR	1e-12
#define STEP_CHI2	25.0	/* five sigma */
#define STEP_MIN_S	1e-4

/* Unknowns: the rate, a step, then of each speaker its time and its drift */
struct problem {
	uint32_t n;			/**< 2 + 2 * speakers */
	double *prior;			/**< n: 1 / sigma^2 */
	double *normal;			/**< n * n: J'WJ + prior; later its inverse */
	double *right;			/**< n: J'Wy */
	double *x;			/**< n */
};

enum { RATE, STEP, SPEAKERS };

static uint32_t late_of(uint32_t speaker)
{
	return SPEAKERS + 2 * speaker;
}

static uint32_t drift_of(uint32_t speaker)
{
	return SPEAKERS + 1 + 2 * speaker;
}

static void add_prior(struct problem *p, uint32_t i, double sigma)
{
	p->prior[i] = 1 / (sigma * sigma);
	p->normal[i * p->n + i] += p->prior[i];
}

/* y = late + (rate + drift) * dt + step, if it is after that */
static void add_row(struct problem *p, uint32_t speaker, double dt, bool after, double y, double sigma)
{
	const uint32_t at[] = { RATE, STEP, late_of(speaker), drift_of(speaker) };
	const double j[] = { dt, after, 1, dt };
	double w = 1 / (sigma * sigma);
	uint32_t a, b;

	for (a = 0; a < 4; a++) {
		for (b = 0; b < 4; b++)
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
	*p = (struct problem) { .n = SPEAKERS + 2 * n_speakers };
	p->prior = calloc(p->n, sizeof(double));
	p->normal = calloc((size_t)p->n * p->n, sizeof(double));
	p->right = calloc(p->n, sizeof(double));
	p->x = calloc(p->n, sizeof(double));
	return p->prior && p->normal && p->right && p->x ? 0 : -ENOMEM;
}

static void problem_finish(struct problem *p)
{
	free(p->prior);
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

static double since(const struct data *d, uint32_t i)
{
	return d->emitted_s[i] + d->instant_s - d->at_s;
}

/* Its sound's travel, and what is between the clocks */
static double travel(const struct data *d, uint32_t i)
{
	return d->heard[i].arrival / d->rate_hz - (d->emitted_s[i] - d->at_s);
}

static bool is_heard(const struct data *d, uint32_t i)
{
	return d->heard[i].reason == EAR_HEARD && fabs(since(d, i)) < TIME_MAX_S && fabs(travel(d, i)) < TIME_MAX_S;
}

static bool is_good(const struct data *d, const struct ear_fit_speaker *speakers, uint32_t i)
{
	return is_heard(d, i) && speakers[d->slots[i].speaker].reason == EAR_HEARD;
}

static double sigma_of(const struct data *d, uint32_t i)
{
	return SPA_MAX(d->heard[i].sigma / d->rate_hz, SIGMA_MIN_S);
}

/* \param step_s since when a piece is missing, or INFINITY */
static void fit_once(struct problem *p, const struct data *d, const struct ear_fit_speaker *speakers,
		uint32_t n_speakers, double step_s)
{
	uint32_t i;

	memset(p->normal, 0, (size_t)p->n * p->n * sizeof(double));
	memset(p->right, 0, p->n * sizeof(double));
	add_prior(p, RATE, RATE_SIGMA);
	add_prior(p, STEP, step_s < INFINITY ? STEP_PRIOR : NO_STEP_PRIOR);
	for (i = 0; i < n_speakers; i++) {
		/* nothing is known of when; so weak that it does not count, but for who was not heard */
		add_prior(p, late_of(i), 1e6);
		add_prior(p, drift_of(i), DRIFT_SIGMA);
	}
	for (i = 0; i < d->n; i++)
		if (is_good(d, speakers, i))
			add_row(p, d->slots[i].speaker, since(d, i), d->emitted_s[i] >= step_s, travel(d, i), sigma_of(d, i));
	solve(p);
}

static double residual(const struct problem *p, const struct data *d, uint32_t i, double step_s)
{
	uint32_t s = d->slots[i].speaker;

	return travel(d, i) - p->x[late_of(s)] - (p->x[RATE] + p->x[drift_of(s)]) * since(d, i) -
		(d->emitted_s[i] >= step_s ? p->x[STEP] : 0);
}

static double chi2(const struct problem *p, const struct data *d, const struct ear_fit_speaker *speakers, double step_s)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < p->n; i++)
		sum += p->x[i] * p->x[i] * p->prior[i];
	for (i = 0; i < d->n; i++)
		if (is_good(d, speakers, i))
			sum += pow(residual(p, d, i, step_s) / sigma_of(d, i), 2);
	return sum;
}

/* Is a piece missing from the recording between two slots? Leaves \a p without a step. */
static bool is_broken(struct problem *p, const struct data *d, const struct ear_fit_speaker *speakers, uint32_t n_speakers)
{
	double without, best = 0;
	uint32_t i;

	fit_once(p, d, speakers, n_speakers, INFINITY);
	without = chi2(p, d, speakers, INFINITY);
	for (i = 0; i < d->n; i++) {
		double at = d->emitted_s[i];

		fit_once(p, d, speakers, n_speakers, at);
		if (fabs(p->x[STEP]) > STEP_MIN_S)
			best = SPA_MAX(best, without - chi2(p, d, speakers, at));
	}
	fit_once(p, d, speakers, n_speakers, INFINITY);
	return best > STEP_CHI2;
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
		excess = SPA_MAX(fabs(residual(p, d, i, INFINITY)) / RESIDUAL_MAX_S, fabs(p->x[drift_of(s)]) / DRIFT_MAX);
		if (excess > worst) {
			worst = excess;
			speaker = s;
		}
	}
	return speaker;
}

/* A piece may be missing that nobody knows of. Who was heard once would be wrong by it, unless it shows in somebody who
 * was heard before and after. */
static bool is_watched(const struct data *d, const struct ear_fit_speaker *speakers, uint32_t speaker)
{
	double at = NAN;
	uint32_t i, k;

	for (i = 0; i < d->n; i++)
		if (d->slots[i].speaker == speaker && is_heard(d, i))
			at = d->emitted_s[i];
	for (i = 0; i < d->n; i++)
		for (k = 0; k < d->n; k++)
			if (is_good(d, speakers, i) && is_good(d, speakers, k) &&
			    d->slots[i].speaker == d->slots[k].speaker &&
			    d->emitted_s[i] < at && d->emitted_s[k] > at)
				return true;
	return false;
}

/* Speakers that were heard once, and nothing shows that it was right: for the reason of the other time, if there is one */
static void doubt_singles(const struct data *d, struct ear_fit_speaker *speakers, uint32_t n_speakers, bool doubt)
{
	uint32_t i, k;

	for (i = 0; i < d->n; i++)
		doubt |= d->heard[i].reason == EAR_UNEXPECTED;
	for (i = 0; i < n_speakers; i++) {
		if (speakers[i].reason != EAR_HEARD || speakers[i].heard > 1 ||
		    (!doubt && is_watched(d, speakers, i)))
			continue;
		speakers[i].reason = EAR_INCONSISTENT;
		for (k = 0; k < d->n; k++)
			if (d->slots[k].speaker == i && d->heard[k].reason != EAR_HEARD)
				speakers[i].reason = d->heard[k].reason;
	}
}

/* How many speakers were heard; those that were not get a reason, that of their last slot */
static void first_reasons(const struct data *d, struct ear_fit_speaker *speakers, uint32_t n_speakers)
{
	uint32_t i;

	for (i = 0; i < n_speakers; i++)
		speakers[i] = (struct ear_fit_speaker) { .reason = EAR_TOO_QUIET, .late_s = NAN, .sigma_s = NAN };
	for (i = 0; i < d->n; i++) {
		struct ear_fit_speaker *s = &speakers[d->slots[i].speaker];

		if (is_heard(d, i)) {
			s->reason = EAR_HEARD;
			s->heard++;
		} else if (s->heard == 0) {
			s->reason = d->heard[i].reason != EAR_HEARD ? d->heard[i].reason : EAR_INCONSISTENT;
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
	*fit = (struct ear_fit) { .reference = ref, .rate_ppm = p->x[RATE] * 1e6 };
	for (i = 0; i < d->n; i++)
		if (is_good(d, speakers, i)) {
			sum += pow(residual(p, d, i, INFINITY), 2);
			n++;
		}
	fit->residual_s = n > 0 ? sqrt(sum / n) : 0.0;
	for (i = 0; i < n_speakers; i++) {
		uint32_t a = late_of(i), b = late_of(ref);

		if (speakers[i].reason != EAR_HEARD)
			continue;
		speakers[i].late_s = p->x[a] - p->x[b];
		speakers[i].sigma_s = i == ref ? 0 : sqrt(RESPONSE_SIGMA_S * RESPONSE_SIGMA_S +
				SPA_MAX(p->normal[a * p->n + a] + p->normal[b * p->n + b] - 2 * p->normal[a * p->n + b], 0.0));
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
	bool broken, doubt = false;
	int64_t bad;
	int res;

	for (i = 0; i < n; i++)
		if (slots[i].speaker >= n_speakers)
			return -EINVAL;
	if ((res = problem_init(&p, n_speakers)) < 0)
		goto done;
	first_reasons(&d, speakers, n_speakers);
	fit_once(&p, &d, speakers, n_speakers, INFINITY);
	while ((bad = misfit(&p, &d, speakers)) >= 0) {
		speakers[bad].reason = EAR_INCONSISTENT;
		doubt = true;
		fit_once(&p, &d, speakers, n_speakers, INFINITY);
	}
	doubt_singles(&d, speakers, n_speakers, doubt);
	broken = !(fabs(p.x[RATE]) <= RATE_MAX) || is_broken(&p, &d, speakers, n_speakers);
	for (i = 0; i < n_speakers; i++) {
		if (speakers[i].reason == EAR_HEARD && broken)
			speakers[i].reason = EAR_INTERRUPTED;
		count += speakers[i].reason == EAR_HEARD;
	}
	tell(fit, &p, &d, speakers, n_speakers);
	res = (int)count;
done:
	problem_finish(&p);
	return res;
}
