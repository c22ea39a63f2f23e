/* What somebody may have meant by a word that is none */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <spa/utils/defs.h>

#include "cli/i18n.h"
#include "cli/suggest.h"

#define WORD_MAX	24	/* longer than any command or option */

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: d[i][j] is the distance of the first i letters of a to the first j of b */
unsigned int suggest_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), i, j;
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT_MAX;
	for (i = 0; i <= na; i++)
		d[i][0] = i;
	for (j = 0; j <= nb; j++)
		d[0][j] = j;
	for (i = 1; i <= na; i++)
		for (j = 1; j <= nb; j++) {
			d[i][j] = SPA_MIN(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = SPA_MIN(d[i][j], d[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
				d[i][j] = SPA_MIN(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[na][nb];
}

void suggest_consider(struct suggest *suggest, const char *typed, const char *word)
{
	size_t len = strlen(typed);
	unsigned int distance = suggest_distance(typed, word);

	/* One wrong letter in three: what differs by more is another word. The
	 * beginning of a word means it, however much is missing. */
	if (len >= 2 && strncasecmp(typed, word, len) == 0)
		distance = 0;
	else if (len < 3 || distance > len / 3)
		return;
	if (suggest->word == NULL || distance < suggest->distance)
		*suggest = (struct suggest) { word, distance };
}

void suggest_print(const struct suggest *suggest, const char *prefix)
{
	if (suggest->word)
		fprintf(stderr, _("  did you mean %s%s?\n"), prefix, suggest->word);
}
