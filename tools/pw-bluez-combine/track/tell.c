/* What is told of a tracking, to people and to programs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "cli/i18n.h"
#include "client/json.h"
#include "hearing/reason-text.h"
#include "track/tell.h"

#define TELL_JSON_VERSION	1

static const char *state_text(enum tell_state state)
{
	switch (state) {
	case TELL_WAITING:
		return _("Waiting for music");
	case TELL_LISTENING:
		return _("Listening");
	case TELL_LEASED:
		return _("Another program moves the speakers: waiting for it to end");
	case TELL_MUTED:
		return _("The microphone is muted");
	case TELL_CALL:
		return _("The microphone is used for a call");
	case TELL_GONE:
		return _("The microphone is gone");
	case TELL_MOVED:
		return _("The microphone was moved: what was heard before does not count any more");
	case TELL_STATES:
		break;
	}
	return "?";
}

static const char *state_name(enum tell_state state)
{
	static const char * const names[TELL_STATES] = {
		[TELL_WAITING] = "waiting",
		[TELL_LISTENING] = "listening",
		[TELL_LEASED] = "leased",
		[TELL_MUTED] = "muted",
		[TELL_CALL] = "call",
		[TELL_GONE] = "gone",
		[TELL_MOVED] = "moved",
	};

	return names[state];
}

/* Without the sign of what rounds to nothing */
static double rounded_ms(double s)
{
	return fabs(s) < 5e-6 ? 0.0 : s * 1e3;
}

static void print_speaker(FILE *out, const char *name, const struct loop_speaker *s)
{
	switch (s->state) {
	case LOOP_LEARNING:
		fprintf(out, _("  %s: listening for where it is\n"), name);
		break;
	case LOOP_TRACKING:
		/* TRANSLATORS: a speaker, and how sure its place is */
		fprintf(out, _("  %s: followed, to within %.2f ms\n"), name, fmax(rounded_ms(s->sigma_s), 0.01));
		break;
	case LOOP_HOLDING:
		fprintf(out, _("  %s: goes on as before: %s\n"), name, reason_text(s->reason));
		break;
	case LOOP_LOST:
		fprintf(out, _("  %s: stays as it is: %s\n"), name, reason_text(s->reason));
		break;
	case LOOP_SILENT:
		fprintf(out, _("  %s: does not play\n"), name);
		break;
	case LOOP_STATES:
		break;
	}
}

static void print_changes(FILE *out, struct tell_line *line, const char *name, const struct loop_speaker *s, bool begun)
{
	const bool waits = s->state == LOOP_HOLDING || s->state == LOOP_LOST;

	if (s->jumps != line->jumps)
		/* TRANSLATORS: a speaker; positive is later */
		fprintf(out, _("  %s has jumped by %+.1f ms, and is put back\n"), name, s->jump_s * 1e3);
	if (!begun || s->state != line->state || (waits && s->reason != line->reason))
		print_speaker(out, name, s);
	*line = (struct tell_line) { .state = s->state, .reason = s->reason, .jumps = s->jumps };
}

void tell_lines_print(FILE *out, struct tell_lines *lines, const struct tell *tell)
{
	const uint32_t n = SPA_MIN(tell->n_speakers, (uint32_t)LOOP_SPEAKERS_MAX), reference = tell->loop->reference;
	uint32_t i;

	if (!lines->begun || lines->state != tell->state)
		fprintf(out, "%s\n", state_text(tell->state));
	lines->state = tell->state;
	for (i = 0; i < n; i++)
		if (tell->speakers[i].address && tell->loop->speakers[i].here)
			print_changes(out, &lines->speakers[i], tell->speakers[i].name, &tell->loop->speakers[i],
					lines->begun);
	if (reference < n && (!lines->begun || lines->reference != reference) && tell->speakers[reference].address)
		fprintf(out, _("  All are kept together with %s, which stays as it is\n"), tell->speakers[reference].name);
	lines->reference = reference;
	lines->begun = true;
	fflush(out);
}

static void add_ms(FILE *out, const char *key, double s)
{
	if (isfinite(s))
		json_add_number(out, key, 4, s * 1e3);
}

static void add_since(FILE *out, const struct tell *tell, double since_s)
{
	fprintf(out, ", \"since\": %" PRIi64, tell->now - (int64_t)fmax(tell->now_s - since_s, 0.0));
}

static void print_speaker_json(FILE *out, const struct tell *tell, const struct loop_speaker *s)
{
	fprintf(out, "{ \"state\": \"%s\"", loop_state_name(s->state));
	add_since(out, tell, s->since_s);
	if (s->state == LOOP_HOLDING || s->state == LOOP_LOST || s->state == LOOP_LEARNING)
		json_add_string(out, "reason", ear_reason_name(s->reason));
	add_ms(out, "skew.msec", s->skew_s);
	add_ms(out, "sigma.msec", s->sigma_s);
	add_ms(out, "tracked.msec", s->tracked_s);
	if (s->known)
		json_add_number(out, "rate.ppm", 2, s->drift.rate * 1e6);
	if (s->jumps > 0)
		fprintf(out, ", \"jumps\": %" PRIu32, s->jumps);
	fputs(" }", out);
}

void tell_json_print(FILE *out, const struct tell *tell)
{
	const uint32_t n = SPA_MIN(tell->n_speakers, (uint32_t)LOOP_SPEAKERS_MAX), reference = tell->loop->reference;
	uint32_t i, told = 0;

	fprintf(out, "{ \"version\": %d", TELL_JSON_VERSION);
	json_add_string(out, "state", state_name(tell->state));
	add_since(out, tell, tell->since_s);
	if (tell->microphone)
		json_add_string(out, "microphone", tell->microphone);
	if (reference < n && tell->speakers[reference].address)
		json_add_string(out, "reference", tell->speakers[reference].address);
	fputs(", \"speakers\": {", out);
	for (i = 0; i < n; i++) {
		if (tell->speakers[i].address == NULL || !tell->loop->speakers[i].here)
			continue;
		fputs(told++ > 0 ? ", " : " ", out);
		json_write_string(out, tell->speakers[i].address);
		fputs(": ", out);
		print_speaker_json(out, tell, &tell->loop->speakers[i]);
	}
	fputs(" } }", out);
}
