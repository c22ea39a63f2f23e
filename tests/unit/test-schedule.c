/* When each speaker of a round is asked to play: nobody is heard who should not be */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "calibrate/schedule.h"
#include "harness.h"

static double end_of(const struct schedule_slot *s, const struct schedule *schedule, double delay)
{
	return s->emit_sec + schedule->sweep_sec + delay;
}

static void a_speaker_is_muted_before_it_would_play_what_is_meant_for_another(void)
{
	struct schedule schedule = { .sweep_sec = 0.5, .margin_sec = 0.12 };
	struct schedule_slot slots[16] = { 0 };
	uint32_t seed = 1, i, round;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < 16; i++)
			slots[i].delay_sec = 0.5 + 0.5 * harness_noise(&seed);
		schedule_work_out(&schedule, slots, 16);
		for (i = 1; i < 16; i++) {
			const struct schedule_slot *s = &slots[i], *last = s - 1;

			/* all of the last one is over, in itself and in the next */
			check(s->solo_sec >= end_of(last, &schedule, last->delay_sec) - 1e-9);
			check(s->solo_sec >= end_of(last, &schedule, s->delay_sec) - 1e-9);
			/* and neither plays the next one's yet */
			check(s->ready_sec <= s->emit_sec + last->delay_sec + 1e-9);
			check(s->ready_sec <= s->emit_sec + s->delay_sec + 1e-9);
			check(s->ready_sec - s->solo_sec >= schedule.margin_sec - 1e-9);
			check(s->solo_sec > last->ready_sec);
		}
	}
}

static void no_two_windows_are_closer_to_each_other_than_they_have_to_be(void)
{
	const struct schedule schedule = { .sweep_sec = 0.5, .margin_sec = 0.12, .apart_sec = 0.05 };
	struct schedule_slot slots[16] = { 0 };
	uint32_t seed = 1, i, j, round;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < 16; i++) {
			slots[i].delay_sec = 0.5 + 0.5 * harness_noise(&seed);
			slots[i].sound_sec = 0.5 + 0.5 * harness_noise(&seed);
			slots[i].before_sec = 0.3 + 0.3 * harness_noise(&seed);
			slots[i].after_sec = 0.3 + 0.3 * harness_noise(&seed);
		}
		schedule_work_out(&schedule, slots, 16);
		for (i = 0; i < 16; i++)
			for (j = 0; j < i; j++)
				check(slots[i].emit_sec + slots[i].sound_sec - slots[i].before_sec >=
						slots[j].emit_sec + slots[j].sound_sec + slots[j].after_sec +
						schedule.apart_sec - 1e-9);
	}
}

static void in_the_order_of_their_delays_nobody_waits_for_a_delay_twice(void)
{
	const struct schedule schedule = { .sweep_sec = 0.5, .margin_sec = 0.1 };
	struct schedule_slot there_and_back[] = {
		{ .delay_sec = 0.0 }, { .delay_sec = 0.3 }, { .delay_sec = 1.0 },
		{ .delay_sec = 1.0 }, { .delay_sec = 0.3 }, { .delay_sec = 0.0 },
	};
	double end = schedule_work_out(&schedule, there_and_back, 6);

	note("six sounds of 0.5 s, delays up to 1 s: %.2f s", end);
	check(fabs(end - (6 * (0.5 + 0.1) + 2 * 1.0)) < 1e-9);
}

static void no_slot_takes_no_time(void)
{
	const struct schedule schedule = { .sweep_sec = 0.5, .margin_sec = 0.1 };

	check(schedule_work_out(&schedule, NULL, 0) == 0.0);
}

int main(void)
{
	run(a_speaker_is_muted_before_it_would_play_what_is_meant_for_another);
	run(no_two_windows_are_closer_to_each_other_than_they_have_to_be);
	run(in_the_order_of_their_delays_nobody_waits_for_a_delay_twice);
	run(no_slot_takes_no_time);
	return harness_finish();
}
