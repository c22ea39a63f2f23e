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
#include "value.h"

#define VALUE_LEN_MAX	256

void member_entry_free(struct member_entry *e)
{
	free(e->address);
	free(e->target);
	free(e);
}

static int set_include(struct member_entry *e, const char *where, const char *raw, int len, const char *value)
{
	if (!spa_json_is_bool(raw, len)) {
		value_refuse(where, BLUEZ_COMBINE_MEMBER_INCLUDE, value, "true or false");
		return -EINVAL;
	}
	e->has_include = true;
	e->include = spa_json_is_true(raw, len);
	return 0;
}

/* One that is broken is as it was */
static void keep_field(struct member_entry *e, const struct member_entry *former, const char *key)
{
	if (former == NULL)
		return;
	if (spa_streq(key, BLUEZ_COMBINE_MEMBER_INCLUDE)) {
		e->has_include = former->has_include;
		e->include = former->include;
	}
	member_config_merge(&e->config, &former->config, member_field_find(key));
}

static bool is_known(const char *key)
{
	return member_field_find(key) || spa_streq(key, BLUEZ_COMBINE_MEMBER_INCLUDE) ||
		spa_streq(key, BLUEZ_COMBINE_MEMBER_TARGET);
}

static int set_target(struct member_entry *e, const char *where, const char *value, bool is_text)
{
	if (!is_text) {
		value_refuse(where, BLUEZ_COMBINE_MEMBER_TARGET, value, "a node.name");
		return -EINVAL;
	}
	e->has_target = true;
	free(e->target);
	e->target = *value ? strdup(value) : NULL;
	return 0;
}

/* Returns -ENOENT if there is no such field, -EINVAL if its value is refused */
static int set_field(struct member_entry *e, const char *where, const char *key, const char *raw, int len)
{
	char value[VALUE_LEN_MAX];
	bool is_text = true;

	if (spa_streq(key, "version"))
		return 0;
	if (!is_known(key))
		return -ENOENT;
	if (spa_json_is_null(raw, len)) {
		e->has_target |= spa_streq(key, BLUEZ_COMBINE_MEMBER_TARGET);
		return 0;
	}
	if (spa_json_is_container(raw, len)) {
		/* Which no field is */
		snprintf(value, sizeof(value), "%s", *raw == '[' ? "[ ... ]" : "{ ... }");
		is_text = false;
	} else if (spa_json_parse_stringn(raw, len, value, sizeof(value)) <= 0) {
		snprintf(value, sizeof(value), "%.*s", len, raw);
		is_text = false;
	}
	if (spa_streq(key, BLUEZ_COMBINE_MEMBER_TARGET))
		return set_target(e, where, value, is_text);
	if (spa_streq(key, BLUEZ_COMBINE_MEMBER_INCLUDE))
		return set_include(e, where, raw, len, value);
	return member_config_set(&e->config, where, key, value);
}

static int read_fields(struct member_entry *e, const struct member_entry *former, const char *where,
		struct spa_json *it)
{
	char key[64];
	const char *value;
	int len, res;

	while ((len = spa_json_object_next(it, key, sizeof(key), &value)) > 0) {
		if ((res = set_field(e, where, key, value, len)) == -EINVAL) {
			e->refused = true;
			keep_field(e, former, key);
		} else if (res == -ENOENT && !e->unknown) {
			e->unknown = true;
			if (where && !(former && former->unknown))
				pw_log_warn("%s: unknown field '%s', ignored: known are target, include, "
						MEMBER_FIELD_NAMES, where, key);
		}
	}
	return len;
}

struct member_entry *member_entry_new(const char *address, const char *json,
		const struct member_entry *former, bool quiet)
{
	struct member_entry *e = calloc(1, sizeof(*e));
	char text[VALUE_LEN_MAX];
	const char *where = quiet ? NULL : text;
	struct spa_json it;

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
	if (read_fields(e, former, where, &it) < 0) {
		if (where)
			pw_log_error("%s: '%.256s' is not valid JSON", where, json);
		goto error;
	}
	/* A user's change need not name the target that the policy set */
	if (!e->has_target && former && former->target) {
		e->has_target = true;
		e->target = strdup(former->target);
	}
	return e;

error:
	if (e)
		member_entry_free(e);
	return NULL;
}

bool member_entry_is_news(const struct member_entry *e, const struct member_entry *former)
{
	return e->refused || (e->unknown && !(former && former->unknown));
}
