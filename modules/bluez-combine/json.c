/* JSON text for others to read */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include <spa/utils/json.h>

#include "json.h"

/* Bytes of the UTF-8 character at \a u, or 0 if it is none (RFC 3629, 4) */
static uint32_t character_len(const uint8_t *u)
{
	uint8_t low = 0x80, high = 0xbf;	/* of the second byte */
	uint32_t i, n;

	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	switch (u[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (u[1] < low || u[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Names are what other programs chose: any bytes of any length */
static void copy_text(char text[JSON_TEXT_MAX + 1], const char *value)
{
	size_t pos = 0;

	while (*value) {
		uint32_t n = character_len((const uint8_t *)value);

		if (pos + SPA_MAX(n, 1u) > JSON_TEXT_MAX)
			break;
		if (n == 0) {
			text[pos++] = '?';
			value++;
			continue;
		}
		memcpy(text + pos, value, n);
		pos += n;
		value += n;
	}
	text[pos] = '\0';
}

void json_add_string(struct spa_strbuf *b, const char *key, const char *value)
{
	char text[JSON_TEXT_MAX + 1], str[JSON_STRING_MAX];

	copy_text(text, value ? value : "");
	spa_json_encode_string(str, sizeof(str), text);
	spa_strbuf_append(b, ", \"%s\": %s", key, str);
}

void json_add_int(struct spa_strbuf *b, const char *key, int64_t value)
{
	spa_strbuf_append(b, ", \"%s\": %" PRIi64, key, value);
}

void json_add_double(struct spa_strbuf *b, const char *key, double value)
{
	char str[64];

	/* "%f" has a comma in half of Europe */
	spa_strbuf_append(b, ", \"%s\": %s", key, spa_dtoa(str, sizeof(str), value));
}
