/* Which faults of PipeWire are worked around */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stddef.h>

#include "harness.h"
#include "quirks.h"

static const enum quirk in_process = QUIRK_SOURCE_SLEEPS, never_mended = QUIRK_START_REFUSED;

static bool has(enum quirk quirk, const char *library, const char *daemon, const char *off)
{
	struct quirks q;

	quirks_init(&q, library, daemon, off);
	return quirks_has(&q, quirk);
}

static void before_anything_is_known_all_are_needed(void)
{
	struct quirks q = { 0 };

	for (int i = 0; i < QUIRK_N; i++)
		check(quirks_has(&q, i));
}

static void one_goes_with_the_version_that_mends_it(void)
{
	check(has(in_process, "1.4.2", "1.4.2", NULL));
	check(has(in_process, "1.4.11", "1.4.11", NULL));
	check(has(in_process, "1.5.85", "1.5.85", NULL));
	check(!has(in_process, "1.6.0", "1.6.0", NULL));
	check(!has(in_process, "1.6.0-rc1", "1.6.0", NULL));
	check(!has(in_process, "1.10.0", "1.10.0", NULL));
	check(!has(in_process, "2.0", "2.0", NULL));
}

static void what_nothing_mends_stays(void)
{
	check(has(never_mended, "1.4.2", "1.4.2", NULL));
	check(has(never_mended, "9.9.9", "9.9.9", NULL));
}

/* An update has installed another one, and not everything runs with it yet */
static void the_version_counts_of_whom_the_fault_is(void)
{
	check(quirk_infos[in_process].side == QUIRK_SIDE_PROCESS);
	check(!has(in_process, "1.6.0", "1.4.2", NULL));
	check(has(in_process, "1.4.2", "1.6.0", NULL));
}

static void a_version_that_cannot_be_read_has_all(void)
{
	check(has(in_process, NULL, NULL, NULL));
	check(has(in_process, "", "", NULL));
	check(has(in_process, "git", "git", NULL));
	check(has(in_process, "999.0.0", "999.0.0", NULL));
}

static void one_that_is_named_is_off(void)
{
	char both[128];

	snprintf(both, sizeof(both), "%s %s", quirk_infos[QUIRK_FRAME_KEPT].name, quirk_infos[never_mended].name);
	check(!has(never_mended, "1.4.2", "1.4.2", both));
	check(!has(QUIRK_FRAME_KEPT, "1.4.2", "1.4.2", both));
	check(has(QUIRK_SINK_STUCK, "1.4.2", "1.4.2", both));
	check(has(never_mended, "1.4.2", "1.4.2", ""));
	check(has(never_mended, "1.4.2", "1.4.2", "start"));
	check(has(never_mended, "1.4.2", "1.4.2", "re-start-refused start-refused-not"));
}

static void each_says_what_it_is(void)
{
	for (int i = 0; i < QUIRK_N; i++)
		check(quirk_infos[i].name && quirk_infos[i].scene);
}

int main(void)
{
	run(before_anything_is_known_all_are_needed);
	run(one_goes_with_the_version_that_mends_it);
	run(what_nothing_mends_stays);
	run(the_version_counts_of_whom_the_fault_is);
	run(a_version_that_cannot_be_read_has_all);
	run(one_that_is_named_is_off);
	run(each_says_what_it_is);
	return harness_finish();
}
