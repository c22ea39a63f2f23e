/* Test: settling */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "harness.h"
#include "timing/settle.h"

#define MS(x)	((int64_t)((x) * SPA_NSEC_PER_MSEC))

static void two_steps_are_believed_once_when_they_stand_still(void)
{
	struct settle s;
	int64_t next;

	settle_init(&s, -1);
	check(!s.settled);
	check(!settle_tick(&s, 0, &next));
	check_int(next, INT64_MAX);

	check(!settle_report(&s, MS(100), 0));
	check(!settle_report(&s, MS(200), MS(50)));
	check(!settle_tick(&s, MS(200), &next));
	check_int(next, MS(800));
	check(!settle_report(&s, MS(500), MS(64.854)));
	check(!settle_tick(&s, MS(800), &next));
	check_int(next, MS(1100));
	check(settle_tick(&s, MS(1100), &next));
	check(s.settled);
	check_int(s.latency_ns, MS(64.854));
	check_int(next, INT64_MAX);
}

static void what_never_stands_still_is_believed_after_2500_ms(void)
{
	struct settle s;
	int64_t t, next = 0;
	bool done = false;

	settle_init(&s, -1);
	for (t = 1000; t < 5000 && !done; t += 100) {
		done = settle_report(&s, MS(t), MS(100 + t / 100));
		if (!done)
			done = settle_tick(&s, MS(t), &next);
	}
	note("after %lld ms", (long long)t - 1100);
	check(done && s.settled);
	check_int(t - 100, 3500);
}

static void a_known_latency_is_used_at_once_and_outlasts_the_steps(void)
{
	struct settle s;
	int64_t next;

	settle_init(&s, MS(64.854));
	check(s.settled);
	check_int(s.latency_ns, MS(64.854));
	check(!settle_report(&s, MS(0), 0));
	check(!settle_report(&s, MS(100), MS(50)));
	check(!settle_report(&s, MS(300), MS(64.854)));
	check(!settle_tick(&s, MS(5000), &next));
	check(s.settled);
	check_int(s.latency_ns, MS(64.854));
}

static void what_is_recognized_after_a_start_need_not_stand_still(void)
{
	struct settle s;
	int64_t next;

	settle_init(&s, MS(64.854));
	check(!settle_recognize(&s, MS(0)));
	check(!settle_report(&s, MS(0), MS(51.655)));
	check(!settle_report(&s, MS(100), MS(71.973)));
	check(settle_recognize(&s, MS(100)));
	check_int(s.latency_ns, MS(71.973));
	check(!settle_tick(&s, MS(100), &next));
	check_int(next, INT64_MAX);

	/* but later it must, or one that goes to and fro between two such would be followed */
	check(!settle_report(&s, MS(5000), MS(64.854)));
	check(!settle_recognize(&s, MS(5000)));
	check_int(s.latency_ns, MS(71.973));
}

static void a_known_latency_that_is_wrong_is_replaced(void)
{
	struct settle s;
	int64_t next;

	settle_init(&s, MS(300));
	check(!settle_report(&s, MS(100), MS(50)));
	check(!settle_report(&s, MS(300), MS(65)));
	check(!settle_tick(&s, MS(899), &next));
	check_int(next, MS(900));
	check(settle_tick(&s, MS(900), &next));
	check_int(s.latency_ns, MS(65));
}

/* Settled at 100 ms, and calm, at 10 s */
static void settled(struct settle *s)
{
	int64_t next;

	settle_init(s, -1);
	settle_report(s, 0, MS(100));
	check(settle_tick(s, MS(600), &next));
}

static void a_later_change_stands_still_for_300_ms(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	check(!settle_report(&s, MS(10000), MS(140)));
	check(!settle_report(&s, MS(10200), MS(145)));
	check(s.settled);
	check_int(s.latency_ns, MS(100));
	check_int(settle_pending(&s), MS(145));
	check(!settle_tick(&s, MS(10499), &next));
	check_int(next, MS(10500));
	check(settle_tick(&s, MS(10500), &next));
	check_int(s.latency_ns, MS(145));
	check_int(settle_pending(&s), 0);
	check_int(next, INT64_MAX);
}

static void a_change_below_1_ms_stands_still_for_150_ms(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	check(!settle_report(&s, MS(10000), MS(100.9)));
	check(!settle_report(&s, MS(10100), MS(100.5)));
	check(!settle_tick(&s, MS(10149), &next));
	check(settle_tick(&s, MS(10150), &next));
	check_int(s.latency_ns, MS(100.5));
}

static void to_stand_still_is_to_stay_within_1_ms(void)
{
	struct settle s;
	int64_t t, next;
	bool done = false;

	settled(&s);
	for (t = 10000; t < 12000 && !done; t += 20)
		done = settle_report(&s, MS(t), MS(140 + (t % 40 ? 0.9 : 0.0)));
	check_int(t - 20, 10300);
	for (done = false; t < 20000; t += 20)
		done |= settle_report(&s, MS(t), MS(180 + (t % 40 ? 1.1 : 0.0)));
	check(!done);
	check(settle_tick(&s, MS(t + 280), &next));
}

static void a_change_that_goes_back_is_none(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	check(!settle_report(&s, MS(10000), MS(140)));
	check(!settle_report(&s, MS(10200), MS(100)));
	check(!settle_tick(&s, MS(19000), &next));
	check_int(s.latency_ns, MS(100));
	check_int(next, INT64_MAX);
}

static void a_drag_is_followed_when_it_ends(void)
{
	struct settle s;
	int64_t t, next;
	uint32_t changes = 0;

	/* 10 s with 20 values a second, 2 ms from one to the next, to and fro */
	settled(&s);
	for (t = 10000; t < 20000; t += 50)
		changes += settle_report(&s, MS(t), MS(120 + llabs((t - 10000) / 25 % 160 - 80)));
	check_int(changes, 0);
	check(settle_tick(&s, MS(t + 250), &next));
	check_int(s.latency_ns, s.candidate_ns);
}

static void a_slow_drag_is_followed_on_its_way(void)
{
	struct settle s;
	int64_t t;
	uint32_t changes = 0;

	/* 1 ms a second */
	settled(&s);
	for (t = 10000; t < 20000; t += 50) {
		changes += settle_report(&s, MS(t), MS(100 + (t - 10000) / 1000.0));
		check(llabs(s.latency_ns - s.candidate_ns) <= MS(0.25));
	}
	note("%u changes", changes);
	check(changes >= 40);
}

static uint32_t flap(struct settle *s, int64_t *t_ms, uint32_t n, int64_t period_ms, double step_ms)
{
	uint32_t i, changes = 0;
	int64_t next;

	for (i = 0; i < n; i++) {
		changes += settle_report(s, MS(*t_ms), MS(i % 2 ? 100 : 100 + step_ms));
		for (*t_ms += period_ms; settle_tick(s, MS(*t_ms - 1), &next);)
			changes++;
	}
	return changes;
}

static void a_report_that_flaps_is_followed_five_times_at_most(void)
{
	static const struct { int64_t period_ms; double step_ms; uint32_t moves; } flaps[] = {
		{ 100, 40, 0 }, { 140, 0.5, 0 }, { 250, 0.5, 2 }, { 500, 40, 2 }, { 1000, 40, 3 },
		{ 1000, 0.5, 4 }, { 2000, 40, 4 }, { 2300, 0.5, 5 },
	};
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(flaps); i++) {
		struct settle s;
		int64_t t_ms = 10000;

		settled(&s);
		check_int(flap(&s, &t_ms, 1000, flaps[i].period_ms, flaps[i].step_ms), flaps[i].moves);
	}
}

static void after_flapping_it_stands_still_for_2400_ms_at_most(void)
{
	struct settle s;
	int64_t t_ms = 10000, next;

	settled(&s);
	flap(&s, &t_ms, 1000, 2300, 40);
	check(!settle_report(&s, MS(t_ms), MS(160)));
	settle_tick(&s, MS(t_ms), &next);
	check_int(next, MS(t_ms + 2400));
	check(settle_tick(&s, next, &next));
	/* and when it has been calm for long, it is believed as soon as ever */
	t_ms += 2400 + 12000;
	check(!settle_report(&s, MS(t_ms), MS(120)));
	settle_tick(&s, MS(t_ms), &next);
	check_int(next, MS(t_ms + 300));
}

static void steps_every_4_s_are_each_followed_after_300_ms(void)
{
	struct settle s;
	int64_t t_ms = 10000, next;
	uint32_t i;

	settled(&s);
	for (i = 0; i < 20; i++, t_ms += 4000) {
		check(!settle_report(&s, MS(t_ms), MS(i % 2 ? 100 : 140)));
		check(!settle_tick(&s, MS(t_ms + 299), &next));
		check(settle_tick(&s, MS(t_ms + 300), &next));
	}
}

static void a_restart_comes_in_steps_again(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	settle_restart(&s);
	check(s.settled);
	check(!settle_report(&s, MS(10000), MS(85)));
	check(!settle_report(&s, MS(10500), MS(100)));
	check(!settle_tick(&s, MS(20000), &next));
	check_int(s.latency_ns, MS(100));
}

static void less_than_50_us_is_no_change(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	check(!settle_report(&s, MS(10000), MS(100.04)));
	check(!settle_report(&s, MS(11000), MS(99.96)));
	check(!settle_tick(&s, MS(19000), &next));
	check_int(s.latency_ns, MS(100));
}

static void reports_beyond_all_sense_do_no_harm(void)
{
	struct settle s;
	int64_t next;

	settled(&s);
	check(!settle_report(&s, MS(10000), INT64_MIN));
	check(!settle_report(&s, MS(10000), INT64_MAX));
	check(settle_tick(&s, MS(11000), &next));
	check(s.latency_ns <= MS(3600e3));
	check(!settle_report(&s, MS(20000), INT64_MIN));
	check(!settle_tick(&s, MS(30000), &next));
}

static void a_report_that_comes_late_finds_the_one_before_settled(void)
{
	struct settle s;

	settle_init(&s, -1);
	check(!settle_report(&s, MS(0), MS(100)));
	check(settle_report(&s, MS(3000), MS(200)));
	check(s.settled);
	check_int(s.latency_ns, MS(100));
}

static void zero_is_no_report(void)
{
	struct settle s;
	int64_t next;

	settle_init(&s, -1);
	check(!settle_report(&s, MS(0), MS(100)));
	check(!settle_report(&s, MS(300), 0));
	check(!settle_tick(&s, MS(9000), &next));
	check(!s.settled);
	check(!settle_report(&s, MS(10000), MS(100)));
	check(settle_tick(&s, MS(10600), &next));
	check(!settle_report(&s, MS(11000), 0));
	check(!settle_tick(&s, MS(20000), &next));
	check(s.settled);
	check_int(s.latency_ns, MS(100));
}

int main(void)
{
	run(two_steps_are_believed_once_when_they_stand_still);
	run(what_never_stands_still_is_believed_after_2500_ms);
	run(a_known_latency_is_used_at_once_and_outlasts_the_steps);
	run(a_known_latency_that_is_wrong_is_replaced);
	run(what_is_recognized_after_a_start_need_not_stand_still);
	run(a_later_change_stands_still_for_300_ms);
	run(a_change_below_1_ms_stands_still_for_150_ms);
	run(to_stand_still_is_to_stay_within_1_ms);
	run(a_change_that_goes_back_is_none);
	run(a_drag_is_followed_when_it_ends);
	run(a_slow_drag_is_followed_on_its_way);
	run(a_report_that_flaps_is_followed_five_times_at_most);
	run(after_flapping_it_stands_still_for_2400_ms_at_most);
	run(steps_every_4_s_are_each_followed_after_300_ms);
	run(a_restart_comes_in_steps_again);
	run(less_than_50_us_is_no_change);
	run(reports_beyond_all_sense_do_no_harm);
	run(a_report_that_comes_late_finds_the_one_before_settled);
	run(zero_is_no_report);
	return harness_finish();
}
