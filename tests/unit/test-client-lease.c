/* What a client writes of a lease */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <locale.h>
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
	run(numbers_have_a_point_in_every_locale);
	return harness_finish();
}
