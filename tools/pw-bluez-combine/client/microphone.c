/* Which microphone is listened through */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "client/microphone.h"

/* How well it is named: of those that are better named than others only those count */
enum naming { NAMED_NOT, NAMED_PARTLY, NAMED_EXACTLY };

static enum naming naming_of(const struct microphone *m, const char *name)
{
	/* A sandboxed program does not hide another's by having just its name */
	if (name == NULL || (m->doubt != MICROPHONE_FOREIGN &&
	    (strcmp(m->name, name) == 0 || (m->description && strcasecmp(m->description, name) == 0))))
		return NAMED_EXACTLY;
	if (*name && (strcasestr(m->name, name) || (m->description && strcasestr(m->description, name))))
		return NAMED_PARTLY;
	return NAMED_NOT;
}

static int compare(const void *a, const void *b)
{
	const struct microphone *x = a, *y = b;

	if (x->doubt != y->doubt)
		return x->doubt < y->doubt ? -1 : 1;
	if (x->is_default != y->is_default)
		return x->is_default ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* To the front of the list; returns how many those are */
static size_t gather(struct microphone *list, size_t n, const char *name, enum naming naming)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++)
		if (naming_of(&list[i], name) == naming) {
			struct microphone m = list[i];

			list[i] = list[found];
			list[found++] = m;
		}
	return found;
}

static size_t count(const struct microphone *list, size_t n, enum microphone_doubt last)
{
	size_t i;

	for (i = 0; i < n && list[i].doubt <= last; i++)
		;
	return i;
}

size_t microphones_choose(struct microphone *list, size_t n, const char *name, size_t *meant)
{
	size_t fit;

	if ((*meant = gather(list, n, name, NAMED_EXACTLY)) == 0)
		*meant = gather(list, n, name, NAMED_PARTLY);
	if (*meant > 0)
		qsort(list, *meant, sizeof(*list), compare);
	/* A word that fits several is not meant for the one that would do harm */
	if ((fit = count(list, *meant, MICROPHONE_FITS)) > 0 || name == NULL)
		return fit;
	return count(list, *meant, MICROPHONE_PROCESSED);
}

const char *microphone_doubt_name(enum microphone_doubt doubt)
{
	static const char * const names[MICROPHONE_DOUBTS] = {
		[MICROPHONE_FITS] = "fits",
		[MICROPHONE_BLUETOOTH] = "bluetooth",
		[MICROPHONE_PROCESSED] = "processed",
		[MICROPHONE_MUTED] = "muted",
		[MICROPHONE_UNPLUGGED] = "unplugged",
		[MICROPHONE_FOREIGN] = "foreign",
	};

	return names[doubt];
}
