/* Which latency offsets make all sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "calibrate/offsets.h"
#include "harness.h"

static double value(uint32_t *seed, double from, double to)
{
	return from + (to - from) * 0.5 * (1.0 + harness_noise(seed));
}

static void the_slowest_keeps_its_offset(void)
{
	struct offset_speaker s[] = {
		{ true, 50.0, 0.0, 0.0 }, { true, 150.0, 0.0, 20.0 }, { true, 220.0, 0.0, -10.0 },
	};

	check(offsets_work_out(s, 3) == -10.0);
	check(s[0].change_ms == 10.0 && s[1].change_ms == 30.0 && s[2].change_ms == 0.0);
}

static void no_latency_comes_below_nothing(void)
{
	/* The first is the slowest by far, and the second is counted 100 ms and heard at once */
	struct offset_speaker s[] = { { true, 100.0, 0.0, 500.0 }, { true, 100.0, 0.0, 0.0 } };

	check(offsets_work_out(s, 2) == 100.0);
	check(s[0].change_ms == 400.0 && s[1].change_ms == -100.0);
}

static void who_is_not_heard_stays(void)
{
	struct offset_speaker s[] = { { true, 50.0, 0.0, 5.0 }, { false, 900.0, 0.0, 77.0 }, { true, 60.0, 0.0, 0.0 } };

	offsets_work_out(s, 3);
	check(s[1].change_ms == 0.0);
	check(s[0].change_ms == 5.0 && s[2].change_ms == 0.0);
	check(offsets_work_out(s + 1, 1) == 0.0);
}

static void what_the_users_entry_adds_counts_for_who_is_slowest(void)
{
	struct offset_speaker s[] = { { true, 50.0, 100.0, 3.0 }, { true, 60.0, 0.0, 0.0 } };

	check(offsets_work_out(s, 2) == 3.0);
	check(s[0].change_ms == 0.0 && s[1].change_ms == -3.0);
}

static void all_sound_together_afterwards_and_no_later_than_need_be(void)
{
	struct offset_speaker s[15];
	uint32_t seed = 7, round, i;

	for (round = 0; round < 10000; round++) {
		uint32_t n = 2 + round % 14, at_rest = 0;
		double k, least = INFINITY, slowest = -INFINITY, slowest_after = -INFINITY;

		for (i = 0; i < n; i++) {
			s[i] = (struct offset_speaker) { true, value(&seed, 0.0, 400.0), value(&seed, -50.0, 50.0),
				value(&seed, -500.0, 500.0) };
			s[i].correction_ms *= round % 2;
		}
		k = offsets_work_out(s, n);
		for (i = 0; i < n; i++) {
			check(fabs(s[i].late_ms - s[i].change_ms - k) < 1e-9);
			check(s[i].latency_ms + s[i].change_ms > -1e-9);
			least = fmin(least, s[i].latency_ms + s[i].change_ms);
			slowest = fmax(slowest, s[i].latency_ms + s[i].correction_ms);
			slowest_after = fmax(slowest_after, s[i].latency_ms + s[i].correction_ms + s[i].change_ms);
			at_rest += fabs(s[i].change_ms) < 1e-9;
		}
		/* Either the slowest has stayed, or somebody is at the lower end */
		check(at_rest > 0 || fabs(least) < 1e-9);
	}
}

int main(void)
{
	run(the_slowest_keeps_its_offset);
	run(no_latency_comes_below_nothing);
	run(who_is_not_heard_stays);
	run(what_the_users_entry_adds_counts_for_who_is_slowest);
	run(all_sound_together_afterwards_and_no_later_than_need_be);
	return harness_finish();
}
