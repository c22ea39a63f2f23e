/* A lease: what one client may say of a group for as long as it is there */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "member/config.h"
#include "member/lease.h"
#include "names.h"
#include "value.h"

/* What is longer is no key of the metadata, and so no member's */
#define ADDRESS_SIZE	257

void lease_init(struct lease *lease)
{
	*lease = (struct lease) { .client = SPA_ID_INVALID };
}

void lease_clear(struct lease *lease)
{
	for (uint32_t i = 0; i < lease->n_speakers; i++)
		free(lease->speakers[i].address);
	free(lease->speakers);
	lease_init(lease);
}

static const struct lease_speaker *find(const struct lease *lease, const char *address)
{
	for (uint32_t i = 0; i < lease->n_speakers; i++)
		if (spa_streq(lease->speakers[i].address, address))
			return &lease->speakers[i];
	return NULL;
}

/* NULL: there are too many */
static struct lease_speaker *speaker_of(struct lease *lease, const char *address)
{
	struct lease_speaker *s = (struct lease_speaker *)find(lease, address);

	if (s || lease->n_speakers >= LEASE_SPEAKERS_MAX)
		return s;
	if (lease->speakers == NULL &&
	    (lease->speakers = calloc(LEASE_SPEAKERS_MAX, sizeof(*lease->speakers))) == NULL)
		return NULL;
	s = &lease->speakers[lease->n_speakers];
	if ((s->address = strdup(address)) == NULL)
		return NULL;
	lease->n_speakers++;
	return s;
}

/* What follows is in the words of value_refuse(), but for the client to read */
SPA_PRINTF_FUNC(2, 3)
static int refuse(struct lease_refusal *refusal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->why, sizeof(refusal->why), format, args);
	va_end(args);
	return -EINVAL;
}

static int refuse_value(struct lease_refusal *refusal, const char *key, const char *value, int len, const char *allowed)
{
	return refuse(refusal, "'%.32s' = '%.*s' is not valid: expected %s", key, SPA_MIN(len, 64), value, allowed);
}

static int too_many(struct lease_refusal *refusal)
{
	return refuse(refusal, "it names more than %u speakers", LEASE_SPEAKERS_MAX);
}

static int read_solo(struct lease *lease, struct spa_json *it, const char *value, int len, struct lease_refusal *refusal)
{
	static const char * const allowed = "an array of addresses, or null";
	struct lease_speaker *s;
	char address[ADDRESS_SIZE];
	struct spa_json sub;

	if (spa_json_is_null(value, len))
		return 0;
	if (!spa_json_is_array(value, len))
		return refuse_value(refusal, BLUEZ_COMBINE_LEASE_SOLO, value, len, allowed);
	lease->solo = lease->firm = true;
	spa_json_enter(it, &sub);
	while ((len = spa_json_next(&sub, &value)) > 0) {
		if (spa_json_is_container(value, len) || spa_json_parse_stringn(value, len, address, sizeof(address)) <= 0)
			return refuse_value(refusal, BLUEZ_COMBINE_LEASE_SOLO, value, len, allowed);
		if ((s = speaker_of(lease, address)) == NULL)
			return too_many(refusal);
		s->heard = true;
	}
	return len;
}

/* What is said of one speaker, NAN for null. Returns whether it can be so. */
typedef bool (*take_func)(struct lease_speaker *s, double number);

static bool take_correction(struct lease_speaker *s, double msec)
{
	if (fabs(msec) > CORRECTION_MSEC_MAX)
		return false;
	s->placed = !isnan(msec);
	s->correction_ns = s->placed ? llrint(msec * SPA_NSEC_PER_MSEC) : 0;
	return true;
}

static bool take_track(struct lease_speaker *s, double msec)
{
	if (fabs(msec) > CORRECTION_MSEC_MAX)
		return false;
	s->track = isnan(msec) ? LEASE_TRACK_FORGET : LEASE_TRACK;
	s->tracked_ns = isnan(msec) ? 0 : llrint(msec * SPA_NSEC_PER_MSEC);
	return true;
}

static bool take_code(struct lease_speaker *s, double code)
{
	if (!isnan(code) && (code < LEASE_CODE_MIN || code > LEASE_CODE_MAX || code != trunc(code)))
		return false;
	s->code = isnan(code) ? 0 : code;
	return true;
}

static bool read_number(const char *value, int len, double *number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*s", len, value);
	return value_number(text, number);
}

/* An object of a number for each address. Returns 1, or 0 if it is null. */
static int read_numbers(struct lease *lease, struct spa_json *it, const char *key, const char *value, int len,
		take_func take, const char *allowed, struct lease_refusal *refusal)
{
	struct lease_speaker *s;
	char address[ADDRESS_SIZE];
	struct spa_json sub;

	if (spa_json_is_null(value, len))
		return 0;
	if (!spa_json_is_object(value, len))
		return refuse_value(refusal, key, value, len, allowed);
	spa_json_enter(it, &sub);
	while ((len = spa_json_object_next(&sub, address, sizeof(address), &value)) > 0) {
		double number = NAN;

		if (!spa_json_is_null(value, len) && !read_number(value, len, &number))
			return refuse_value(refusal, key, value, len, allowed);
		if ((s = speaker_of(lease, address)) == NULL)
			return too_many(refusal);
		if (!take(s, number))
			return refuse_value(refusal, key, value, len, allowed);
	}
	return len < 0 ? len : 1;
}

static int read_msec(struct lease *lease, struct spa_json *it, const char *key, const char *value, int len,
		take_func take, struct lease_refusal *refusal)
{
	char allowed[64];

	snprintf(allowed, sizeof(allowed), "an object of milliseconds from %g to %g", -CORRECTION_MSEC_MAX,
			CORRECTION_MSEC_MAX);
	return read_numbers(lease, it, key, value, len, take, allowed, refusal);
}

static int read_dither_field(struct lease *lease, struct spa_json *it, const char *key, const char *value, int len,
		struct lease_refusal *refusal)
{
	double number;

	if (spa_streq(key, BLUEZ_COMBINE_DITHER_CODES))
		return read_numbers(lease, it, key, value, len, take_code, "an object of whole numbers from "
				SPA_STRINGIFY(LEASE_CODE_MIN) " to " SPA_STRINGIFY(LEASE_CODE_MAX), refusal);
	if (spa_streq(key, BLUEZ_COMBINE_DITHER_SAMPLES)) {
		if (!read_number(value, len, &number) || number < LEASE_SAMPLES_MIN || number > LEASE_SAMPLES_MAX ||
		    number != trunc(number))
			return refuse_value(refusal, key, value, len, "a whole number from "
					SPA_STRINGIFY(LEASE_SAMPLES_MIN) " to " SPA_STRINGIFY(LEASE_SAMPLES_MAX));
		lease->dither.samples = number;
	} else if (spa_streq(key, BLUEZ_COMBINE_DITHER_CHIP)) {
		if (!read_number(value, len, &number) || number < LEASE_CHIP_MSEC_MIN || number > LEASE_CHIP_MSEC_MAX)
			return refuse_value(refusal, key, value, len, "milliseconds from "
					SPA_STRINGIFY(LEASE_CHIP_MSEC_MIN) " to " SPA_STRINGIFY(LEASE_CHIP_MSEC_MAX));
		lease->dither.chip_ns = llrint(number * SPA_NSEC_PER_MSEC);
	}
	return 0;
}

static int read_dither(struct lease *lease, struct spa_json *it, const char *value, int len,
		struct lease_refusal *refusal)
{
	static const char * const allowed = "an object with " BLUEZ_COMBINE_DITHER_SAMPLES ", "
		BLUEZ_COMBINE_DITHER_CHIP " and " BLUEZ_COMBINE_DITHER_CODES ", or null";
	struct spa_json sub;
	char key[64];
	int res;

	if (spa_json_is_null(value, len))
		return 0;
	if (!spa_json_is_object(value, len))
		return refuse_value(refusal, BLUEZ_COMBINE_LEASE_DITHER, value, len, allowed);
	spa_json_enter(it, &sub);
	while ((res = len = spa_json_object_next(&sub, key, sizeof(key), &value)) > 0)
		if ((res = read_dither_field(lease, &sub, key, value, len, refusal)) < 0)
			return res;
	if (res == 0 && (lease->dither.samples == 0 || lease->dither.chip_ns == 0))
		return refuse(refusal, "'" BLUEZ_COMBINE_LEASE_DITHER "' lacks something: expected %s", allowed);
	return res;
}

static int read_count(struct lease *lease, const char *value, int len, struct lease_refusal *refusal)
{
	char number[32];

	snprintf(number, sizeof(number), "%.*s", len, value);
	if (!spa_atou32(number, &lease->count, 10))
		return refuse_value(refusal, BLUEZ_COMBINE_LEASE_COUNT, value, len, "a whole number from 0 to 4294967295");
	return 0;
}

static int read_field(struct lease *lease, struct spa_json *it, const char *key, const char *value, int len,
		struct lease_refusal *refusal)
{
	int res;

	if (spa_streq(key, BLUEZ_COMBINE_LEASE_COUNT))
		return read_count(lease, value, len, refusal);
	if (spa_streq(key, BLUEZ_COMBINE_LEASE_SOLO))
		return read_solo(lease, it, value, len, refusal);
	if (spa_streq(key, BLUEZ_COMBINE_LEASE_CORRECTION)) {
		res = read_msec(lease, it, key, value, len, take_correction, refusal);
		lease->firm |= res > 0;
		return res;
	}
	if (spa_streq(key, BLUEZ_COMBINE_LEASE_TRACK))
		return read_msec(lease, it, key, value, len, take_track, refusal);
	if (spa_streq(key, BLUEZ_COMBINE_LEASE_DITHER))
		return read_dither(lease, it, value, len, refusal);
	return 0;
}

static int read_json(struct lease *lease, const char *json, struct lease_refusal *refusal)
{
	const char *value;
	struct spa_json it;
	char key[64];
	int len, res;

	if (spa_json_begin_object(&it, json, strlen(json)) <= 0)
		return refuse(refusal, "'%.64s' is not valid: expected { \"" BLUEZ_COMBINE_LEASE_COUNT "\": <number> ... }", json);
	while ((res = len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0)
		if ((res = read_field(lease, &it, key, value, len, refusal)) < 0)
			break;
	if (res < 0 && refusal->why[0] == '\0')
		refuse(refusal, "'%.64s' is not valid JSON", json);
	return res;
}

enum lease_result lease_write(struct lease *lease, uint32_t client, enum owner owner, const char *json,
		int64_t now_ns, struct lease_refusal *refusal)
{
	struct lease_refusal now = { .client = client };
	struct lease written;
	int res;

	if (json == NULL) {
		if (client != lease->client || !lease_is_held(lease))
			return LEASE_UNCHANGED;
		lease_clear(lease);
		return LEASE_ENDED;
	}
	lease_init(&written);
	res = read_json(&written, json, &now);
	if (owner == OWNER_RESTRICTED)
		res = refuse(&now, "%" PRIu32 " is no client that is there, or a restricted one: expected the id of one that is not",
				client);
	else if (lease_is_held(lease) && lease->client != client && (lease->firm || !written.firm))
		res = refuse(&now, "the client %" PRIu32 " has the lease: expected one at a time", lease->client);
	if (res < 0) {
		now.count = written.count;
		*refusal = now;
		lease_clear(&written);
		return LEASE_REFUSED;
	}
	lease_clear(lease);
	*lease = written;
	lease->client = client;
	lease->until_ns = now_ns + LEASE_LIFE_NS;
	return LEASE_TAKEN;
}

bool lease_tick(struct lease *lease, int64_t now_ns, int64_t *next_ns)
{
	if (!lease_is_held(lease))
		return false;
	if (now_ns < lease->until_ns) {
		*next_ns = SPA_MIN(*next_ns, lease->until_ns);
		return false;
	}
	lease_clear(lease);
	return true;
}

bool lease_silences(const struct lease *lease, const char *address)
{
	const struct lease_speaker *s;

	return lease->solo && !((s = find(lease, address)) && s->heard);
}

bool lease_places(const struct lease *lease, const char *address, int64_t *correction_ns)
{
	const struct lease_speaker *s = find(lease, address);
	bool placed = s && s->placed;

	*correction_ns = placed ? s->correction_ns : 0;
	return placed;
}

bool lease_tracks(const struct lease *lease, const char *address, int64_t *tracked_ns)
{
	const struct lease_speaker *s = find(lease, address);

	if (s && s->track != LEASE_TRACK_UNSAID)
		*tracked_ns = s->tracked_ns;
	return s && s->track == LEASE_TRACK;
}

struct lease_dither lease_dither(const struct lease *lease, const char *address)
{
	const struct lease_speaker *s = find(lease, address);

	if (s == NULL || s->code == 0)
		return (struct lease_dither) { 0 };
	return (struct lease_dither) { s->code, lease->dither.samples, lease->dither.chip_ns };
}
