/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "timing/known.h"
#include "timing/packet.h"

#define KNOWN_MAX	1024u
/* As settle.c takes it */
#define LATENCY_NS_MAX	(3600 * (int64_t)SPA_NSEC_PER_SEC)
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

/* The youngest of them; NULL without memory, as if it had never settled */
static struct known *add(struct spa_list *list, const char *address, const char *codec)
{
	struct known *k;
	uint32_t n = 0;

	/* Speakers of ever new addresses: who has settled least lately makes room */
	spa_list_for_each(k, list, link)
		n++;
	if (n >= KNOWN_MAX) {
		k = spa_list_first(list, struct known, link);
		spa_list_remove(&k->link);
		known_free(k);
	}
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->address = strdup(address);
	k->codec = strdup(codec);
	if (k->address == NULL || k->codec == NULL) {
		known_free(k);
		return NULL;
	}
	spa_list_append(list, &k->link);
	return k;
}

bool known_set(struct spa_list *list, const char *address, const char *codec,
		int64_t latency_ns, int64_t packet_ns)
{
	struct known *k = known_find(list, address, codec);
	bool news;

	if (k != NULL) {
		news = find_latency(k, latency_ns) != 0 || k->packet_ns != packet_ns;
		spa_list_remove(&k->link);
		spa_list_append(list, &k->link);
	} else if ((k = add(list, address, codec)) != NULL) {
		news = true;
	} else {
		return false;
	}
	put_latency(k, latency_ns);
	k->packet_ns = packet_ns;
	return news;
}

bool known_set_told(struct spa_list *list, const char *address, const char *codec)
{
	struct known *k = known_find(list, address, codec);

	if (k == NULL || k->told)
		return false;
	k->told = true;
	return true;
}

bool known_settled(const struct known *k, int64_t latency_ns)
{
	return find_latency(k, latency_ns) < k->n_latencies;
}

bool known_has(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = known_find(list, address, codec);

	return k != NULL && known_settled(k, latency_ns);
}

bool known_forget(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = known_find(list, address, codec);
	uint32_t i;

	if (k == NULL || k->n_latencies < 2 || (i = find_latency(k, latency_ns)) == k->n_latencies)
		return false;
	k->n_latencies--;
	memmove(&k->latencies_ns[i], &k->latencies_ns[i + 1], (k->n_latencies - i) * sizeof(k->latencies_ns[0]));
	return true;
}

void known_clear(struct spa_list *list)
{
	struct known *k;

	spa_list_consume(k, list, link) {
		spa_list_remove(&k->link);
		known_free(k);
	}
}

/* The codec comes first: there is no space in it, as there may be in the name of a sink */
bool known_print(const struct known *k, char key[KNOWN_KEY_SIZE], char value[KNOWN_VALUE_SIZE])
{
	struct spa_strbuf b;
	uint32_t i;

	if (strchr(k->codec, ' ') || snprintf(key, KNOWN_KEY_SIZE, "%s %s", k->codec, k->address) >= (int)KNOWN_KEY_SIZE)
		return false;
	spa_strbuf_init(&b, value, KNOWN_VALUE_SIZE);
	spa_strbuf_append(&b, "{ \"latencies.nsec\": [ ");
	for (i = 0; i < k->n_latencies; i++)
		spa_strbuf_append(&b, "%s%" PRIi64, i == 0 ? "" : ", ", k->latencies_ns[i]);
	spa_strbuf_append(&b, " ], \"packet.nsec\": %" PRIi64 ", \"told\": %s }", k->packet_ns,
			k->told ? "true" : "false");
	return true;
}

static bool read_ns(const char *raw, int len, int64_t *ns)
{
	char text[32];

	return spa_json_parse_stringn(raw, len, text, sizeof(text)) > 0 && spa_atoi64(text, ns, 10);
}

static bool read_latencies(struct known *k, struct spa_json *array)
{
	const char *raw;
	int64_t ns;
	int len;

	while ((len = spa_json_next(array, &raw)) > 0) {
		if (k->n_latencies == KNOWN_LATENCIES || !read_ns(raw, len, &ns) ||
		    ns <= 0 || ns > LATENCY_NS_MAX || find_latency(k, ns) < k->n_latencies)
			return false;
		k->latencies_ns[k->n_latencies++] = ns;
	}
	return len == 0;
}

static bool read_field(struct known *k, struct spa_json *object, const char *key, const char *raw, int len)
{
	struct spa_json array;
	int64_t ns;

	if (spa_streq(key, "latencies.nsec")) {
		if (!spa_json_is_array(raw, len) || k->n_latencies > 0)
			return false;
		spa_json_enter(object, &array);
		return read_latencies(k, &array);
	}
	if (spa_streq(key, "packet.nsec")) {
		if (!read_ns(raw, len, &ns) || (ns != 0 && !packet_is_possible(ns)))
			return false;
		k->packet_ns = ns;
		return true;
	}
	if (spa_streq(key, "told") && spa_json_is_bool(raw, len)) {
		k->told = spa_json_is_true(raw, len);
		return true;
	}
	/* A newer version's */
	return !spa_streq(key, "told");
}

bool known_read(struct spa_list *list, const char *key, const char *value)
{
	const char *address = strchr(key, ' '), *raw;
	struct known read = { 0 }, *k;
	char codec[KNOWN_KEY_SIZE], field[32];
	struct spa_json it;
	bool good = true;
	int len;

	if (address == NULL || address[1] == '\0' || strlen(key) >= KNOWN_KEY_SIZE)
		return false;
	snprintf(codec, sizeof(codec), "%.*s", (int)(address - key), key);
	if (known_find(list, ++address, codec) || spa_json_begin_object(&it, value, strlen(value)) <= 0)
		return false;
	while ((len = spa_json_object_next(&it, field, sizeof(field), &raw)) > 0)
		good &= read_field(&read, &it, field, raw, len);
	if (len < 0 || read.n_latencies == 0 || (k = add(list, address, codec)) == NULL)
		return false;
	memcpy(k->latencies_ns, read.latencies_ns, sizeof(k->latencies_ns));
	k->n_latencies = read.n_latencies;
	k->packet_ns = read.packet_ns;
	k->told = read.told;
	return good;
}
