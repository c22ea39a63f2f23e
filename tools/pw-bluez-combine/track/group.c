/* What the group says of itself and of its speakers, and what there is of the microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "cli/text.h"
#include "client/calibration.h"
#include "client/microphone.h"
#include "track/track.h"

/* Corrections that are the same but for rounding */
#define SAME_MS		0.005
/* The status comes twice a second, and what was written is in force at once; the module follows an offset as soon as that stands still */
#define OFFSET_LIMIT_NS	(3 * (int64_t)SPA_NSEC_PER_SEC)

static double to_ms(struct report_int ns, double otherwise)
{
	return ns.valid ? (double)ns.value / SPA_NSEC_PER_MSEC : otherwise;
}

static double to_sec(double ms)
{
	return ms / 1e3;
}

static struct track_speaker *find_speaker(struct track *t, const char *address)
{
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		if (spa_streq(t->speakers[i].address, address))
			return &t->speakers[i];
	return NULL;
}

/* One that nobody has; else one of somebody who is not here */
static struct track_speaker *free_speaker(struct track *t)
{
	struct track_speaker *s = find_speaker(t, "");
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX && s == NULL; i++)
		if (!t->speakers[i].here)
			s = &t->speakers[i];
	return s;
}

static struct track_speaker *take_speaker(struct track *t, const struct report_speaker *r)
{
	struct track_speaker *s = find_speaker(t, r->address);

	if (s || strlen(r->address) >= sizeof(t->sent.slots[0].address) || (s = free_speaker(t)) == NULL)
		return s;
	*s = (struct track_speaker) { .said_ms = NAN, .base_ms = NAN, .latency_ms = NAN };
	snprintf(s->address, sizeof(s->address), "%s", r->address);
	text_copy(s->name, sizeof(s->name), r->name[0] ? r->name : r->address, TEXT_ANY_WIDTH);
	loop_free(&t->loop, s - t->speakers);
	if (t->worker && (uint32_t)(s - t->speakers) < t->n_slots)
		worker_forget(t->worker, s - t->speakers);
	return s;
}

/* Where calibrate has left it, if it was heard with this microphone and is as it was then */
static double arrival_ms(const struct track *t, const struct report_speaker *r)
{
	struct calibration_record record;
	const char *json = NULL;

	if (t->microphone.name == NULL || !r->codec_rate.valid || !spa_streq(r->stale, "") ||
	    client_get_calibration(&t->session.client, t->options->group, r->address, &json) < 0 || json == NULL ||
	    !calibration_find(json, r->codec, r->codec_rate.value, &record))
		return NAN;
	return record.by_ear && spa_streq(record.microphone, t->microphone.name) ? record.arrival_ms : NAN;
}

/* The user's offset is known before it is in the latency: what the speaker itself reports is the same all the time */
static void read_latency(struct track *t, struct track_speaker *s, const struct report_speaker *r)
{
	const struct graph_object *device = graph_find_device(&t->session.client.graph, r->address);
	const double offset_ms = device ? (double)device->offset_ns / SPA_NSEC_PER_MSEC : s->offset_ms;
	const double latency_ms = to_ms(r->latency_ns, NAN) - offset_ms;

	if (fabs(offset_ms - s->offset_ms) > SAME_MS)
		s->offset_changed_ns = track_now_ns(t);
	s->offset_ms = offset_ms;
	if (isnan(s->latency_ms) || s->offset_changed_ns == 0 || fabs(latency_ms - s->latency_ms) <= SAME_MS ||
	    track_now_ns(t) - s->offset_changed_ns > OFFSET_LIMIT_NS)
		s->latency_ms = latency_ms;
}

/* What somebody else has changed is how it shall be */
static void read_base(struct track *t, struct track_speaker *s)
{
	const double base_ms = s->correction_ms - s->tracked_ms + s->offset_ms;

	if (fabs(base_ms - s->base_ms) > SAME_MS && t->worker)
		loop_move(&t->loop, s - t->speakers, to_sec(base_ms - s->base_ms));
	s->base_ms = base_ms;
}

static bool is_playing(const struct report_speaker *r)
{
	return (spa_streq(r->state, "playing") || spa_streq(r->state, "warm")) && r->latency_ns.valid &&
		!spa_streq(r->basis, "none");
}

static void tell_loop(struct track *t, struct track_speaker *s, bool played)
{
	uint32_t i = s - t->speakers;

	loop_facts(&t->loop, i, track_now_sec(t), &(struct loop_facts) {
		.latency_s = to_sec(s->latency_ms),
		.correction_s = to_sec(s->correction_ms + s->offset_ms),
		.tracked_s = to_sec(s->tracked_ms),
		.trim_s = to_sec(s->trim_ms),
		.arrival_s = to_sec(s->arrival_ms),
		.plays = s->plays,
	});
	/* A stream that begins anew begins somewhere else */
	if (s->plays && !played && s->began)
		loop_restart(&t->loop, i);
	s->began |= s->plays;
}

static void read_speaker(struct track *t, const struct report_speaker *r)
{
	struct track_speaker *s = take_speaker(t, r);
	bool played;

	if (s == NULL)
		return;
	played = s->plays;
	s->here = true;
	s->plays = is_playing(r);
	snprintf(s->target, sizeof(s->target), "%s", r->target);
	read_latency(t, s, r);
	s->correction_ms = to_ms(r->correction_ns, 0.0);
	s->tracked_ms = to_ms(r->tracked_ns, 0.0);
	s->trim_ms = to_ms(r->trim_ns, 0.0);
	s->arrival_ms = arrival_ms(t, r);
	read_base(t, s);
	if (t->worker && !isnan(s->latency_ms))
		tell_loop(t, s, played);
	t->n_playing += s->plays;
}

static void leave(struct track *t, struct track_speaker *s)
{
	if (s->here && t->worker)
		loop_leave(&t->loop, s - t->speakers);
	/* What was tracked of it is forgotten with its node, and the lease must not say it of the next one */
	if (s->here && !isnan(s->said_ms)) {
		s->said_ms = NAN;
		t->has_left = true;
	}
	s->here = s->plays = s->began = false;
}

static void read_speakers(struct track *t, const struct report *r)
{
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++) {
		const struct report_speaker *s = t->speakers[i].address[0] ?
			report_speaker(r, t->speakers[i].address) : NULL;

		if (s == NULL || !s->here)
			leave(t, &t->speakers[i]);
	}
	t->n_playing = 0;
	for (i = 0; i < r->n_speakers; i++)
		if (r->speakers[i].here)
			read_speaker(t, &r->speakers[i]);
}

/* Who was started anew after a stall may be anywhere */
static void read_restarts(struct track *t, const struct report *r)
{
	int64_t restarts = r->restarts.valid ? r->restarts.value : t->restarts;
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX && t->worker && restarts != t->restarts; i++)
		if (t->speakers[i].here)
			loop_restart(&t->loop, i);
	t->restarts = restarts;
}

static bool is_taken(const struct track *t, const struct report *r)
{
	return r->lease.valid && r->lease.value != client_id(&t->session.client);
}

int track_read_group(struct track *t)
{
	struct report r;
	int res;

	if ((res = report_init(&r, &t->session.client, t->options->group)) == 0) {
		t->has_sink = r.status && r.sink[0] && r.sink_id != SPA_ID_INVALID;
		t->sink_id = r.sink_id;
		t->is_heard = t->has_sink && spa_streq(r.state, "playing");
		t->occupied = is_taken(t, &r);
		if (r.rate.valid && r.rate.value >= 14000 && r.rate.value <= 192000)
			t->rate = r.rate.value;
		read_speakers(t, &r);
		read_restarts(t, &r);
	}
	report_finish(&r);
	return res;
}

/* Who talks to somebody far away hears less of them when other things are done with the microphone, and it may be
 * processed for that */
static bool is_in_call(const struct graph *graph, uint32_t microphone)
{
	const struct graph_object *link, *to;

	spa_list_for_each(link, &graph->objects, link)
		if (link->kind == GRAPH_LINK && link->from == microphone && (to = graph_find(graph, link->to)) &&
		    spa_streq(to->role, "Communication"))
			return true;
	return false;
}

enum tell_state track_doubt(const struct track *t)
{
	enum tell_state doubt = TELL_GONE;
	struct microphone *list = NULL;
	int i, n = microphones_find(&t->session.client, &list);

	for (i = 0; i < n; i++) {
		if (!spa_streq(list[i].name, t->microphone.name))
			continue;
		doubt = list[i].doubt == MICROPHONE_MUTED ? TELL_MUTED :
			list[i].doubt >= MICROPHONE_UNPLUGGED ? TELL_GONE :
			is_in_call(&t->session.client.graph, list[i].id) ? TELL_CALL : TELL_LISTENING;
		break;
	}
	free(list);
	return doubt;
}
