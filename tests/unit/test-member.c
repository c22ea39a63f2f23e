/* Test: what a member does, by hand-written sequences of events and by random ones */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "harness.h"
#include "member/member.h"

static const int64_t MS = SPA_NSEC_PER_MSEC;
static const int64_t SEC = SPA_NSEC_PER_SEC;
static const unsigned ALL = MEMBER_CAN_STICK | MEMBER_CAN_BE_REFUSED | MEMBER_SUSPEND_UNDONE;

static struct member m;
static int64_t now_ns;

static void begin(const struct kind *kind, bool audible)
{
	m = (struct member) { 0 };
	now_ns = 1000 * SEC;
	member_node(&m, MEMBER_NODE_SUSPENDED, true, now_ns);
	member_added(&m, kind, audible);
	member_links(&m, true, false);
}

static void event(enum member_event e)
{
	member_event(&m, e, now_ns);
}

static void node(enum member_node n)
{
	member_node(&m, n, false, now_ns);
}

static void report(int64_t latency_ms, bool settled, bool sent)
{
	member_report(&m, &(struct member_report) {
		.latency_ns = latency_ms * MS,
		.settled = settled,
		.sure = settled,
		.unsent = !sent,
		.has_packet = sent,
		.n_reports = 1 + sent,
	});
}

static enum member_action tick_after(int64_t ns, int64_t *next_ns)
{
	now_ns += ns;
	*next_ns = INT64_MAX;
	return member_tick(&m, ALL, now_ns, next_ns);
}

static bool is_called(const char *name)
{
	return strcmp(member_state_name(&m, false), name) == 0;
}

static void part(bool audible)
{
	int64_t next_ns = INT64_MAX;

	member_update_part(&m, audible, now_ns, &next_ns);
}

/* One that plays with others */
static void play(void)
{
	begin(&kind_bluetooth, false);
	event(MEMBER_STREAMS);
	node(MEMBER_NODE_RUNNING);
	report(150, true, true);
	member_begin(&m);
	part(true);
	m.audible = m.aligned = true;
}

/* One that has failed, and is tried again */
static void fail(enum member_event e)
{
	int64_t next_ns;

	event(e);
	check(tick_after(SEC, &next_ns) == MEMBER_DROP);
	member_dropped(&m, now_ns);
}

static void a_member_starts_and_sends(void)
{
	begin(&kind_bluetooth, false);
	check(m.state == MEMBER_IDLE && is_called("idle"));
	event(MEMBER_STREAMS);
	check(m.state == MEMBER_STARTING && is_called("starting"));
	report(125, false, false);
	check(m.state == MEMBER_STARTING && !member_is_heard(&m));
	report(140, false, true);
	check(m.state == MEMBER_SENDING && is_called("settling"));
	report(140, true, true);
	check(is_called("muted"));
	m.audible = true;
	check(is_called("unaligned") && member_is_heard(&m));
	m.aligned = true;
	check(is_called("playing"));
	check(strcmp(member_state_name(&m, true), "warm") == 0);
	/* It begins another stream by itself */
	report(125, true, false);
	check(m.state == MEMBER_STARTING && is_called("starting"));
	event(MEMBER_STOPPED);
	check(m.state == MEMBER_IDLE && is_called("idle"));
	event(MEMBER_REMOVED);
	check(m.state == MEMBER_WAITING && is_called("gone"));
}

static void one_that_streams_to_a_recorder_is_idle(void)
{
	play();
	member_links(&m, false, false);
	check(is_called("idle") && !member_is_there(&m));
}

static void a_sink_of_another_kind_has_nothing_to_wait_for(void)
{
	begin(&kind_sink, false);
	event(MEMBER_STREAMS);
	check(m.state == MEMBER_SENDING);
	check(!member_is_repairable(&m));
	check(!member_takes_our_clock(&m, false));
}

static void one_whose_stream_was_ended_waits(void)
{
	play();
	fail(MEMBER_STREAM_ENDED);
	check(m.state == MEMBER_WAITING && m.fault == MEMBER_ENDED);
	check_int(m.backoff.failures, 1);
	check_int(member_wait_until(&m, false, now_ns), now_ns + BACKOFF_FIRST_NS);
}

static void an_error_has_a_moment_and_then_its_node_lets_go(void)
{
	int64_t next_ns;

	play();
	event(MEMBER_NODE_ERROR);
	check(tick_after(199 * MS, &next_ns) == MEMBER_NOTHING);
	check_int(next_ns, now_ns + MS);
	/* What it says again is the same error */
	event(MEMBER_NODE_ERROR);
	check(tick_after(MS, &next_ns) == MEMBER_DROP);
	check(m.fault == MEMBER_ERROR);
	member_dropped(&m, now_ns);
	check(m.state == MEMBER_LETTING_GO);
	/* Not while it runs, if that is undone */
	check(!member_lets_go(&m, ALL) && member_lets_go(&m, 0));
	node(MEMBER_NODE_IDLE);
	check(member_lets_go(&m, ALL));
	/* It is not taken before that, though its time has come */
	now_ns += 10 * SEC;
	check(member_wait_until(&m, true, now_ns) > now_ns);
	check(member_wait_until(&m, false, now_ns) <= now_ns);
	event(MEMBER_LET_GO);
	check(m.state == MEMBER_WAITING);
}

static void one_that_takes_nothing_is_let_go_of(void)
{
	int64_t next_ns;

	play();
	fail(MEMBER_STREAM_ENDED);
	member_added(&m, &kind_bluetooth, false);
	check_int(m.backoff.failures, 1);
	event(MEMBER_STREAMS);
	node(MEMBER_NODE_IDLE);
	node(MEMBER_NODE_RUNNING);
	report(125, false, false);
	check(tick_after(6999 * MS, &next_ns) == MEMBER_NOTHING);
	check(tick_after(MS, &next_ns) == MEMBER_DROP);
	check(m.fault == MEMBER_STUCK);
	member_dropped(&m, now_ns);
	/* That is a pause, and no failure */
	check(m.state == MEMBER_LETTING_GO);
	check_int(m.backoff.failures, 1);
	check_int(m.backoff.pauses, 1);
}

static void what_was_tracked_of_it_outlives_its_output(void)
{
	play();
	m.tracked_ns = 3 * MS;
	m.tracking = true;
	fail(MEMBER_STREAM_ENDED);
	member_added(&m, &kind_bluetooth, false);
	check_int(m.tracked_ns, 3 * MS);
	check(!m.tracking);
}

static void what_was_tracked_of_it_is_gone_with_its_stream(void)
{
	play();
	m.tracked_ns = 3 * MS;
	m.tracking = true;
	event(MEMBER_STOPPED);
	event(MEMBER_STREAMS);
	check_int(m.tracked_ns, 3 * MS);	/* somebody listens, and knows */
	m.tracking = false;
	check_int(m.tracked_ns, 3 * MS);
	event(MEMBER_STOPPED);
	check_int(m.tracked_ns, 3 * MS);
	event(MEMBER_STREAMS);
	check_int(m.tracked_ns, 0);
}

static void a_first_attempt_that_takes_long_is_not_stuck(void)
{
	int64_t next_ns;

	begin(&kind_bluetooth, false);
	event(MEMBER_STREAMS);
	node(MEMBER_NODE_RUNNING);
	report(125, false, false);
	check(tick_after(60 * SEC, &next_ns) == MEMBER_NOTHING);
	check(next_ns == INT64_MAX);
	/* It may be where somebody else has started it */
	member_links(&m, true, true);
	check(tick_after(0, &next_ns) == MEMBER_DROP && m.fault == MEMBER_STUCK);
}

static void one_that_does_not_start_is_woken_four_times(void)
{
	int64_t next_ns, begin_ns;

	play();
	fail(MEMBER_NODE_ERROR);
	member_added(&m, &kind_bluetooth, false);
	node(MEMBER_NODE_IDLE);
	event(MEMBER_STREAMS);
	begin_ns = now_ns;
	next_ns = now_ns;
	while (m.fault == MEMBER_NO_FAULT)
		tick_after(next_ns - now_ns, &next_ns);
	check_int(m.n_wakes, 4);
	check(m.fault == MEMBER_REFUSED);
	check_int(now_ns - begin_ns, 1500 * MS);
}

static void one_that_ran_before_us_is_started_anew_once(void)
{
	begin(&kind_bluetooth, false);
	node(MEMBER_NODE_RUNNING);
	now_ns += SEC;
	event(MEMBER_STREAMS);
	check(m.clock == MEMBER_CLOCK_FOREIGN);
	/* When nobody else stands */
	check(!member_takes_our_clock(&m, true));
	check(member_takes_our_clock(&m, false) && !member_takes_our_clock(&m, false));
	event(MEMBER_STOPPED);
	node(MEMBER_NODE_SUSPENDED);
	node(MEMBER_NODE_RUNNING);
	event(MEMBER_STREAMS);
	check(m.clock == MEMBER_CLOCK_OURS);
	/* and from then on it has our clock, as long as it is not suspended */
	event(MEMBER_STOPPED);
	now_ns += 10 * SEC;
	event(MEMBER_STREAMS);
	check(m.clock == MEMBER_CLOCK_OURS);
}

static void one_that_is_started_anew_comes_back(void)
{
	play();
	m.step = STUTTER_OUT_OF_STEP;
	check(member_is_repairable(&m));
	event(MEMBER_HOLD);
	check(m.state == MEMBER_STOPPING && m.step == STUTTER_IN_STEP);
	check(!member_is_repairable(&m) && member_is_coming_back(&m));
	event(MEMBER_STOPPED);
	check(m.state == MEMBER_STOPPING);
	event(MEMBER_TOLD);
	node(MEMBER_NODE_SUSPENDED);
	check(m.state == MEMBER_SUSPENDING && is_called("idle"));
	/* It has been silent for long enough: it is not faded in */
	now_ns += SEC;
	part(true);
	check(m.part == MEMBER_TAKES_PART);
	event(MEMBER_RELEASE);
	check(m.state == MEMBER_RETURNING && member_is_coming_back(&m));
	event(MEMBER_STREAMS);
	check(m.state == MEMBER_STARTING);
}

static void one_that_never_stopped_is_not_waited_for(void)
{
	play();
	event(MEMBER_HOLD);
	event(MEMBER_RELEASE);
	check(m.state == MEMBER_SENDING);
}

static void nobody_comes_back_to_a_group_that_stopped(void)
{
	play();
	m.lost_ns = 5 * MS;
	event(MEMBER_HOLD);
	event(MEMBER_STOPPED);
	event(MEMBER_RELEASE);
	event(MEMBER_GROUP_STOPPED);
	check(m.state == MEMBER_IDLE && !member_is_coming_back(&m));
	check_int(m.lost_ns, 0);
}

static void who_comes_moves_nobody_before_it_has_sent(void)
{
	begin(&kind_bluetooth, true);
	part(true);
	event(MEMBER_STREAMS);
	report(400, true, false);
	check(!member_counts(&m, true) && !member_may_be_heard(&m, true));
	now_ns += 60 * SEC;
	part(true);
	check(!member_counts(&m, true));
	report(400, true, true);
	check(member_counts(&m, true));
}

static void who_comes_back_is_faded_in_when_it_is_there(void)
{
	play();
	now_ns += SEC;
	event(MEMBER_STOPPED);
	part(true);
	check(m.part == MEMBER_AWAY && member_counts(&m, true) && !member_may_be_heard(&m, true));
	now_ns += SEC;
	event(MEMBER_STREAMS);
	report(150, true, true);
	part(true);
	now_ns += 299 * MS;
	part(true);
	check(m.part == MEMBER_AWAY);
	now_ns += MS;
	part(true);
	check(m.part == MEMBER_TAKES_PART && member_may_be_heard(&m, true));
	/* One that is not sure takes longer */
	event(MEMBER_STOPPED);
	part(true);
	event(MEMBER_STREAMS);
	m.sure = false;
	part(true);
	now_ns += 2499 * MS;
	part(true);
	check(m.part == MEMBER_AWAY);
	now_ns += MS;
	part(true);
	check(m.part == MEMBER_TAKES_PART);
}

static void in_a_start_a_report_is_enough(void)
{
	begin(&kind_bluetooth, false);
	event(MEMBER_STREAMS);
	report(0, false, false);
	member_begin(&m);
	check(m.belief == MEMBER_NO_LATENCY && m.part == MEMBER_NO_PART);
	report(125, false, false);
	member_begin(&m);
	part(true);
	check(m.belief == MEMBER_EARLY && member_may_be_heard(&m, true));
	/* Of one that has not settled nothing stays when all fall silent */
	part(false);
	check(m.belief == MEMBER_NO_LATENCY && m.part == MEMBER_NO_PART);
}

#define SEEDS	4000
#define EVENTS	60

static uint32_t seed;

static uint32_t draw(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(seed >> 8) * n) >> 24);
}

struct coverage {
	bool states[MEMBER_RETURNING + 1], parts[MEMBER_TAKES_PART + 1], faults[MEMBER_REFUSED + 1];
	bool transitions[MEMBER_RETURNING + 1][MEMBER_RETURNING + 1];
};

static void check_rules(bool audible)
{
	bool sends = m.state == MEMBER_STARTING || m.state == MEMBER_SENDING;

	/* What its stream does and its state are one */
	check(!sends || m.streaming);
	check(!m.streaming || sends || member_is_held(&m));
	check(!sends || (m.state == MEMBER_STARTING) == m.unsent);
	check(member_has_output(&m) || (!m.linked && is_called("gone")));
	/* Nobody is heard whose place is not known, or who is to be faded in, or who moves nobody */
	check(!member_may_be_heard(&m, audible) || (m.belief != MEMBER_NO_LATENCY && member_counts(&m, audible)));
	check(audible || m.part == MEMBER_NO_PART || m.part == MEMBER_TAKES_PART || !member_has_output(&m));
	check(!member_is_repairable(&m) || (m.streaming && m.node != MEMBER_NODE_SUSPENDED));
	check(m.n_wakes <= 4 && m.backoff.pauses <= 3);
	check(!member_lets_go(&m, ALL) || m.node != MEMBER_NODE_RUNNING);
	check(!is_called("playing") || (m.audible && m.aligned && member_is_there(&m)));
}

/* What the group does of it: only what can be */
static void draw_event(bool *audible)
{
	switch (draw(14)) {
	case 0: case 1: case 2:
		if (!m.streaming)
			event(MEMBER_STREAMS);
		break;
	case 3:
		if (m.streaming)
			event(MEMBER_STOPPED);
		break;
	case 4: case 5:
		node(draw(3));
		break;
	case 6:
		event(draw(2) ? MEMBER_NODE_ERROR : MEMBER_STREAM_ENDED);
		break;
	case 7:
		if (member_is_repairable(&m))
			event(MEMBER_HOLD);
		break;
	case 8:
		if (m.state == MEMBER_STOPPING && m.node != MEMBER_NODE_RUNNING)
			event(MEMBER_TOLD);
		else if (member_is_held(&m))
			event(MEMBER_RELEASE);
		break;
	case 9:
		event(draw(2) ? MEMBER_GROUP_STARTED : MEMBER_GROUP_STOPPED);
		break;
	case 10:
		member_links(&m, draw(4) > 0, draw(4) == 0);
		break;
	case 11: case 12:
		report(draw(3) * 100, draw(3) == 0 || m.belief == MEMBER_SETTLED, draw(2));
		break;
	case 13:
		*audible = draw(4) > 0;
		if (*audible)
			member_begin(&m);
		break;
	}
}

static void draw_tick(bool audible)
{
	int64_t next_ns = INT64_MAX;
	enum member_action action;

	now_ns += draw(4) ? draw(1500) * MS : draw(20) * SEC;
	action = member_tick(&m, ALL, now_ns, &next_ns);
	/* Who is late wakes it again at once */
	check(next_ns > now_ns || action == MEMBER_WAKE);
	next_ns = INT64_MAX;
	check(action == MEMBER_DROP ? m.fault != MEMBER_NO_FAULT : m.fault == MEMBER_NO_FAULT);
	if (action == MEMBER_DROP) {
		member_dropped(&m, now_ns);
		check(member_wait_until(&m, false, now_ns) > now_ns);
		return;
	}
	member_takes_our_clock(&m, draw(2));
	member_update_part(&m, audible, now_ns, &next_ns);
	check(next_ns > now_ns);
	m.audible = member_may_be_heard(&m, audible);
	m.aligned = m.belief != MEMBER_NO_LATENCY;
}

static void wait(bool audible)
{
	now_ns += draw(5) * SEC;
	if (draw(3) == 0)
		node(draw(3));
	if (member_lets_go(&m, ALL))
		event(MEMBER_LET_GO);
	if (now_ns < member_wait_until(&m, m.state == MEMBER_LETTING_GO, now_ns))
		return;
	member_added(&m, draw(8) ? &kind_bluetooth : &kind_sink, audible);
	member_links(&m, true, false);
}

static void no_sequence_of_events_breaks_a_rule(void)
{
	struct coverage c = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 1; i <= SEEDS; i++) {
		bool audible = false;

		seed = i;
		begin(&kind_bluetooth, false);
		for (int j = 0; j < EVENTS; j++) {
			enum member_state before = m.state;

			if (member_has_output(&m)) {
				draw_event(&audible);
				c.transitions[before][m.state] = true;
				before = m.state;
				draw_tick(audible);
			} else {
				wait(audible);
			}
			check_rules(audible);
			c.transitions[before][m.state] = true;
			c.states[m.state] = c.parts[m.part] = c.faults[m.fault] = true;
		}
	}
	SPA_FOR_EACH_ELEMENT_VAR(c.states, s)
		check(*s);
	SPA_FOR_EACH_ELEMENT_VAR(c.parts, p)
		check(*p);
	SPA_FOR_EACH_ELEMENT_VAR(c.faults, f)
		check(*f);
	for (uint32_t i = 0; i <= MEMBER_RETURNING; i++)
		for (uint32_t j = 0; j <= MEMBER_RETURNING; j++)
			n += i != j && c.transitions[i][j];
	note("%d sequences of %d events: %zu states, %u transitions, %zu parts, %zu faults", SEEDS, EVENTS,
			SPA_N_ELEMENTS(c.states), n, SPA_N_ELEMENTS(c.parts), SPA_N_ELEMENTS(c.faults));
}

int main(void)
{
	run(a_member_starts_and_sends);
	run(one_that_streams_to_a_recorder_is_idle);
	run(a_sink_of_another_kind_has_nothing_to_wait_for);
	run(one_whose_stream_was_ended_waits);
	run(an_error_has_a_moment_and_then_its_node_lets_go);
	run(one_that_takes_nothing_is_let_go_of);
	run(what_was_tracked_of_it_outlives_its_output);
	run(what_was_tracked_of_it_is_gone_with_its_stream);
	run(a_first_attempt_that_takes_long_is_not_stuck);
	run(one_that_does_not_start_is_woken_four_times);
	run(one_that_ran_before_us_is_started_anew_once);
	run(one_that_is_started_anew_comes_back);
	run(one_that_never_stopped_is_not_waited_for);
	run(nobody_comes_back_to_a_group_that_stopped);
	run(who_comes_moves_nobody_before_it_has_sent);
	run(who_comes_back_is_faded_in_when_it_is_there);
	run(in_a_start_a_report_is_enough);
	run(no_sequence_of_events_breaks_a_rule);
	return harness_finish();
}
