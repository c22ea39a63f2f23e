/* The loop: what follows from what is known, second by second */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "track/loop.h"

/* Of two that are as slow the one stays that was */
#define SLOWER_S	1e-3
/* Of a program that has stood still it does not matter for how long, in s */
#define TICK_MAX	2.0

/* By what the group has to wait for it */
static double slowness_s(const struct loop_speaker *s)
{
	return s->latency_s + s->base_s + s->tracked_s - s->trim_s;
}

/* Could its correction stay on, and all others follow? */
static bool may_stay(const struct loop_speaker *s)
{
	return s->known && !s->stepped && s->guess.n == 0;
}

static bool may_refer(const struct loop_speaker *s, bool placed, bool settled)
{
	return s->known && s->placed == placed && (!settled || (may_stay(s) && s->state == LOOP_TRACKING));
}

static uint32_t find_slowest(const struct loop *loop, bool placed, bool settled)
{
	uint32_t i, slowest = LOOP_NOBODY;

	for (i = 0; i < LOOP_SPEAKERS_MAX; i++) {
		const struct loop_speaker *s = &loop->speakers[i];

		if (may_refer(s, placed, settled) &&
		    (slowest == LOOP_NOBODY || slowness_s(s) > slowness_s(&loop->speakers[slowest])))
			slowest = i;
	}
	return slowest;
}

/* Will somebody who has a place be known soon? */
static bool is_awaited(const struct loop *loop)
{
	const struct loop_speaker *s;

	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		if (s->placed && s->here && s->state == LOOP_LEARNING)
			return true;
	return false;
}

/* A pattern of which nobody is known is of no use to those who come */
static void begin_pattern(struct loop *loop)
{
	struct loop_speaker *s;

	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		s->placed = false;
	pattern_init(&loop->pattern, loop->pattern.here);
}

static void choose_reference(struct loop *loop)
{
	const uint32_t last = loop->reference;
	uint32_t slowest = find_slowest(loop, true, true);

	if (last != LOOP_NOBODY && may_stay(&loop->speakers[last]) && (slowest == LOOP_NOBODY ||
	    slowness_s(&loop->speakers[slowest]) <= slowness_s(&loop->speakers[last]) + SLOWER_S))
		slowest = last;
	if (slowest == LOOP_NOBODY)
		slowest = find_slowest(loop, true, false);
	loop->reference = slowest;
	if (slowest != LOOP_NOBODY || is_awaited(loop))
		return;
	loop->reference = find_slowest(loop, false, false);
	if (loop->reference != LOOP_NOBODY)
		begin_pattern(loop);
}

/* Where it is, its correction taken out, by the scale of the pattern */
static double off_s(const struct loop_speaker *s, double now_s)
{
	return drift_late_s(&s->drift, now_s) - s->base_s - s->tracked_s;
}

/* A record tells of first sounds: of one whose own is not told it is no use */
static void place(struct loop *loop, struct loop_speaker *s, double heard_s)
{
	s->place_s = pattern_place(&loop->pattern, s->absolute && !s->by_hand ? s->arrival_s : NAN, heard_s);
	s->placed = true;
}

/* Returns what all are later by than the pattern has it */
static double place_all(struct loop *loop, double now_s)
{
	struct loop_speaker *reference = &loop->speakers[loop->reference], *s;
	double common_s;

	if (!reference->placed)
		place(loop, reference, off_s(reference, now_s));
	common_s = off_s(reference, now_s) - reference->place_s;
	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		if (s->known && !s->placed)
			place(loop, s, off_s(s, now_s) - common_s);
	return common_s;
}

static void correct(struct loop_speaker *s, double common_s, double now_s, double most_s)
{
	double error_s = off_s(s, now_s) - s->place_s - common_s;

	if (!s->stepped)
		error_s = SPA_CLAMPD(error_s, -most_s, most_s);
	if (s->stepped || fabs(error_s) >= LOOP_STEP_S)
		s->tracked_s = SPA_CLAMPD(s->tracked_s + error_s, -LOOP_TRACKED_MAX_S, LOOP_TRACKED_MAX_S);
	s->stepped = false;
}

static void correct_all(struct loop *loop, double now_s)
{
	const double most_s = LOOP_SLEW * SPA_CLAMPD(now_s - loop->now_s, 0.0, TICK_MAX);
	struct loop_speaker *s;
	double common_s;

	choose_reference(loop);
	if (loop->reference == LOOP_NOBODY)
		return;
	common_s = place_all(loop, now_s);
	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		if (s->known)
			correct(s, common_s, now_s, most_s);
}

/* Its place is not known any more: it stays what it is */
static void lose(struct loop_speaker *s)
{
	s->known = false;
	s->guess.n = 0;
	s->windows = 0;
	s->state = LOOP_LOST;
}

/* It is heard elsewhere, and what that means will be known soon */
static bool is_judged(const struct loop_speaker *s, double now_s, double window_sec)
{
	return s->guess.n > 0 && now_s - s->guess.drift.at_s < 2.0 * window_sec;
}

static enum loop_state state_of(const struct loop_speaker *s, double now_s, double window_sec)
{
	if (!s->plays)
		return LOOP_SILENT;
	if (!s->known)
		return s->state == LOOP_LOST ? LOOP_LOST : LOOP_LEARNING;
	return s->guess.n > 0 || now_s - s->heard_s > window_sec ? LOOP_HOLDING : LOOP_TRACKING;
}

static void tick(struct loop_speaker *s, double now_s, double window_sec)
{
	const enum loop_state before = s->state;
	const double waited_s = now_s - s->heard_s;

	s->sigma_s = s->known ? drift_sigma_s(&s->drift, now_s) : NAN;
	if (s->plays && s->known && waited_s > window_sec && !is_judged(s, now_s, window_sec) &&
	    (waited_s > LOOP_HOLD_SEC || s->sigma_s > LOOP_HOLD_SIGMA_S))
		lose(s);
	else
		s->state = state_of(s, now_s, window_sec);
	/* No window came at all: this machine was too slow for it, or stood still */
	if ((s->state == LOOP_HOLDING || s->state == LOOP_LOST) && s->reason == EAR_HEARD)
		s->reason = EAR_INTERRUPTED;
	if (s->state != before)
		s->since_s = now_s;
}

static void note_past(struct loop *loop, double now_s)
{
	const uint32_t k = loop->n_past++ % LOOP_PAST;
	struct loop_speaker *s;

	loop->past_s[k] = now_s;
	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		s->past[k] = s->tracked_s;
}

void loop_tick(struct loop *loop, double now_s)
{
	struct loop_speaker *s;

	if (!(now_s > loop->now_s))
		return;
	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++)
		if (s->here)
			tick(s, now_s, loop->window_sec);
	if (!loop->moved)
		correct_all(loop, now_s);
	note_past(loop, now_s);
	loop->now_s = now_s;
}
