/* What a speaker's latency offset was found to be: an entry calibration.<address> of the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "client/calibration.h"
#include "client/json.h"
#include "names.h"

#define RATE_MIN	8000u
#define RATE_MAX	384000u
#define REPORT_MAX_NS	(10 * (int64_t)SPA_NSEC_PER_SEC)	/* AVDTP tells at most 6.6 s */
#define SIGMA_MAX_MS	1000.0
#define ARRIVAL_MAX_MS	1000.0

/* What the object holds of a value: see who may change what */
#define TEXT_MAX	8192u

/* One in the text of the array */
struct part {
	const char *text;
	int len;
};

static bool find(const struct part *part, const char *key, char *value, size_t size)
{
	struct spa_json it;
	const char *raw;
	int len;

	return spa_json_begin_object(&it, part->text, part->len) > 0 && (len = spa_json_object_find(&it, key, &raw)) > 0 &&
		!spa_json_is_container(raw, len) && spa_json_parse_stringn(raw, len, value, size) > 0;
}

static double find_number(const struct part *part, const char *key, double min, double max)
{
	char text[64];
	double value;

	return find(part, key, text, sizeof(text)) && spa_atod(text, &value) && value >= min && value <= max ?
		value : NAN;
}

static int64_t find_whole(const struct part *part, const char *key, int64_t min, int64_t max)
{
	char text[32];
	int64_t value;

	return find(part, key, text, sizeof(text)) && spa_atoi64(text, &value, 10) && value >= min && value <= max ?
		value : 0;
}

static bool read_record(const struct part *part, struct calibration_record *r)
{
	char by[8];

	spa_zero(*r);
	r->rate = find_whole(part, BLUEZ_COMBINE_RECORD_RATE, RATE_MIN, RATE_MAX);
	r->offset_ms = find_number(part, BLUEZ_COMBINE_RECORD_OFFSET,
			-CALIBRATION_OFFSET_MAX_MS, CALIBRATION_OFFSET_MAX_MS);
	if (!find(part, BLUEZ_COMBINE_RECORD_CODEC, r->codec, sizeof(r->codec)) || r->codec[0] == '\0' ||
	    r->rate == 0 || isnan(r->offset_ms))
		return false;
	r->was_ms = find_number(part, BLUEZ_COMBINE_RECORD_WAS, -CALIBRATION_OFFSET_MAX_MS, CALIBRATION_OFFSET_MAX_MS);
	r->report_ns = find_whole(part, BLUEZ_COMBINE_RECORD_REPORT, 0, REPORT_MAX_NS);
	r->by_ear = find(part, BLUEZ_COMBINE_RECORD_BY, by, sizeof(by)) && spa_streq(by, "ear");
	r->at = find_whole(part, BLUEZ_COMBINE_RECORD_AT, 0, INT64_MAX);
	r->sigma_ms = find_number(part, BLUEZ_COMBINE_RECORD_SIGMA, 0.0, SIGMA_MAX_MS);
	r->arrival_ms = find_number(part, BLUEZ_COMBINE_RECORD_ARRIVAL, -ARRIVAL_MAX_MS, ARRIVAL_MAX_MS);
	if (!find(part, BLUEZ_COMBINE_RECORD_MICROPHONE, r->microphone, sizeof(r->microphone)))
		r->microphone[0] = '\0';
	return true;
}

/* Begin the array of records in the object \a json; false if there is none */
static bool begin_records(struct spa_json *it, const char *json)
{
	struct spa_json object;
	const char *raw;
	char key[32];
	int len;

	if (json == NULL || !json_is_object(json))
		return false;
	spa_json_begin_object(&object, json, strlen(json));
	while ((len = spa_json_object_next(&object, key, sizeof(key), &raw)) > 0)
		if (spa_streq(key, BLUEZ_COMBINE_CALIBRATION_RECORDS) && spa_json_is_array(raw, len)) {
			spa_json_begin_array(it, raw, strlen(raw));
			return true;
		}
	return false;
}

/* The next one that is one at all */
static bool next_record(struct spa_json *it, struct part *part, struct calibration_record *r)
{
	while ((part->len = spa_json_next(it, &part->text)) > 0) {
		if (!spa_json_is_object(part->text, part->len))
			continue;
		part->len = spa_json_container_len(it, part->text, part->len);
		if (part->len > 0 && read_record(part, r))
			return true;
	}
	return false;
}

static bool is_of(const struct calibration_record *r, const char *codec, uint32_t rate)
{
	return r->rate == rate && spa_streq(r->codec, codec);
}

bool calibration_find(const char *json, const char *codec, uint32_t rate, struct calibration_record *record)
{
	struct calibration_record r;
	struct spa_json it;
	struct part part;
	bool found = false;

	if (!begin_records(&it, json))
		return false;
	/* Of two the newer one, which comes later */
	while (next_record(&it, &part, &r))
		if (is_of(&r, codec, rate)) {
			*record = r;
			found = true;
		}
	return found;
}

/* Offsets to the nanosecond: what is put in place by the record is what was set */
static void write_record(FILE *out, const struct calibration_record *r)
{
	fprintf(out, "{ \"" BLUEZ_COMBINE_RECORD_BY "\": \"%s\"", r->by_ear ? "ear" : "hand");
	json_add_string(out, BLUEZ_COMBINE_RECORD_CODEC, r->codec);
	fprintf(out, ", \"" BLUEZ_COMBINE_RECORD_RATE "\": %" PRIu32, r->rate);
	json_add_number(out, BLUEZ_COMBINE_RECORD_OFFSET, 6, r->offset_ms);
	if (!isnan(r->was_ms))
		json_add_number(out, BLUEZ_COMBINE_RECORD_WAS, 6, r->was_ms);
	if (r->report_ns > 0)
		fprintf(out, ", \"" BLUEZ_COMBINE_RECORD_REPORT "\": %" PRIi64, r->report_ns);
	if (r->at > 0)
		fprintf(out, ", \"" BLUEZ_COMBINE_RECORD_AT "\": %" PRIi64, r->at);
	if (!isnan(r->sigma_ms))
		json_add_number(out, BLUEZ_COMBINE_RECORD_SIGMA, 4, r->sigma_ms);
	if (!isnan(r->arrival_ms))
		json_add_number(out, BLUEZ_COMBINE_RECORD_ARRIVAL, 4, r->arrival_ms);
	if (r->microphone[0])
		json_add_string(out, BLUEZ_COMBINE_RECORD_MICROPHONE, r->microphone);
	fputs(" }", out);
}

static bool is_unknown(const void *data, const char *key)
{
	return !spa_streq(key, "version") && !spa_streq(key, BLUEZ_COMBINE_CALIBRATION_RECORDS);
}

/* How many records of other codecs and rates there are */
static uint32_t count_others(const char *json, const char *codec, uint32_t rate)
{
	struct calibration_record r;
	struct spa_json it;
	struct part part;
	uint32_t n = 0;

	if (begin_records(&it, json))
		while (next_record(&it, &part, &r))
			n += !is_of(&r, codec, rate);
	return n;
}

/* Those, as they stand there, but for the oldest \a skip */
static void write_others(FILE *out, const char *json, const char *codec, uint32_t rate, uint32_t skip)
{
	struct calibration_record r;
	struct spa_json it;
	struct part part;
	uint32_t n = 0;

	if (!begin_records(&it, json))
		return;
	while (next_record(&it, &part, &r))
		if (!is_of(&r, codec, rate) && n++ >= skip)
			fprintf(out, "%s%.*s", n > skip + 1 ? ", " : "", part.len, part.text);
}

static char *write_text(const char *json, const char *codec, uint32_t rate, const struct calibration_record *record,
		uint32_t skip, bool unknown)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fputs("{ \"version\": 1", out);
	if (unknown)
		json_add_others(out, json, is_unknown, NULL);
	fputs(", \"" BLUEZ_COMBINE_CALIBRATION_RECORDS "\": [ ", out);
	write_others(out, json, codec, rate, skip);
	if (record) {
		fputs(skip < count_others(json, codec, rate) ? ", " : "", out);
		write_record(out, record);
	}
	fputs(" ] }", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The oldest go until the rest has room, and then what is not known */
static char *change(const char *json, const char *codec, uint32_t rate, const struct calibration_record *record)
{
	uint32_t n = count_others(json, codec, rate), max = CALIBRATION_RECORDS_MAX - (record != NULL);
	uint32_t skip = n > max ? n - max : 0;
	char *text = write_text(json, codec, rate, record, skip, true);

	while (text && strlen(text) > TEXT_MAX && skip < n) {
		free(text);
		text = write_text(json, codec, rate, record, ++skip, true);
	}
	if (text && strlen(text) > TEXT_MAX) {
		free(text);
		text = write_text(json, codec, rate, record, n, false);
	}
	return text;
}

char *calibration_put(const char *json, const struct calibration_record *record)
{
	return change(json, record->codec, record->rate, record);
}

char *calibration_drop(const char *json, const char *codec, uint32_t rate)
{
	return change(json, codec, rate, NULL);
}
