/* What the user wants of one speaker: an entry member.<address> of the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "client/json.h"
#include "client/member.h"
#include "names.h"

/* Numbers are written with as many digits as matter, and read back near enough */
#define NEAR	0.001

static const struct {
	const char *key;
	uint32_t field;
} keys[] = {
	{ BLUEZ_COMBINE_MEMBER_TARGET, MEMBER_TARGET },
	{ BLUEZ_COMBINE_MEMBER_INCLUDE, MEMBER_INCLUDE },
	{ BLUEZ_COMBINE_MEMBER_ROLE, MEMBER_ROLE },
	{ BLUEZ_COMBINE_MEMBER_GAIN, MEMBER_GAIN },
	{ BLUEZ_COMBINE_MEMBER_TRIM, MEMBER_TRIM },
	{ BLUEZ_COMBINE_MEMBER_CORRECTION, MEMBER_CORRECTION },
};

static bool read_number(const char *json, const char *key, double *value)
{
	char text[64];

	return json_find(json, key, text, sizeof(text)) && spa_atod(text, value) && isfinite(*value);
}

void member_parse(struct member *m, const char *json)
{
	char text[8];

	spa_zero(*m);
	if (json == NULL || !json_is_object(json))
		return;
	if (json_find(json, BLUEZ_COMBINE_MEMBER_TARGET, m->target, sizeof(m->target)))
		m->fields |= MEMBER_TARGET;
	if (json_find(json, BLUEZ_COMBINE_MEMBER_INCLUDE, text, sizeof(text)) &&
	    (spa_streq(text, "true") || spa_streq(text, "false"))) {
		m->fields |= MEMBER_INCLUDE;
		m->include = spa_streq(text, "true");
	}
	if (json_find(json, BLUEZ_COMBINE_MEMBER_ROLE, m->role, sizeof(m->role)))
		m->fields |= MEMBER_ROLE;
	if (read_number(json, BLUEZ_COMBINE_MEMBER_GAIN, &m->gain) && m->gain >= 0.0 && m->gain <= 1.0)
		m->fields |= MEMBER_GAIN;
	if (read_number(json, BLUEZ_COMBINE_MEMBER_TRIM, &m->trim_ms) && fabs(m->trim_ms) < 1e6)
		m->fields |= MEMBER_TRIM;
	if (read_number(json, BLUEZ_COMBINE_MEMBER_CORRECTION, &m->correction_ms))
		m->fields |= MEMBER_CORRECTION;
}

bool member_is_left_out(const struct member *m)
{
	return m->fields & MEMBER_INCLUDE && !m->include;
}

/* data: a mask of those that are not taken over */
static bool is_kept(const void *data, const char *key)
{
	const uint32_t *except = data;
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(keys); i++)
		if (spa_streq(key, keys[i].key))
			return !(keys[i].field & *except);
	return !spa_streq(key, "version");
}

static void write_wanted(FILE *out, const struct member *m)
{
	if (m->fields & MEMBER_TARGET)
		json_add_string(out, BLUEZ_COMBINE_MEMBER_TARGET, m->target);
	if (m->fields & MEMBER_INCLUDE)
		fprintf(out, ", \"" BLUEZ_COMBINE_MEMBER_INCLUDE "\": %s", m->include ? "true" : "false");
	if (m->fields & MEMBER_ROLE)
		json_add_string(out, BLUEZ_COMBINE_MEMBER_ROLE, m->role);
	if (m->fields & MEMBER_GAIN)
		json_add_number(out, BLUEZ_COMBINE_MEMBER_GAIN, 6, m->gain);
	if (m->fields & MEMBER_TRIM)
		json_add_number(out, BLUEZ_COMBINE_MEMBER_TRIM, 3, m->trim_ms);
	if (m->fields & MEMBER_CORRECTION)
		json_add_number(out, BLUEZ_COMBINE_MEMBER_CORRECTION, 3, m->correction_ms);
}

char *member_change(const char *json, const struct member *wanted, uint32_t clear)
{
	uint32_t except = wanted->fields | clear;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fputs("{ \"version\": 1", out);
	write_wanted(out, wanted);
	if (clear != (uint32_t)MEMBER_ALL)
		json_add_others(out, json, is_kept, &except);
	fputs(" }", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

bool member_is(const struct member *is, const struct member *wanted, uint32_t clear)
{
	/* Where its sink is the policy puts in again, and so it may whether it is taken in */
	uint32_t gone = clear & ~wanted->fields & ~(MEMBER_TARGET | MEMBER_INCLUDE), has = wanted->fields;

	if (is->fields & gone)
		return false;
	/* Who is not left out is included */
	if (has & MEMBER_INCLUDE && member_is_left_out(is) == wanted->include)
		return false;
	if (~is->fields & has & ~MEMBER_INCLUDE)
		return false;
	return (!(has & MEMBER_TARGET) || spa_streq(is->target, wanted->target)) &&
		(!(has & MEMBER_ROLE) || spa_streq(is->role, wanted->role)) &&
		(!(has & MEMBER_GAIN) || fabs(is->gain - wanted->gain) < NEAR) &&
		(!(has & MEMBER_TRIM) || fabs(is->trim_ms - wanted->trim_ms) < NEAR) &&
		(!(has & MEMBER_CORRECTION) || fabs(is->correction_ms - wanted->correction_ms) < NEAR);
}
