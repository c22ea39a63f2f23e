/* Test: latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>

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

int main(void)
{
	run(a_speaker_has_others_with_another_codec);
	run(the_last_is_the_first_and_older_ones_are_still_known);
	run(the_oldest_latency_makes_room);
	run(who_has_settled_least_lately_makes_room);
	run(one_that_was_wrong_is_forgotten);
	run(the_oldest_speaker_makes_room);
	return harness_finish();
}
