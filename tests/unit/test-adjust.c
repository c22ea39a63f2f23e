/* Test: keys, and how far they move a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "adjust/keys.h"
#include "adjust/value.h"
#include "harness.h"

static struct keys keys;

/* The last key that these bytes come to */
static enum key typed(const char *bytes)
{
	enum key key = KEY_NONE;

	for (; *bytes; bytes++) {
		enum key k = keys_feed(&keys, *bytes);
		key = k != KEY_NONE ? k : key;
	}
	return key;
}

static void keys_are_told_from_what_terminals_send(void)
{
	check_int(typed("\033[D"), KEY_LEFT);
	check_int(typed("\033[C"), KEY_RIGHT);
	check_int(typed("\033OB"), KEY_DOWN);
	check_int(typed("\033OA"), KEY_UP);
	check_int(typed("-"), KEY_MINUS);
	check_int(typed("+"), KEY_PLUS);
	check_int(typed("\n"), KEY_ENTER);
	check_int(typed("\r"), KEY_ENTER);
	check_int(typed("q"), KEY_QUIT);
	check_int(typed("x7 "), KEY_NONE);
	/* With shift, and keys that mean nothing here */
	check_int(typed("\033[1;2D"), KEY_LEFT);
	check_int(typed("\033[5~"), KEY_NONE);
	check_int(typed("\033[H"), KEY_NONE);
	check(!keys_waits(&keys));
}

static void an_arrow_that_comes_in_parts_is_no_escape(void)
{
	check_int(typed("\033"), KEY_NONE);
	check(keys_waits(&keys));
	check_int(typed("["), KEY_NONE);
	check_int(typed("C"), KEY_RIGHT);
	check(!keys_waits(&keys));
}

static void an_escape_that_nothing_follows_ends_it(void)
{
	check_int(typed("\033"), KEY_NONE);
	check_int(keys_pause(&keys), KEY_QUIT);
	check_int(keys_pause(&keys), KEY_NONE);
	check_int(typed("\033["), KEY_NONE);
	check_int(keys_pause(&keys), KEY_NONE);
	check_int(typed("+"), KEY_PLUS);
	check_int(typed("\033\033"), KEY_QUIT);
	check_int(typed("\033x"), KEY_QUIT);
	check(!keys_waits(&keys));
}

static void right_and_plus_are_later_and_that_is_a_smaller_offset(void)
{
	struct adjust_value v = { .offset_ms = 25.0, .report_ms = NAN };

	check(adjust_move(&v, adjust_step_ms(KEY_RIGHT)));
	check(v.later_ms == 1.0 && adjust_offset_ms(&v) == 24.0);
	check(adjust_move(&v, adjust_step_ms(KEY_UP)));
	check(v.later_ms == 11.0 && adjust_offset_ms(&v) == 14.0);
	check(adjust_move(&v, adjust_step_ms(KEY_DOWN)) && adjust_move(&v, adjust_step_ms(KEY_DOWN)));
	check(adjust_move(&v, adjust_step_ms(KEY_LEFT)) && adjust_move(&v, adjust_step_ms(KEY_MINUS)));
	check(v.later_ms == -11.0 && adjust_offset_ms(&v) == 36.0);
	check(adjust_step_ms(KEY_PLUS) == 1.0 && adjust_step_ms(KEY_ENTER) == 0.0 && adjust_step_ms(KEY_NONE) == 0.0);
}

static void it_goes_as_far_as_an_offset_does(void)
{
	struct adjust_value v = { .offset_ms = 5.0, .report_ms = 64.9 };

	/* As much later as it has latency to give */
	check(adjust_move(&v, 60.0));
	check(!adjust_move(&v, 10.0));
	check(fabs(adjust_offset_ms(&v) + 64.9) < 1e-9);
	check(!adjust_move(&v, -4000.0));
	check(adjust_offset_ms(&v) == 2000.0);
	v = (struct adjust_value) { .offset_ms = 1990.0, .report_ms = NAN };
	check(!adjust_move(&v, 5000.0) && v.later_ms == 2000.0);
	check(!adjust_move(&v, -5000.0) && v.later_ms == -10.0);
}

int main(void)
{
	run(keys_are_told_from_what_terminals_send);
	run(an_arrow_that_comes_in_parts_is_no_escape);
	run(an_escape_that_nothing_follows_ends_it);
	run(right_and_plus_are_later_and_that_is_a_smaller_offset);
	run(it_goes_as_far_as_an_offset_does);
	return harness_finish();
}
