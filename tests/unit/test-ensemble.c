/* Test: when a group begins to be heard, and whether anybody hears it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "harness.h"
#include "member/ensemble.h"

#define MEMBERS	3

static const int64_t MS = SPA_NSEC_PER_MSEC;
static const int64_t BEGIN = 1000 * SPA_NSEC_PER_SEC;

static struct ensemble e;
static struct member members[MEMBERS], *list[MEMBERS];
static struct member_list all;
static int64_t now_ns, next_ns;

/* n speakers whose streams run, of which nothing is known */
static void begin(uint32_t n)
{
	e = (struct ensemble) { 0 };
	all = (struct member_list) { list, n };
	now_ns = BEGIN;
	for (uint32_t i = 0; i < n; i++) {
		list[i] = &members[i];
		members[i] = (struct member) { 0 };
		member_added(&members[i], &kind_bluetooth, false);
		member_links(&members[i], true, false);
		member_event(&members[i], MEMBER_STREAMS, now_ns);
	}
	ensemble_play(&e, true, now_ns);
}

static void reports(uint32_t i, bool settled)
{
	member_report(&members[i], &(struct member_report) {
		.latency_ns = 150 * MS, .settled = settled, .sure = settled, .unsent = !settled, .n_reports = 1,
	});
}

static bool is_audible_after(int64_t ns)
{
	now_ns = BEGIN + ns;
	next_ns = INT64_MAX;
	ensemble_update(&e, &all, now_ns, &next_ns);
	return e.audible;
}

static void it_begins_at_once_where_all_are_known_from_before(void)
{
	begin(MEMBERS);
	for (uint32_t i = 0; i < MEMBERS; i++)
		reports(i, true);
	check(is_audible_after(0));
	for (uint32_t i = 0; i < MEMBERS; i++)
		check(members[i].part == MEMBER_TAKES_PART && member_may_be_heard(&members[i], true));
}

static void who_has_reported_waits_half_a_second_for_who_has_not(void)
{
	begin(MEMBERS);
	reports(0, false);
	check(!is_audible_after(100 * MS));
	check_int(next_ns, BEGIN + 500 * MS);
	check(!is_audible_after(499 * MS));
	check(is_audible_after(500 * MS));
	check(members[0].belief == MEMBER_EARLY && member_may_be_heard(&members[0], true));
	check(members[1].belief == MEMBER_NO_LATENCY && !member_may_be_heard(&members[1], true));
}

static void it_begins_when_the_last_has_reported(void)
{
	begin(MEMBERS);
	reports(0, false);
	reports(1, true);
	check(!is_audible_after(100 * MS));
	reports(2, false);
	check(is_audible_after(101 * MS));
}

static void while_nobody_has_reported_it_does_not_begin(void)
{
	begin(MEMBERS);
	check(!is_audible_after(0));
	check_int(next_ns, INT64_MAX);
	check(!is_audible_after(10000 * MS));
	reports(1, false);
	check(is_audible_after(10001 * MS));
}

static void when_nobody_plays_any_more_all_begin_together_again(void)
{
	begin(MEMBERS);
	reports(0, false);
	check(is_audible_after(600 * MS));
	ensemble_play(&e, false, now_ns);
	check(!is_audible_after(700 * MS));
	for (uint32_t i = 0; i < MEMBERS; i++)
		check(members[i].part == MEMBER_NO_PART && members[i].belief != MEMBER_EARLY);
	/* and half a second counts from then */
	ensemble_play(&e, true, BEGIN + 800 * MS);
	check(!is_audible_after(1200 * MS));
	check_int(next_ns, BEGIN + 1300 * MS);
	check(is_audible_after(1300 * MS));
}

static void the_first_to_come_back_after_all_have_gone_interrupts_nobody(void)
{
	begin(1);
	reports(0, true);
	check(is_audible_after(0));
	all.n = 0;
	check(!is_audible_after(100 * MS));
	all.n = 1;
	check(is_audible_after(200 * MS));
	check(members[0].part == MEMBER_TAKES_PART);
}

static void it_is_heard_while_one_streams_or_is_about_to_again(void)
{
	begin(MEMBERS);
	check(ensemble_is_heard(&all));
	for (uint32_t i = 0; i < MEMBERS; i++)
		member_event(&members[i], MEMBER_STOPPED, now_ns);
	check(!ensemble_is_heard(&all));
	member_event(&members[2], MEMBER_HOLD, now_ns);
	check(ensemble_is_heard(&all));
	member_event(&members[2], MEMBER_RELEASE, now_ns);
	check(ensemble_is_heard(&all));
	member_links(&members[2], false, false);
	check(!ensemble_is_heard(&all));
	all.n = 0;
	check(!ensemble_is_heard(&all));
}

int main(void)
{
	run(it_begins_at_once_where_all_are_known_from_before);
	run(who_has_reported_waits_half_a_second_for_who_has_not);
	run(it_begins_when_the_last_has_reported);
	run(while_nobody_has_reported_it_does_not_begin);
	run(when_nobody_plays_any_more_all_begin_together_again);
	run(the_first_to_come_back_after_all_have_gone_interrupts_nobody);
	run(it_is_heard_while_one_streams_or_is_about_to_again);
	return harness_finish();
}
