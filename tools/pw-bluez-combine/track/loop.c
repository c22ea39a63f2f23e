/* The loop: what is to be corrected, by what is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>

#include "track/common.h"
#include "track/loop.h"

/* What nobody reports can't be known better: a first arrival depends on what is played */
#define RATE_SIGMA_MIN	2e-6
/* Of a speaker of which nothing is known: clocks are 40 ppm apart, and buffers are led at some more */
#define RATE_SIGMA	60e-6
/* A latency that is reported otherwise by less is the same, in s */
#define LATENCY_SAME_S	20e-6
/* Nobody says more of a latency, in s */
#define SAID_MAX_S	100.0

const char *loop_state_name(enum loop_state state)
{
	static const char * const names[LOOP_STATES] = {
		[LOOP_LEARNING] = "learning",
		[LOOP_TRACKING] = "tracking",
		[LOOP_HOLDING] = "holding",
		[LOOP_LOST] = "lost",
		[LOOP_SILENT] = "silent",
	};

	return names[state];
}

void loop_init(struct loop *loop, bool here)
{
	*loop = (struct loop) { .reference = LOOP_NOBODY, .altered_s = NAN };
	pattern_init(&loop->pattern, here);
}

static double said_or(double s, double otherwise)
{
	return fabs(s) <= SAID_MAX_S ? s : otherwise;
}

/* It may be anywhere now, and stays what it is until that is known */
static void forget(struct loop_speaker *s)
{
	s->known = false;
	s->guess.n = 0;
	s->stepped = s->altered = false;
	s->windows = 0;
	s->sigma_s = NAN;
}

static void begin(struct loop_speaker *s, double now_s, const struct loop_facts *facts)
{
	const bool placed = s->placed;
	const double place_s = s->place_s;

	*s = (struct loop_speaker) {
		.here = true, .since_s = now_s, .latency_since_s = -INFINITY,
		.tracked_s = fabs(facts->tracked_s) <= LOOP_TRACKED_MAX_S ? facts->tracked_s : 0.0,
		.skew_s = NAN, .sigma_s = NAN, .placed = placed, .place_s = place_s,
	};
	s->base_s = said_or(facts->correction_s, s->tracked_s) - s->tracked_s;
	s->latency_s = s->latency_before_s = said_or(facts->latency_s, 0.0);
}

static void set_latency(struct loop_speaker *s, double now_s, double latency_s)
{
	if (fabs(latency_s - s->latency_s) <= LATENCY_SAME_S)
		return;
	s->latency_before_s = s->latency_s;
	s->latency_since_s = now_s;
	s->latency_s = latency_s;
}

void loop_facts(struct loop *loop, uint32_t i, double now_s, const struct loop_facts *facts)
{
	struct loop_speaker *s;

	if (i >= LOOP_SPEAKERS_MAX)
		return;
	s = &loop->speakers[i];
	if (!s->here)
		begin(s, now_s, facts);
	set_latency(s, now_s, said_or(facts->latency_s, s->latency_s));
	s->trim_s = said_or(facts->trim_s, s->trim_s);
	s->arrival_s = said_or(facts->arrival_s, NAN);
	/* Who is sent nothing any more begins anew */
	if (s->plays && !facts->plays)
		forget(s);
	s->plays = facts->plays;
}

void loop_restart(struct loop *loop, uint32_t i)
{
	if (i < LOOP_SPEAKERS_MAX)
		forget(&loop->speakers[i]);
}

void loop_move(struct loop *loop, uint32_t i, double by_s)
{
	struct loop_speaker *s;

	if (i >= LOOP_SPEAKERS_MAX)
		return;
	s = &loop->speakers[i];
	s->base_s += said_or(by_s, 0.0);
	s->by_hand = true;
	s->placed = false;
	/* The others' places are not by its own, which is another one */
	if (loop->reference == i)
		loop->reference = LOOP_NOBODY;
}

void loop_leave(struct loop *loop, uint32_t i)
{
	if (i >= LOOP_SPEAKERS_MAX)
		return;
	forget(&loop->speakers[i]);
	loop->speakers[i].here = loop->speakers[i].plays = false;
	if (loop->reference == i)
		loop->reference = LOOP_NOBODY;
}

void loop_free(struct loop *loop, uint32_t i)
{
	loop_leave(loop, i);
	if (i < LOOP_SPEAKERS_MAX)
		loop->speakers[i].placed = false;
}

void loop_gap(struct loop *loop)
{
	uint32_t i;

	loop->interrupted = true;
	/* These have nothing in common with what comes */
	for (i = 0; i < LOOP_SPEAKERS_MAX; i++)
		loop->speakers[i].guess.n = 0;
}

void loop_prior(const struct loop *loop, uint32_t i, double at_s, struct ear_track_prior *prior)
{
	const struct loop_speaker *s = i < LOOP_SPEAKERS_MAX ? &loop->speakers[i] : NULL;
	const struct drift *d = s == NULL ? NULL : s->guess.n > 0 ? &s->guess.drift : s->known ? &s->drift : NULL;

	/* Who was not heard yet is as much later than others as it is corrected for: the estimator finds what all have in common */
	prior->tau_s = s == NULL ? 0.0 : s->latency_s + s->base_s + s->tracked_s;
	prior->rate = 0.0;
	prior->sigma_s = prior->rate_sigma = INFINITY;
	if (d == NULL)
		return;
	prior->rate = d->rate;
	prior->rate_sigma = fmin(sqrt(fmax(d->rate_var, 0.0)) + RATE_SIGMA_MIN, RATE_SIGMA);
	if (loop->interrupted)
		return;
	prior->tau_s = drift_late_s(d, at_s) + s->latency_s + loop->microphone_s;
	prior->sigma_s = hypot(drift_sigma_s(d, at_s), COMMON_SIGMA_S);
}

void loop_learn(struct loop *loop)
{
	struct loop_speaker *s;

	pattern_init(&loop->pattern, true);
	loop->reference = LOOP_NOBODY;
	loop->moved = false;
	loop->altered_s = NAN;
	for (s = loop->speakers; s < loop->speakers + LOOP_SPEAKERS_MAX; s++) {
		s->placed = false;
		forget(s);
	}
}
