/* Weave: what a microphone heard, in the frames of what was sent */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>

#include "track/weave.h"

/* Nobody waits for longer */
#define KEPT_SEC	4.0
/* A sample follows from what is around it */
#define AROUND		64.0

static void stream_init(struct weave_stream *s, double rate)
{
	timeline_init(&s->timeline, rate);
	ear_clock_init(&s->clock, rate);
}

int weave_init(struct weave *w, double rate)
{
	*w = (struct weave) { 0 };
	stream_init(&w->group, rate);
	stream_init(&w->microphone, rate);
	w->resampler = ear_resampler_new(1.0, (uint32_t)(KEPT_SEC * rate));
	return w->resampler ? 0 : -errno;
}

void weave_finish(struct weave *w)
{
	if (w->resampler)
		ear_resampler_destroy(w->resampler);
	*w = (struct weave) { 0 };
}

/* Returns false if something is missing before this cycle */
static bool go_on(struct weave_stream *s, const struct timeline_mark *mark)
{
	bool whole = timeline_add(&s->timeline, mark);

	if (!whole)
		ear_clock_init(&s->clock, s->clock.rate);
	return ear_clock_mark(&s->clock, mark->frame, mark->now_ns) && whole;
}

bool weave_sent(struct weave *w, const struct timeline_mark *mark)
{
	return go_on(&w->group, mark);
}

void weave_heard(struct weave *w, const struct timeline_mark *mark)
{
	if (!go_on(&w->microphone, mark))
		w->whole_from = mark->frame + (uint64_t)AROUND;
}

void weave_samples(struct weave *w, const float *samples, uint32_t n)
{
	ear_resampler_push(w->resampler, samples, n);
}

/* The microphone's frame at the time of one of the group's */
static double place_of(const struct weave *w, double frame)
{
	return ear_clock_frame(&w->microphone.clock, ear_clock_ns(&w->group.clock, frame));
}

bool weave_take(const struct weave *w, uint64_t frame, float *samples, uint32_t n, bool late)
{
	bool known = w->group.clock.begun && w->microphone.clock.begun;
	double at = known ? place_of(w, frame) : NAN, end = known ? place_of(w, (double)frame + n) : NAN;
	uint32_t i;

	if (!late && !(end + AROUND <= (double)ear_resampler_pushed(w->resampler)))
		return false;
	if (known)
		ear_resampler_read(w->resampler, at, (end - at) / n, samples, n);
	for (i = 0; i < n; i++)
		if (!(at + (end - at) * i / n >= (double)w->whole_from))
			samples[i] = NAN;
	return true;
}
