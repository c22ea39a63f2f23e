/* The loop: what is known by a window */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "track/common.h"
#include "track/loop.h"
#include "track/moved.h"

/* Whatever an estimator says of itself: with other music the same first arrival is elsewhere by about this, in s */
#define SIGMA_MIN_S	15e-6
#define SIGMA_MAX_S	5e-3
#define RATE_MIN	3e-6
#define RATE_MAX	5e-3
/* Of one of which nothing is known, or which has jumped: clocks, and buffers that are led */
#define RATE_SIGMA	60e-6
#define JUMP_RATE_SIGMA	20e-6
#define TAU_MAX_S	10.0
/* Windows that have so much in common say nothing new */
#define SHARED_MAX	100.0
/* What is reported is told twice a second, and sounds up to some 0.5 s after it was sent */
#define REPORT_SEC	1.0

/* A speaker that was heard */
struct reading {
	uint32_t speaker;
	struct guess_window is;		/* with the microphone's part in late_s */
	struct common_speaker common;
};

static double middle_s(const struct loop_window *w)
{
	return 0.5 * (w->from_s + w->to_s);
}

/* L in a window; false if it has changed within */
static bool latency_in(const struct loop_speaker *s, const struct loop_window *w, double *latency_s)
{
	*latency_s = s->latency_since_s < w->to_s ? s->latency_s : s->latency_before_s;
	return s->latency_since_s < w->from_s - REPORT_SEC || s->latency_since_s > w->to_s + REPORT_SEC;
}

static bool is_number(const struct ear_track_heard *h)
{
	return fabs(h->tau_s) <= TAU_MAX_S && h->sigma_s >= 0.0 && h->sigma_s <= SIGMA_MAX_S;
}

/* Of a window that overlaps the last much is no news: its variance is so much larger */
static double shared(const struct loop_speaker *s, const struct loop_window *w)
{
	const double length = w->to_s - w->from_s, news = middle_s(w) - s->window_s;

	return s->known && news > 0.0 && news < length ? fmin(length / news, SHARED_MAX) : 1.0;
}

static enum ear_reason read_heard(const struct loop_speaker *s, const struct loop_window *w,
		const struct ear_track_heard *h, struct guess_window *is)
{
	double latency_s;

	if (h->reason != EAR_HEARD)
		return (uint32_t)h->reason < EAR_REASONS ? h->reason : EAR_INCONSISTENT;
	if (!is_number(h))
		return EAR_INCONSISTENT;
	if (!latency_in(s, w, &latency_s))
		return EAR_INTERRUPTED;
	*is = (struct guess_window) {
		.at_s = middle_s(w), .length_s = w->to_s - w->from_s, .late_s = h->tau_s - latency_s,
		.variance = shared(s, w) * (h->sigma_s * h->sigma_s + SIGMA_MIN_S * SIGMA_MIN_S),
		.rate_sigma = INFINITY,
	};
	if (fabs(h->rate) <= RATE_MAX && h->rate_sigma >= 0.0 && h->rate_sigma <= RATE_MAX) {
		is->rate = h->rate;
		is->rate_sigma = sqrt(shared(s, w)) * hypot(h->rate_sigma, RATE_MIN);
	}
	return EAR_HEARD;
}

static uint32_t read_all(struct loop *loop, const struct loop_window *w, const struct ear_track_heard *heard,
		uint32_t n, struct reading readings[])
{
	uint32_t i, count = 0;

	for (i = 0; i < n; i++) {
		struct loop_speaker *s = &loop->speakers[i];
		struct reading *r = &readings[count];

		if (!s->here || !s->plays)
			continue;
		*r = (struct reading) { .speaker = i };
		s->reason = read_heard(s, w, &heard[i], &r->is);
		s->altered |= s->reason == EAR_MOVED;
		if (s->reason == EAR_HEARD)
			s->absolute = heard[i].placed;
		count += s->reason == EAR_HEARD;
	}
	return count;
}

/* What the microphone adds to all is taken out. Returns how many of them were known before: these come first */
static uint32_t find_common(struct loop *loop, struct reading readings[], uint32_t n)
{
	struct common_speaker common[LOOP_SPEAKERS_MAX];
	uint32_t i, known = 0;
	double m;

	for (i = 0; i < n; i++) {
		struct reading r = readings[i];
		struct loop_speaker *s = &loop->speakers[r.speaker];

		if (!s->known)
			continue;
		drift_go_on(&s->drift, r.is.at_s);
		r.common.error_s = r.is.late_s - loop->microphone_s - s->drift.late_s;
		r.common.variance = r.is.variance + s->drift.late_var;
		common[known] = r.common;
		readings[i] = readings[known];
		readings[known++] = r;
	}
	m = common_find(common, known, loop->interrupted);
	for (i = 0; i < known; i++) {
		readings[i].common = common[i];
		readings[i].common.error_s -= m;
	}
	loop->microphone_s += m;
	loop->interrupted = loop->interrupted && known == 0;
	return known;
}

/* It is where it was expected */
static void follow(struct loop_speaker *s, const struct reading *r, double now_s)
{
	drift_correct(&s->drift, r->common.error_s, r->is.variance);
	if (isfinite(r->is.rate_sigma))
		drift_correct_rate(&s->drift, r->is.rate - s->drift.rate, r->is.rate_sigma * r->is.rate_sigma);
	s->guess.n = 0;
	s->altered = false;
	s->heard_s = now_s;
	s->window_s = r->is.at_s;
	s->windows++;
}

/* It is elsewhere, or nothing was known of it */
static void guess(const struct loop *loop, struct loop_speaker *s, const struct reading *r, bool alone)
{
	struct guess_window w = r->is;

	w.late_s -= loop->microphone_s;
	/* What the microphone adds is in it where nobody tells */
	if (alone)
		w.variance += COMMON_SIGMA_S * COMMON_SIGMA_S;
	guess_add(&s->guess, &w, s->known ? s->drift.rate : 0.0, s->known ? JUMP_RATE_SIGMA : RATE_SIGMA);
	s->windows = 0;
	if (s->known)
		s->reason = EAR_INCONSISTENT;
}

static double step_s(const struct loop_speaker *s)
{
	return s->known ? s->guess.drift.late_s - s->drift.late_s : INFINITY;
}

/* What was a guess is how it is */
static void believe(struct loop_speaker *s, double now_s)
{
	if (s->known) {
		s->jump_s = step_s(s);
		s->jumps++;
	}
	s->drift = s->guess.drift;
	s->heard_s = now_s;
	s->window_s = s->guess.drift.at_s;
	s->guess.n = 0;
	s->known = s->stepped = true;
	s->altered = false;
	s->reason = EAR_HEARD;
}

/* Those that were known, and are heard in this window, or were elsewhere in the last ones. Returns how many */
static uint32_t gather(const struct loop *loop, const struct reading readings[], uint32_t known, double at_s,
		struct moved_speaker moved[], uint32_t who[])
{
	bool still[LOOP_SPEAKERS_MAX] = { false };
	uint32_t i, n = 0;

	for (i = 0; i < known; i++)
		still[readings[i].speaker] = readings[i].common.still;
	for (i = 0; i < LOOP_SPEAKERS_MAX; i++) {
		const struct loop_speaker *s = &loop->speakers[i];
		const bool elsewhere = s->known && s->guess.n > 0 && at_s - s->guess.drift.at_s <= loop->window_sec;

		if (!still[i] && !elsewhere)
			continue;
		who[n] = i;
		moved[n++] = (struct moved_speaker) {
			.still = still[i],
			.sure = !still[i] && guess_is_sure(&s->guess, step_s(s)),
			.step_s = still[i] ? 0.0 : step_s(s),
			.altered = s->altered,
		};
	}
	return n;
}

static void judge(struct loop *loop, const struct reading readings[], uint32_t known, double at_s, double now_s)
{
	struct moved_speaker moved[LOOP_SPEAKERS_MAX];
	uint32_t who[LOOP_SPEAKERS_MAX], i, n = gather(loop, readings, known, at_s, moved, who);
	enum moved_verdict verdict = moved_judge(moved, n);

	loop->moved |= verdict == MOVED_MICROPHONE;
	for (i = 0; i < n; i++)
		if (verdict == MOVED_SPEAKERS && moved[i].sure)
			believe(&loop->speakers[who[i]], now_s);
}

/* Who sounds otherwise is not heard for a while, until that is believed. But if most do, and nobody is there who stands still, what has
 * moved is known as soon as all that a window has is new */
static void watch_responses(struct loop *loop, const struct reading readings[], uint32_t known, double at_s)
{
	uint32_t i, altered = 0, still = 0;

	for (i = 0; i < known; i++)
		still += readings[i].common.still;
	for (i = 0; i < LOOP_SPEAKERS_MAX; i++)
		altered += loop->speakers[i].placed && loop->speakers[i].reason == EAR_MOVED;
	if (altered < 2 || still > 0)
		loop->altered_s = NAN;
	else if (isnan(loop->altered_s))
		loop->altered_s = at_s;
	else if (at_s - loop->altered_s >= loop->window_sec)
		loop->moved = true;
}

/* Those of which nothing is known. One that had been heard before, and sounds otherwise now, was perhaps heard by a microphone that
 * is somewhere else now: somebody has to stand still, or it is taken for that */
static void learn(struct loop *loop, const struct reading readings[], uint32_t known, uint32_t n, double now_s)
{
	uint32_t i, still = 0;

	for (i = 0; i < known; i++)
		still += readings[i].common.still;
	for (i = known; i < n && !loop->moved; i++) {
		struct loop_speaker *s = &loop->speakers[readings[i].speaker];

		if (!guess_is_sure(&s->guess, INFINITY))
			continue;
		loop->moved = s->placed && s->altered && still == 0;
		believe(s, now_s);
		loop->interrupted = false;
	}
}

/* How late it was, as it was corrected then. */
static double tracked_at(const struct loop *loop, const struct loop_speaker *s, double at_s)
{
	uint32_t i, n = SPA_MIN(loop->n_past, (uint32_t)LOOP_PAST);

	for (i = 1; i <= n; i++) {
		const uint32_t k = (loop->n_past - i) % LOOP_PAST;

		if (loop->past_s[k] <= at_s)
			return s->past[k];
	}
	return n > 0 ? s->past[(loop->n_past - n) % LOOP_PAST] : s->tracked_s;
}

static double off_s(const struct loop *loop, const struct loop_speaker *s, double late_s, double at_s)
{
	return late_s - s->place_s - s->base_s - tracked_at(loop, s, at_s);
}

static void note_skew(struct loop *loop, const struct reading *r)
{
	struct loop_speaker *s = &loop->speakers[r->speaker];
	const struct loop_speaker *reference;

	if (loop->reference == LOOP_NOBODY || !s->placed)
		return;
	reference = &loop->speakers[loop->reference];
	s->skew_s = off_s(loop, s, r->is.late_s - loop->microphone_s, r->is.at_s) -
		off_s(loop, reference, drift_late_s(&reference->drift, r->is.at_s), r->is.at_s);
}

void loop_heard(struct loop *loop, double now_s, const struct loop_window *window,
		const struct ear_track_heard *heard, uint32_t n)
{
	struct reading readings[LOOP_SPEAKERS_MAX];
	uint32_t i, known;

	if (!(window->to_s > window->from_s) || !isfinite(window->to_s - window->from_s) || loop->moved)
		return;
	loop->window_sec = window->to_s - window->from_s;
	n = read_all(loop, window, heard, SPA_MIN(n, (uint32_t)LOOP_SPEAKERS_MAX), readings);
	known = find_common(loop, readings, n);
	for (i = 0; i < n; i++) {
		struct loop_speaker *s = &loop->speakers[readings[i].speaker];

		if (i < known && readings[i].common.still)
			follow(s, &readings[i], now_s);
		else
			guess(loop, s, &readings[i], known == 0);
		note_skew(loop, &readings[i]);
	}
	judge(loop, readings, known, middle_s(window), now_s);
	learn(loop, readings, known, n, now_s);
	watch_responses(loop, readings, known, middle_s(window));
}
