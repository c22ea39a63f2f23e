/* JSON that others wrote, printed as strict JSON */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "cli/json-print.h"
#include "cli/text.h"

static size_t skip_digits(const char *s, size_t i, size_t len)
{
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* RFC 8259, 6: spa_json's numbers may also be 0x10, inf or .5 */
static bool is_number(const char *s, size_t len)
{
	size_t i = 0, start;

	if (i < len && s[i] == '-')
		i++;
	start = i;
	i = skip_digits(s, i, len);
	if (i == start || (s[start] == '0' && i > start + 1))
		return false;
	if (i < len && s[i] == '.') {
		start = ++i;
		if ((i = skip_digits(s, i, len)) == start)
			return false;
	}
	if (i < len && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		if (i < len && (s[i] == '-' || s[i] == '+'))
			i++;
		start = i;
		if ((i = skip_digits(s, i, len)) == start)
			return false;
	}
	return i == len;
}

static void print_string(FILE *out, const char *raw, int len)
{
	char *str = malloc(len + 1);

	if (str && spa_json_parse_stringn(raw, len, str, len + 1) > 0)
		text_print_json(out, str, strlen(str));
	else
		fputs("null", out);
	free(str);
}

static void print_value(FILE *out, struct spa_json *it, const char *raw, int len);

static bool is_one_of(const char *key, const char *const *keys)
{
	for (; keys && *keys; keys++)
		if (spa_streq(key, *keys))
			return true;
	return false;
}

/* The rest of an object or array that \a it is in; \a separator goes before the first */
static void print_container(FILE *out, struct spa_json *it, bool object, const char *separator,
		const char *const *except)
{
	const char *raw;
	int len;

	while ((len = spa_json_next(it, &raw)) > 0) {
		if (object) {
			char key[256];
			bool skip = spa_json_parse_stringn(raw, len, key, sizeof(key)) > 0 &&
				is_one_of(key, except);
			const char *key_raw = raw;
			int key_len = len;

			if ((len = spa_json_next(it, &raw)) <= 0)
				break;
			if (skip)
				continue;
			fputs(separator, out);
			print_string(out, key_raw, key_len);
			fputs(": ", out);
		} else {
			fputs(separator, out);
		}
		separator = ", ";
		print_value(out, it, raw, len);
	}
}

static void print_value(FILE *out, struct spa_json *it, const char *raw, int len)
{
	if (spa_json_is_container(raw, len)) {
		bool object = *raw == '{';
		struct spa_json sub;

		spa_json_enter(it, &sub);
		fputs(object ? "{ " : "[ ", out);
		print_container(out, &sub, object, "", NULL);
		fputs(object ? " }" : " ]", out);
	} else if (is_number(raw, len) || spa_json_is_bool(raw, len) || spa_json_is_null(raw, len)) {
		fwrite(raw, 1, len, out);
	} else {
		print_string(out, raw, len);
	}
}

void json_print(FILE *out, const char *text)
{
	struct spa_json it;

	spa_json_begin_object(&it, text, strlen(text));
	fputs("{ ", out);
	print_container(out, &it, true, "", NULL);
	fputs(" }", out);
}

void json_print_fields(FILE *out, const char *text, const char *const *except)
{
	struct spa_json it;

	spa_json_begin_object(&it, text, strlen(text));
	print_container(out, &it, true, ", ", except);
}

void json_print_field(FILE *out, const char *key, const char *value)
{
	fprintf(out, ", \"%s\": ", key);
	if (value)
		text_print_json(out, value, strlen(value));
	else
		fputs("null", out);
}
