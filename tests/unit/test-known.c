/* Test: latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "timing/known.h"

#define MS(x)	((int64_t)((x) * SPA_NSEC_PER_MSEC))
#define A	"11:22:33:44:55:66"

static struct spa_list list;

static int64_t last(const char *address, const char *codec)
{
	struct known *k = known_find(&list, address, codec);
	return k ? k->latencies_ns[0] : -1;
}

static void a_speaker_has_others_with_another_codec(void)
{
	spa_list_init(&list);
	known_set(&list, A, "sbc", MS(64.854), 0);
	check_int(last(A, "sbc"), MS(64.854));
	check_int(last(A, "aac"), -1);
	check(!known_has(&list, A, "aac", MS(64.854)));
	check(!known_has(&list, "other", "sbc", MS(64.854)));
	known_clear(&list);
	check_int(last(A, "sbc"), -1);
}

static void the_last_is_the_first_and_older_ones_are_still_known(void)
{
	spa_list_init(&list);
	known_set(&list, A, "sbc", MS(64.854), 0);
	known_set(&list, A, "sbc", MS(71.973), 0);
	check_int(last(A, "sbc"), MS(71.973));
	check(known_has(&list, A, "sbc", MS(64.854)));
	check(known_has(&list, A, "sbc", MS(71.973)));

	/* the same again, but for rounding: nothing is forgotten for it */
	known_set(&list, A, "sbc", MS(64.870), 0);
	known_set(&list, A, "sbc", MS(64.854), 0);
	check_int(last(A, "sbc"), MS(64.854));
	check_int(known_find(&list, A, "sbc")->n_latencies, 2);
	check(!known_has(&list, A, "sbc", MS(68)));
	known_clear(&list);
}

static void who_has_settled_least_lately_makes_room(void)
{
	char address[32];

	spa_list_init(&list);
	known_set(&list, A, "sbc", MS(100), 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(address, sizeof(address), "speaker %d", i);
		known_set(&list, address, "sbc", MS(100), 0);
		if (i % 500 == 0)
			known_set(&list, A, "sbc", MS(100), 0);
	}
	check_int(last(A, "sbc"), MS(100));
	check_int(last("speaker 0", "sbc"), -1);
	check_int(last("speaker 2999", "sbc"), MS(100));
	known_clear(&list);
}

static void the_oldest_latency_makes_room(void)
{
	uint32_t i;

	spa_list_init(&list);
	for (i = 0; i <= KNOWN_LATENCIES; i++)
		known_set(&list, A, "sbc", MS(100 + i), 0);
	check(!known_has(&list, A, "sbc", MS(100)));
	for (i = 1; i <= KNOWN_LATENCIES; i++)
		check(known_has(&list, A, "sbc", MS(100 + i)));
	known_clear(&list);
}

static void one_that_was_wrong_is_forgotten(void)
{
	spa_list_init(&list);
	known_set(&list, A, "sbc", MS(64.854), 0);
	known_forget(&list, A, "sbc", MS(64.854));
	check_int(last(A, "sbc"), MS(64.854));
	known_set(&list, A, "sbc", MS(164.854), 0);
	known_forget(&list, A, "aac", MS(164.854));
	known_forget(&list, A, "sbc", MS(100));
	check_int(last(A, "sbc"), MS(164.854));
	known_forget(&list, A, "sbc", MS(164.854));
	check_int(last(A, "sbc"), MS(64.854));
	check_int(known_find(&list, A, "sbc")->n_latencies, 1);
	known_clear(&list);
}

static void the_oldest_speaker_makes_room(void)
{
	char address[32];
	uint32_t i;

	spa_list_init(&list);
	for (i = 0; i <= 1024; i++) {
		snprintf(address, sizeof(address), "%u", i);
		known_set(&list, address, "sbc", MS(i), 0);
	}
	check_int(last("0", "sbc"), -1);
	check_int(last("1", "sbc"), MS(1));
	check_int(last("1024", "sbc"), MS(1024));
	known_clear(&list);
}

static void check_read(const char *key, const char *value, bool good, bool taken)
{
	spa_list_init(&list);
	check(known_read(&list, key, value) == good);
	check(spa_list_is_empty(&list) != taken);
	known_clear(&list);
}

static void what_is_written_down_is_read_as_the_same(void)
{
	char key[KNOWN_KEY_SIZE], value[KNOWN_VALUE_SIZE];
	struct spa_list again;
	struct known *k;

	spa_list_init(&list);
	spa_list_init(&again);
	known_set(&list, A, "sbc", MS(71.973), 0);
	known_set(&list, A, "sbc", MS(64.854), MS(13));
	known_set_told(&list, A, "sbc");
	check(known_print(known_find(&list, A, "sbc"), key, value));
	check(known_read(&again, key, value));
	k = known_find(&again, A, "sbc");
	check(k && k->n_latencies == 2 && k->latencies_ns[0] == MS(64.854) && k->latencies_ns[1] == MS(71.973));
	check(k && k->packet_ns == MS(13) && k->told);
	/* it stands there once */
	check(!known_read(&again, key, value));
	known_clear(&list);
	known_clear(&again);
}

static void a_sink_without_a_codec_may_have_any_name(void)
{
	char key[KNOWN_KEY_SIZE], value[KNOWN_VALUE_SIZE], name[300];

	spa_list_init(&list);
	known_set(&list, "a b {", "", 1, 0);
	check(known_print(known_find(&list, "a b {", ""), key, value));
	known_clear(&list);
	check(known_read(&list, key, value) && known_find(&list, "a b {", "") != NULL);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	known_set(&list, name, "", 1, 0);
	check(!known_print(known_find(&list, name, ""), key, value));
	known_clear(&list);
}

static void a_field_that_cannot_be_is_not_known(void)
{
	check_read("sbc A", "{ \"latencies.nsec\": [ 5 ] }", true, true);
	check_read("sbc A", "{ \"latencies.nsec\": [ 5 ], \"colour\": { } }", true, true);
	check_read("sbc A", "{ \"latencies.nsec\": [ 5 ], \"packet.nsec\": -1 }", false, true);
	check_read("sbc A", "{ \"latencies.nsec\": [ 5 ], \"told\": 1 }", false, true);
	check_read("sbc A", "{ \"latencies.nsec\": [ 5, -5 ] }", false, true);
	check_read("sbc A", "{ \"latencies.nsec\": [ -5 ] }", false, false);
	check_read("sbc A", "{ \"latencies.nsec\": [ 3600000000001 ] }", false, false);
	check_read("sbc A", "{ \"latencies.nsec\": [ ] }", false, false);
	check_read("sbc A", "{ \"latencies.nsec\": 5 }", false, false);
	check_read("sbc A", "{ \"latencies.nsec\": [ 5 ]", false, false);
	check_read("sbc A", "5", false, false);
	check_read("sbc ", "{ \"latencies.nsec\": [ 5 ] }", false, false);
	check_read("sbc", "{ \"latencies.nsec\": [ 5 ] }", false, false);
}

static void what_is_known_already_is_no_news(void)
{
	spa_list_init(&list);
	check(known_set(&list, A, "sbc", MS(64.854), 0));
	check(!known_set(&list, A, "sbc", MS(64.870), 0));
	check(known_set(&list, A, "sbc", MS(64.870), MS(13)));
	check(known_set(&list, A, "sbc", MS(71.973), MS(13)));
	check(known_set_told(&list, A, "sbc"));
	check(!known_set_told(&list, A, "sbc"));
	check(known_forget(&list, A, "sbc", MS(71.973)));
	check(!known_forget(&list, A, "sbc", MS(71.973)));
	known_clear(&list);
}

int main(void)
{
	run(a_speaker_has_others_with_another_codec);
	run(the_last_is_the_first_and_older_ones_are_still_known);
	run(the_oldest_latency_makes_room);
	run(who_has_settled_least_lately_makes_room);
	run(one_that_was_wrong_is_forgotten);
	run(the_oldest_speaker_makes_room);
	run(what_is_written_down_is_read_as_the_same);
	run(a_sink_without_a_codec_may_have_any_name);
	run(a_field_that_cannot_be_is_not_known);
	run(what_is_known_already_is_no_news);
	return harness_finish();
}
