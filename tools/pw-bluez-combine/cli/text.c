/* Other programs' text, made fit to be shown */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <spa/utils/defs.h>

#include "cli/text.h"

#define REPLACEMENT	0xfffd
#define DOTS		"..."

void text_init(void)
{
	/* Only what a character is: numbers keep their point. "C" says that nobody
	 * has chosen anything, as over ssh or in a service; names are UTF-8 then. */
	if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* The character at \a s and its length in bytes; REPLACEMENT and 1 if it is no UTF-8 */
static size_t decode(const char *s, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *u = (const uint8_t *)s;
	size_t i, n;

	if (u[0] < 0x80) {
		*c = u[0];
		return 1;
	}
	n = u[0] >= 0xf8 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 1;
	*c = REPLACEMENT;
	if (n == 1 || n > len)
		return 1;
	uint32_t value = u[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (u[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*c = value;
	return n;
}

/* Control characters, and those that change the direction or the lines of text */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
		c == 0x61c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

int text_copy(char *dst, size_t size, const char *str, int width)
{
	char bytes[MB_LEN_MAX];
	size_t len = strlen(str), pos = 0, cut = 0, n;
	int columns = 0, cut_columns = 0;
	mbstate_t state;
	uint32_t c;

	spa_assert_se(size > sizeof(DOTS) && width >= (int)strlen(DOTS));
	while (len > 0) {
		int w = 1;

		n = decode(str, len, &c);
		str += n;
		len -= n;
		spa_zero(state);
		if (c == REPLACEMENT || is_control(c) || (w = wcwidth((wchar_t)c)) < 0 ||
		    (n = wcrtomb(bytes, (wchar_t)c, &state)) == (size_t)-1) {
			bytes[0] = '?';
			n = 1;
			w = 1;
		}
		if (columns + w > width || pos + n >= size) {
			strcpy(dst + cut, DOTS);
			return cut_columns + (int)strlen(DOTS);
		}
		memcpy(dst + pos, bytes, n);
		pos += n;
		columns += w;
		/* The last place where the dots still fit */
		if (columns + (int)strlen(DOTS) <= width && pos + sizeof(DOTS) <= size) {
			cut = pos;
			cut_columns = columns;
		}
	}
	dst[pos] = '\0';
	return columns;
}

char *text_dup(const char *str)
{
	/* No character set has more than twice the bytes of UTF-8: GB18030 has four for two */
	size_t size = 2 * strlen(str) + sizeof(DOTS) + 1;
	char *copy = malloc(size);

	if (copy)
		text_copy(copy, size, str, INT_MAX);
	return copy;
}

void text_print_lines(FILE *out, const char *str)
{
	while (*str) {
		size_t len = strcspn(str, "\n");
		char *line = strndup(str, len), *shown = line ? text_dup(line) : NULL;

		if (shown)
			fputs(shown, out);
		free(line);
		free(shown);
		str += len;
		if (*str == '\n')
			fputc(*str++, out);
	}
}

void text_print_json(FILE *out, const char *str, size_t len)
{
	uint32_t c;
	size_t n;

	fputc('"', out);
	while (len > 0) {
		n = decode(str, len, &c);
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (is_control(c) || (c == REPLACEMENT && n == 1))
			fprintf(out, "\\u%04x", c);
		else
			fwrite(str, 1, n, out);
		str += n;
		len -= n;
	}
	fputc('"', out);
}
