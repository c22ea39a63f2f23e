/* Slew: how a delay moves to another one */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * The way of length T is the cubic that has the wanted place and speed at both ends:
 *
 *	x(k) = v0 k + c2 k^2 + c3 k^3		x(0) = 0, x'(0) = v0
 *	c2 = (3 d - 2 v0 T) / T^2		x(T) = d, x'(T) = 0
 *	c3 = (v0 T - 2 d) / T^3
 *
 * (Hermite). Its acceleration is a straight line in time, largest at one of the ends:
 *
 *	a(0) = (6 d - 4 v0 T) / T^2,  a(T) = (2 v0 T - 6 d) / T^2
 *
 * and its speed, besides at the start, where the acceleration is 0:
 *
 *	v(k*) = v0 - c2^2 / (3 c3),  k* = -c2 / (3 c3)
 *
 * Both shrink as T grows, so the shortest T that keeps the limits is searched for. It takes
 * 22 % longer than the fastest way, which steps its acceleration; in return a sample
 * costs three multiplications, and nothing adds up from one to the next.
 */

#include <math.h>

#include <spa/utils/defs.h>

#include "dsp/slew.h"

#define SEARCH_STEPS	64

void slew_stand(struct slew *s, double delay)
{
	spa_zero(*s);
	s->from = s->to = delay;
}

static void set_length(struct slew *s, double d, double T)
{
	s->c2 = (3 * d - 2 * s->v0 * T) / (T * T);
	s->c3 = (s->v0 * T - 2 * d) / (T * T * T);
	s->length = T;
}

static bool is_within(const struct slew *s, double speed, double acceleration)
{
	double T = s->length, k, v;

	if (fabs(2 * s->c2) > acceleration || fabs(2 * s->c2 + 6 * s->c3 * T) > acceleration)
		return false;
	k = -s->c2 / (3 * s->c3);
	v = s->v0 + s->c2 * k;
	return !(k > 0 && k < T) || fabs(v) <= speed;
}

bool slew_start(struct slew *s, double to, const struct slew_limits *limits)
{
	double from = slew_delay(s, 0), d = to - from, v0 = slew_speed(s);
	/* one that was begun under wider limits cannot but go on as fast, at first */
	double speed = fmax(limits->speed, fabs(v0)), a = limits->acceleration;
	double shortest, longest, step;
	uint32_t i;

	if (d == 0.0 && v0 == 0.0) {
		slew_stand(s, to);
		return true;
	}
	/* Less is impossible: a speed to get there, an acceleration to stop. With the longest
	 * the terms of v0 and d stay below half of the acceleration each, and below
	 * half and a third of the speed. */
	shortest = fmax(1.0, fmax(fabs(d) / speed, fabs(v0) / a));
	longest = fmax(fmax(1.0, 3 * fabs(d) / speed), fmax(sqrt(12 * fabs(d) / a), 8 * fabs(v0) / a));
	/* Nor is it if a limit is next to nothing: infinite, or not a number at all */
	if (!(longest <= SLEW_LENGTH_MAX))
		return false;
	longest = ceil(longest);
	step = pow(longest / shortest, 1.0 / SEARCH_STEPS);

	*s = (struct slew) { .from = from, .to = to, .v0 = v0 };
	for (i = 0; i < SEARCH_STEPS; i++, shortest *= step) {
		set_length(s, d, ceil(shortest));
		if (is_within(s, speed, a))
			return true;
	}
	set_length(s, d, longest);
	return true;
}

double slew_delay(const struct slew *s, uint32_t k)
{
	double t = (double)s->pos + k;

	if (t >= s->length)
		return s->to;
	return s->from + t * (s->v0 + t * (s->c2 + t * s->c3));
}

double slew_speed(const struct slew *s)
{
	double t = s->pos;

	if (slew_stands(s))
		return 0.0;
	return s->v0 + t * (2 * s->c2 + t * 3 * s->c3);
}

void slew_advance(struct slew *s, uint32_t n)
{
	s->pos += SPA_MIN(n, s->length - s->pos);
}

void slew_range(const struct slew *s, double *min, double *max)
{
	double now = slew_delay(s, 0), T = s->length, k, turn;

	*min = fmin(now, s->to);
	*max = fmax(now, s->to);
	if (slew_stands(s) || s->c3 == 0.0)
		return;
	/* The speed is 0 at T and at one other time: v0 / (3 c3) is the product of both */
	k = s->v0 / (3 * s->c3 * T);
	if (k > s->pos && k < T) {
		turn = s->from + k * (s->v0 + k * (s->c2 + k * s->c3));
		*min = fmin(*min, turn);
		*max = fmax(*max, turn);
	}
}
