/* What the user's options say of speakers and microphones that are there */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "calibrate/calibrate.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/speaker.h"
#include "cli/text.h"
#include "client/microphone.h"

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

static int complain_microphone(const struct microphone *list, size_t n, size_t meant, size_t fit, const char *wanted)
{
	char text[256];

	if (n == 0) {
		complain(_("there is no microphone; pw-bluez-combine adjust does the same by ear"));
		return EXIT_OTHER;
	}
	if (wanted && meant == 0) {
		text_copy(text, sizeof(text), wanted, TEXT_ANY_WIDTH);
		complain(_("there is no microphone '%s'; there are:"), text);
		print_microphones(list, n);
		return EXIT_USAGE;
	}
	if (fit == 0)
		complain(_("there is no microphone that can be used:"));
	else
		complain(_("several microphones could be meant; say which with --microphone:"));
	print_microphones(list, fit ? fit : meant);
	return fit ? EXIT_USAGE : EXIT_OTHER;
}

static int take(struct calibrate *c, const struct microphone *m)
{
	c->microphone_id = m->id;
	c->microphone = strdup(m->name);
	c->microphone_name = text_dup(m->description ? m->description : m->name);
	return c->microphone && c->microphone_name ? EXIT_OK : EXIT_OTHER;
}

int microphone_take(struct calibrate *c)
{
	struct microphone *list = NULL;
	int n = microphones_find(&c->session.client, &list), res;
	size_t fit, meant;

	if (n < 0) {
		complain("%s", strerror(-n));
		return EXIT_OTHER;
	}
	fit = microphones_choose(list, n, c->options->microphone, &meant);
	res = fit == 1 ? take(c, &list[0]) : complain_microphone(list, n, meant, fit, c->options->microphone);
	free(list);
	return res;
}

/* SPEAKER=METRES */
static int take_distance(struct calibrate *c, const struct report *report, const char *distance)
{
	const char *equals = strrchr(distance, '=');
	char *wanted = equals ? strndup(distance, equals - distance) : NULL;
	const struct report_speaker *found;
	double metres = NAN;
	uint32_t i;

	if (wanted == NULL || !spa_atod(equals + 1, &metres) || !(metres >= 0.0 && metres <= DISTANCE_MAX_M)) {
		char text[128];

		free(wanted);
		text_copy(text, sizeof(text), distance, TEXT_ANY_WIDTH);
		complain(_("'--distance' = '%s' is not valid: expected the name of a speaker, =, and 0 to %.0f metres"), text,
				DISTANCE_MAX_M);
		return EXIT_USAGE;
	}
	found = speaker_find(report, wanted, "calibrate");
	free(wanted);
	if (found == NULL)
		return EXIT_NO_SPEAKER;
	for (i = 0; i < c->n_speakers; i++)
		if (spa_streq(c->speakers[i].address, found->address))
			c->speakers[i].distance_m = metres;
	return EXIT_OK;
}

/* Of some only it would mean neither that they are together at the microphone, nor at themselves */
int distances_check(const struct calibrate *c)
{
	uint32_t n = c->plan.n_speakers ? c->plan.n_speakers : c->n_speakers, i;

	if (c->options->n_distances == 0)
		return EXIT_OK;
	for (i = 0; i < n; i++)
		if (isnan(c->speakers[i].distance_m)) {
			complain(_("the distance of %s is missing: it is needed of all speakers, or of none"),
					c->speakers[i].name);
			return EXIT_USAGE;
		}
	return EXIT_OK;
}

int distances_take(struct calibrate *c)
{
	struct report report;
	int res = EXIT_OK;
	uint32_t i;

	for (i = 0; i < c->n_speakers; i++)
		c->speakers[i].distance_m = NAN;
	if (c->options->n_distances == 0)
		return EXIT_OK;
	if (report_init(&report, &c->session.client, c->options->group) < 0)
		res = EXIT_OTHER;
	for (i = 0; i < c->options->n_distances && res == EXIT_OK; i++)
		res = take_distance(c, &report, c->options->distances[i]);
	report_finish(&report);
	return res == EXIT_OK ? distances_check(c) : res;
}
