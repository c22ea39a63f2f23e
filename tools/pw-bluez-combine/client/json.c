/* JSON that others wrote, in PipeWire's relaxed form */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
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

/* As it stands there: whoever reads it takes it as it was */
void json_add_others(FILE *out, const char *text, bool (*is_kept)(const void *data, const char *key), const void *data)
{
	struct spa_json it;
	const char *key_raw, *raw;
	char key[256];
	int key_len, len;

	if (text == NULL || !json_is_object(text))
		return;
	spa_json_begin_object(&it, text, strlen(text));
	while ((key_len = spa_json_next(&it, &key_raw)) > 0 && (len = spa_json_next(&it, &raw)) > 0) {
		bool known = spa_json_parse_stringn(key_raw, key_len, key, sizeof(key)) > 0;

		if (spa_json_is_container(raw, len) && (len = spa_json_container_len(&it, raw, len)) <= 0)
			break;
		if (!known || is_kept(data, key))
			fprintf(out, ", %.*s: %.*s", key_len, key_raw, len, raw);
	}
}

void json_write_string(FILE *out, const char *text)
{
	/* Each byte as \u00xx */
	size_t size = 6 * strlen(text) + 3;
	char *encoded = malloc(size);

	if (encoded)
		spa_json_encode_string(encoded, size, text);
	fputs(encoded ? encoded : "\"\"", out);
	free(encoded);
}

/* Programs with windows choose a locale, whose point may be a comma */
void json_write_number(FILE *out, int digits, double value)
{
	char text[64], *comma;

	snprintf(text, sizeof(text), "%.*f", digits, value);
	if ((comma = strchr(text, ',')) != NULL)
		*comma = '.';
	fputs(text, out);
}

void json_add_string(FILE *out, const char *key, const char *value)
{
	fprintf(out, ", \"%s\": ", key);
	json_write_string(out, value);
}

void json_add_number(FILE *out, const char *key, int digits, double value)
{
	fprintf(out, ", \"%s\": ", key);
	json_write_number(out, digits, value);
}
