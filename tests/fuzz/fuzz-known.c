/* Fuzz target: the file of latencies of former times, whatever stands in it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a row of lines, "key\tvalue\n". */

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "fuzz.h"
#include "timing/known.h"
#include "timing/packet.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void check_known(const struct known *k)
{
	uint32_t i;

	fuzz_check(k->address[0] != '\0' && strchr(k->codec, ' ') == NULL);
	fuzz_check(k->n_latencies >= 1 && k->n_latencies <= KNOWN_LATENCIES);
	for (i = 0; i < k->n_latencies; i++)
		fuzz_check(k->latencies_ns[i] > 0 && k->latencies_ns[i] <= 3600 * (int64_t)SPA_NSEC_PER_SEC);
	fuzz_check(k->packet_ns == 0 || packet_is_possible(k->packet_ns));
}

/* What was taken is written down, and read as the same */
static void check_again(const struct known *k)
{
	char key[KNOWN_KEY_SIZE], value[KNOWN_VALUE_SIZE];
	struct spa_list list;
	struct known *a;

	spa_list_init(&list);
	fuzz_check(known_print(k, key, value) && known_read(&list, key, value));
	a = known_find(&list, k->address, k->codec);
	fuzz_check(a && a->n_latencies == k->n_latencies && a->packet_ns == k->packet_ns && a->told == k->told);
	fuzz_check(memcmp(a->latencies_ns, k->latencies_ns, k->n_latencies * sizeof(int64_t)) == 0);
	known_clear(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct spa_list list;
	struct known *k;

	spa_list_init(&list);
	while (in.size > 0) {
		char *line = fuzz_string(&in, '\n'), *value = strchr(line, '\t');

		if (value) {
			*value++ = '\0';
			known_read(&list, line, value);
		}
		free(line);
	}
	spa_list_for_each(k, &list, link) {
		check_known(k);
		check_again(k);
	}
	known_clear(&list);
	return 0;
}
