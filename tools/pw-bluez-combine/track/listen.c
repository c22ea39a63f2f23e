/* What is heard: from the streams to the worker, and from it to the loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "cli/i18n.h"
#include "cli/text.h"
#include "track/run.h"
#include "track/track.h"

static void on_heard(void *data, const struct worker_result *r)
{
	struct track *t = data;
	double half = (double)(r->window.to - r->window.from) / t->rate / 2.0;
	const struct loop_window window = { r->at_sec - half, r->at_sec + half };

	/* Without the lease nothing moves to and fro, and nobody can be told apart */
	if (t->leased)
		loop_heard(&t->loop, track_now_sec(t), &window, r->heard, r->n_speakers);
}

static void on_worker_failed(void *data, int res)
{
	track_fail(data, _("can't go on"), res);
}

static const struct worker_events worker_events = {
	.heard = on_heard,
	.failed = on_worker_failed,
};

static void note_failed(struct track *t, enum track_stream stream, const char *error)
{
	t->failed = stream;
	text_copy(t->error, sizeof(t->error), error, TEXT_ANY_WIDTH);
}

static void on_sent_failed(void *data, const char *error)
{
	note_failed(data, TRACK_STREAM_SENT, error);
}

static void on_recorder_failed(void *data, const char *error)
{
	note_failed(data, TRACK_STREAM_MICROPHONE, error);
}

static int make_blocks(struct track *t)
{
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		if ((t->blocks[i] = calloc(SENT_BLOCK_MAX, sizeof(float))) == NULL)
			return -errno;
	return 0;
}

/* As many as the highest number that somebody has */
static uint32_t count_slots(const struct track *t)
{
	uint32_t i, n = 2;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		if (t->speakers[i].here)
			n = SPA_MAX(n, i + 1);
	return n;
}

static int begin_worker(struct track *t)
{
	t->n_slots = count_slots(t);
	t->worker = worker_new(t->session.loop, t->rate, t->n_slots, &worker_events, t);
	return t->worker ? 0 : -errno;
}

int listen_begin(struct track *t)
{
	int res;

	if ((res = make_blocks(t)) < 0 ||
	    (res = sent_init(&t->sent, &t->session.client, on_sent_failed, t)) < 0 ||
	    (res = recorder_init(&t->recorder, t->session.client.core, t->microphone.name, t->rate,
				"pw-bluez-combine track", on_recorder_failed, t)) < 0)
		return res;
	t->listened_ns = track_now_ns(t);
	t->listened_rate = t->rate;
	return begin_worker(t);
}

void listen_end(struct track *t)
{
	uint32_t i;

	worker_destroy(t->worker);
	t->worker = NULL;
	recorder_finish(&t->recorder);
	sent_finish(&t->sent);
	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		spa_clear_ptr(t->blocks[i], free);
	t->failed = TRACK_STREAM_NONE;
}

/* Every speaker has the same number everywhere, whether it is here or not */
void listen_changed(struct track *t)
{
	struct sent_speaker speakers[SENT_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		speakers[i] = (struct sent_speaker) {
			.address = t->speakers[i].here ? t->speakers[i].address : "",
			.target = t->speakers[i].target,
		};
	sent_follow(&t->sent, t->sink_id, speakers, SENT_SPEAKERS_MAX);
}

/* Somebody has come for whom there was no room */
static int make_room(struct track *t)
{
	if (count_slots(t) <= t->n_slots)
		return 0;
	worker_destroy(t->worker);
	loop_gap(&t->loop);
	return begin_worker(t);
}

static int pass_sent(struct track *t)
{
	struct sent_block block;
	int res;

	while (sent_take(&t->sent, &block, t->blocks))
		if ((res = worker_sent(t->worker, &block.mark, (const float *const *)t->blocks)) < 0)
			return res;
	return 0;
}

/* The marks first: they say to when the samples belong. One that was lost is a hole, and so the next one tells */
static int pass_heard(struct track *t)
{
	struct recorder *r = &t->recorder;
	struct timeline_mark mark;
	int res;

	while (marks_take(&r->marks, &mark))
		if ((res = worker_heard_cycle(t->worker, &mark)) < 0)
			return res;
	if ((res = recorder_take(r)) < 0 ||
	    (res = worker_heard(t->worker, r->samples, r->n)) < 0)
		return res;
	if (r->n > 0)
		t->listened_ns = track_now_ns(t);
	/* And no more: a cycle that comes meanwhile is the next to be passed on */
	recorder_drop(r);
	return 0;
}

int listen_follow(struct track *t)
{
	int res;

	if ((res = make_room(t)) < 0 || (res = pass_heard(t)) < 0)
		return res;
	return pass_sent(t);
}
