/* What a speaker's latency offset was found to be by listening, and whether that still holds */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "member/calibration.h"
#include "names.h"
#include "value.h"

/* An offset that pavucontrol and the tool can set */
#define OFFSET_MSEC_MAX	2000.0

const struct calibration *calibration_find(const struct spa_list *list, const char *address)
{
	const struct calibration *c;

	spa_list_for_each(c, list, link)
		if (spa_streq(c->address, address))
			return c;
	return NULL;
}

static void calibration_free(struct calibration *c)
{
	spa_list_remove(&c->link);
	free(c->address);
	free(c);
}

void calibration_clear(struct spa_list *list)
{
	struct calibration *c;

	spa_list_consume(c, list, link)
		calibration_free(c);
}

static void read_field(struct calibration_record *r, const char *key, const char *text)
{
	double msec;

	if (spa_streq(key, BLUEZ_COMBINE_RECORD_CODEC) && strlen(text) < sizeof(r->codec))
		snprintf(r->codec, sizeof(r->codec), "%s", text);
	else if (spa_streq(key, BLUEZ_COMBINE_RECORD_RATE))
		spa_atou32(text, &r->rate, 10);
	else if (spa_streq(key, BLUEZ_COMBINE_RECORD_OFFSET) && value_number(text, &msec) && fabs(msec) <= OFFSET_MSEC_MAX)
		r->offset_ns = llrint(msec * SPA_NSEC_PER_MSEC);
	else if (spa_streq(key, BLUEZ_COMBINE_RECORD_REPORT))
		spa_atoi64(text, &r->report_ns, 10);
	else if (spa_streq(key, BLUEZ_COMBINE_RECORD_AT))
		spa_atoi64(text, &r->at, 10);
	else if (spa_streq(key, BLUEZ_COMBINE_RECORD_BY))
		r->by_ear = spa_streq(text, "ear");
}

/* Without codec, rate or offset it is none */
static bool read_record(struct spa_json *it, struct calibration_record *r)
{
	char key[32], text[64];
	const char *value;
	struct spa_json sub;
	int len;

	*r = (struct calibration_record) { .offset_ns = INT64_MIN };
	spa_json_enter(it, &sub);
	while ((len = spa_json_object_next(&sub, key, sizeof(key), &value)) > 0)
		if (!spa_json_is_container(value, len) && spa_json_parse_stringn(value, len, text, sizeof(text)) > 0)
			read_field(r, key, text);
	return len == 0 && r->codec[0] && r->rate > 0 && r->offset_ns != INT64_MIN;
}

static void add_record(struct calibration *c, const struct calibration_record *r)
{
	if (c->n_records == CALIBRATION_RECORDS_MAX)
		memmove(&c->records[0], &c->records[1], --c->n_records * sizeof(*r));
	c->records[c->n_records++] = *r;
}

static void read_records(struct calibration *c, const char *json)
{
	struct calibration_record r;
	struct spa_json it, sub;
	const char *value;
	char key[32];
	int len;

	if (spa_json_begin_object(&it, json, strlen(json)) <= 0)
		return;
	while ((len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0) {
		if (!spa_streq(key, BLUEZ_COMBINE_CALIBRATION_RECORDS) || !spa_json_is_array(value, len))
			continue;
		spa_json_enter(&it, &sub);
		while ((len = spa_json_next(&sub, &value)) > 0)
			if (spa_json_is_object(value, len) && read_record(&sub, &r))
				add_record(c, &r);
		return;
	}
}

static uint32_t count(const struct spa_list *list)
{
	const struct calibration *c;
	uint32_t n = 0;

	spa_list_for_each(c, list, link)
		n++;
	return n;
}

void calibration_put(struct spa_list *list, const char *address, const char *json, uint32_t max)
{
	struct calibration *c = (struct calibration *)calibration_find(list, address);

	if (c)
		calibration_free(c);
	else if (count(list) >= max)
		return;
	if (json == NULL || (c = calloc(1, sizeof(*c))) == NULL)
		return;
	spa_list_append(list, &c->link);
	read_records(c, json);
	if ((c->address = strdup(address)) == NULL || c->n_records == 0)
		calibration_free(c);
}

/* How near a record comes to what the speaker is sent now. What a user has set for something else says nothing of it. */
enum nearness {
	NEAR_NOT,
	NEAR_BY_EAR,
	NEAR_CODEC,
	NEAR_SAME,
};

static enum nearness nearness(const struct calibration_record *r, const struct calibration_facts *facts)
{
	bool same_codec = spa_streq(r->codec, facts->codec);

	if (same_codec && r->rate == facts->rate)
		return NEAR_SAME;
	if (!r->by_ear)
		return NEAR_NOT;
	return same_codec ? NEAR_CODEC : NEAR_BY_EAR;
}

/* The newest of the nearest */
static const struct calibration_record *find_record(const struct calibration *c, const struct calibration_facts *facts)
{
	const struct calibration_record *best = NULL;
	enum nearness near, nearest = NEAR_BY_EAR;

	for (uint32_t i = 0; i < c->n_records; i++)
		if ((near = nearness(&c->records[i], facts)) >= nearest) {
			best = &c->records[i];
			nearest = near;
		}
	return best;
}

static bool is_near(int64_t a, int64_t b, int64_t within)
{
	return SPA_ABS(a - b) <= within;
}

enum calibration_state calibration_judge(const struct calibration *c, const struct calibration_facts *facts,
		const struct calibration_record **record)
{
	const struct calibration_record *r = c && facts->rate > 0 ? find_record(c, facts) : NULL;

	*record = r;
	if (r == NULL)
		return CALIBRATION_NONE;
	if (!spa_streq(r->codec, facts->codec))
		return CALIBRATION_OTHER_CODEC;
	if (r->rate != facts->rate)
		return CALIBRATION_OTHER_RATE;
	if (!r->by_ear || !is_near(r->offset_ns, facts->offset_ns, CALIBRATION_OFFSET_NS))
		return CALIBRATION_BY_HAND;
	if (r->report_ns > 0 && facts->report_ns > 0 && !is_near(r->report_ns, facts->report_ns, CALIBRATION_REPORT_NS))
		return CALIBRATION_OTHER_REPORT;
	return CALIBRATION_GOOD;
}
