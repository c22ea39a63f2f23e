/* Round: sweeps are played, one after the other, and listened to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "calibrate/level.h"
#include "ear/linearity.h"

/* Reports are wrong by half a second; and what a coarse round has told is known to some ms */
#define WIDE_SEC	0.6
#define NARROW_SEC	0.015
/* After a hole: as long as a machine stands still now and then. Wider, a round takes so long that the next one is in it. */
#define SHIFTED_SEC	0.2
/* Windows must not overlap */
#define APART_SEC	0.05
/* No sound is heard before it is sent; that is known to a cycle or two */
#define SENT_SEC	0.05
/* Delays are whole samples */
#define MOVED_MS	0.05
/* What a room adds to a sweep */
#define TAIL_SEC	0.25
/* What was heard soon need not be waited for until the end of its window */
#define LOOK_SEC	0.1
#define LOOK_AGAIN_SEC	0.2
/* What muting takes: the module's answer, and two cycles more until all have their gain */
#define ANSWER_SEC	0.06
#define MARGIN_MAX_SEC	1.0
/* While this program itself stands still, streams are not told to have stopped */
#define FOLLOW_MAX_NS	(100 * (int64_t)SPA_NSEC_PER_MSEC)
/* A sound is handed over so much ahead of its time: some cycles, and a main loop that is late */
#define AHEAD_SEC	0.3
#define LEAD_SEC	0.15

int round_init(struct calibrate *c)
{
	const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;
	struct round *r = &c->round;

	*r = (struct round) { .awaited = PLAN_ALL };
	timeline_init(&r->player, c->rate);
	timeline_init(&r->recorder, c->rate);
	r->margin_sec = ANSWER_SEC + LEAD_SEC / 2 + 2.0 * c->quantum / c->rate;
	r->listener = ear_listener_new(&sweep, c->rate);
	return r->listener ? 0 : -errno;
}

void round_finish(struct calibrate *c)
{
	if (c->round.listener)
		ear_listener_destroy(c->round.listener);
	c->round.listener = NULL;
}

void round_response_finish(struct round_response *response)
{
	free(response->envelope);
	*response = (struct round_response) { 0 };
}

void round_follow(struct calibrate *c)
{
	struct round *r = &c->round;
	struct timeline_mark mark;
	int64_t now = calibrate_now_ns(c), passed = SPA_MIN(now - r->followed_ns, FOLLOW_MAX_NS);
	bool hole = false;

	r->followed_ns = now;
	r->player_quiet_ns += passed;
	r->recorder_quiet_ns += passed;
	while (marks_take(&c->player.marks, &mark)) {
		hole |= !timeline_add(&r->player, &mark);
		r->player_quiet_ns = 0;
	}
	while (marks_take(&c->recorder.marks, &mark)) {
		hole |= !timeline_add(&r->recorder, &mark);
		r->recorder_quiet_ns = 0;
	}
	hole |= recorder_take(&c->recorder) < 0;
	r->broken |= hole;
	r->shifted |= hole;
}

/* Seconds since the round's beginning, by the group's clock */
static double now_sec(const struct calibrate *c)
{
	double frame = timeline_frame(&c->round.player, (double)calibrate_now_ns(c));

	return (frame - (double)c->round.begin) / c->rate;
}

/* From the moment that it is sent, as far as is known: until a sound is in the recording. Of all together: until the
 * first ones are. */
static double sound_sec(const struct calibrate *c, uint32_t speaker)
{
	if (speaker == PLAN_ALL)
		return c->latency_ms / 1e3;
	return c->speakers[speaker].delay_ms / 1e3 + c->speakers[speaker].sound_sec;
}

/* By how much it may be heard earlier or later than expected */
static double window_sec(const struct calibrate *c, uint32_t speaker)
{
	if (speaker == PLAN_ALL || !c->plan.speakers[speaker].heard)
		return WIDE_SEC;
	return c->round.shifted ? SHIFTED_SEC : NARROW_SEC;
}

static void work_out_times(struct calibrate *c)
{
	struct round *r = &c->round;
	const struct schedule schedule = {
		.sweep_sec = (double)c->sweep_frames / c->rate,
		.margin_sec = r->margin_sec,
		.apart_sec = APART_SEC,
	};
	uint32_t i;

	for (i = 0; i < r->plan.n_slots; i++) {
		uint32_t speaker = r->plan.slots[i].speaker;
		double window = window_sec(c, speaker), sound = sound_sec(c, speaker);
		double delay = speaker == PLAN_ALL ? 0.0 : c->speakers[speaker].delay_ms / 1e3;

		r->times[i] = (struct schedule_slot) {
			.delay_sec = delay,
			.sound_sec = sound,
			.before_sec = fmin(window, fmax(sound - delay, 0.0) + SENT_SEC),
			.after_sec = window,
		};
		r->slots[i] = (struct ear_slot) {
			.speaker = speaker,
			.before = r->times[i].before_sec * c->rate,
			.level_db = r->plan.slots[i].level_db,
		};
	}
	schedule_work_out(&schedule, r->times, r->plan.n_slots);
}

void round_begin(struct calibrate *c)
{
	struct round *r = &c->round;

	round_follow(c);
	recorder_forget(&c->recorder);
	r->begin = (uint64_t)(timeline_frame(&r->player, (double)calibrate_now_ns(c)) + LEAD_SEC * c->rate);
	r->n_played = r->n_asked = r->n_placed = 0;
	r->awaited = PLAN_ALL;
	r->broken = false;
	r->look_sec = LOOK_SEC;
	r->restarts = c->restarts;
	r->missed = player_missed(&c->player);
	work_out_times(c);
}

static uint64_t emitted_frame(const struct round *r, uint32_t slot, double rate)
{
	return r->begin + (uint64_t)llround(r->times[slot].emit_sec * rate);
}

/* Has one muting after the other, and one sound after the other, on its way */
static int play(struct calibrate *c, double now)
{
	struct round *r = &c->round;
	uint32_t speaker;
	int res;

	if (r->n_asked < r->plan.n_slots && now >= r->times[r->n_asked].solo_sec) {
		/* The last one has not even been answered, and now it is too late for it */
		if (r->awaited != PLAN_ALL)
			r->slots[r->awaited].spoilt = true;
		r->awaited = r->n_asked++;
		speaker = r->plan.slots[r->awaited].speaker;
		res = speaker == PLAN_ALL ? ask_all(c, &r->counts[r->awaited]) :
			ask_solo(c, speaker, &r->counts[r->awaited]);
		if (res < 0)
			return res;
	}
	if (r->n_played < r->plan.n_slots && now >= r->times[r->n_played].emit_sec - AHEAD_SEC) {
		player_play(&c->player, emitted_frame(r, r->n_played, c->rate), r->plan.slots[r->n_played].level_db);
		r->n_played++;
	}
	return 0;
}

void round_taken(struct calibrate *c, uint32_t count)
{
	struct round *r = &c->round;
	const struct schedule_slot *t;
	double ready;

	if (r->awaited == PLAN_ALL || r->counts[r->awaited] != count)
		return;
	t = &r->times[r->awaited];
	ready = (timeline_frame(&r->player, (double)c->ready_ns) - (double)r->begin) / c->rate;
	if (ready > t->ready_sec) {
		r->slots[r->awaited].spoilt = true;
		r->margin_sec = fmin(fmax(2.0 * r->margin_sec, ready - t->solo_sec), MARGIN_MAX_SEC);
	}
	r->awaited = PLAN_ALL;
}

/* So long the last sound is waited for, until the next look */
static double look_sec(const struct round *r)
{
	return fmin(r->look_sec, r->times[r->plan.n_slots - 1].after_sec);
}

/* Where in the recording each sound is expected: by what the clocks say when it is there. They drift, and in a long round by
 * more than its windows are wide. Returns how long the recording has to be */
static double expect(struct calibrate *c)
{
	struct round *r = &c->round;
	double end = 0.0;
	uint32_t i;

	for (i = 0; i < r->plan.n_slots; i++) {
		struct ear_slot *slot = &r->slots[i];
		double ns = timeline_ns(&r->player, (double)emitted_frame(r, i, c->rate));

		if (i >= r->n_placed)
			slot->expected = timeline_frame(&r->recorder, ns) + r->times[i].sound_sec * c->rate -
				(double)c->recorder.first;
		if (i == r->n_placed && i < r->n_played && slot->expected <= (double)c->recorder.n)
			r->n_placed++;
		slot->after = c->rate * (i + 1 < r->plan.n_slots ? r->times[i].after_sec : look_sec(r));
		end = fmax(end, slot->expected + slot->after);
	}
	return end + c->sweep_frames + TAIL_SEC * c->rate;
}

/* Around the first arrival, on the axis of what is in place */
static void keep_response(struct calibrate *c, uint32_t slot)
{
	struct round *r = &c->round;
	struct calibrate_speaker *s = &c->speakers[r->slots[slot].speaker];
	struct round_response *kept = r->plan.kind == PLAN_COARSE ? &s->before : &s->after;
	struct ear_response response;
	float *envelope;

	if (!ear_listener_response(r->listener, slot, &response) || response.n == 0 ||
	    (envelope = malloc(response.n * sizeof(*envelope))) == NULL)
		return;
	memcpy(envelope, response.envelope, response.n * sizeof(*envelope));
	round_response_finish(kept);
	*kept = (struct round_response) {
		.envelope = envelope,
		.n = response.n,
		.start_ms = 1e3 * (response.first - r->heard[slot].arrival) / c->rate,
		.step_ms = 1e3 * response.step / c->rate,
	};
}

/* How long its sound took, without the group's delay: the next round expects it there */
static void learn(struct calibrate *c)
{
	struct round *r = &c->round;
	uint32_t i;

	for (i = 0; i < r->plan.n_slots; i++) {
		struct calibrate_speaker *s = &c->speakers[r->slots[i].speaker];

		if (r->heard[i].reason != EAR_HEARD)
			continue;
		s->snr_db = r->heard[i].snr_db;
		s->sound_sec = r->times[i].sound_sec - r->times[i].delay_sec +
			(r->heard[i].arrival - r->slots[i].expected) / c->rate;
		r->shifted = false;
		keep_response(c, i);
	}
}

static int fit(struct calibrate *c)
{
	struct round *r = &c->round;
	uint32_t n = r->plan.n_slots, i;
	double emitted_s[PLAN_SLOTS_MAX];
	struct ear_fit fitted;
	int res;

	for (i = 0; i < n; i++)
		emitted_s[i] = (double)(emitted_frame(r, i, c->rate) - r->begin) / c->rate;
	if ((res = ear_fit(&fitted, r->fit, c->plan.n_speakers, c->rate, r->slots, emitted_s, r->heard, n,
			ear_listener_instant(r->listener), 0.5 * (emitted_s[0] + emitted_s[n - 1]))) < 0)
		return res;
	r->rate_ppm = fitted.rate_ppm;
	for (i = 0; i < c->plan.n_speakers; i++)
		r->results[i] = (struct plan_result) {
			.reason = r->fit[i].reason,
			.late_ms = 1e3 * r->fit[i].late_s,
			.sigma_ms = 1e3 * r->fit[i].sigma_s,
		};
	/* On the way back it may have been less loud */
	for (i = n; i > 0; i--)
		r->results[r->slots[i - 1].speaker].snr_db = r->heard[i - 1].snr_db;
	return 0;
}

/* There and back, one speaker may be heard at two levels */
static void check_linearity(struct calibrate *c)
{
	struct round *r = &c->round;
	uint32_t i, n = r->plan.n_slots;
	double slope;

	for (i = 0; i < n / 2; i++) {
		const struct ear_slot slots[] = { r->slots[i], r->slots[n - 1 - i] };
		const struct ear_heard heard[] = { r->heard[i], r->heard[n - 1 - i] };

		c->agc |= ear_linearity(slots, heard, 2, &slope) == EAR_AGC;
	}
}

/* All together: not when, only whether */
static void hear_level(struct calibrate *c)
{
	struct round *r = &c->round;
	struct ear_heard *heard = &r->heard[0];
	size_t n = c->recorder.n, quiet = SPA_MIN(n, (size_t)fmax(0.0, r->slots[0].expected - r->slots[0].before)), from;

	/* What is heard first is not before it is played; and what sounded before fades */
	quiet = SPA_MAX(quiet, SPA_MIN(n, (size_t)(LEAD_SEC * c->rate)));
	from = quiet - SPA_MIN(quiet, (size_t)(LEVEL_STRETCH_SEC * c->rate));
	*heard = (struct ear_heard) {
		.snr_db = level_measure(c->recorder.samples + from, quiet - from, c->recorder.samples + quiet, n - quiet, c->rate),
	};
	if (ear_clipped(c->recorder.samples, n) > 0)
		heard->reason = EAR_CLIPPED;
	else if (heard->snr_db < PLAN_LEVEL_HEARD_DB)
		heard->reason = EAR_TOO_QUIET;
}

/* Is what was heard all that there can be? The last sound of a coarse round is the first one's speaker's, and the two are of
 * one another */
static bool is_complete(const struct round *r)
{
	uint32_t last = r->plan.n_slots - 1;

	if (r->look_sec >= r->times[last].after_sec)
		return true;
	if (r->plan.kind == PLAN_LEVEL)
		return r->heard[0].reason != EAR_TOO_QUIET;
	return r->heard[last].reason == EAR_HEARD && r->results[r->slots[last].speaker].reason == EAR_HEARD;
}

static enum round_state hear(struct calibrate *c)
{
	struct round *r = &c->round;

	if (r->plan.kind == PLAN_LEVEL)
		hear_level(c);
	else if (ear_listen(r->listener, c->recorder.samples, c->recorder.n, r->slots, r->plan.n_slots, r->heard) < 0 ||
			fit(c) < 0)
		return ROUND_BROKEN;
	if (!is_complete(r)) {
		r->look_sec += LOOK_AGAIN_SEC;
		return ROUND_PLAYING;
	}
	if (r->plan.kind == PLAN_FINE)
		check_linearity(c);
	if (r->plan.kind != PLAN_LEVEL)
		learn(c);
	return ROUND_HEARD;
}

/* What is no correction: somebody has come who is slower than all others */
static bool has_moved(const struct calibrate *c)
{
	const struct round *r = &c->round;
	uint32_t i;

	for (i = 0; i < r->plan.n_slots; i++) {
		uint32_t speaker = r->plan.slots[i].speaker;

		if (speaker != PLAN_ALL && fabs(c->speakers[speaker].delay_ms - 1e3 * r->times[i].delay_sec) > MOVED_MS)
			return true;
	}
	return false;
}

enum round_state round_tick(struct calibrate *c)
{
	struct round *r = &c->round;
	double now;

	round_follow(c);
	if (r->broken || has_moved(c) || c->restarts != r->restarts || player_missed(&c->player) != r->missed)
		return ROUND_BROKEN;
	now = now_sec(c);
	if (play(c, now) < 0)
		return ROUND_BROKEN;
	if ((double)c->recorder.n < expect(c) || r->n_played < r->plan.n_slots || r->awaited != PLAN_ALL)
		return ROUND_PLAYING;
	return hear(c);
}
