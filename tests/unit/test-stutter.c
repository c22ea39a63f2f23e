/* When a machine stutters, and who is started anew then */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "harness.h"
#include "timing/stutter.h"

static const int64_t MS = SPA_NSEC_PER_MSEC;
static const int64_t SEC = SPA_NSEC_PER_SEC;
static const int64_t PERIOD = 1024 * (int64_t)SPA_NSEC_PER_SEC / 48000;

static struct stutter s;
static int64_t now_ns;

static struct stutter_event late(int64_t ms)
{
	return (struct stutter_event) {
		.late_ns = ms * MS, .period_ns = PERIOD, .late_max_ns = stutter_late_max_ns(&s),
	};
}

static struct stutter_event lost(int64_t ns)
{
	return (struct stutter_event) {
		.lost_ns = ns, .period_ns = PERIOD, .late_max_ns = stutter_late_max_ns(&s),
	};
}

static void add(struct stutter_event e)
{
	stutter_add(&s, now_ns, &e);
}

static void start(int n_stalls, int64_t every_ns)
{
	s = (struct stutter) { 0 };
	now_ns = 1000 * SEC;
	for (int i = 0; i < n_stalls; i++) {
		if (i > 0)
			now_ns += every_ns;
		add(late(90));
	}
}

/* Of a speaker that reports so much, and lacks so much of it, after this */
static enum stutter_step judge_lacking(struct stutter_event e, int64_t latency_ms, int64_t lost_ns)
{
	return stutter_judge(&s, &e, latency_ms * MS, lost_ns);
}

static enum stutter_step judge(struct stutter_event e, int64_t latency_ms)
{
	return judge_lacking(e, latency_ms, e.lost_ns);
}

static void the_third_stall_of_a_minute_is_a_stutter(void)
{
	start(2, 29 * SEC);
	check(!s.on);
	now_ns += 29 * SEC;
	add(late(30));
	check(s.on);
	check_int(s.n_stalls, 3);
	check_int(stutter_sum_ns(&s), 210 * MS);
	check_int(stutter_longest_ns(&s), 90 * MS);
	/* The first one is longer ago than that */
	start(2, 31 * SEC);
	now_ns += 31 * SEC;
	add(late(30));
	check(!s.on);
	check_int(s.n_stalls, 2);
}

static void what_is_told_in_parts_is_one_stall(void)
{
	start(1, 0);
	for (int64_t ms = 80; ms > 15; ms -= 21) {
		now_ns += 10 * MS;
		add(late(ms));
	}
	check_int(s.n_stalls, 1);
	check_int(stutter_sum_ns(&s), 90 * MS);
	add(late(120));
	check_int(stutter_longest_ns(&s), 120 * MS);
	check(!s.on);
}

static void a_machine_that_was_asleep_does_not_stutter(void)
{
	start(0, 0);
	for (int i = 0; i < 4; i++, now_ns += SEC)
		add(lost(300 * SEC));
	check(!s.on);
	check_int(s.n_stalls, 0);
}

static void a_stutter_is_over_when_the_next_stall_is_overdue(void)
{
	/* Every 3 s: 6 s without one */
	start(5, 3 * SEC);
	check_int(stutter_tick(&s, now_ns), now_ns + 6 * SEC);
	check(s.on);
	stutter_tick(&s, now_ns + 6 * SEC - 1);
	check(s.on);
	stutter_tick(&s, now_ns + 6 * SEC);
	check(!s.on);
	/* and one more is one again, at once */
	now_ns += 7 * SEC;
	add(late(60));
	check(s.on);
	/* Never sooner than 5 s, never later than 30 */
	start(5, SEC);
	check_int(stutter_tick(&s, now_ns), now_ns + 5 * SEC);
	start(3, 25 * SEC);
	stutter_tick(&s, now_ns + 29 * SEC);
	check(s.on);
	stutter_tick(&s, now_ns + 30 * SEC);
	check(!s.on);
}

static void what_is_long_ago_is_forgotten(void)
{
	start(3, SEC);
	check_int(stutter_tick(&s, now_ns + 57 * SEC), now_ns + 58 * SEC);
	check_int(s.n_stalls, 3);
	check_int(stutter_tick(&s, now_ns + 60 * SEC), INT64_MAX);
	check_int(s.n_stalls, 0);
	check_int(stutter_sum_ns(&s), 0);
}

static void the_memory_is_bounded(void)
{
	start(0, 0);
	for (int i = 0; i < 10000; i++, now_ns += 50 * MS)
		add(late(20));
	check(s.n_stalls <= STUTTER_STALLS_MAX);
	check_int(s.n_stalls, 120);
	check(s.on);
}

static void a_rare_stall_puts_whoever_may_be_dry_out_of_step(void)
{
	start(0, 0);
	check_int(judge(late(20), 65), STUTTER_IN_STEP);
	check_int(judge(late(21), 65), STUTTER_OUT_OF_STEP);
	check_int(judge(late(60), 235), STUTTER_IN_STEP);
	check_int(judge(late(61), 235), STUTTER_OUT_OF_STEP);
	check_int(judge(lost(PERIOD), 235), STUTTER_OUT_OF_STEP);
}

static void in_a_stutter_only_who_has_surely_run_dry_is_out_of_step(void)
{
	start(3, 3 * SEC);
	/* Together with the cycle before the stall it is more than all of the 65 ms */
	check_int(judge(late(44), 65), STUTTER_OUT_OF_STEP);
	check_int(judge(late(43), 65), STUTTER_DOUBTFUL);
	check_int(judge(late(20), 65), STUTTER_IN_STEP);
	check_int(judge(late(90), 165), STUTTER_DOUBTFUL);
	check_int(judge(late(144), 165), STUTTER_OUT_OF_STEP);
	/* What no socket and no controller hold is missing in any buffer */
	check_int(judge(late(150), 1000), STUTTER_DOUBTFUL);
	check_int(judge(late(151), 1000), STUTTER_OUT_OF_STEP);
}

static void the_stall_that_begins_a_stutter_was_played_as_a_rare_one(void)
{
	struct stutter_event e;

	/* What was later than 60 ms is gone */
	start(2, 3 * SEC);
	now_ns += 3 * SEC;
	e = late(100);
	add(e);
	check(s.on);
	check_int(judge(e, 235), STUTTER_OUT_OF_STEP);
	/* and of the next one, which all have got, is not */
	check_int(judge(late(100), 235), STUTTER_DOUBTFUL);
	start(2, 3 * SEC);
	now_ns += 3 * SEC;
	e = late(60);
	add(e);
	check_int(judge(e, 125), STUTTER_DOUBTFUL);
}

static void in_a_stutter_what_all_have_lost_is_borne_for_a_while(void)
{
	start(3, 3 * SEC);
	check_int(judge(lost(PERIOD), 235), STUTTER_DOUBTFUL);
	check_int(judge(lost(PERIOD), 65), STUTTER_OUT_OF_STEP);
	check_int(judge_lacking(lost(PERIOD), 235, 4 * PERIOD), STUTTER_DOUBTFUL);
	check_int(judge_lacking(lost(PERIOD), 235, 5 * PERIOD), STUTTER_OUT_OF_STEP);
	/* and it is so much less that a buffer has when the next stall comes */
	check_int(judge_lacking(late(90), 165, 2 * PERIOD), STUTTER_DOUBTFUL);
	check_int(judge_lacking(late(90), 165, 3 * PERIOD), STUTTER_OUT_OF_STEP);
}

static void who_has_lost_more_than_another_is_apart(void)
{
	check(!stutter_is_apart(0, 0));
	check(!stutter_is_apart(5 * PERIOD, 5 * PERIOD));
	check(stutter_is_apart(PERIOD, 0));
	check(!stutter_is_apart(0, PERIOD));
	/* Another driver's first cycle is half a cycle off, or more */
	check(stutter_is_apart(3 * PERIOD, 3 * PERIOD - PERIOD / 2));
	check(!stutter_is_apart(10 * MS - 1, 0));
	check(stutter_is_apart(10 * MS, 0));
	/* There is nobody else */
	check(!stutter_is_apart(10 * SEC, INT64_MAX));
}

static void nobody_is_silent_for_more_than_a_fifth_of_the_time(void)
{
	for (int64_t took = 0; took < 10 * SEC; took += 100 * MS)
		check(5 * took <= took + stutter_rest_ns(took));
	check(stutter_rest_ns(0) > 0);
}

int main(void)
{
	run(the_third_stall_of_a_minute_is_a_stutter);
	run(what_is_told_in_parts_is_one_stall);
	run(a_machine_that_was_asleep_does_not_stutter);
	run(a_stutter_is_over_when_the_next_stall_is_overdue);
	run(what_is_long_ago_is_forgotten);
	run(the_memory_is_bounded);
	run(a_rare_stall_puts_whoever_may_be_dry_out_of_step);
	run(in_a_stutter_only_who_has_surely_run_dry_is_out_of_step);
	run(the_stall_that_begins_a_stutter_was_played_as_a_rare_one);
	run(in_a_stutter_what_all_have_lost_is_borne_for_a_while);
	run(who_has_lost_more_than_another_is_apart);
	run(nobody_is_silent_for_more_than_a_fifth_of_the_time);
	return harness_finish();
}
