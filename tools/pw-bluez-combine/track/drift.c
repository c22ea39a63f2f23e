/* Drift: how late a speaker is, and how fast that changes */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "track/drift.h"

void drift_begin(struct drift *d, double at_s, double late_s, double late_sigma, double rate, double rate_sigma)
{
	*d = (struct drift) {
		.at_s = at_s,
		.late_s = late_s,
		.rate = rate,
		.late_var = late_sigma * late_sigma,
		.rate_var = rate_sigma * rate_sigma,
	};
}

/* The variance of x after t s: what x and r were off by, and what both have wandered since */
static double late_var_after(const struct drift *d, double t)
{
	const double q = DRIFT_WANDER * DRIFT_WANDER, qr = DRIFT_RATE_WANDER * DRIFT_RATE_WANDER;

	return d->late_var + 2.0 * t * d->both_cov + t * t * d->rate_var + fabs(t) * (q + qr * t * t / 3.0);
}

void drift_go_on(struct drift *d, double at_s)
{
	const double qr = DRIFT_RATE_WANDER * DRIFT_RATE_WANDER, t = at_s - d->at_s;

	if (t <= 0.0)
		return;
	d->late_var = late_var_after(d, t);
	d->both_cov += t * d->rate_var + qr * t * t / 2.0;
	d->rate_var += qr * t;
	d->late_s += t * d->rate;
	d->at_s = at_s;
}

/* By one of the two, which has these covariances with both, and in all that variance */
static void correct(struct drift *d, double late_cov, double rate_cov, double error, double sum)
{
	const double b1 = late_cov / sum, b2 = rate_cov / sum;

	d->late_s += b1 * error;
	d->rate += b2 * error;
	d->late_var -= b1 * late_cov;
	d->both_cov -= b1 * rate_cov;
	d->rate_var -= b2 * rate_cov;
}

void drift_correct(struct drift *d, double error_s, double variance)
{
	correct(d, d->late_var, d->both_cov, error_s, d->late_var + variance);
}

void drift_correct_rate(struct drift *d, double error, double variance)
{
	correct(d, d->both_cov, d->rate_var, error, d->rate_var + variance);
}

double drift_late_s(const struct drift *d, double at_s)
{
	return d->late_s + (at_s - d->at_s) * d->rate;
}

double drift_sigma_s(const struct drift *d, double at_s)
{
	return sqrt(fmax(late_var_after(d, at_s - d->at_s), 0.0));
}
