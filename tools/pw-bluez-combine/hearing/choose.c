/* The microphone that is listened through */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/text.h"
#include "client/client.h"
#include "client/microphone.h"
#include "hearing/choose.h"

static const char *doubt_text(enum microphone_doubt doubt)
{
	switch (doubt) {
	case MICROPHONE_FITS:
		return "";
	case MICROPHONE_BLUETOOTH:
		return _(": a headset's, which plays no music while it is recorded from");
	case MICROPHONE_PROCESSED:
		return _(": behind a filter, which may take out what is to be heard");
	case MICROPHONE_MUTED:
		return _(": muted");
	case MICROPHONE_UNPLUGGED:
		return _(": nothing is plugged in");
	case MICROPHONE_FOREIGN:
		return _(": a program's, which could let anything be heard");
	case MICROPHONE_DOUBTS:
		break;
	}
	return "?";
}

static void complain(const char *command, const char *format, ...) SPA_PRINTF_FUNC(2, 3);

static void complain(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "pw-bluez-combine %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void print_microphones(const struct microphone *list, size_t n)
{
	char name[256], description[256];
	size_t i;

	for (i = 0; i < n; i++) {
		text_copy(name, sizeof(name), list[i].name, TEXT_ANY_WIDTH);
		text_copy(description, sizeof(description), list[i].description ? list[i].description : "",
				TEXT_ANY_WIDTH);
		fprintf(stderr, "  %s  %s%s\n", name, description, doubt_text(list[i].doubt));
	}
}

static int complain_microphone(const char *command, const struct microphone *list, size_t n, size_t meant, size_t fit,
		const char *wanted)
{
	char text[256];

	if (n == 0) {
		complain(command, _("there is no microphone; pw-bluez-combine adjust moves speakers by ear"));
		return EXIT_OTHER;
	}
	if (wanted && meant == 0) {
		text_copy(text, sizeof(text), wanted, TEXT_ANY_WIDTH);
		complain(command, _("there is no microphone '%s'; there are:"), text);
		print_microphones(list, n);
		return EXIT_USAGE;
	}
	if (fit == 0)
		complain(command, _("there is no microphone that can be used:"));
	else
		complain(command, _("several microphones could be meant; say which with --microphone:"));
	print_microphones(list, fit ? fit : meant);
	return fit ? EXIT_USAGE : EXIT_OTHER;
}

int chosen_take(struct chosen *c, const struct client *client, const char *command, const char *wanted)
{
	struct microphone *list = NULL;
	int n = microphones_find(client, &list), res;
	size_t fit, meant;

	*c = (struct chosen) { .id = SPA_ID_INVALID };
	if (n < 0) {
		complain(command, "%s", strerror(-n));
		return EXIT_OTHER;
	}
	fit = microphones_choose(list, n, wanted, &meant);
	if (fit == 1) {
		c->id = list[0].id;
		c->name = strdup(list[0].name);
		c->description = text_dup(list[0].description ? list[0].description : list[0].name);
		res = c->name && c->description ? EXIT_OK : EXIT_OTHER;
	} else {
		res = complain_microphone(command, list, n, meant, fit, wanted);
	}
	free(list);
	return res;
}

void chosen_finish(struct chosen *c)
{
	free(c->name);
	free(c->description);
	*c = (struct chosen) { .id = SPA_ID_INVALID };
}
