/* Fuzz target: a status as others wrote it, shown by the tool */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a row of lines, "key\tvalue\n". */

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "cli/status.h"
#include "cli/text.h"
#include "client/client.h"
#include "client/json.h"
#include "client/report.h"
#include "fuzz.h"
#include "names.h"

static struct metadata *object;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	setenv("PIPEWIRE_DEBUG", "0", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	pw_init(NULL, NULL);
	text_init();
	object = metadata_new(0, BLUEZ_COMBINE_METADATA);
	/* Anything but NULL: it is never used */
	object->proxy = (struct pw_proxy *)object;
	return 0;
}

static void add_line(char *line)
{
	char *value = strchr(line, '\t');

	if (value)
		*value++ = '\0';
	metadata_put(object, line, value ? value : "");
}

/* No byte that a terminal acts on, the ends of lines apart */
static void check_text(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		fuzz_check((unsigned char)text[i] >= 0x20 || text[i] == '\n');
}

static void check_json(const char *text, size_t len)
{
	check_text(text, len);
	fuzz_check(len > 0 && memchr(text, '\n', len) == text + len - 1);
	fuzz_check(json_is_object(text));
}

static void show(const struct report *report, uint32_t form)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	switch (form) {
	case 0: status_json_print(out, report); break;
	case 1: status_table_print(out, report, true, 0); break;
	case 2: status_table_print(out, report, false, 0); break;
	case 3: status_table_print(out, report, true, 40); break;
	default: status_table_print_fixed(out, report); break;
	}
	fuzz_check(fclose(out) == 0);
	if (form == 0)
		check_json(text, len);
	else
		check_text(text, len);
	free(text);
}

/* What a client would tell of itself */
static void tell_track(struct report *report)
{
	uint32_t i;

	report->track = metadata_get(object, "track");
	if (!track_read(report->track, &report->tracking))
		report->track = NULL;
	for (i = 0; i < report->n_speakers && report->track; i++)
		track_find(report->track, report->speakers[i].address, &report->speakers[i].heard);
}

/* Every line names a node, too, and each of them plays into the sink with the id 0 */
static void add_node(struct graph *graph, uint32_t id, const struct metadata_entry *e)
{
	char from[16];
	struct spa_dict_item node[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_NAME, e->key),
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_DESCRIPTION, e->value),
	}, link[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_OUTPUT_NODE, from),
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_INPUT_NODE, "0"),
	};

	snprintf(from, sizeof(from), "%u", id);
	fuzz_check(graph_add(graph, id, PW_TYPE_INTERFACE_Node, &SPA_DICT_INIT_ARRAY(node)));
	fuzz_check(graph_add(graph, id + 1, PW_TYPE_INTERFACE_Link, &SPA_DICT_INIT_ARRAY(link)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct client client = { .group = "default" };
	struct metadata_entry *e;
	struct report report;
	uint32_t form, id = 1;

	graph_init(&client.graph, NULL, NULL);
	spa_list_init(&client.groups);
	spa_list_append(&client.groups, &object->link);
	while (in.size > 0) {
		char *line = fuzz_string(&in, '\n');
		add_line(line);
		free(line);
	}
	spa_list_for_each(e, &object->entries, link) {
		/* a link is looked for among all of them: a few will do */
		if (id < 64)
			add_node(&client.graph, id, e);
		id += 2;
	}
	fuzz_check(report_init(&report, &client, "default") == 0);
	tell_track(&report);
	for (form = 0; form < 5; form++)
		show(&report, form);
	report_finish(&report);
	graph_finish(&client.graph);
	metadata_put(object, NULL, NULL);
	return 0;
}
