/* How far the user says that speakers are from the microphone */
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
