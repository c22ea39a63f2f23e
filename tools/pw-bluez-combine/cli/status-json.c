/* The status as JSON */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "cli/json-print.h"
#include "cli/status.h"
#include "cli/text.h"

#define STATUS_JSON_VERSION	1

/* These are ours in a speaker's object, whatever the status holds */
static const char *const own_fields[] = { "address", "adapter", "member", NULL };

static void print_key(FILE *out, uint32_t *n, const char *prefix, const char *name)
{
	char key[512];

	snprintf(key, sizeof(key), "%s%s", prefix, name);
	fputs((*n)++ == 0 ? ", \"invalid\": [ " : ", ", out);
	text_print_json(out, key, strlen(key));
}

/* Values that somebody wrote and that are no JSON objects; most often there is none */
static void print_bad(FILE *out, const struct report *r)
{
	uint32_t i, n = 0;

	if (r->bad_status)
		print_key(out, &n, "status", "");
	for (i = 0; i < r->n_speakers; i++) {
		if (r->speakers[i].bad_status)
			print_key(out, &n, "status.", r->speakers[i].address);
		if (r->speakers[i].bad_member)
			print_key(out, &n, "member.", r->speakers[i].address);
	}
	if (n > 0)
		fputs(" ]", out);
}

/* Who plays into the sink */
static void print_sources(FILE *out, const struct report *r)
{
	const struct graph_object *o = NULL;
	const char *node;
	int n = 0;

	fputs(", \"sources\": [", out);
	while (r->sink_id != SPA_ID_INVALID && (o = graph_next_source(r->graph, r->sink_id, o))) {
		node = o->name ? o->name : "";
		fputs(n++ > 0 ? ", { \"node\": " : " { \"node\": ", out);
		text_print_json(out, node, strlen(node));
		json_print_field(out, "name", o->description ? o->description : node);
		fputs(" }", out);
	}
	fputs(" ]", out);
}

static void print_speaker(FILE *out, const struct report_speaker *s)
{
	fputs("{ \"address\": ", out);
	text_print_json(out, s->address, strlen(s->address));
	json_print_field(out, "adapter", s->adapter[0] ? s->adapter : NULL);
	if (s->status)
		json_print_fields(out, s->status, own_fields);
	if (s->member) {
		fputs(", \"member\": ", out);
		json_print(out, s->member);
	}
	fputs(" }", out);
}

void status_json_print(FILE *out, const struct report *r)
{
	uint32_t i;

	fprintf(out, "{ \"version\": %d, \"group\": ", STATUS_JSON_VERSION);
	text_print_json(out, r->group, strlen(r->group));
	fputs(", \"status\": ", out);
	if (r->status)
		json_print(out, r->status);
	else
		fputs("null", out);
	print_sources(out, r);
	fputs(", \"track\": ", out);
	if (r->track)
		json_print(out, r->track);
	else
		fputs("null", out);
	fputs(", \"speakers\": [", out);
	for (i = 0; i < r->n_speakers; i++) {
		fputs(i > 0 ? ", " : " ", out);
		print_speaker(out, &r->speakers[i]);
	}
	fputs(" ]", out);
	print_bad(out, r);
	fputs(" }\n", out);
}
