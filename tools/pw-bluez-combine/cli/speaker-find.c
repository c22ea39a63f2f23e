/* What the user wants of one speaker: which one, and what of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>
#include <strings.h>

#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/speaker.h"
#include "cli/text.h"

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

struct report_int speaker_bare_latency(const struct report_speaker *s, int64_t offset_ns)
{
	static const char * const sounding[] = { "playing", "warm", "unaligned", "muted" };
	struct report_int bare = { 0 };

	SPA_FOR_EACH_ELEMENT_VAR(sounding, state)
		bare.valid |= spa_streq(s->state, *state);
	bare.valid = bare.valid && s->latency_ns.valid && s->latency_ns.value > SPA_NSEC_PER_USEC &&
		!spa_streq(s->basis, "none") && !spa_streq(s->basis, "remembered");
	bare.value = bare.valid ? s->latency_ns.value - offset_ns : 0;
	return bare;
}

uint32_t speaker_wanted(struct member *wanted, const struct options *o)
{
	*wanted = (struct member) { .include = o->include, .gain = o->gain, .trim_ms = o->trim_ms };
	if (o->include || o->exclude)
		wanted->fields |= MEMBER_INCLUDE;
	if (!isnan(o->gain))
		wanted->fields |= MEMBER_GAIN;
	if (!isnan(o->trim_ms))
		wanted->fields |= MEMBER_TRIM;
	if (o->role) {
		wanted->fields |= MEMBER_ROLE;
		snprintf(wanted->role, sizeof(wanted->role), "%s", o->role);
	}
	return o->reset ? MEMBER_ALL : o->forget;
}

bool speaker_is_coming(const struct report *r, const struct report_speaker *s)
{
	return !s->here && !member_is_left_out(&s->wish) && graph_describe(r->graph, s->address);
}

void speaker_take_wishes(struct report_speaker *s)
{
	const struct member *w = &s->wish;

	if (member_is_left_out(w)) {
		snprintf(s->state, sizeof(s->state), "left out");
		s->here = false;
	}
	if (w->fields & MEMBER_ROLE)
		snprintf(s->role, sizeof(s->role), "%s", w->role);
	if (w->fields & MEMBER_GAIN)
		s->gain = w->gain;
	if (w->fields & MEMBER_TRIM)
		s->trim_ns = (struct report_int) { llrint(w->trim_ms * SPA_NSEC_PER_MSEC), true };
}
