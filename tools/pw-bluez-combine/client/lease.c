/* A lease of a group: a transient say in who is heard, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/utils/string.h>

#include "client/json.h"
#include "client/lease.h"
#include "names.h"

/* The module gives up what has not been renewed for LIFE_NS: a few may come late */
#define RENEW_SEC	2
#define LIFE_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
/* The module answers at once, but for while it moves the whole group, which takes the longest delay */
#define ANSWER_NS	(CLIENT_ANSWER_LIMIT_SEC * (int64_t)SPA_NSEC_PER_SEC)

static void write_solo(FILE *out, const struct lease_speaker *speakers, uint32_t n)
{
	const char *separator = "";

	fputs(", \"" BLUEZ_COMBINE_LEASE_SOLO "\": [", out);
	for (uint32_t i = 0; i < n; i++) {
		if (!speakers[i].heard)
			continue;
		fputs(separator, out);
		json_write_string(out, speakers[i].address);
		separator = ", ";
	}
	fputc(']', out);
}

static void write_corrections(FILE *out, const struct lease_speaker *speakers, uint32_t n)
{
	const char *separator = "";

	fputs(", \"" BLUEZ_COMBINE_LEASE_CORRECTION "\": {", out);
	for (uint32_t i = 0; i < n; i++) {
		if (!speakers[i].corrected)
			continue;
		fputs(separator, out);
		json_write_string(out, speakers[i].address);
		fputs(": ", out);
		json_write_number(out, 4, speakers[i].correction_ms);
		separator = ", ";
	}
	fputc('}', out);
}

static void write_tracks(FILE *out, const struct lease_track *tracks, uint32_t n)
{
	const char *separator = "";

	fputs(", \"" BLUEZ_COMBINE_LEASE_TRACK "\": {", out);
	for (uint32_t i = 0; i < n; i++) {
		if (!tracks[i].tracked)
			continue;
		fputs(separator, out);
		json_write_string(out, tracks[i].address);
		fputs(": ", out);
		if (isnan(tracks[i].tracked_ms))
			fputs("null", out);
		else
			json_write_number(out, 4, tracks[i].tracked_ms);
		separator = ", ";
	}
	fputc('}', out);
}

static void write_dither(FILE *out, const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither)
{
	const char *separator = "";

	fprintf(out, ", \"" BLUEZ_COMBINE_LEASE_DITHER "\": {\"" BLUEZ_COMBINE_DITHER_SAMPLES "\": %" PRIu32
			", \"" BLUEZ_COMBINE_DITHER_CHIP "\": ", dither->samples);
	json_write_number(out, 3, dither->chip_ms);
	fputs(", \"" BLUEZ_COMBINE_DITHER_CODES "\": {", out);
	for (uint32_t i = 0; i < n; i++) {
		if (tracks[i].code == 0)
			continue;
		fputs(separator, out);
		json_write_string(out, tracks[i].address);
		fprintf(out, ": %" PRIu32, tracks[i].code);
		separator = ", ";
	}
	fputs("}}", out);
}

char *lease_print(bool solo, const struct lease_speaker *speakers, uint32_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (solo)
		write_solo(out, speakers, n);
	write_corrections(out, speakers, n);
	if (fclose(out) != 0)
		spa_clear_ptr(text, free);
	return text;
}

char *lease_print_track(const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	write_tracks(out, tracks, n);
	if (dither && dither->samples > 0)
		write_dither(out, tracks, n, dither);
	if (fclose(out) != 0)
		spa_clear_ptr(text, free);
	return text;
}

/* Another count each time: what is the same as before PipeWire does not pass on */
static int write_lease(struct lease *lease)
{
	struct metadata *m = client_group(lease->client, lease->group);
	uint32_t id = client_id(lease->client);
	char *value;
	int res;

	if (m == NULL || id == SPA_ID_INVALID)
		return -ENOENT;
	value = spa_aprintf("{ \"version\": 1, \"" BLUEZ_COMBINE_LEASE_COUNT "\": %" PRIu32 "%s }",
			++lease->count, lease->fields);
	if (value == NULL)
		return -ENOMEM;
	res = metadata_set_of(m, id, BLUEZ_COMBINE_KEY_LEASE, value);
	lease->written_ns = client_now_ns(lease->client);
	free(value);
	return res;
}

static void lose(struct lease *lease, int res)
{
	lease_end(lease);
	lease->events->lost(lease->data, res);
}

/* It is given up because of that, of which one hears before the timer or after it */
static bool has_stood_still(const struct lease *lease)
{
	return client_now_ns(lease->client) - lease->written_ns > LIFE_NS;
}

static void on_timer(void *data, uint64_t expirations)
{
	struct lease *lease = data;
	int res;

	if (lease->fields == NULL)
		return;
	if (has_stood_still(lease))
		lose(lease, -ETIME);
	else if (lease->awaited && client_now_ns(lease->client) - lease->asked_ns > ANSWER_NS)
		lose(lease, -ETIMEDOUT);
	else if ((res = write_lease(lease)) < 0)
		lose(lease, res);
}

int lease_init(struct lease *lease, struct client *client, const char *group,
		const struct lease_events *events, void *data)
{
	*lease = (struct lease) {
		.client = client,
		.group = group,
		.events = events,
		.data = data,
	};
	/* An answer that a former client of the same id has left is none to us */
	lease->count = (uint32_t)(client_now_ns(lease->client) / SPA_NSEC_PER_MSEC) & 0x3fffffff;
	lease->timer = pw_loop_add_timer(client->loop, on_timer, lease);
	return lease->timer ? 0 : -errno;
}

void lease_finish(struct lease *lease)
{
	if (lease->client == NULL)
		return;
	lease_end(lease);
	if (lease->timer)
		pw_loop_destroy_source(lease->client->loop, lease->timer);
	spa_zero(*lease);
}

static int set_fields(struct lease *lease, char *fields, uint32_t *count)
{
	struct timespec interval = { .tv_sec = RENEW_SEC };
	int res;

	if (fields == NULL)
		return -ENOMEM;
	free(lease->fields);
	lease->fields = fields;
	if ((res = write_lease(lease)) < 0) {
		lease_end(lease);
		return res;
	}
	lease->first = lease->count;
	lease->asked_ns = lease->written_ns;
	lease->awaited = true;
	if (count)
		*count = lease->first;
	pw_loop_update_timer(lease->client->loop, lease->timer, &interval, &interval, false);
	return 0;
}

int lease_set(struct lease *lease, bool solo, const struct lease_speaker *speakers, uint32_t n, uint32_t *count)
{
	return set_fields(lease, lease_print(solo, speakers, n), count);
}

int lease_set_track(struct lease *lease, const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither,
		uint32_t *count)
{
	return set_fields(lease, lease_print_track(tracks, n, dither), count);
}

void lease_end(struct lease *lease)
{
	struct metadata *m;

	if (lease->fields == NULL)
		return;
	spa_clear_ptr(lease->fields, free);
	lease->held = lease->awaited = false;
	pw_loop_update_timer(lease->client->loop, lease->timer, NULL, NULL, false);
	if ((m = client_group(lease->client, lease->group)) != NULL)
		metadata_set_of(m, client_id(lease->client), BLUEZ_COMBINE_KEY_LEASE, NULL);
}

static bool read_number(const char *json, const char *key, int64_t *number)
{
	char text[32];

	return json_find(json, key, text, sizeof(text)) && spa_atoi64(text, number, 10);
}

/* Is it to something that this lease has asked for? */
static bool is_answer(const struct lease *lease, const char *json, int64_t *count)
{
	int64_t id;

	return json && read_number(json, BLUEZ_COMBINE_LEASE_CLIENT, &id) &&
		read_number(json, BLUEZ_COMBINE_LEASE_COUNT, count) && id == client_id(lease->client);
}

static bool is_awaited(const struct lease *lease, int64_t count)
{
	return lease->awaited && count >= lease->first && count <= lease->count;
}

static void read_taken(struct lease *lease, const char *json)
{
	int64_t count, ready_ns = 0;

	if (!is_answer(lease, json, &count)) {
		if (lease->held)
			lose(lease, has_stood_still(lease) ? -ETIME : -ECANCELED);
		return;
	}
	if (!is_awaited(lease, count))
		return;
	lease->held = true;
	lease->awaited = false;
	read_number(json, BLUEZ_COMBINE_LEASE_READY, &ready_ns);
	lease->events->taken(lease->data, lease->first, ready_ns);
}

static void read_refused(struct lease *lease, const char *json)
{
	char why[512] = "";
	int64_t count;

	if (!is_answer(lease, json, &count) || !is_awaited(lease, count))
		return;
	lease->awaited = false;
	json_find(json, BLUEZ_COMBINE_LEASE_REFUSED, why, sizeof(why));
	if (!lease->held)
		lease_end(lease);
	lease->events->refused(lease->data, why);
}

void lease_changed(struct lease *lease)
{
	const struct metadata *m;

	if (lease->fields == NULL)
		return;
	if ((m = client_group(lease->client, lease->group)) == NULL) {
		lose(lease, -ENOENT);
		return;
	}
	read_taken(lease, metadata_get(m, BLUEZ_COMBINE_KEY_LEASE_TAKEN));
	if (lease->fields)
		read_refused(lease, metadata_get(m, BLUEZ_COMBINE_KEY_LEASE_REFUSED));
}
