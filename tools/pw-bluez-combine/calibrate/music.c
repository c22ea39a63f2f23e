/* Who else plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/string.h>

#include "calibrate/calibrate.h"
#include "cli/text.h"
#include "names.h"

/* The status comes twice a second */
#define QUIET_NS	(1500 * (int64_t)SPA_NSEC_PER_MSEC)
/* One after the other; and a ring of them ends */
#define FILTERS_MAX	8

/* The sink of a filter whose other end \a output is; NULL if that is no filter's */
static const struct graph_object *find_filter(const struct graph *graph, const struct graph_object *output)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (output->link_group && o != output && spa_streq(o->link_group, output->link_group) &&
		    spa_streq(o->class, "Audio/Sink"))
			return o;
	return NULL;
}

static bool is_silent(const struct calibrate *c, uint32_t node)
{
	for (uint32_t i = 0; i < c->n_silent; i++)
		if (c->silent[i].node == node)
			return true;
	return false;
}

/* A stream that runs, and is not ours. A filter runs with the group: who plays into it counts */
static const struct graph_object *find_music(const struct calibrate *c, uint32_t node, int depth)
{
	const struct graph *graph = &c->session.client.graph;
	const struct graph_object *o = NULL, *filter, *music;

	while ((o = graph_next_source(graph, node, o))) {
		if (o->state != PW_NODE_STATE_RUNNING || o->client == client_id(&c->session.client) || is_silent(c, o->id))
			continue;
		if (o->name && spa_strstartswith(o->name, BLUEZ_COMBINE_NODE_PREFIX))
			continue;
		if ((filter = find_filter(graph, o)) == NULL)
			return o;
		if (depth < FILTERS_MAX && (music = find_music(c, filter->id, depth + 1)) != NULL)
			return music;
	}
	return NULL;
}

static void forget_silent(struct calibrate *c)
{
	while (c->n_silent > 0) {
		struct calibrate_silent *s = &c->silent[--c->n_silent];

		if (s->meter)
			meter_destroy(s->meter);
	}
}

/* Many an Echo's stream goes on when the music is over, and brings silence. The group tells, as long as we do not play
 * ourselves; of music that has just begun it tells a moment later. */
static void note_silent(struct calibrate *c)
{
	const struct graph_object *o = find_music(c, c->sink_id, 0);

	if (c->heard || o == NULL) {
		if (c->heard)
			forget_silent(c);
		c->quiet_ns = 0;
	} else if (c->quiet_ns == 0) {
		c->quiet_ns = calibrate_now_ns(c);
	} else if (calibrate_now_ns(c) - c->quiet_ns >= QUIET_NS) {
		while (c->n_silent < CALIBRATE_SILENT_MAX && (o = find_music(c, c->sink_id, 0)))
			c->silent[c->n_silent++] = (struct calibrate_silent) {
				.node = o->id,
				.meter = o->name ? meter_new(c->session.client.core, o->name, METER_STREAM) : NULL,
			};
	}
}

static uint32_t find_node(const struct calibrate *c, const char *name)
{
	const struct graph_object *o;

	spa_list_for_each(o, &c->session.client.graph.objects, link)
		if (o->kind == GRAPH_NODE && spa_streq(o->name, name))
			return o->id;
	return SPA_ID_INVALID;
}

void music_read(struct calibrate *c)
{
	const struct graph_object *music;
	uint32_t i, id;

	if (c->has_sink && c->state <= CALIBRATE_MUSIC)
		note_silent(c);
	music = c->has_sink ? find_music(c, c->sink_id, 0) : NULL;
	for (i = 0; i < c->n_speakers && music == NULL; i++)
		if (c->speakers[i].here && (id = find_node(c, c->speakers[i].target)) != SPA_ID_INVALID)
			music = find_music(c, id, 0);
	c->music[0] = '\0';
	if (music)
		text_copy(c->music, sizeof(c->music), music->description ? music->description :
				music->name ? music->name : "?", TEXT_ANY_WIDTH);
}

bool music_begins(struct calibrate *c)
{
	bool begins = false;
	uint32_t i;

	for (i = 0; i < c->n_silent; i++)
		begins |= c->silent[i].meter && isfinite(meter_read_db(c->silent[i].meter,
					(double)CALIBRATE_TICK_NS / SPA_NSEC_PER_SEC));
	if (begins)
		forget_silent(c);
	return begins;
}

void music_finish(struct calibrate *c)
{
	forget_silent(c);
}
