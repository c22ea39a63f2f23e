/* Tests of who may pair, connect and be trusted, and of what is put back */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "harness.h"
#include "pair/rules.h"

#define A2DP_SOURCE	"0000110a-0000-1000-8000-00805f9b34fb"
#define ADVANCED_AUDIO	"0000110D-0000-1000-8000-00805F9B34FB"
#define AVRCP		"0000110e-0000-1000-8000-00805f9b34fb"
#define HEADSET		"00001108-0000-1000-8000-00805f9b34fb"
#define HID		"00001124-0000-1000-8000-00805f9b34fb"
#define NOT_SIG		"0000110a-0000-1000-8000-00805f9b34fc"

/* An Echo is wanted, somebody is at a terminal, and has named nobody. */
static struct pair_facts at_a_terminal(void)
{
	return (struct pair_facts) { .echo = true, .can_ask = true, .has_profile = true };
}

/* Nobody is there, and this is the address that was given. */
static struct pair_facts by_address(void)
{
	return (struct pair_facts) { .echo = true, .by_address = true, .address_fits = true, .has_profile = true };
}

static void whoever_comes_is_asked_about(void)
{
	struct pair_facts f = at_a_terminal();

	check(pair_may_come(&f) == PAIR_ASK);
	f.was_paired = true;
	check(pair_may_come(&f) == PAIR_ASK);
	f.was_trusted = true;
	check(pair_may_come(&f) == PAIR_ASK);
	f.can_ask = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
}

static void an_address_is_enough(void)
{
	struct pair_facts f = by_address();

	check(pair_may_come(&f) == PAIR_YES);
	f.can_ask = true;
	check(pair_may_come(&f) == PAIR_YES);
	f.address_fits = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
	f.was_paired = f.was_trusted = true;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
}

static void a_name_is_no_proof(void)
{
	struct pair_facts f = at_a_terminal();

	f.by_name = f.name_fits = true;
	check(pair_may_come(&f) == PAIR_ASK);
	f.can_ask = false;
	check(pair_may_come(&f) == PAIR_NO_NAME);
	f.was_paired = true;
	check(pair_may_come(&f) == PAIR_NO_NAME);
	f.was_trusted = true;
	check(pair_may_come(&f) == PAIR_YES);
	f.name_fits = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
}

static void both_have_to_fit(void)
{
	struct pair_facts f = by_address();

	f.by_name = true;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
	f.name_fits = true;
	check(pair_may_come(&f) == PAIR_YES);
	f.address_fits = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
}

static void one_is_let_in(void)
{
	struct pair_facts f = by_address();

	f.other_chosen = true;
	check(pair_may_come(&f) == PAIR_NO_OTHER);
	check(pair_may_use(&f, A2DP_SOURCE) == PAIR_NO_OTHER);
	check(pair_may_have_pin(&f) == PAIR_NO_OTHER);
	f = at_a_terminal();
	f.chosen = true;
	check(pair_may_come(&f) == PAIR_YES);
}

static void a_no_is_a_no(void)
{
	struct pair_facts f = at_a_terminal();

	f.was_paired = f.refused = true;
	check(pair_may_come(&f) == PAIR_NO_REFUSED);
	check(pair_may_use(&f, A2DP_SOURCE) == PAIR_NO_REFUSED);
}

static void a_speaker_waits_to_be_found(void)
{
	struct pair_facts f = at_a_terminal();

	f.echo = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
	check(pair_may_be_found(&f) == PAIR_ASK);
	/* Its list is on the terminal: nothing else is asked then. */
	f.was_paired = true;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
	f.by_name = f.name_fits = true;
	check(pair_may_come(&f) == PAIR_ASK);
	f.by_name = false;
	f.by_address = f.address_fits = true;
	check(pair_may_come(&f) == PAIR_YES);
	f.was_paired = false;
	check(pair_may_come(&f) == PAIR_NO_STRANGER);
	check(pair_may_be_found(&f) == PAIR_YES);
	f.chosen = true;
	check(pair_may_come(&f) == PAIR_YES);
}

static void a_found_speaker_is_judged_as_who_comes(void)
{
	struct pair_facts f = { .by_name = true, .name_fits = true };

	check(pair_may_be_found(&f) == PAIR_NO_NAME);
	f.can_ask = true;
	check(pair_may_be_found(&f) == PAIR_ASK);
	f.name_fits = false;
	check(pair_may_be_found(&f) == PAIR_NO_STRANGER);
}

static void a_number_is_compared_by_somebody(void)
{
	struct pair_facts f = by_address();

	check(pair_may_compare(&f) == PAIR_NO_NUMBER);
	f.can_ask = true;
	check(pair_may_compare(&f) == PAIR_ASK);
	f.chosen = true;
	check(pair_may_compare(&f) == PAIR_ASK);
	f.chosen = f.address_fits = false;
	check(pair_may_compare(&f) == PAIR_NO_STRANGER);
}

static void only_audio_is_for_use(void)
{
	struct pair_facts f = by_address();

	check(pair_may_use(&f, A2DP_SOURCE) == PAIR_YES);
	check(pair_may_use(&f, ADVANCED_AUDIO) == PAIR_YES);
	check(pair_may_use(&f, AVRCP) == PAIR_YES);
	check(pair_may_use(&f, HEADSET) == PAIR_NO_SERVICE);
	check(pair_may_use(&f, HID) == PAIR_NO_SERVICE);
	check(pair_may_use(&f, NOT_SIG) == PAIR_NO_SERVICE);
	check(pair_may_use(&f, "") == PAIR_NO_SERVICE);
	f.chosen = true;
	check(pair_may_use(&f, HEADSET) == PAIR_YES);
	check(pair_may_use(&f, HID) == PAIR_NO_SERVICE);
	f = at_a_terminal();
	check(pair_may_use(&f, A2DP_SOURCE) == PAIR_ASK);
}

static void a_pin_is_for_the_chosen_one(void)
{
	struct pair_facts f = by_address();

	check(pair_may_have_pin(&f) == PAIR_NO_PIN);
	f.chosen = true;
	check(pair_may_have_pin(&f) == PAIR_YES);
	f = at_a_terminal();
	check(pair_may_have_pin(&f) == PAIR_NO_PIN);
	f.by_address = true;
	check(pair_may_have_pin(&f) == PAIR_NO_STRANGER);
}

static void trust_takes_service_and_audio(void)
{
	struct pair_facts f = by_address();

	check(pair_may_be_trusted(&f) == PAIR_NO_STRANGER);
	f.chosen = true;
	check(pair_may_be_trusted(&f) == PAIR_NO_AUDIO);
	f.has_audio = true;
	check(pair_may_be_trusted(&f) == PAIR_YES);
	f.has_profile = false;
	check(pair_may_be_trusted(&f) == PAIR_NO_PROFILE);
	f.has_other = true;
	check(pair_may_be_trusted(&f) == PAIR_NO_PROFILE);
}

static void what_can_type_is_asked_about(void)
{
	struct pair_facts f = by_address();

	f.chosen = f.has_audio = f.has_input = true;
	check(pair_may_be_trusted(&f) == PAIR_NO_INPUT);
	f.can_ask = true;
	check(pair_may_be_trusted(&f) == PAIR_ASK);
	f.was_trusted = true;
	check(pair_may_be_trusted(&f) == PAIR_YES);
	f.has_audio = false;
	check(pair_may_be_trusted(&f) == PAIR_NO_AUDIO);
}

static void a_name_stands_for_what_was_paired(void)
{
	struct pair_facts f = { .echo = true, .by_name = true, .name_fits = true, .has_profile = true };

	check(!pair_may_be_named(&f));
	f.was_paired = true;
	check(pair_may_be_named(&f));
	/* Its services were not read to the end. */
	f.has_profile = false;
	check(pair_may_be_named(&f));
	f.has_other = true;
	check(!pair_may_be_named(&f));
	f.has_profile = true;
	f.name_fits = false;
	check(!pair_may_be_named(&f));
	f.by_name = false;
	check(!pair_may_be_named(&f));
}

static void what_failed_is_undone(void)
{
	struct pair_facts f = by_address();

	f.chosen = true;
	check(pair_undo(&f, true) == PAIR_KEEP);
	check(pair_undo(&f, false) == PAIR_FORGET);
	f.was_paired = true;
	check(pair_undo(&f, true) == PAIR_KEEP);
	check(pair_undo(&f, false) == PAIR_UNTRUST);
	f.was_trusted = true;
	check(pair_undo(&f, false) == PAIR_KEEP);
	/* Somebody else who has paired meanwhile, or before */
	f = by_address();
	check(pair_undo(&f, true) == PAIR_FORGET);
	check(pair_undo(&f, false) == PAIR_FORGET);
	f.was_paired = true;
	check(pair_undo(&f, true) == PAIR_KEEP);
	check(pair_undo(&f, false) == PAIR_KEEP);
}

static const struct pair_mode usual = { .pairable = true, .discoverable_sec = 180 };

static bool mends(struct pair_mend m, bool discoverable, bool discoverable_sec, bool pairable, bool pairable_sec)
{
	return m.discoverable == discoverable && m.discoverable_sec == discoverable_sec &&
		m.pairable == pairable && m.pairable_sec == pairable_sec;
}

static void what_a_kill_left_is_put_back(void)
{
	const struct pair_change change = { .was = usual, .limit_sec = 125, .discoverable = true };
	struct pair_mode is = { .discoverable = true, .pairable = true, .discoverable_sec = 125, .pairable_sec = 125 };

	check(mends(pair_mend(&change, &is), true, true, false, true));
	/* The limit has ended it by now. */
	is.discoverable = is.pairable = false;
	check(mends(pair_mend(&change, &is), false, true, true, true));
	/* It was killed after the first step. */
	is = usual;
	is.pairable_sec = 125;
	check(mends(pair_mend(&change, &is), false, false, false, true));
	is = usual;
	check(mends(pair_mend(&change, &is), false, false, false, false));
}

static void what_somebody_else_has_set_stays(void)
{
	const struct pair_change change = { .was = usual, .limit_sec = 125, .discoverable = true };
	struct pair_mode is = { .discoverable = true, .pairable = false, .discoverable_sec = 0, .pairable_sec = 125 };

	check(mends(pair_mend(&change, &is), false, false, true, true));
	is.pairable_sec = 60;
	check(mends(pair_mend(&change, &is), false, false, false, false));
}

static void a_search_for_speakers_did_not_let_itself_be_found(void)
{
	/* Its limit may be the one that BlueZ has in any case. */
	const struct pair_change change = { .was = usual, .limit_sec = 180 };
	const struct pair_mode is = { .discoverable = true, .pairable = true, .discoverable_sec = 180, .pairable_sec = 180 };

	check(mends(pair_mend(&change, &is), false, false, false, true));
}

static void what_could_always_be_found_can_be_again(void)
{
	const struct pair_change change = {
		.was = { .discoverable = true }, .limit_sec = 125, .discoverable = true,
	};
	const struct pair_mode is = { .discoverable_sec = 125, .pairable = true, .pairable_sec = 125 };

	check(mends(pair_mend(&change, &is), true, true, true, true));
}

int main(void)
{
	run(whoever_comes_is_asked_about);
	run(an_address_is_enough);
	run(a_name_is_no_proof);
	run(both_have_to_fit);
	run(one_is_let_in);
	run(a_no_is_a_no);
	run(a_speaker_waits_to_be_found);
	run(a_found_speaker_is_judged_as_who_comes);
	run(a_number_is_compared_by_somebody);
	run(only_audio_is_for_use);
	run(a_pin_is_for_the_chosen_one);
	run(trust_takes_service_and_audio);
	run(what_can_type_is_asked_about);
	run(a_name_stands_for_what_was_paired);
	run(what_failed_is_undone);
	run(what_a_kill_left_is_put_back);
	run(what_somebody_else_has_set_stays);
	run(a_search_for_speakers_did_not_let_itself_be_found);
	run(what_could_always_be_found_can_be_again);
	return harness_finish();
}
