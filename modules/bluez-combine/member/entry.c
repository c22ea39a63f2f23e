/* What the metadata says of a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "log.h"
#include "member/entry.h"
#include "names.h"

#define VALUE_LEN_MAX	256

void member_entry_free(struct member_entry *e)
{
	free(e->address);
	free(e->target);
	free(e);
}

static void bad_field(const char *where, const char *key, const char *value, const char *allowed)
{
	if (where)
		pw_log_error("%s: '%.64s' = '%.256s' is not valid: expected %s", where, key, value, allowed);
}

static int entry_set(struct member_entry *e, const char *where, const char *key,
		const char *raw, int len)
{
	char value[VALUE_LEN_MAX];
	int res;

	if (spa_json_is_container(raw, len) ||
	    spa_json_parse_stringn(raw, len, value, sizeof(value)) <= 0) {
		snprintf(value, sizeof(value), "%.*s", len, raw);
		bad_field(where, key, value, "a string, a number, true or false");
		return -EINVAL;
	}
	if (spa_streq(key, "version"))
		return 0;
	if (spa_streq(key, BLUEZ_COMBINE_MEMBER_TARGET)) {
		free(e->target);
		e->target = NULL;
		e->has_target = true;
		if (!spa_json_is_null(raw, len) && *value)
			e->target = strdup(value);
		return 0;
	}
	if (spa_streq(key, BLUEZ_COMBINE_MEMBER_INCLUDE)) {
		if (!spa_json_is_bool(raw, len)) {
			bad_field(where, key, value, "true or false");
			return -EINVAL;
		}
		e->has_include = true;
		e->include = spa_json_is_true(raw, len);
		return 0;
	}
	res = member_config_set(&e->config, where, key, value);
	if (res == -ENOENT)
		bad_field(where, key, value, "one of target, include, role, gain, trim.msec, "
				"correction.msec as the key");
	return res;
}

struct member_entry *member_entry_new(const char *address, const char *json, bool quiet)
{
	struct member_entry *e = calloc(1, sizeof(*e));
	char text[VALUE_LEN_MAX], key[64];
	const char *where = quiet ? NULL : text;
	struct spa_json it;
	const char *value;
	int len;

	if (e == NULL || (e->address = strdup(address)) == NULL)
		goto error;
	e->config = MEMBER_CONFIG_INIT;
	snprintf(text, sizeof(text), "metadata " BLUEZ_COMBINE_KEY_MEMBER "%s", address);

	if (spa_json_begin_object(&it, json, strlen(json)) <= 0) {
		if (where)
			pw_log_error("%s: '%.256s' is not valid: expected "
					"{ \"target\": <node.name> ... }", where, json);
		goto error;
	}
	while ((len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0)
		if (entry_set(e, where, key, value, len) < 0)
			goto error;
	if (len < 0) {
		if (where)
			pw_log_error("%s: '%.256s' is not valid JSON", where, json);
		goto error;
	}
	return e;

error:
	if (e)
		member_entry_free(e);
	return NULL;
}
