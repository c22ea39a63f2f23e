/* JSON that others wrote, in PipeWire's relaxed form */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <spa/utils/json.h>

#include "client/json.h"

/* Ours are flat. Each level is a call deep, here and where it is printed. */
#define DEPTH_MAX	16

/* Walks all of it; spa_json does not tell in an object whether a value is there. */
static bool is_whole(struct spa_json *it, bool object, int depth)
{
	struct spa_json sub;
	const char *raw;
	int len;

	if (depth > DEPTH_MAX)
		return false;
	while ((len = spa_json_next(it, &raw)) > 0) {
		if (object) {
			if (spa_json_is_container(raw, len) || (len = spa_json_next(it, &raw)) <= 0)
				return false;
		}
		if (spa_json_is_container(raw, len)) {
			bool sub_object = *raw == '{';

			spa_json_enter(it, &sub);
			if (!is_whole(&sub, sub_object, depth + 1))
				return false;
		}
	}
	return len == 0;
}

bool json_is_object(const char *text)
{
	struct spa_json top, it;
	const char *raw;

	spa_json_init(&top, text, strlen(text));
	if (spa_json_enter_object(&top, &it) <= 0 || !is_whole(&it, true, 0))
		return false;
	/* Nothing may be missing at its end, and nothing may follow */
	return spa_json_next(&top, &raw) == 0;
}

bool json_find(const char *text, const char *key, char *value, size_t size)
{
	return spa_json_str_object_find(text, strlen(text), key, value, size) > 0;
}
