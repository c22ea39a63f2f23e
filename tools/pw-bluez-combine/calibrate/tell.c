/* What is told while a calibration runs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdarg.h>

#include "calibrate/calibrate.h"
#include "calibrate/tell.h"
#include "cli/i18n.h"
#include "cli/text.h"
#include "hearing/reason-text.h"

void complain(const char *format, ...)
{
	va_list args;

	fputs("pw-bluez-combine calibrate: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *tell_state(const struct calibrate *c)
{
	return c->written ? _("whether the offsets were kept is not known; pw-bluez-combine status tells") :
			_("nothing was changed");
}

/* Progress is for people; programs wait for the result */
static void say(const struct calibrate *c, const char *format, ...)
{
	va_list args;

	if (c->options->json)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tell_begin(const struct calibrate *c)
{
	uint32_t i;

	say(c, _("Listening through %s. Please be quiet for a while, and leave the microphone where it is."),
			c->microphone.description);
	for (i = c->plan.n_speakers; i < c->n_speakers; i++)
		say(c, c->speakers[i].has_offset ? _("%s does not play, and is left as it is") :
				_("%s has no latency offset that could be set, and is left as it is"), c->speakers[i].name);
}

void tell_music(const struct calibrate *c)
{
	say(c, _("%s plays. Pause it: this goes on by itself then, if that is within %d s"), c->music,
			c->options->wait_sec);
}

void tell_round(const struct calibrate *c, const struct plan_round *round)
{
	switch (round->kind) {
	case PLAN_LEVEL:
		say(c, _("All together, %.0f dB ..."), round->slots[0].level_db);
		break;
	case PLAN_COARSE:
		say(c, _("One after the other ..."));
		break;
	case PLAN_FINE:
		say(c, c->plan.fine == 0 ? _("Once more, there and back, as it would be kept ...") :
				_("Once more, corrected ..."));
		break;
	case PLAN_PROVEN:
	case PLAN_FAILED:
		break;
	}
}

void tell_level(const struct calibrate *c, enum ear_reason reason)
{
	say(c, "  %s", reason_text(reason));
}

void tell_heard(const struct calibrate *c)
{
	const struct round *r = &c->round;
	uint32_t i, j;
	bool asked;

	for (i = 0; i < c->plan.n_speakers; i++) {
		asked = false;
		for (j = 0; j < r->plan.n_slots; j++)
			asked |= r->plan.slots[j].speaker == i;
		if (!asked || c->plan.speakers[i].place == PLAN_LEFT)
			continue;
		if (r->results[i].reason == EAR_HEARD && r->results[i].sigma_ms > 0.0)
			/* TRANSLATORS: a speaker, and two figures */
			say(c, _("  %s: heard, %.0f dB above the noise, to within %.2f ms"), c->speakers[i].name,
					c->speakers[i].snr_db, fmax(r->results[i].sigma_ms, 0.01));
		else if (r->results[i].reason == EAR_HEARD)
			/* TRANSLATORS: the speaker that the others are compared with, and a figure */
			say(c, _("  %s: heard, %.0f dB above the noise"), c->speakers[i].name, c->speakers[i].snr_db);
		else
			say(c, "  %s: %s", c->speakers[i].name, reason_text(r->results[i].reason));
	}
}

void tell_repeat(const struct calibrate *c, const char *why)
{
	say(c, _("  interrupted: %s; again"), why);
}

void tell_left(const struct calibrate *c, uint32_t speaker)
{
	say(c, _("%s has left, and is left as it is"), c->speakers[speaker].name);
}

void tell_result(const struct calibrate *c)
{
	if (c->options->json)
		result_print_json(c);
	else
		result_print(c);
	fflush(stdout);
}
