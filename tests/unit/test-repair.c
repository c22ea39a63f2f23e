/* Test: who is started anew after stalls, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "harness.h"
#include "member/repair.h"

#define MEMBERS	4

static const int64_t MS = SPA_NSEC_PER_MSEC;
static const int64_t SEC = SPA_NSEC_PER_SEC;

static struct repair r;
static struct member members[MEMBERS], *list[MEMBERS];
static const struct member_list all = { list, MEMBERS };
static int64_t now_ns;

/* They play, the first with the shortest latency */
static void begin(void)
{
	r = (struct repair) { 0 };
	now_ns = 1000 * SEC;
	for (int i = 0; i < MEMBERS; i++) {
		struct member *m = list[i] = &members[i];

		*m = (struct member) { 0 };
		member_node(m, MEMBER_NODE_SUSPENDED, true, now_ns);
		member_added(m, &kind_bluetooth, false);
		member_links(m, true, false);
		member_event(m, MEMBER_STREAMS, now_ns);
		member_node(m, MEMBER_NODE_RUNNING, false, now_ns);
		member_report(m, &(struct member_report) {
			.latency_ns = (150 + 10 * i) * MS, .settled = true, .sure = true,
			.has_packet = true, .n_reports = 2,
		});
		member_begin(m);
	}
}

static void stall(int64_t late_ns, int64_t lost_ns)
{
	struct stutter_event e = {
		.late_ns = late_ns, .lost_ns = lost_ns, .period_ns = 21 * MS,
		.late_max_ns = stutter_late_max_ns(&r.stutter),
	};

	repair_add(&r, &all, &e, now_ns);
}

static enum repair_action next(struct member **m)
{
	repair_tick(&r, &all, false, now_ns);
	return repair_next(&r, &all, &(struct repair_now) { .now_ns = now_ns, .playing = true }, m);
}

static struct member *hold(void)
{
	struct member *m;

	check(next(&m) == REPAIR_HOLD);
	check(m->state == MEMBER_STOPPING);
	check(next(&m) == REPAIR_WAIT);
	return m;
}

/* Its stream stops, its sink rests, lets go after \a took_ns, and it streams again */
static void let_go(struct member *m, int64_t took_ns)
{
	struct member *who;

	member_event(m, MEMBER_STOPPED, now_ns);
	member_node(m, MEMBER_NODE_IDLE, false, now_ns);
	check(next(&who) == REPAIR_SUSPEND && who == m);
	check(next(&who) == REPAIR_WAIT);
	now_ns += took_ns;
	member_node(m, MEMBER_NODE_SUSPENDED, false, now_ns);
	check(next(&who) == REPAIR_RELEASE && who == m);
	check(m->state == MEMBER_RETURNING);
	member_event(m, MEMBER_STREAMS, now_ns);
	member_node(m, MEMBER_NODE_RUNNING, false, now_ns);
	m->unsent = false;
	m->state = MEMBER_SENDING;
	m->latency_ns = 150 * MS;
}

static void all_are_started_anew_one_after_the_other_and_then_there_is_a_rest(void)
{
	struct member *m;

	begin();
	stall(100 * MS, 0);
	check_int(repair_count(&all, STUTTER_OUT_OF_STEP), MEMBERS);
	for (int i = 0; i < MEMBERS; i++) {
		m = hold();
		check(m == &members[i]);
		check(repair_is_stopping(&r));
		let_go(m, 500 * MS);
	}
	check(next(&m) == REPAIR_WAIT);
	check(r.state == REPAIR_RESTING);
	check_int(r.until_ns - now_ns, stutter_rest_ns(500 * MS));
	check_int(r.n_restarts, 1);
	check_int(r.n_out, MEMBERS);
}

static void who_is_out_of_step_again_within_a_round_waits_for_the_rest(void)
{
	struct member *m;

	begin();
	stall(100 * MS, 0);
	for (int i = 0; i < MEMBERS; i++) {
		m = hold();
		let_go(m, 500 * MS);
		/* and the machine stands still each time, for longer than any buffer lasts */
		stall(160 * MS, 0);
	}
	check(next(&m) == REPAIR_WAIT);
	check(r.state == REPAIR_RESTING);
	check_int(repair_count(&all, STUTTER_OUT_OF_STEP), MEMBERS);
	now_ns = r.until_ns - 1;
	check(next(&m) == REPAIR_WAIT);
	now_ns++;
	check(next(&m) == REPAIR_HOLD);
	check_int(r.n_restarts, 2);
}

static void who_is_slow_or_has_failed_comes_last(void)
{
	begin();
	members[0].let_go_ns = SEC;
	members[1].backoff.failures = 1;
	stall(100 * MS, 0);
	for (int i = 0; i < MEMBERS; i++) {
		struct member *m = hold();

		check(m == &members[(i + 2) % MEMBERS]);
		let_go(m, 100 * MS);
	}
}

static void one_that_does_not_let_go_is_waited_for_seven_seconds(void)
{
	struct member *m, *who;

	begin();
	stall(100 * MS, 0);
	m = hold();
	now_ns += 7 * SEC - 1;
	check(next(&who) == REPAIR_WAIT);
	now_ns++;
	check(next(&who) == REPAIR_RELEASE && who == m);
	check(m->state == MEMBER_SENDING);
	check_int(m->let_go_ns, 7 * SEC);
}

static void nobody_is_suspended_before_the_sink_rests(void)
{
	struct member *m, *who;

	begin();
	stall(100 * MS, 0);
	m = hold();
	now_ns += SEC;
	check(next(&who) == REPAIR_WAIT);
	member_node(m, MEMBER_NODE_IDLE, false, now_ns);
	check(next(&who) == REPAIR_SUSPEND && who == m && m->state == MEMBER_SUSPENDING);
	check(next(&who) == REPAIR_WAIT);
}

static void but_where_the_daemon_does_not_undo_it_it_is_suspended_at_once(void)
{
	struct member *m;

	begin();
	stall(100 * MS, 0);
	m = hold();
	check(m->node == MEMBER_NODE_RUNNING);
	check(repair_next(&r, &all, &(struct repair_now) { .now_ns = now_ns, .playing = true, .at_once = true },
			&m) == REPAIR_SUSPEND);
}

static void one_that_somebody_else_plays_to_is_left_alone(void)
{
	struct member *m;

	begin();
	members[0].shared = true;
	stall(100 * MS, 0);
	m = hold();
	check(m == &members[1]);
	check(members[0].kept && !member_is_held(&members[0]));
}

static void one_that_goes_while_it_is_held_ends_its_turn(void)
{
	struct member *m, *who;

	begin();
	stall(100 * MS, 0);
	m = hold();
	member_event(m, MEMBER_REMOVED, now_ns);
	check(next(&who) == REPAIR_HOLD && who == &members[1]);
	check_int(r.n_stops, 1);
}

static void when_nobody_plays_any_more_nobody_comes_back(void)
{
	struct member *m;

	begin();
	stall(100 * MS, 0);
	m = hold();
	member_event(m, MEMBER_STOPPED, now_ns);
	member_node(m, MEMBER_NODE_SUSPENDED, false, now_ns);
	m->state = MEMBER_SUSPENDING;
	check(repair_next(&r, &all, &(struct repair_now) { .now_ns = now_ns }, &m) == REPAIR_RELEASE);
	check(m->state == MEMBER_IDLE);
}

static void in_a_stutter_who_lacks_more_than_another_is_started_anew(void)
{
	begin();
	for (int i = 0; i < 3; i++, now_ns += SEC)
		stall(20 * MS, 0);
	check(r.stutter.on);
	repair_tick(&r, &all, false, now_ns);
	check_int(repair_count(&all, STUTTER_OUT_OF_STEP), 0);
	members[3].lost_ns = 10 * MS;
	repair_tick(&r, &all, false, now_ns);
	check_int(repair_count(&all, STUTTER_OUT_OF_STEP), 1);
}

static void what_is_doubtful_is_put_right_when_nobody_hears_it(void)
{
	begin();
	r.stutter.on = true;
	members[0].step = STUTTER_DOUBTFUL;
	repair_tick(&r, &all, false, now_ns);
	check(members[0].step == STUTTER_DOUBTFUL);
	repair_tick(&r, &all, true, now_ns);
	check(members[0].step == STUTTER_OUT_OF_STEP);
}

int main(void)
{
	run(all_are_started_anew_one_after_the_other_and_then_there_is_a_rest);
	run(who_is_out_of_step_again_within_a_round_waits_for_the_rest);
	run(who_is_slow_or_has_failed_comes_last);
	run(one_that_does_not_let_go_is_waited_for_seven_seconds);
	run(nobody_is_suspended_before_the_sink_rests);
	run(but_where_the_daemon_does_not_undo_it_it_is_suspended_at_once);
	run(one_that_somebody_else_plays_to_is_left_alone);
	run(one_that_goes_while_it_is_held_ends_its_turn);
	run(when_nobody_plays_any_more_nobody_comes_back);
	run(in_a_stutter_who_lacks_more_than_another_is_started_anew);
	run(what_is_doubtful_is_put_right_when_nobody_hears_it);
	return harness_finish();
}
