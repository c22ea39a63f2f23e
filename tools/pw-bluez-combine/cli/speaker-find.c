/* What the user wants of one speaker: which one, and its entry */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/speaker.h"
#include "cli/text.h"
#include "client/json.h"
#include "names.h"

/* A colon is in no name that people give: this is of an address. */
static bool is_part(const struct report_speaker *s, const char *wanted)
{
	return strcasestr(s->name, wanted) || (strchr(wanted, ':') && strcasestr(s->address, wanted));
}

static void print_speakers(const struct report *r, const char *part)
{
	char name[128], address[64];
	uint32_t i;

	for (i = 0; i < r->n_speakers; i++) {
		const struct report_speaker *s = &r->speakers[i];

		if (part && !is_part(s, part))
			continue;
		text_copy(name, sizeof(name), s->name, TEXT_ANY_WIDTH);
		text_copy(address, sizeof(address), s->address, TEXT_ANY_WIDTH);
		fprintf(stderr, "  %s%s%s\n", address, name[0] ? "  " : "", name);
	}
}

const struct report_speaker *speaker_find(const struct report *r, const char *wanted, const char *command)
{
	const struct report_speaker *part = NULL, *whole = NULL;
	uint32_t i, n_parts = 0, n_wholes = 0;
	char text[128];

	for (i = 0; i < r->n_speakers; i++) {
		const struct report_speaker *s = &r->speakers[i];

		if (strcasecmp(s->address, wanted) == 0)
			return s;
		if (strcasecmp(s->name, wanted) == 0) {
			whole = s;
			n_wholes++;
		}
		if (is_part(s, wanted)) {
			part = s;
			n_parts++;
		}
	}
	if (n_wholes == 1)
		return whole;
	if (n_parts == 1)
		return part;
	text_copy(text, sizeof(text), wanted, TEXT_ANY_WIDTH);
	if (n_parts > 1) {
		fprintf(stderr, _("pw-bluez-combine %s: '%s' can be more than one; give the address:\n"), command, text);
		print_speakers(r, wanted);
	} else if (r->n_speakers > 0) {
		fprintf(stderr, _("pw-bluez-combine %s: no speaker '%s'; there are:\n"), command, text);
		print_speakers(r, NULL);
	} else {
		fprintf(stderr, _("pw-bluez-combine %s: no speaker '%s': none has connected yet\n"), command, text);
	}
	return NULL;
}

static const struct {
	uint32_t field;
	const char *key;
} forgettable[] = {
	{ OPTION_FORGET_ROLE, BLUEZ_COMBINE_MEMBER_ROLE },
	{ OPTION_FORGET_GAIN, BLUEZ_COMBINE_MEMBER_GAIN },
	{ OPTION_FORGET_TRIM, BLUEZ_COMBINE_MEMBER_TRIM },
	{ OPTION_FORGET_CORRECTION, BLUEZ_COMBINE_MEMBER_CORRECTION },
};

char *speaker_member_json(const char *member, const struct options *o)
{
	const char *except[12] = { "version" };
	size_t size, n = 1;
	char *text = NULL;
	FILE *out;

	if (o->reset)
		return strdup("{ \"version\": 1 }");
	if ((out = open_memstream(&text, &size)) == NULL)
		return NULL;
	fputs("{ \"version\": 1", out);
	if (o->include || o->exclude) {
		fprintf(out, ", \"" BLUEZ_COMBINE_MEMBER_INCLUDE "\": %s", o->include ? "true" : "false");
		except[n++] = BLUEZ_COMBINE_MEMBER_INCLUDE;
	}
	if (o->role) {
		fprintf(out, ", \"" BLUEZ_COMBINE_MEMBER_ROLE "\": \"%s\"", o->role);
		except[n++] = BLUEZ_COMBINE_MEMBER_ROLE;
	}
	if (!isnan(o->gain)) {
		fprintf(out, ", \"" BLUEZ_COMBINE_MEMBER_GAIN "\": %.6f", o->gain);
		except[n++] = BLUEZ_COMBINE_MEMBER_GAIN;
	}
	if (!isnan(o->trim_ms)) {
		fprintf(out, ", \"" BLUEZ_COMBINE_MEMBER_TRIM "\": %.3f", o->trim_ms);
		except[n++] = BLUEZ_COMBINE_MEMBER_TRIM;
	}
	SPA_FOR_EACH_ELEMENT_VAR(forgettable, f)
		if (o->forget & f->field)
			except[n++] = f->key;
	if (member)
		json_print_fields(out, member, except);
	fputs(" }", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static bool field_is(const char *member, const char *key, const char *wanted)
{
	char value[64];

	return json_find(member, key, value, sizeof(value)) && spa_streq(value, wanted);
}

static bool field_near(const char *member, const char *key, double wanted)
{
	char value[64];
	double is;

	return json_find(member, key, value, sizeof(value)) && spa_atod(value, &is) &&
		fabs(is - wanted) < 0.001;
}

bool speaker_member_is(const char *member, const struct options *o)
{
	char value[64];

	SPA_FOR_EACH_ELEMENT_VAR(forgettable, f)
		if ((o->forget & f->field) && json_find(member, f->key, value, sizeof(value)))
			return false;
	if ((o->include && field_is(member, BLUEZ_COMBINE_MEMBER_INCLUDE, "false")) ||
	    (o->exclude && !field_is(member, BLUEZ_COMBINE_MEMBER_INCLUDE, "false")))
		return false;
	return (o->role == NULL || field_is(member, BLUEZ_COMBINE_MEMBER_ROLE, o->role)) &&
		(isnan(o->gain) || field_near(member, BLUEZ_COMBINE_MEMBER_GAIN, o->gain)) &&
		(isnan(o->trim_ms) || field_near(member, BLUEZ_COMBINE_MEMBER_TRIM, o->trim_ms));
}

bool speaker_is_coming(const struct report *r, const struct report_speaker *s)
{
	return !s->here && !(s->member && field_is(s->member, BLUEZ_COMBINE_MEMBER_INCLUDE, "false")) &&
		graph_describe(r->graph, s->address);
}

void speaker_take_wishes(struct report_speaker *s)
{
	char value[32];
	double number;

	if (s->member == NULL)
		return;
	if (field_is(s->member, BLUEZ_COMBINE_MEMBER_INCLUDE, "false")) {
		snprintf(s->state, sizeof(s->state), "left out");
		s->here = false;
	}
	if (json_find(s->member, BLUEZ_COMBINE_MEMBER_ROLE, value, sizeof(value)))
		snprintf(s->role, sizeof(s->role), "%s", value);
	if (json_find(s->member, BLUEZ_COMBINE_MEMBER_GAIN, value, sizeof(value)) &&
	    spa_atod(value, &number) && number >= 0.0 && number <= 1.0)
		s->gain = number;
	if (json_find(s->member, BLUEZ_COMBINE_MEMBER_TRIM, value, sizeof(value)) &&
	    spa_atod(value, &number) && fabs(number) < 1e6)
		s->trim_ns = (struct report_int) { llrint(number * SPA_NSEC_PER_MSEC), true };
}
