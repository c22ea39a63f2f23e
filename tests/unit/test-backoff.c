/* Waiting before the next attempt */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "member/backoff.h"
#include "harness.h"

static const int64_t SEC = SPA_NSEC_PER_SEC;

static void the_wait_doubles_up_to_the_last(void)
{
	struct backoff b = { 0 };
	int64_t now_ns = 5 * SEC, wait_ns = BACKOFF_FIRST_NS;

	for (int i = 0; i < 12; i++) {
		backoff_fail(&b, now_ns);
		check(b.until_ns - now_ns == SPA_MIN(wait_ns, BACKOFF_LAST_NS));
		now_ns = b.until_ns;
		wait_ns *= 2;
	}
	check(b.failures == 12);
}

static void who_has_been_well_begins_anew(void)
{
	struct backoff b = { 0 };

	for (int i = 0; i < 5; i++)
		backoff_fail(&b, 0);
	backoff_fail(&b, b.until_ns + BACKOFF_FORGET_NS - 1);
	check(b.failures == 6);
	backoff_fail(&b, b.until_ns + BACKOFF_FORGET_NS);
	check(b.failures == 1);
}

static void pauses_are_short_and_few(void)
{
	struct backoff b = { 0 };

	for (int i = 0; i < 3; i++) {
		check(backoff_pause(&b, i * 10 * SEC, 3));
		check(b.until_ns == i * 10 * SEC + BACKOFF_FIRST_NS);
	}
	check(!backoff_pause(&b, 30 * SEC, 3));
	check(b.failures == 0);
}

int main(void)
{
	run(the_wait_doubles_up_to_the_last);
	run(who_has_been_well_begins_anew);
	run(pauses_are_short_and_few);
	return harness_finish();
}
