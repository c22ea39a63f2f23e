/* The doctor command: what PipeWire has */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <spa/utils/string.h>

#include "client/client.h"
#include "client/microphone.h"
#include "client/report.h"
#include "doctor/doctor.h"

struct survey {
	struct pw_main_loop *loop;
	bool done;
};

static void on_changed(void *data)
{
	struct survey *survey = data;

	survey->done = true;
	pw_main_loop_quit(survey->loop);
}

static void on_lost(void *data, int res)
{
	struct survey *survey = data;

	pw_main_loop_quit(survey->loop);
}

static const struct client_events client_events = {
	.changed = on_changed,
	.lost = on_lost,
};

static void read_node(struct facts *f, const struct graph_object *o)
{
	struct fact_node *n = g_new0(struct fact_node, 1);

	*n = (struct fact_node) {
		.id = o->id,
		.name = g_strdup(o->name),
		.description = g_strdup(o->description),
		.class = g_strdup(o->class),
		.api = g_strdup(o->api),
		.address = g_strdup(o->address),
		.profile = g_strdup(o->profile),
		.link_group = g_strdup(o->link_group),
		.running = o->state == PW_NODE_STATE_RUNNING,
		.broken = o->state == PW_NODE_STATE_SUSPENDED || o->state == PW_NODE_STATE_ERROR,
	};
	g_ptr_array_add(f->nodes, n);
}

static void read_link(struct facts *f, const struct graph_object *o)
{
	struct fact_link *l = g_new0(struct fact_link, 1);

	l->from = o->from;
	l->to = o->to;
	g_ptr_array_add(f->links, l);
}

static void read_card(struct facts *f, const struct graph_object *o)
{
	struct fact_card *c = g_new0(struct fact_card, 1);

	c->address = g_strdup(o->address);
	c->profile = g_strdup(o->profile);
	c->offset_ns = o->offset_ns;
	g_ptr_array_add(f->cards, c);
}

static void read_manager(struct facts *f, const struct graph_object *o)
{
	f->manager.running = true;
	f->manager.pid = o->pid;
	g_free(f->manager.version);
	f->manager.version = g_strdup(o->version);
}

static void read_object(struct facts *f, const struct graph_object *o)
{
	switch (o->kind) {
	case GRAPH_NODE:
		read_node(f, o);
		break;
	case GRAPH_LINK:
		read_link(f, o);
		break;
	case GRAPH_DEVICE:
		if (spa_streq(o->api, "bluez5"))
			read_card(f, o);
		break;
	case GRAPH_CLIENT:
		if (o->is_manager)
			read_manager(f, o);
		break;
	case GRAPH_PORT:
		break;
	}
}

/* One that has settled at its latency: a moment ago it had none */
static void read_present(struct facts *f, const struct report_speaker *from, const struct graph *graph)
{
	const struct graph_object *device = graph_find_device(graph, from->address);
	bool offset = device && device->has_route && device->offset_ns != 0;
	struct fact_speaker *s = g_new0(struct fact_speaker, 1);

	*s = (struct fact_speaker) {
		.name = g_strdup(from->name[0] ? from->name : from->address),
		.address = g_strdup(from->address),
		.model = device ? g_strdup(device->model) : NULL,
		.basis = g_strdup(from->basis),
		.stale = g_strdup(from->stale),
		.codec = g_strdup(from->codec),
		.rate = (int)from->codec_rate.value,
		.by_hand = spa_streq(from->calibration, "by-hand") || offset,
	};
	g_ptr_array_add(f->speakers, s);
}

static void read_speaker(struct facts *f, const struct report_speaker *s, const struct graph *graph)
{
	const struct member *w = &s->wish;

	if (s->here && s->basis[0])
		read_present(f, s, graph);
	if (w->fields & MEMBER_TARGET && !member_is_left_out(w))
		g_hash_table_replace(f->members, g_strdup(s->address), g_strdup(w->target));
	if (w->fields & MEMBER_CORRECTION && w->correction_ms != 0.0)
		g_hash_table_add(f->corrected, g_strdup(s->address));
	if (s->status && s->failures.value <= 0 && s->here)
		g_hash_table_add(f->taken, g_strdup(s->address));
}

static void read_source(struct facts *f, const struct report_source *from)
{
	struct fact_source *s = g_new0(struct fact_source, 1);

	s->address = g_strdup(from->address);
	s->taken = from->taken;
	s->why = g_strdup(from->why);
	g_ptr_array_add(f->sources, s);
}

static void read_setting(struct facts *f, const struct report_setting *from)
{
	struct fact_setting *s = g_new0(struct fact_setting, 1);

	s->name = g_strdup(from->name);
	s->is = g_strdup(from->is);
	s->allowed = g_strdup(from->allowed);
	s->using = g_strdup(from->using);
	g_ptr_array_add(f->settings, s);
}

static void read_report(struct facts *f, const struct report *r)
{
	uint32_t i;

	f->policy = r->found;
	f->playing = spa_streq(r->state, "playing");
	f->stutter = r->stutter;
	f->stalls = r->stalls.value;
	f->stalls_ms = (double)r->stalls_ns.value / SPA_NSEC_PER_MSEC;
	f->longest_ms = (double)r->longest_ns.value / SPA_NSEC_PER_MSEC;
	f->sink = r->sink[0] ? g_strdup(r->sink) : NULL;
	for (i = 0; i < r->n_speakers; i++)
		read_speaker(f, &r->speakers[i], r->graph);
	for (i = 0; i < r->n_sources; i++)
		read_source(f, &r->sources[i]);
	for (i = 0; i < r->n_settings; i++)
		read_setting(f, &r->settings[i]);
}

static void read_microphones(struct facts *f, const struct client *client)
{
	struct microphone *list = NULL;
	int i, n = microphones_find(client, &list);

	for (i = 0; i < n; i++) {
		struct fact_microphone *m = g_new0(struct fact_microphone, 1);

		m->name = g_strdup(list[i].description ? list[i].description : list[i].name);
		m->doubt = list[i].doubt;
		g_ptr_array_add(f->microphones, m);
	}
	free(list);
}

/* What a daemon has told before it stopped answering is true as well */
static void read_client(struct facts *f, const struct client *client, const char *group)
{
	const struct graph_object *o;
	struct report report;
	char name[512];

	f->daemon.running = client->version != NULL;
	f->daemon.version = g_strdup(client->version);
	f->daemon.pid = client->pid;
	if (client_default_sink(client, name, sizeof(name)))
		f->default_sink = g_strdup(name);
	spa_list_for_each(o, &client->graph.objects, link)
		read_object(f, o);
	read_microphones(f, client);
	if (report_init(&report, client, group) == 0)
		read_report(f, &report);
	report_finish(&report);
}

void facts_read_graph(struct facts *f, const char *group)
{
	struct survey survey = { .loop = pw_main_loop_new(NULL) };
	struct client client;

	if (survey.loop == NULL)
		return;
	if (client_init(&client, pw_main_loop_get_loop(survey.loop), group,
			CLIENT_NODES | CLIENT_ROUTES | CLIENT_DAEMONS | CLIENT_MICROPHONES, &client_events, &survey) == 0) {
		pw_main_loop_run(survey.loop);
		read_client(f, &client, group);
	}
	f->pipewire = survey.done;
	client_finish(&client);
	pw_main_loop_destroy(survey.loop);
}
