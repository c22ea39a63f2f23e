/* What the group says of itself and of its speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/string.h>

#include "calibrate/calibrate.h"
#include "cli/text.h"
#include "names.h"

/* Delays are whole samples, and reports move by tenths of a millisecond at least */
#define STEADY_MS	0.05
/* The status comes twice a second */
#define QUIET_NS	(1500 * (int64_t)SPA_NSEC_PER_MSEC)
/* One after the other; and a ring of them ends */
#define FILTERS_MAX	8

static double to_ms(struct report_int ns)
{
	return ns.valid ? (double)ns.value / SPA_NSEC_PER_MSEC : NAN;
}

static bool is_playing(const struct report_speaker *s, bool planned)
{
	return (spa_streq(s->state, "playing") || spa_streq(s->state, "warm") ||
			(planned && spa_streq(s->state, "muted"))) &&
		s->latency_ns.valid && s->delay_ns.valid && !spa_streq(s->basis, "none");
}

static void read_speaker(struct calibrate *c, struct calibrate_speaker *s, const struct report_speaker *r)
{
	const struct graph_object *device = graph_find_device(&c->session.client.graph, s->address);

	s->here = r->here;
	s->has_offset = device && device->has_route;
	/* Who has nothing that could be set is left out from the beginning: in the end all are where they are to be */
	s->plays = is_playing(r, c->plan.n_speakers > 0) && (s->has_offset || c->plan.n_speakers > 0);
	if (s->has_offset)
		s->offset_ns = device->offset_ns;
	if (!s->here)
		return;
	snprintf(s->target, sizeof(s->target), "%s", r->target);
	snprintf(s->codec, sizeof(s->codec), "%s", r->codec);
	s->rate = r->codec_rate.valid && r->codec_rate.value > 0 ? r->codec_rate.value : 0;
	s->latency_ms = to_ms(r->latency_ns);
	s->delay_ms = to_ms(r->delay_ns);
	s->trim_ms = r->trim_ns.valid ? to_ms(r->trim_ns) : 0.0;
	s->correction_ms = r->correction_ns.valid ? to_ms(r->correction_ns) : 0.0;
}

/* The user has said it of a speaker, wherever that is in the list */
struct distance {
	char address[REPORT_STRING_MAX];
	double metres;
};

static uint32_t note_distances(const struct calibrate *c, struct distance *distances)
{
	uint32_t i;

	for (i = 0; i < c->n_speakers; i++) {
		distances[i].metres = c->speakers[i].distance_m;
		snprintf(distances[i].address, sizeof(distances[i].address), "%s", c->speakers[i].address);
	}
	return c->n_speakers;
}

static double find_distance(const struct distance *distances, uint32_t n, const char *address)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (spa_streq(distances[i].address, address))
			return distances[i].metres;
	return NAN;
}

/* Before the round begins all that are here are taken in; later the list stays as it is */
static void add_speakers(struct calibrate *c, const struct report *r)
{
	struct distance distances[PLAN_SPEAKERS_MAX];
	uint32_t n = note_distances(c, distances), i;

	c->n_speakers = 0;
	for (i = 0; i < r->n_speakers && c->n_speakers < PLAN_SPEAKERS_MAX; i++) {
		struct calibrate_speaker *s = &c->speakers[c->n_speakers];

		if (!r->speakers[i].here)
			continue;
		*s = (struct calibrate_speaker) {
			.distance_m = find_distance(distances, n, r->speakers[i].address),
		};
		snprintf(s->address, sizeof(s->address), "%s", r->speakers[i].address);
		text_copy(s->name, sizeof(s->name), r->speakers[i].name[0] ? r->speakers[i].name : s->address,
				TEXT_ANY_WIDTH);
		c->n_speakers++;
	}
}

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
		if (c->silent[i] == node)
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

/* Many an Echo's stream goes on when the music is over, and brings silence. The group tells, as long as we do not play
 * ourselves; of music that has just begun it tells a moment later. */
static void note_silent(struct calibrate *c, bool is_heard)
{
	const struct graph_object *o = find_music(c, c->sink_id, 0);

	if (is_heard || o == NULL) {
		c->n_silent = is_heard ? 0 : c->n_silent;
		c->quiet_ns = 0;
	} else if (c->quiet_ns == 0) {
		c->quiet_ns = calibrate_now_ns(c);
	} else if (calibrate_now_ns(c) - c->quiet_ns >= QUIET_NS) {
		while (c->n_silent < CALIBRATE_SILENT_MAX && (o = find_music(c, c->sink_id, 0)))
			c->silent[c->n_silent++] = o->id;
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

/* Into the group, or to one of its speakers alone */
static void read_music(struct calibrate *c, bool is_heard)
{
	const struct graph_object *music;
	uint32_t i, id;

	if (c->has_sink && c->state <= CALIBRATE_MUSIC)
		note_silent(c, is_heard);
	music = c->has_sink ? find_music(c, c->sink_id, 0) : NULL;
	for (i = 0; i < c->n_speakers && music == NULL; i++)
		if (c->speakers[i].here && (id = find_node(c, c->speakers[i].target)) != SPA_ID_INVALID)
			music = find_music(c, id, 0);
	c->music[0] = '\0';
	if (music)
		text_copy(c->music, sizeof(c->music), music->description ? music->description :
				music->name ? music->name : "?", TEXT_ANY_WIDTH);
}

static void read_clock(struct calibrate *c, const struct report *r)
{
	c->rate = r->rate.valid && r->rate.value >= 8000 && r->rate.value <= 192000 ? r->rate.value : 48000;
	c->quantum = r->quantum.valid && r->quantum.value > 0 && r->quantum.value <= 8192 ? r->quantum.value : 1024;
}

int group_read(struct calibrate *c)
{
	struct report r;
	uint32_t i;
	int res;

	if ((res = report_init(&r, &c->session.client, c->options->group)) < 0)
		goto done;
	c->has_sink = r.status && r.sink[0] && r.sink_id != SPA_ID_INVALID;
	snprintf(c->sink, sizeof(c->sink), "%s", r.sink);
	c->sink_id = r.sink_id;
	/* The streams stay what they began as */
	if (c->sweep == NULL)
		read_clock(c, &r);
	c->restarts = r.restarts.valid ? r.restarts.value : 0;
	c->latency_ms = to_ms(r.latency_ns);
	if (c->state < CALIBRATE_ROUND && c->plan.n_speakers == 0)
		add_speakers(c, &r);
	for (i = 0; i < c->n_speakers; i++) {
		const struct report_speaker *s = report_speaker(&r, c->speakers[i].address);

		if (s)
			read_speaker(c, &c->speakers[i], s);
		else
			c->speakers[i].here = c->speakers[i].plays = false;
	}
	read_music(c, spa_streq(r.state, "playing"));
done:
	report_finish(&r);
	return res;
}

double group_place_ms(const struct calibrate *c, uint32_t i)
{
	const struct calibrate_speaker *s = &c->speakers[i];
	bool planned = i < c->plan.n_speakers;

	/* What the lease corrects stays what it is, whatever is reported meanwhile */
	return s->delay_ms - s->trim_ms + (planned ? s->start_latency_ms + s->start_correction_ms +
			c->corrections_ms[i] : s->latency_ms + s->correction_ms);
}

bool group_is_steady(const struct calibrate *c)
{
	double least = INFINITY, most = -INFINITY, place;
	uint32_t i, n = c->plan.n_speakers ? c->plan.n_speakers : c->n_speakers, there = 0;

	for (i = 0; i < n; i++) {
		if (!c->speakers[i].here || (c->plan.n_speakers && c->plan.speakers[i].place != PLAN_IN))
			continue;
		place = group_place_ms(c, i);
		if (!c->speakers[i].plays || isnan(place))
			return false;
		least = fmin(least, place);
		most = fmax(most, place);
		there++;
	}
	return there > 0 && most - least < STEADY_MS;
}
