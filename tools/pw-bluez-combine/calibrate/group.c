/* What the group says of itself and of its speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/string.h>

#include "calibrate/calibrate.h"
#include "cli/text.h"

/* Delays are whole samples, and reports move by tenths of a millisecond at least */
#define STEADY_MS	0.05

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
	c->heard = spa_streq(r.state, "playing");
	music_read(c);
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
