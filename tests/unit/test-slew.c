/* Test: slew */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/slew.h"

#define RATE		48000
#define SPEED		5e-4		/* 500 ppm */
#define ACCELERATION	(1e-4 / RATE)	/* 100 ppm/s */

static const struct slew_limits limits = { SPEED, ACCELERATION };

/* What was seen of a slew, one sample after the other */
struct seen {
	double speed, acceleration;	/* largest differences of the first and second order */
	double min, max;
	double seconds;
};

/* 1 is allowed for what a difference of doubles near 10^4 has in rounding */
#define ROUNDING	1e-11

static void watch(struct slew *s, struct seen *seen, uint32_t n)
{
	double last = slew_delay(s, 0), speed = slew_speed(s), next;
	uint32_t i;

	for (i = 0; i < n; i++) {
		slew_advance(s, 1);
		next = slew_delay(s, 0);
		/* the speed of the formula, as differences of the delay lose too many digits */
		seen->acceleration = fmax(seen->acceleration, fabs(slew_speed(s) - speed));
		seen->speed = fmax(seen->speed, fabs(next - last));
		seen->min = fmin(seen->min, next);
		seen->max = fmax(seen->max, next);
		speed = slew_speed(s);
		last = next;
	}
	seen->seconds += (double)n / RATE;
}

static void it_arrives_within_its_limits_and_goes_no_further(void)
{
	static const double moves[] = { 0.001, 0.5, 1, 10, 48, -48, 480 };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(moves); i++) {
		struct seen seen = { .min = INFINITY, .max = -INFINITY };
		struct slew s;
		double fastest = fmax(2 * sqrt(fabs(moves[i]) / ACCELERATION),
				fabs(moves[i]) / SPEED + SPEED / ACCELERATION);

		slew_stand(&s, 9600);
		slew_start(&s, 9600 + moves[i], &limits);
		watch(&s, &seen, s.length);
		check(slew_stands(&s) && slew_delay(&s, 0) == 9600 + moves[i] && slew_speed(&s) == 0.0);
		check(seen.speed <= SPEED + ROUNDING);
		check(seen.acceleration <= ACCELERATION * (1 + 1e-9));
		check(seen.min >= fmin(9600, 9600 + moves[i]) - ROUNDING);
		check(seen.max <= fmax(9600, 9600 + moves[i]) + ROUNDING);
		note("%8.3f samples: %.2f s, %.0f ppm, %.1f ppm/s", moves[i], seen.seconds,
				seen.speed * 1e6, seen.acceleration * RATE * 1e6);
		/* the cubic takes sqrt(1.5) of the time where acceleration limits, 1.5 where speed
		 * does, and the search is in steps of a few percent */
		check(s.length <= fmax(1.6 * fastest, 2));
	}
}

static void it_does_not_matter_how_time_is_cut(void)
{
	struct slew one, other;
	uint32_t i, n;

	slew_stand(&one, 1000.25);
	slew_start(&one, 1020.5, &limits);
	other = one;
	for (i = 0, n = 1; i < one.length; i += n, n = n * 7 % 1021) {
		check(slew_delay(&one, i) == slew_delay(&other, 0));
		slew_advance(&other, n);
	}
	check(slew_stands(&other));
	check(slew_delay(&other, 5) == 1020.5);
}

static void another_goal_on_the_way_keeps_the_limits(void)
{
	struct seen seen = { .min = INFINITY, .max = -INFINITY };
	double min, max, low = INFINITY, high = -INFINITY;
	uint32_t i, seed = 11;
	struct slew s;

	slew_stand(&s, 5000);
	for (i = 0; i < 400; i++) {
		double to = 5000 + 48 * harness_noise(&seed), now = slew_delay(&s, 0), speed = slew_speed(&s);
		uint32_t n = 24000 * fabs(harness_noise(&seed));
		struct seen part = { .min = now, .max = now };

		slew_start(&s, to, &limits);
		/* the place and the speed are those that it had */
		check(slew_delay(&s, 0) == now && fabs(slew_speed(&s) - speed) < 1e-15);
		slew_range(&s, &min, &max);
		watch(&s, &part, i % 10 == 0 ? s.length : n);
		check(part.min >= min - ROUNDING && part.max <= max + ROUNDING);
		if (slew_stands(&s))
			check(slew_delay(&s, 0) == to);
		seen.speed = fmax(seen.speed, part.speed);
		seen.acceleration = fmax(seen.acceleration, part.acceleration);
		low = fmin(low, part.min);
		high = fmax(high, part.max);
	}
	note("at most %.1f ppm, %.2f ppm/s, from %.1f to %.1f", seen.speed * 1e6,
			seen.acceleration * RATE * 1e6, low, high);
	check(seen.speed <= SPEED + ROUNDING);
	check(seen.acceleration <= ACCELERATION * (1 + 1e-9));
}

static void a_lower_limit_on_the_way_is_come_down_to(void)
{
	const struct slew_limits slow = { 5e-5, ACCELERATION };
	struct seen seen = { 0 };
	struct slew s;
	double speed;

	slew_stand(&s, 5000);
	slew_start(&s, 5480, &limits);
	slew_advance(&s, s.length / 2);
	speed = slew_speed(&s);
	check(speed > slow.speed);
	slew_start(&s, 5480, &slow);
	watch(&s, &seen, s.length);
	check(seen.speed <= speed + ROUNDING);
	check(seen.acceleration <= ACCELERATION * (1 + 1e-9));
	check(slew_delay(&s, 0) == 5480);
}

static void nothing_to_do_takes_no_time(void)
{
	struct slew s;
	double min, max;

	slew_stand(&s, 7.5);
	slew_start(&s, 7.5, &limits);
	check(slew_stands(&s) && slew_delay(&s, 100) == 7.5 && slew_speed(&s) == 0.0);
	slew_range(&s, &min, &max);
	check(min == 7.5 && max == 7.5);
	slew_advance(&s, 100);
	check(slew_delay(&s, 0) == 7.5);
}

/* Whatever limits there are: within them, or it says no and stays as it is */
static void limits_that_no_way_can_keep_are_refused(void)
{
	static const double speeds[] = { 1e-4, 1e-6, 1e-10, 1e-12, 1e-300, 5e-324, 0.0, NAN };
	uint32_t i, taken = 0;
	struct slew s, before;

	for (i = 0; i < SPA_N_ELEMENTS(speeds); i++) {
		struct slew_limits slow = { speeds[i], ACCELERATION }, soft = { SPEED, speeds[i] / RATE };
		struct seen seen = { 0 };

		slew_stand(&s, 9600);
		if (slew_start(&s, 9624, &slow)) {
			taken++;
			watch(&s, &seen, 100000);
			check(seen.speed <= slow.speed + ROUNDING && slew_delay(&s, 0) < 9600 + 100000 * slow.speed);
		} else {
			check(slew_stands(&s) && slew_delay(&s, 0) == 9600);
		}

		slew_stand(&s, 9600);
		slew_start(&s, 9624, &limits);
		slew_advance(&s, s.length / 2);
		before = s;
		if (!slew_start(&s, 9580, &soft))
			check(memcmp(&s, &before, sizeof(s)) == 0);
		else
			check(fabs(slew_delay(&s, 1) - slew_delay(&before, 0)) <= 2 * SPEED);
	}
	note("%u of %zu speeds are taken", taken, SPA_N_ELEMENTS(speeds));
	check_int(taken, 2);
}

int main(void)
{
	run(it_arrives_within_its_limits_and_goes_no_further);
	run(it_does_not_matter_how_time_is_cut);
	run(another_goal_on_the_way_keeps_the_limits);
	run(a_lower_limit_on_the_way_is_come_down_to);
	run(nothing_to_do_takes_no_time);
	run(limits_that_no_way_can_keep_are_refused);
	return harness_finish();
}
