/* Are runs added until a figure is known from its bound? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <glib.h>

#include "random.h"
#include "stage/sequential.h"

#define BOUND	50.0
#define LEAD	3
#define LIMIT	15

static struct sequential run(const double *values, int n)
{
	struct sequential s = { .lead = LEAD, .limit = LIMIT };

	for (int i = 0; i < n; i++) {
		g_assert_false(sequential_is_over(&s));
		sequential_add(&s, values[i], BOUND);
	}
	return s;
}

static void runs_that_agree_decide_at_once(void)
{
	struct sequential below = run((double[]) { 30.0, 50.0, 41.0 }, 3);
	struct sequential above = run((double[]) { 50.1, 90.0, 51.0 }, 3);

	g_assert_true(sequential_is_over(&below));
	g_assert_true(sequential_is_below(&below));
	g_assert_true(sequential_is_over(&above));
	g_assert_false(sequential_is_below(&above));
}

static void one_that_does_not_agree_asks_for_more(void)
{
	struct sequential s = run((double[]) { 30.0, 70.0, 41.0, 42.0 }, 4);

	g_assert_false(sequential_is_over(&s));
	sequential_add(&s, 43.0, BOUND);
	g_assert_true(sequential_is_over(&s));
	g_assert_true(sequential_is_below(&s));
	g_assert_cmpint(s.n, ==, 5);
}

static void most_runs_decide_at_the_limit(void)
{
	struct sequential s = { .lead = LEAD, .limit = LIMIT };

	for (int i = 0; i < LIMIT; i++) {
		g_assert_false(sequential_is_over(&s));
		sequential_add(&s, i % 2 ? 60.0 : 40.0, BOUND);
	}
	g_assert_true(sequential_is_over(&s));
	g_assert_true(sequential_is_below(&s));
}

static void runs_of_which_nothing_is_known_are_on_no_side(void)
{
	struct sequential s = { .lead = LEAD, .limit = LIMIT };

	for (int i = 0; i < LIMIT; i++)
		sequential_add(&s, i < 2 ? 40.0 : NAN, BOUND);
	g_assert_true(sequential_is_over(&s));
	g_assert_true(sequential_is_open(&s));
}

/* As often as the formula says, but for the few that reach the limit */
static void the_wrong_side_wins_as_seldom_as_it_should(void)
{
	struct random random = { .state = 1 };
	const int n = 100000;
	const double p = 0.2, expected = 1.0 / (1.0 + pow((1.0 - p) / p, LEAD));
	int wrong = 0, runs = 0;

	for (int i = 0; i < n; i++) {
		struct sequential s = { .lead = LEAD, .limit = LIMIT };

		while (!sequential_is_over(&s))
			sequential_add(&s, random_unit(&random) < p ? 60.0 : 40.0, BOUND);
		wrong += !sequential_is_below(&s);
		runs += s.n;
	}
	g_test_message("wrong in %.2f %% (%.2f %% by the formula), after %.1f runs", 100.0 * wrong / n,
			100.0 * expected, (double)runs / n);
	/* three standard deviations of so many trials, and 0.1 % that end at the limit */
	g_assert_cmpfloat(fabs((double)wrong / n - expected), <=, 3.0 * sqrt(expected / n) + 0.001);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
#define TEST(name)	g_test_add_func("/" #name, name)
	TEST(runs_that_agree_decide_at_once);
	TEST(one_that_does_not_agree_asks_for_more);
	TEST(most_runs_decide_at_the_limit);
	TEST(runs_of_which_nothing_is_known_are_on_no_side);
	TEST(the_wrong_side_wins_as_seldom_as_it_should);
	return g_test_run();
}
