/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "timing/known.h"

#define KNOWN_MAX	1024u
/* What rounding of rates and packets makes */
#define SAME_NS		(50 * (int64_t)SPA_NSEC_PER_USEC)

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

/* n_latencies if it is not there */
static uint32_t find_latency(const struct known *k, int64_t latency_ns)
{
	uint32_t i;

	for (i = 0; i < k->n_latencies; i++)
		if (SPA_ABS(k->latencies_ns[i] - latency_ns) < SAME_NS)
			break;
	return i;
}

/* It becomes the first; those before it move up, into its place or the next free one */
static void put_latency(struct known *k, int64_t latency_ns)
{
	uint32_t i = SPA_MIN(find_latency(k, latency_ns), KNOWN_LATENCIES - 1u);

	k->n_latencies = SPA_MAX(k->n_latencies, i + 1);
	memmove(&k->latencies_ns[1], &k->latencies_ns[0], i * sizeof(k->latencies_ns[0]));
	k->latencies_ns[0] = latency_ns;
}

void known_set(struct spa_list *list, const char *address, const char *codec,
		int64_t latency_ns, int64_t packet_ns)
{
	struct known *k = known_find(list, address, codec);
	uint32_t n = 0;

	if (k != NULL) {
		put_latency(k, latency_ns);
		k->packet_ns = packet_ns;
		spa_list_remove(&k->link);
		spa_list_append(list, &k->link);
		return;
	}
	/* Speakers of ever new addresses: who has settled least lately makes room */
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
	put_latency(k, latency_ns);
	k->packet_ns = packet_ns;
	if (k->address == NULL || k->codec == NULL)
		known_free(k);
	else
		spa_list_append(list, &k->link);
}

void known_set_told(struct spa_list *list, const char *address, const char *codec)
{
	struct known *k = known_find(list, address, codec);

	if (k != NULL)
		k->told = true;
}

bool known_has(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = known_find(list, address, codec);

	return k != NULL && find_latency(k, latency_ns) < k->n_latencies;
}

void known_forget(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = known_find(list, address, codec);
	uint32_t i;

	if (k == NULL || k->n_latencies < 2 || (i = find_latency(k, latency_ns)) == k->n_latencies)
		return;
	k->n_latencies--;
	memmove(&k->latencies_ns[i], &k->latencies_ns[i + 1], (k->n_latencies - i) * sizeof(k->latencies_ns[0]));
}

void known_clear(struct spa_list *list)
{
	struct known *k;

	spa_list_consume(k, list, link) {
		spa_list_remove(&k->link);
		known_free(k);
	}
}
