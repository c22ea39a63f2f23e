/* What a client reads of an entry member.<address>, and what it makes of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "client/member.h"
#include "harness.h"

static struct member parsed(const char *json)
{
	struct member m;

	member_parse(&m, json);
	return m;
}

static bool becomes(const char *json, const struct member *wanted, uint32_t clear, const char *expected)
{
	char *text = member_change(json, wanted, clear);
	bool same = spa_streq(text, expected);

	printf("# %s\n", text);
	free(text);
	return same;
}

static void what_is_said_is_read(void)
{
	struct member m = parsed("{ \"target\": \"sink\", \"include\": false, \"role\": \"left\", \"gain\": 0.5, "
			"\"trim.msec\": -12.5, \"correction.msec\": 3 }");

	check(m.fields == (MEMBER_TARGET | MEMBER_INCLUDE | MEMBER_ROLE | MEMBER_GAIN | MEMBER_TRIM | MEMBER_CORRECTION));
	check(spa_streq(m.target, "sink") && !m.include && spa_streq(m.role, "left"));
	check(m.gain == 0.5 && m.trim_ms == -12.5 && m.correction_ms == 3.0);
	check(member_is_left_out(&m));
}

static void what_is_not_of_its_kind_is_not_said(void)
{
	check(parsed(NULL).fields == 0);
	check(parsed("loud").fields == 0);
	check(parsed("{ \"gain\": 0.5").fields == 0);
	check(parsed("{ \"include\": 1, \"gain\": 1.1, \"trim.msec\": \"late\", \"correction.msec\": nan }").fields == 0);
}

static void a_field_is_set_and_the_others_stay(void)
{
	struct member wanted = { .fields = MEMBER_ROLE | MEMBER_GAIN, .role = "mono", .gain = 0.25 };

	check(becomes(NULL, &wanted, 0, "{ \"version\": 1, \"role\": \"mono\", \"gain\": 0.250000 }"));
	check(becomes("loud", &wanted, 0, "{ \"version\": 1, \"role\": \"mono\", \"gain\": 0.250000 }"));
	check(becomes("{ \"version\": 1, \"gain\": 1, \"later\": { \"a\": [ 1 ] }, \"trim.msec\": 7 }", &wanted, 0,
			"{ \"version\": 1, \"role\": \"mono\", \"gain\": 0.250000, \"later\": { \"a\": [ 1 ] }, "
			"\"trim.msec\": 7 }"));
}

static void a_field_is_cleared_and_the_others_stay(void)
{
	const struct member nothing = { 0 };

	check(becomes("{ \"role\": \"left\", \"trim.msec\": 7, \"later\": true }", &nothing, MEMBER_ROLE,
			"{ \"version\": 1, \"trim.msec\": 7, \"later\": true }"));
	check(becomes("{ \"role\": \"left\", \"trim.msec\": 7, \"later\": true }", &nothing, MEMBER_ALL,
			"{ \"version\": 1 }"));
}

static void a_change_is_seen_to_be_so(void)
{
	const struct member wanted = { .fields = MEMBER_INCLUDE | MEMBER_TRIM, .include = true, .trim_ms = 5.0 };
	struct member is = parsed("{ \"trim.msec\": 5.0002 }");

	/* who is not left out is included */
	check(member_is(&is, &wanted, 0));
	check(member_is(&is, &wanted, MEMBER_ROLE));
	is = parsed("{ \"trim.msec\": 5, \"include\": false }");
	check(!member_is(&is, &wanted, 0));
	is = parsed("{ \"role\": \"left\", \"trim.msec\": 5 }");
	check(member_is(&is, &wanted, 0));
	check(!member_is(&is, &wanted, MEMBER_ROLE));
	is = parsed("{ }");
	check(!member_is(&is, &wanted, 0));
}

static void a_locale_with_a_comma_changes_nothing(void)
{
	const struct member wanted = { .fields = MEMBER_TRIM, .trim_ms = -1.5 };
	bool chosen = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;

	printf("# %s\n", chosen ? "de_DE.UTF-8" : "no such locale here");
	check(becomes(NULL, &wanted, 0, "{ \"version\": 1, \"trim.msec\": -1.500 }"));
	check(parsed("{ \"trim.msec\": -1.5 }").trim_ms == -1.5);
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	run(what_is_said_is_read);
	run(what_is_not_of_its_kind_is_not_said);
	run(a_field_is_set_and_the_others_stay);
	run(a_field_is_cleared_and_the_others_stay);
	run(a_change_is_seen_to_be_so);
	run(a_locale_with_a_comma_changes_nothing);
	return harness_finish();
}
