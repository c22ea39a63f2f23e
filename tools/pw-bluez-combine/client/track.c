/* What a program that tracks speakers tells of them: the key track of the metadata, of its own client */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "client/json.h"
#include "client/track.h"

#define SKEW_MAX_MS	1000.0

static void get_string(const char *text, int len, const char *key, char *value, size_t size)
{
	if (spa_json_str_object_find(text, len, key, value, size) <= 0)
		value[0] = '\0';
}

static double get_number(const char *text, int len, const char *key, double min, double max)
{
	char value[64];
	double number;

	get_string(text, len, key, value, sizeof(value));
	return spa_atod(value, &number) && number >= min && number <= max ? number : NAN;
}

static bool read_heard(const char *text, int len, struct track_heard *h)
{
	char value[32];

	get_string(text, len, "state", h->state, sizeof(h->state));
	get_string(text, len, "reason", h->reason, sizeof(h->reason));
	get_string(text, len, "since", value, sizeof(value));
	if (!spa_atoi64(value, &h->since, 10) || h->since < 0)
		h->since = 0;
	h->skew_ms = get_number(text, len, "skew.msec", -SKEW_MAX_MS, SKEW_MAX_MS);
	h->sigma_ms = get_number(text, len, "sigma.msec", 0.0, SKEW_MAX_MS);
	return h->state[0] != '\0';
}

/* Where the object under a key is in the object that \a it is in; returns its length, <= 0 if there is none */
static int find_object(struct spa_json *it, const char *wanted, const char **text)
{
	char key[512];
	int len;

	while ((len = spa_json_object_next(it, key, sizeof(key), text)) > 0)
		if (spa_streq(key, wanted) && spa_json_is_object(*text, len))
			return len;
	return 0;
}

bool track_read(const char *json, struct track_told *told)
{
	if (json == NULL || !json_is_object(json))
		return false;
	get_string(json, strlen(json), "state", told->state, sizeof(told->state));
	get_string(json, strlen(json), "microphone", told->microphone, sizeof(told->microphone));
	return told->state[0] != '\0';
}

bool track_find(const char *json, const char *address, struct track_heard *heard)
{
	struct spa_json it, speakers;
	const char *text;
	int len;

	if (json == NULL || !json_is_object(json))
		return false;
	spa_json_begin_object(&it, json, strlen(json));
	if (find_object(&it, "speakers", &text) <= 0)
		return false;
	spa_json_enter(&it, &speakers);
	if ((len = find_object(&speakers, address, &text)) <= 0 ||
	    (len = spa_json_container_len(&speakers, text, len)) <= 0)
		return false;
	return read_heard(text, len, heard);
}
