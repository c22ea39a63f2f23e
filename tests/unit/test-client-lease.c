/* What a client writes of a lease */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/utils/string.h>

#include "client/lease.h"
#include "harness.h"

static bool says(bool solo, const struct lease_speaker *speakers, uint32_t n, const char *expected)
{
	char *text = lease_print(solo, speakers, n);
	bool same = spa_streq(text, expected);

	printf("# %s\n", text);
	free(text);
	return same;
}

static const struct lease_speaker speakers[] = {
	{ .address = "AA:BB:CC:00:00:01", .heard = true },
	{ .address = "say \"hi\"", .corrected = true, .correction_ms = -12.34 },
	{ .address = "AA:BB:CC:00:00:03", .heard = true, .corrected = true, .correction_ms = 0.0 },
};

static void who_is_heard_is_said_only_if_not_all_are(void)
{
	check(says(false, NULL, 0, ", \"correction.msec\": {}"));
	check(says(true, NULL, 0, ", \"solo\": [], \"correction.msec\": {}"));
	check(says(true, speakers, 1, ", \"solo\": [\"AA:BB:CC:00:00:01\"], \"correction.msec\": {}"));
}

static void a_speaker_that_is_corrected_by_nothing_is_named_all_the_same(void)
{
	check(says(true, speakers, 3, ", \"solo\": [\"AA:BB:CC:00:00:01\", \"AA:BB:CC:00:00:03\"], "
			"\"correction.msec\": {\"say \\\"hi\\\"\": -12.3400, \"AA:BB:CC:00:00:03\": 0.0000}"));
}

static bool tracks_say(const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither, const char *expected)
{
	char *text = lease_print_track(tracks, n, dither);
	bool same = spa_streq(text, expected);

	printf("# %s\n", text);
	free(text);
	return same;
}

static void what_is_tracked_is_said_and_who_is_heard_is_not(void)
{
	static const struct lease_track tracks[] = {
		{ .address = "a", .tracked = true, .tracked_ms = -12.34, .code = 1 },
		{ .address = "b", .tracked = true, .tracked_ms = NAN, .code = 63 },
		{ .address = "c", .code = 2 },
		{ .address = "d", .tracked = true },
	};

	check(tracks_say(NULL, 0, NULL, ", \"track.msec\": {}"));
	check(tracks_say(tracks, 4, NULL, ", \"track.msec\": {\"a\": -12.3400, \"b\": null, \"d\": 0.0000}"));
	check(tracks_say(tracks, 4, &(struct lease_dither) { 0 }, ", \"track.msec\": {\"a\": -12.3400, \"b\": null, \"d\": 0.0000}"));
	check(tracks_say(tracks, 4, &(struct lease_dither) { 2, 1000.0 }, ", \"track.msec\": {\"a\": -12.3400, \"b\": null, \"d\": 0.0000}, "
			"\"dither\": {\"samples\": 2, \"chip.msec\": 1000.000, \"codes\": {\"a\": 1, \"b\": 63, \"c\": 2}}"));
}

static void numbers_have_a_point_in_every_locale(void)
{
	if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
		printf("# no German locale here\n");
	check(says(false, speakers + 1, 1, ", \"correction.msec\": {\"say \\\"hi\\\"\": -12.3400}"));
	setlocale(LC_ALL, "C");
}

int main(void)
{
	run(who_is_heard_is_said_only_if_not_all_are);
	run(a_speaker_that_is_corrected_by_nothing_is_named_all_the_same);
	run(what_is_tracked_is_said_and_who_is_heard_is_not);
	run(numbers_have_a_point_in_every_locale);
	return harness_finish();
}
