/* Test: alignment */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "timing/align.h"
#include "harness.h"

#define MS(x)	((int64_t)((x) * SPA_NSEC_PER_MSEC))

static const struct align_params params = {
	.headroom_ns = 30 * SPA_NSEC_PER_MSEC,
	.max_delay_ns = 2000 * SPA_NSEC_PER_MSEC,
};

#define member(ms)	{ .latency_ns = MS(ms), .settled = true }

/* Everybody is heard at B: d + L + c - t */
static void check_together(const struct align *a, const struct align_member *m, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		check(m[i].aligned);
		check_int(m[i].delay_ns + m[i].latency_ns + m[i].correction_ns - m[i].trim_ns,
				a->total_ns);
	}
}

static void all_are_heard_at_the_slowest_plus_headroom(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(50), member(150), member(220) };

	check_int(align_update(&a, &params, m, 3, false), 1);
	check_int(a.total_ns, MS(250));
	check_int(m[0].delay_ns, MS(200));
	check_int(m[1].delay_ns, MS(100));
	check_int(m[2].delay_ns, MS(30));
	check_together(&a, m, 3);
	check_int(align_update(&a, &params, m, 3, false), 0);
	check_int(align_update(&a, &params, m, 3, true), 0);
}

static void a_positive_correction_sends_earlier_and_a_positive_trim_later(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(100), member(100), member(220) };

	m[1].correction_ns = MS(10);
	m[2].trim_ns = MS(10);
	check_int(align_update(&a, &params, m, 4, false), 1);
	check_int(m[1].delay_ns, m[0].delay_ns - MS(10));
	check_int(m[2].delay_ns, m[0].delay_ns + MS(10));
	check_together(&a, m, 4);
}

static void a_trim_of_the_slowest_lowers_the_total(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(220) };

	m[1].trim_ns = MS(50);
	align_update(&a, &params, m, 2, false);
	check_int(a.total_ns, MS(200));
	check_together(&a, m, 2);
}

static void who_is_placed_later_sounds_last(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(50), member(150) };

	align_update(&a, &params, m, 2, false);
	check_int(a.last_ns, a.total_ns);
	m[0].trim_ns = MS(1000);
	align_update(&a, &params, m, 2, false);
	check_int(a.total_ns, MS(180));
	check_int(a.last_ns, MS(1180));
	/* earlier is before all others, and a latency below nothing is a longer delay */
	m[0].trim_ns = MS(-1000);
	align_update(&a, &params, m, 2, false);
	check_int(a.last_ns, a.total_ns);
	m[0] = (struct align_member) { .latency_ns = MS(50), .correction_ns = MS(-500), .settled = true };
	align_update(&a, &params, m, 2, false);
	check_int(m[0].delay_ns, MS(630));
	check_int(a.last_ns, m[0].delay_ns);
	/* who is not aligned is not delayed */
	m[0].correction_ns = MS(-2000);
	align_update(&a, &params, m, 2, false);
	check(!m[0].aligned || !m[1].aligned);
	check(a.last_ns >= a.total_ns && a.last_ns >= m[0].delay_ns && a.last_ns >= m[1].delay_ns);
}

static void a_start_leaves_room_for_what_is_pending(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(150) };

	m[0].pending_ns = MS(121);
	m[1].pending_ns = MS(171);
	align_update(&a, &params, m, 2, true);
	check_int(a.total_ns, MS(201));
	/* also while it starts with silence */
	check_int(align_update(&a, &params, m, 2, false), 0);

	m[0] = (struct align_member) member(113);
	m[1] = (struct align_member) member(163);
	align_update(&a, &params, m, 2, true);
	check_int(a.total_ns, MS(201));
	check_together(&a, m, 2);
}

static void a_joiner_within_the_headroom_moves_nobody(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), { .latency_ns = MS(225) } };

	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(230));
	check(!m[2].aligned);
	check_int(m[2].delay_ns, 0);

	m[2].settled = true;
	check_int(align_update(&a, &params, m, 3, true), 1);
	check_int(a.total_ns, MS(230));
	check_int(m[0].delay_ns, MS(130));
	check_int(m[2].delay_ns, MS(5));
}

static void a_joiner_beyond_the_headroom_moves_all_once(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), member(300) };

	align_update(&a, &params, m, 2, true);
	check_int(align_update(&a, &params, m, 3, true), 1);
	check_int(a.total_ns, MS(330));
	check_together(&a, m, 3);
	m[2].latency_ns = MS(329);
	check_int(align_update(&a, &params, m, 3, true), 1);
	check_int(a.total_ns, MS(330));
}

/* Of a call: by how much B crept. All delays but that of who wanders are as much longer. */
static int64_t creep(struct align *a, const struct align_params *p, struct align_member *m, uint32_t n, uint32_t wanders)
{
	int64_t before_ns = a->total_ns, step_ns;
	int64_t delays_ns[8];
	uint32_t i;

	for (i = 0; i < n; i++)
		delays_ns[i] = m[i].delay_ns;
	align_update(a, p, m, n, true);
	step_ns = a->total_ns - before_ns;
	check_int(a->crept, step_ns > 0);
	check(step_ns >= 0 && step_ns <= p->creep_ns);
	for (i = 0; i < n; i++) {
		check_int(m[i].wait_ns, 0);
		if (i != wanders)
			check_int(m[i].delay_ns, delays_ns[i] + step_ns);
	}
	check_together(a, m, n);
	return step_ns;
}

static void the_group_creeps_for_one_that_is_tracked_and_ever_later(void)
{
	struct align_params p = params;
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), member(150) };
	int64_t shortest_ns = INT64_MAX;
	uint32_t i;

	p.creep_ns = MS(0.1);
	m[0].heard = m[1].heard = m[2].heard = m[1].tracked = true;
	align_update(&a, &p, m, 3, true);
	check_int(a.total_ns, MS(230));
	/* 57 ms, by 40 us a second */
	for (i = 0; i < 1425; i++) {
		m[1].correction_ns += MS(0.04);
		creep(&a, &p, m, 3, 1);
		shortest_ns = SPA_MIN(shortest_ns, m[1].delay_ns);
	}
	check_int(shortest_ns, ALIGN_FLOOR_NS - MS(0.04));
	creep(&a, &p, m, 3, 1);
	check(!a.creeps);
	check_int(a.total_ns, MS(257) + ALIGN_FLOOR_NS);
	/* It comes back: nobody moves for that */
	for (i = 0; i < 500; i++) {
		m[1].correction_ns -= MS(0.04);
		check_int(creep(&a, &p, m, 3, 1), 0);
	}
	/* and in the next silence B is what it has to be */
	align_update(&a, &p, m, 3, false);
	check_int(a.total_ns, MS(200 + 37 + 30));
	check(!a.crept && !a.creeps);
}

static void it_creeps_no_faster_than_it_may(void)
{
	struct align_params p = params;
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200) };
	uint32_t i;

	m[0].heard = m[1].heard = m[1].tracked = true;
	align_update(&a, &p, m, 2, true);
	m[1].correction_ns = MS(27);
	/* not when it is found to be that late, */
	p.creep_ns = MS(0.1);
	check_int(creep(&a, &p, m, 2, 1), 0);
	check(a.creeps);
	/* nor now */
	p.creep_ns = 0;
	check_int(creep(&a, &p, m, 2, 1), 0);
	check(a.creeps);
	p.creep_ns = MS(0.1);
	for (i = 0; i < 20; i++) {
		check_int(creep(&a, &p, m, 2, 1), MS(0.1));
		check_int(a.creeps, i < 19);
	}
	check_int(creep(&a, &p, m, 2, 1), 0);
	/* What is too much for that moves the group, as ever */
	m[1].correction_ns = MS(40);
	align_update(&a, &p, m, 2, true);
	check_int(a.total_ns, MS(270));
	check(!a.crept && !a.creeps);
	check_int(m[0].wait_ns, MS(140));
	check_together(&a, m, 2);
}

static void nobody_creeps_for_who_is_not_tracked_or_beyond_the_longest_delay(void)
{
	struct align_params p = params;
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200) };

	p.creep_ns = MS(0.1);
	m[0].heard = m[1].heard = true;
	align_update(&a, &p, m, 2, true);
	/* a report, within the headroom */
	m[1].latency_ns = MS(228);
	check_int(creep(&a, &p, m, 2, 1), 0);
	check(!a.creeps);
	m[1].tracked = true;
	p.max_delay_ns = m[0].delay_ns + MS(0.03);
	check_int(creep(&a, &p, m, 2, 1), 0);
	check_int(creep(&a, &p, m, 2, 1), MS(0.03));
	check_int(creep(&a, &p, m, 2, 1), 0);
	check(!a.creeps);
	/* nor for who is left out */
	m[1].latency_ns = MS(9000);
	align_update(&a, &p, m, 2, true);
	check(!m[1].aligned && !a.crept && !a.creeps);
}

static void a_move_of_the_group_is_heard_at_one_moment(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), member(300) };
	uint32_t i;

	m[0].heard = m[1].heard = true;
	align_update(&a, &params, m, 2, true);
	m[0].correction_ns = MS(5);
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(330));
	check_int(m[0].wait_ns, MS(95));
	check_int(m[1].wait_ns, 0);
	check_int(m[2].wait_ns, 0);
	align_update(&a, &params, m, 3, true);
	for (i = 0; i < 3; i++)
		check_int(m[i].wait_ns, 0);
}

static void a_move_of_one_speaker_waits_for_nobody(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200) };

	m[0].heard = m[1].heard = true;
	align_update(&a, &params, m, 2, true);
	m[0].latency_ns = MS(140);
	check_int(align_update(&a, &params, m, 2, true), 1);
	check_int(a.total_ns, MS(230));
	check_int(m[0].delay_ns, MS(90));
	check_int(m[0].wait_ns, 0);
}

static void those_who_need_a_move_one_after_the_other_get_it_once(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(300), { .pending_ns = MS(400) } };

	align_update(&a, &params, m, 1, true);
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(430));
	m[2] = (struct align_member) member(415);
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(430));
	check_together(&a, m, 3);
}

static void no_room_is_made_for_a_bogus_report(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(300), { .pending_ns = MS(6500) } };

	align_update(&a, &params, m, 1, true);
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(330));
	m[2].pending_ns = INT64_MAX;
	m[1].latency_ns = MS(400);
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(430));
}

static void the_slowest_leaving_moves_nobody_before_the_pause(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), member(500) };

	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(530));
	check_int(align_update(&a, &params, m, 2, true), 0);
	check_int(a.total_ns, MS(530));
	check_int(align_update(&a, &params, m, 2, false), 1);
	check_int(a.total_ns, MS(230));
}

static void all_gone_while_playing_keeps_the_total(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100) };

	align_update(&a, &params, m, 1, true);
	check_int(align_update(&a, &params, NULL, 0, true), 0);
	check_int(a.total_ns, MS(130));
	check_int(align_update(&a, &params, NULL, 0, false), 1);
	check_int(a.total_ns, 0);
}

static void nothing_settled_is_no_total(void)
{
	struct align a = { 0 };
	struct align_member m[] = { { .latency_ns = MS(100) }, { .latency_ns = MS(200) } };

	check_int(align_update(&a, &params, m, 2, true), 0);
	check_int(a.total_ns, 0);
	check(!m[0].aligned && !m[1].aligned);
}

static void a_bogus_report_is_left_out(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(6500), member(220) };

	align_update(&a, &params, m, 3, false);
	check_int(a.total_ns, MS(250));
	check(m[0].aligned && !m[1].aligned && m[2].aligned);
	check_int(m[1].delay_ns, 0);
}

static void a_bogus_report_while_playing_moves_nobody(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(220) };

	align_update(&a, &params, m, 2, true);
	m[1].latency_ns = MS(6500);
	check_int(align_update(&a, &params, m, 2, true), 1);
	check_int(a.total_ns, MS(250));
	check(m[0].aligned && !m[1].aligned);
	check_int(m[0].delay_ns, MS(150));
}

static void the_majority_is_never_left_out(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(2), member(3000), member(3100), member(3200) };

	align_update(&a, &params, m, 4, false);
	check_int(a.total_ns, MS(3230));
	check(!m[0].aligned && m[1].aligned && m[2].aligned && m[3].aligned);
}

static void of_two_too_far_apart_the_faster_is_kept(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(5000), member(100) };

	align_update(&a, &params, m, 2, false);
	check_int(a.total_ns, MS(130));
	check(!m[0].aligned && m[1].aligned);
}

static void no_delay_is_ever_beyond_its_limits(void)
{
	uint32_t seed = 5, round, i;

	for (round = 0; round < 20000; round++) {
		struct align a = { 0 };
		struct align_member m[6];
		uint32_t step;

		for (step = 0; step < 4; step++) {
			bool playing = step > 0;
			int64_t before = a.total_ns;
			bool fits = true;

			for (i = 0; i < 6; i++) {
				if (step > 0 && harness_noise(&seed) < 0.5f)
					continue;
				m[i] = (struct align_member) {
					.latency_ns = (int64_t)((harness_noise(&seed) + 1.0f) * 1.5e9),
					.correction_ns = (int64_t)(harness_noise(&seed) * 1e8),
					.trim_ns = (int64_t)(harness_noise(&seed) * 1e8),
					.settled = harness_noise(&seed) > -0.5f,
				};
			}
			align_update(&a, &params, m, 6, playing);
			for (i = 0; i < 6; i++) {
				int64_t e = m[i].latency_ns + m[i].correction_ns - m[i].trim_ns;

				check(m[i].delay_ns >= 0 && m[i].delay_ns <= params.max_delay_ns);
				check(m[i].settled || !m[i].aligned);
				if (m[i].aligned)
					check_int(m[i].delay_ns + e, a.total_ns);
				if (m[i].settled && (before - e < 0 ||
						before - e > params.max_delay_ns))
					fits = false;
			}
			if (playing && before != 0 && fits)
				check_int(a.total_ns, before);
			check_int(align_update(&a, &params, m, 6, playing), 0);
		}
	}
}

static void numbers_beyond_all_sense_do_no_harm(void)
{
	struct align a = { 0 };
	struct align_member m[] = { member(100), member(200), { .settled = true } };

	m[2].latency_ns = INT64_MAX;
	m[2].correction_ns = INT64_MAX;
	m[2].trim_ns = INT64_MIN;
	align_update(&a, &params, m, 3, false);
	check_int(a.total_ns, MS(230));
	m[2].latency_ns = m[2].correction_ns = INT64_MIN;
	m[2].trim_ns = INT64_MAX;
	align_update(&a, &params, m, 3, true);
	check_int(a.total_ns, MS(230));
}

int main(void)
{
	run(all_are_heard_at_the_slowest_plus_headroom);
	run(a_positive_correction_sends_earlier_and_a_positive_trim_later);
	run(a_trim_of_the_slowest_lowers_the_total);
	run(who_is_placed_later_sounds_last);
	run(a_start_leaves_room_for_what_is_pending);
	run(a_joiner_within_the_headroom_moves_nobody);
	run(a_joiner_beyond_the_headroom_moves_all_once);
	run(the_group_creeps_for_one_that_is_tracked_and_ever_later);
	run(it_creeps_no_faster_than_it_may);
	run(nobody_creeps_for_who_is_not_tracked_or_beyond_the_longest_delay);
	run(a_move_of_the_group_is_heard_at_one_moment);
	run(a_move_of_one_speaker_waits_for_nobody);
	run(those_who_need_a_move_one_after_the_other_get_it_once);
	run(no_room_is_made_for_a_bogus_report);
	run(the_slowest_leaving_moves_nobody_before_the_pause);
	run(all_gone_while_playing_keeps_the_total);
	run(nothing_settled_is_no_total);
	run(a_bogus_report_is_left_out);
	run(a_bogus_report_while_playing_moves_nobody);
	run(the_majority_is_never_left_out);
	run(of_two_too_far_apart_the_faster_is_kept);
	run(no_delay_is_ever_beyond_its_limits);
	run(numbers_beyond_all_sense_do_no_harm);
	return harness_finish();
}
