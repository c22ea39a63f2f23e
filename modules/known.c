/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "known.h"

#define KNOWN_MAX	1024u

struct known *known_find(struct spa_list *list, const char *address, const char *codec)
{
	struct known *k;
	spa_list_for_each(k, list, link)
		if (spa_streq(k->address, address) && spa_streq(k->codec, codec))
			return k;
	return NULL;
}

static void known_free(struct known *k)
{
	free(k->address);
	free(k->codec);
	free(k);
}

void known_set(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = known_find(list, address, codec);
	uint32_t n = 0;

	if (k != NULL) {
		k->latency_ns = latency_ns;
		return;
	}
	/* Anybody can write a status: the oldest makes room */
	spa_list_for_each(k, list, link)
		n++;
	if (n >= KNOWN_MAX) {
		k = spa_list_first(list, struct known, link);
		spa_list_remove(&k->link);
		known_free(k);
	}
	/* Without memory it is as if it had never settled */
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return;
	k->address = strdup(address);
	k->codec = strdup(codec);
	k->latency_ns = latency_ns;
	if (k->address == NULL || k->codec == NULL)
		known_free(k);
	else
		spa_list_append(list, &k->link);
}

void known_clear(struct spa_list *list)
{
	struct known *k;

	spa_list_consume(k, list, link) {
		spa_list_remove(&k->link);
		known_free(k);
	}
}
