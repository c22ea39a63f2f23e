/* Test: whether what was found of a speaker by listening still holds */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <pipewire/log.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "member/calibration.h"

PW_LOG_TOPIC(mod_topic, "test");

#define A	"AA:BB:CC:00:00:01"
#define EAR	"{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 12.34, \"was.msec\": 0, \"report.nsec\": 164854000, " \
		"\"by\": \"ear\", \"at\": 1790000000, \"sigma.msec\": 0.03 }"
#define HAND	"{ \"codec\": \"aac\", \"rate\": 48000, \"offset.msec\": -5, \"by\": \"hand\" }"

static struct spa_list list = SPA_LIST_INIT(&list);
static const struct calibration_record *record;

static const struct calibration_facts as_found = {
	.codec = "sbc", .rate = 44100, .offset_ns = 12340000, .report_ns = 164854000,
};

static enum calibration_state judge(struct calibration_facts facts)
{
	return calibration_judge(calibration_find(&list, A), &facts, &record);
}

/* Returns how many records are read of it */
static uint32_t put(const char *records)
{
	const struct calibration *c;
	char json[8192];

	snprintf(json, sizeof(json), "{ \"version\": 1, \"records\": [ %s ] }", records);
	calibration_put(&list, A, json, UINT32_MAX);
	c = calibration_find(&list, A);
	return c ? c->n_records : 0;
}

static void it_holds_while_all_is_as_it_was_found(void)
{
	struct calibration_facts facts = as_found;

	check_int(put(EAR ", " HAND), 2);
	check_int(judge(facts), CALIBRATION_GOOD);
	check_int(record->at, 1790000000);
	facts.offset_ns += 50000;
	facts.report_ns -= 2000000;
	check_int(judge(facts), CALIBRATION_GOOD);
	/* Nothing was heard of it yet: nothing speaks against it */
	facts.report_ns = 0;
	check_int(judge(facts), CALIBRATION_GOOD);
}

static void it_says_what_is_another_one_than_then(void)
{
	struct calibration_facts facts = as_found;

	check_int(put(EAR), 1);
	facts.report_ns += 2000001;
	check_int(judge(facts), CALIBRATION_OTHER_REPORT);
	facts = as_found;
	facts.rate = 48000;
	check_int(judge(facts), CALIBRATION_OTHER_RATE);
	facts.codec = "aac";
	check_int(judge(facts), CALIBRATION_OTHER_CODEC);
	check(record != NULL);
	facts.rate = 0;
	check_int(judge(facts), CALIBRATION_NONE);
}

static void a_users_word_is_no_calibration(void)
{
	struct calibration_facts facts = as_found;

	check_int(put(EAR ", " HAND), 2);
	facts.offset_ns = 12340000 - 50001;
	check_int(judge(facts), CALIBRATION_BY_HAND);
	check_int(judge((struct calibration_facts) { .codec = "aac", .rate = 48000, .offset_ns = -5000000 }), CALIBRATION_BY_HAND);
}

static void a_users_word_for_something_else_says_nothing(void)
{
	struct calibration_facts facts = { .codec = "aac", .rate = 44100, .offset_ns = -5000000 };

	check_int(put(HAND), 1);
	check_int(judge(facts), CALIBRATION_NONE);
	check(record == NULL);
	facts.codec = "sbc";
	check_int(judge(facts), CALIBRATION_NONE);
	/* beside what was measured, that counts */
	check_int(put(EAR ", " HAND), 2);
	facts.rate = 48000;
	check_int(judge(facts), CALIBRATION_OTHER_RATE);
	check(record != NULL && record->by_ear);
	facts.codec = "ldac";
	check_int(judge(facts), CALIBRATION_OTHER_CODEC);
	check(record != NULL && record->by_ear);
	check_int(put("{ \"codec\": \"sbc\", \"rate\": 48000, \"offset.msec\": 1, \"by\": \"hand\" }, " EAR), 2);
	facts.codec = "sbc";
	check_int(judge(facts), CALIBRATION_BY_HAND);
}

static void the_newest_record_counts(void)
{
	char many[4096] = "";

	check_int(put(EAR ", { \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 1, \"by\": \"ear\" }"), 2);
	check_int(judge(as_found), CALIBRATION_BY_HAND);
	check_int(record->offset_ns, 1000000);
	/* and 16 of them at most */
	strcat(many, EAR);
	for (int i = 1; i < CALIBRATION_RECORDS_MAX; i++)
		strcat(many, ", " HAND);
	check_int(put(many), CALIBRATION_RECORDS_MAX);
	check_int(judge(as_found), CALIBRATION_GOOD);
	strcat(many, ", " HAND);
	check_int(put(many), CALIBRATION_RECORDS_MAX);
	check_int(judge(as_found), CALIBRATION_NONE);
}

static void what_is_no_record_is_passed_over(void)
{
	check_int(put("3, null, [ ], { }, { \"codec\": \"sbc\" }, { \"codec\": \"sbc\", \"rate\": 0, \"offset.msec\": 1 }, "
			"{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 2001 }, "
			"{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": nan }, "
			"{ \"codec\": { \"sbc\": 1 }, \"rate\": 44100, \"offset.msec\": 1 }"), 0);
	check(calibration_find(&list, A) == NULL);
	check_int(put("{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 12.34, \"by\": \"ear\", \"report.nsec\": \"much\", "
			"\"new\": { \"a\": [ 1 ] } }"), 1);
	check_int(judge(as_found), CALIBRATION_GOOD);
	for (const char *bad = "[ ]\0{ \"records\": 3 }\0{ \"records\": [ { \"codec\0"; *bad; bad += strlen(bad) + 1) {
		calibration_put(&list, A, bad, UINT32_MAX);
		check(calibration_find(&list, A) == NULL);
	}
}

static void what_is_cleared_is_gone(void)
{
	check_int(put(EAR), 1);
	calibration_put(&list, A, NULL, UINT32_MAX);
	check_int(judge(as_found), CALIBRATION_NONE);
	check(record == NULL);
	check_int(put(EAR), 1);
	calibration_clear(&list);
	check(spa_list_is_empty(&list));
}

static void there_is_an_end_to_what_is_kept(void)
{
	const char *json = "{ \"records\": [ " EAR " ] }";

	calibration_put(&list, A, json, 2);
	calibration_put(&list, "b", json, 2);
	calibration_put(&list, "c", json, 2);
	check(calibration_find(&list, "b") != NULL && calibration_find(&list, "c") == NULL);
	/* One that is there may change, */
	calibration_put(&list, "b", "{ \"records\": [ " EAR ", " HAND " ] }", 2);
	check_int(calibration_find(&list, "b")->n_records, 2);
	/* and its place is there again when it has gone */
	calibration_put(&list, A, NULL, 2);
	calibration_put(&list, "c", json, 2);
	check(calibration_find(&list, "c") != NULL);
	calibration_clear(&list);
}

int main(void)
{
	run(it_holds_while_all_is_as_it_was_found);
	run(it_says_what_is_another_one_than_then);
	run(a_users_word_is_no_calibration);
	run(a_users_word_for_something_else_says_nothing);
	run(the_newest_record_counts);
	run(what_is_no_record_is_passed_over);
	run(what_is_cleared_is_gone);
	run(there_is_an_end_to_what_is_kept);
	return harness_finish();
}
