/* What is worked out from when the cycles of the graph came */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/node/io.h>

#include "harness.h"
#include "timing/cycle.h"

#define QUANTUM	1024
#define RATE	48000

static const int64_t MS = SPA_NSEC_PER_MSEC;
static const int64_t PERIOD = (int64_t)QUANTUM * SPA_NSEC_PER_SEC / RATE;

static struct cycle c;
static int64_t begin_ns, asleep_ns;

/* One that began when it was due and comes so much later */
static unsigned cycle(int64_t late_ns)
{
	struct spa_io_clock clock = {
		.nsec = begin_ns, .duration = QUANTUM, .rate = SPA_FRACTION(1, RATE),
	};

	begin_ns += PERIOD;
	return cycle_begin(&c, &clock, (int64_t)clock.nsec + late_ns, asleep_ns);
}

static void start(void)
{
	c = (struct cycle) { 0 };
	c.late_max_ns = stutter_late_max_ns(&(struct stutter) { 0 });
	begin_ns = 1000 * MS;
	asleep_ns = 0;
	cycle_reset(&c);
	for (int i = 0; i < 10; i++)
		check_int(cycle(i % 2 * MS), 0);
}

static void a_little_late_is_nothing(void)
{
	start();
	for (int i = 0; i < 100; i++)
		check_int(cycle(i % 15 * MS), 0);
	check_int(cycle(CYCLE_LATE_MIN_NS - 1), 0);
	check_int(c.late_ns, 0);
	check_int(c.lost_ns, 0);
}

static void what_is_repaid_is_told_with_the_worst_lateness(void)
{
	start();
	check_int(cycle(20 * MS), CYCLE_TELL);
	check_int(cycle(60 * MS), CYCLE_TELL);
	check_int(cycle(40 * MS), CYCLE_TELL);
	check_int(c.late_ns, 60 * MS);
	check_int(c.lost_ns, 0);
	check(c.behind);
	/* And once more when it has been repaid, then no more */
	check_int(cycle(0), CYCLE_TELL);
	check(!c.behind);
	check_int(cycle(0), 0);
}

static void cycles_that_are_too_late_for_anybody_are_skipped(void)
{
	int64_t max = c.late_max_ns;
	int skipped = 0, n = 0;

	/* 150 ms: they are run one after the other, each a period less late */
	start();
	for (int64_t late = 150 * MS; late > CYCLE_LATE_MIN_NS; late -= PERIOD, n++)
		skipped += (cycle(late) & CYCLE_SKIP) != 0;
	check_int(skipped, (150 * MS - max) / PERIOD + 1);
	check(n - skipped <= (int)(max / PERIOD) + 1);
	check_int(c.late_ns, 150 * MS);
	check_int(c.lost_ns, 0);
	/* Where more is made up for nothing is */
	start();
	c.late_max_ns = 150 * MS;
	check_int(cycle(150 * MS), CYCLE_TELL);
}

static void a_cycle_that_never_came_is_lost(void)
{
	start();
	begin_ns += PERIOD;
	check_int(cycle(0), CYCLE_TELL);
	check_int(c.lost_ns, PERIOD);
	begin_ns += 2 * PERIOD;
	check_int(cycle(0), CYCLE_TELL);
	check_int(c.lost_ns, 3 * PERIOD);
	check_int(cycle(0), 0);
}

static void another_driver_begins_at_another_time(void)
{
	start();
	begin_ns -= PERIOD * 6 / 10;
	check_int(cycle(0), CYCLE_TELL);
	check(llabs(c.lost_ns - PERIOD * 6 / 10) <= 1);
	/* Less than half a cycle is how a clock is followed */
	start();
	begin_ns += PERIOD * 4 / 10;
	check_int(cycle(0), 0);
	check_int(c.lost_ns, 0);
}

static void a_sleep_of_the_machine_is_lost_time(void)
{
	start();
	asleep_ns += 3000 * MS;
	check_int(cycle(0), CYCLE_TELL);
	check_int(c.lost_ns, 3000 * MS);
	check_int(cycle(0), 0);
	/* The two clocks are not read at once */
	asleep_ns += CYCLE_LATE_MIN_NS - 1;
	check_int(cycle(0), 0);
	check_int(c.lost_ns, 3000 * MS);
}

static void what_was_before_a_pause_does_not_matter(void)
{
	start();
	check_int(cycle(100 * MS), CYCLE_TELL | CYCLE_SKIP);
	begin_ns += PERIOD;
	check_int(cycle(0), CYCLE_TELL);
	begin_ns += 5000 * MS;
	asleep_ns += 4000 * MS;
	cycle_reset(&c);
	/* Nobody waits for what will not be run any more */
	check(!c.behind);
	check_int(cycle(100 * MS), 0);
	check_int(cycle(0), 0);
	check_int(c.late_ns, 0);
	check_int(c.lost_ns, 0);
}

static void a_clock_without_a_rate_says_nothing(void)
{
	struct spa_io_clock clock = { .nsec = 5 };

	start();
	check_int(cycle_begin(&c, &clock, 1000 * MS, 0), 0);
	check_int(cycle(0), 0);
}

int main(void)
{
	run(a_little_late_is_nothing);
	run(what_is_repaid_is_told_with_the_worst_lateness);
	run(cycles_that_are_too_late_for_anybody_are_skipped);
	run(a_cycle_that_never_came_is_lost);
	run(another_driver_begins_at_another_time);
	run(a_sleep_of_the_machine_is_lost_time);
	run(what_was_before_a_pause_does_not_matter);
	run(a_clock_without_a_rate_says_nothing);
	return harness_finish();
}
