/* Plan: what is played and listened to next, and what follows from what was heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "calibrate/offsets.h"
#include "calibrate/plan.h"

/* That of a whisper; and as loud as music. A speaker's own volume comes after it. */
#define LEVEL_FIRST_DB		(-42.0)
#define LEVEL_STEP_DB		10.0
/* What is below the noise at one level is no more than music at this one */
#define LEVEL_LEAP_DB		20.0
#define LEVEL_MAX_DB		(-10.0)
#define LEVEL_MIN_DB		(-82.0)
/* Who stands out by less is made that much louder in the rounds that count: 24 are needed, and noise varies */
#define SNR_WANTED_DB		30.0

void plan_init(struct plan *plan, const struct plan_speaker *speakers, uint32_t n)
{
	uint32_t i;

	*plan = (struct plan) { .state = PLAN_LEVEL, .reference = PLAN_ALL, .level_db = LEVEL_FIRST_DB, .n_speakers = n };
	for (i = 0; i < n; i++)
		plan->speakers[i] = speakers[i];
}

static void fail(struct plan *plan, enum plan_failure failure)
{
	plan->state = PLAN_FAILED;
	plan->failure = failure;
}

uint32_t plan_count(const struct plan *plan)
{
	uint32_t i, n = 0;

	for (i = 0; i < plan->n_speakers; i++)
		n += plan->speakers[i].place == PLAN_IN && plan->speakers[i].heard;
	return n;
}

static double spread(const struct plan *plan, bool before, bool fresh)
{
	double least = INFINITY, most = -INFINITY;
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		const struct plan_speaker *s = &plan->speakers[i];

		if (s->place != PLAN_IN || !s->heard || (fresh && s->reason != EAR_HEARD))
			continue;
		least = fmin(least, before ? s->before_ms : s->after_ms);
		most = fmax(most, before ? s->before_ms : s->after_ms);
	}
	return most >= least ? most - least : 0.0;
}

double plan_spread(const struct plan *plan, bool before)
{
	return spread(plan, before, false);
}

/* Where it is to be heard, compared with one that is given nothing */
static double wanted_ms(const struct plan_speaker *s)
{
	return s->trim_ms + s->distance_ms;
}

/* Are all told apart from the reference \a to from now on? */
static void refer_to(struct plan *plan, uint32_t to)
{
	double before = plan->speakers[to].before_ms, after = plan->speakers[to].after_ms;
	uint32_t i;

	plan->reference = to;
	for (i = 0; i < plan->n_speakers; i++) {
		plan->speakers[i].before_ms -= before;
		plan->speakers[i].after_ms -= after;
	}
}

static void begin_coarse(struct plan *plan)
{
	uint32_t i;

	plan->state = PLAN_COARSE;
	for (i = 0; i < plan->n_speakers; i++) {
		plan->speakers[i].level_db = plan->level_db;
		plan->speakers[i].faint_db = -INFINITY;
		plan->speakers[i].clipped_db = INFINITY;
	}
}

static void raise_level(struct plan *plan, double by_db)
{
	plan->level_db = fmin(fmax(plan->level_db + by_db, LEVEL_FIRST_DB), LEVEL_MAX_DB);
}

/* Down, and not up again. What clips for the second time has little room above the noise, and each alone is less loud than
 * all are */
static void hear_clipped(struct plan *plan, double snr_db)
{
	bool again = plan->level_db < LEVEL_FIRST_DB;

	plan->level_db -= again ? LEVEL_STEP_DB / 2.0 : fmax(snr_db - PLAN_LEVEL_WANTED_DB, LEVEL_STEP_DB);
	plan->level_db = fmax(plan->level_db, LEVEL_MIN_DB);
	if (again || plan->level_db >= LEVEL_FIRST_DB)
		begin_coarse(plan);
}

void plan_heard_all(struct plan *plan, enum ear_reason reason, double snr_db)
{
	bool last;

	if (plan->state != PLAN_LEVEL)
		return;
	plan->reason = reason;
	last = ++plan->levels >= PLAN_LEVELS_MAX || plan->level_db >= LEVEL_MAX_DB || plan->level_db < LEVEL_FIRST_DB;
	if (reason == EAR_CLIPPED && snr_db >= PLAN_LEVEL_HEARD_DB) {
		hear_clipped(plan, snr_db);
	} else if (reason == EAR_CLIPPED) {
		/* The room is that loud, or there was a bang: nothing that is played changes that */
		if (last)
			fail(plan, PLAN_NOBODY);
	} else {
		if (plan->level_db >= LEVEL_FIRST_DB)
			raise_level(plan, fmin(PLAN_LEVEL_WANTED_DB - snr_db, LEVEL_LEAP_DB));
		/* Who is not heard at the loudest is told one by one, with its reason */
		if (reason == EAR_HEARD || last)
			begin_coarse(plan);
	}
}

/* Does another level promise more? Not one that has failed already */
static void adapt_level(struct plan_speaker *s, double snr_db)
{
	double was = s->level_db;

	if (s->reason == EAR_CLIPPED) {
		s->clipped_db = fmin(s->clipped_db, was);
		s->level_db = fmax(was - LEVEL_STEP_DB, LEVEL_MIN_DB);
	} else if (s->reason == EAR_TOO_QUIET || s->reason == EAR_TOO_NOISY || s->reason == EAR_NARROW) {
		s->faint_db = fmax(s->faint_db, was);
		s->level_db = fmin(was + LEVEL_STEP_DB, LEVEL_MAX_DB);
	} else if (s->reason == EAR_HEARD && snr_db < SNR_WANTED_DB) {
		s->level_db = fmin(was + SNR_WANTED_DB - snr_db, LEVEL_MAX_DB);
	}
	if (s->level_db <= s->faint_db)
		s->level_db = (was + s->faint_db) / 2.0;
	if (s->level_db >= s->clipped_db)
		s->level_db = (was + s->clipped_db) / 2.0;
	s->snr_db = snr_db + s->level_db - was;
}

/* In the last round: another one becomes the reference if it leaves */
static bool reference_is_heard(const struct plan *plan)
{
	const struct plan_speaker *s = plan->reference != PLAN_ALL ? &plan->speakers[plan->reference] : NULL;

	return s && s->asked && s->reason == EAR_HEARD;
}

/* Who was asked, heard or not; returns whom the others are compared with: the reference, or else the first that was heard,
 * PLAN_ALL if nobody was */
static uint32_t take_reasons(struct plan *plan, const struct plan_result *results)
{
	uint32_t i, first = PLAN_ALL;

	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (!s->asked)
			continue;
		s->reason = results[i].reason;
		adapt_level(s, results[i].snr_db);
		if (s->reason == EAR_HEARD && first == PLAN_ALL)
			first = i;
	}
	return reference_is_heard(plan) ? plan->reference : first;
}

/* Enough to compare? If not, it is over */
static bool is_enough(struct plan *plan)
{
	uint32_t count = plan_count(plan), i;

	if (count >= 2)
		return true;
	for (i = 0; i < plan->n_speakers; i++)
		if (plan->speakers[i].place == PLAN_UNHEARD)
			plan->reason = plan->speakers[i].reason;
	fail(plan, count == 1 ? PLAN_ONE : PLAN_NOBODY);
	return false;
}

/* What is to be changed, so that all are heard where they should be, as far as is known */
static void work_out(struct plan *plan, const double late_ms[])
{
	struct offset_speaker o[PLAN_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		const struct plan_speaker *s = &plan->speakers[i];

		o[i] = (struct offset_speaker) { .heard = s->place == PLAN_IN && s->heard,
			.latency_ms = s->latency_ms, .correction_ms = s->correction_ms,
			.late_ms = late_ms[i] };
	}
	offsets_work_out(o, plan->n_speakers);
	for (i = 0; i < plan->n_speakers; i++)
		plan->speakers[i].change_ms = o[i].change_ms;
	plan->corrected = true;
}

static void begin_fine(struct plan *plan)
{
	double late_ms[PLAN_SPEAKERS_MAX];
	uint32_t i;

	plan->state = PLAN_FINE;
	/* Within what a coarse round can tell nobody is moved */
	if (plan_spread(plan, true) <= PLAN_CLOSE_MS)
		return;
	for (i = 0; i < plan->n_speakers; i++)
		late_ms[i] = plan->speakers[i].before_ms;
	work_out(plan, late_ms);
}

static void heard_coarse(struct plan *plan, const struct plan_result *results)
{
	uint32_t first = take_reasons(plan, results), reference = plan->reference, i;
	const struct plan_speaker *witness = &plan->speakers[plan->witness];
	bool again = false;

	plan->coarse++;
	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (!s->asked || i == reference)
			continue;
		/* In a later round only those count that can be compared with the reference */
		if (s->reason == EAR_HEARD && (reference == PLAN_ALL || first == reference)) {
			s->heard = true;
			s->before_ms = results[i].late_ms - results[first].late_ms - wanted_ms(s) +
				wanted_ms(&plan->speakers[first]);
			s->after_ms = s->before_ms;
			s->sigma_ms = results[i].sigma_ms;
		} else if (plan->coarse >= PLAN_COARSE_MAX) {
			s->place = PLAN_UNHEARD;
			if (s->reason == EAR_INCONSISTENT && witness->reason != EAR_HEARD)
				s->reason = witness->reason;
		} else {
			again = true;
		}
	}
	if (reference == PLAN_ALL && first != PLAN_ALL)
		refer_to(plan, first);
	if (!again && is_enough(plan))
		begin_fine(plan);
}

/* Another reference, if it is the one that has gone */
static void drop(struct plan *plan, uint32_t speaker, enum plan_place place)
{
	uint32_t i;

	plan->speakers[speaker].place = place;
	plan->speakers[speaker].asked = false;
	plan->speakers[speaker].change_ms = 0.0;
	if (speaker != plan->reference)
		return;
	plan->reference = PLAN_ALL;
	for (i = 0; i < plan->n_speakers && plan->reference == PLAN_ALL; i++)
		if (plan->speakers[i].place == PLAN_IN && plan->speakers[i].heard)
			refer_to(plan, i);
}

/* The last fine round is judged */
static void judge(struct plan *plan)
{
	uint32_t i;

	if (!is_enough(plan))
		return;
	if (plan_spread(plan, false) > PLAN_PROVEN_MS) {
		fail(plan, PLAN_UNSURE);
		return;
	}
	for (i = 0; i < plan->n_speakers; i++) {
		const struct plan_speaker *s = &plan->speakers[i];

		if (s->place != PLAN_IN)
			continue;
		if (s->sigma_ms > PLAN_PROVEN_MS) {
			fail(plan, PLAN_UNSURE);
			return;
		}
		if (fabs(s->after_ms) > fabs(s->before_ms) + PLAN_CLOSE_MS) {
			fail(plan, PLAN_WORSE);
			return;
		}
	}
	plan->state = PLAN_PROVEN;
}

/* Those that are off; the others stay where they have been put */
static void correct_more(struct plan *plan)
{
	double late_ms[PLAN_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		const struct plan_speaker *s = &plan->speakers[i];

		late_ms[i] = s->change_ms + (s->reason == EAR_HEARD && plan_is_off(s) ? s->after_ms : 0.0);
	}
	work_out(plan, late_ms);
}

/* Compared with \a first */
static void take_arrivals(struct plan *plan, const struct plan_result *results, uint32_t first)
{
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (!s->asked || s->place != PLAN_IN || s->reason != EAR_HEARD)
			continue;
		s->after_ms = results[i].late_ms - results[first].late_ms - wanted_ms(s) +
			wanted_ms(&plan->speakers[first]);
		s->sigma_ms = results[i].sigma_ms;
	}
}

/* Returns whether somebody who takes part was not heard, and is asked again */
static bool drop_unheard(struct plan *plan, bool last)
{
	bool again = false;
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		if (plan->speakers[i].place != PLAN_IN || plan->speakers[i].reason == EAR_HEARD)
			continue;
		if (last)
			drop(plan, i, PLAN_UNHEARD);
		else
			again = true;
	}
	return again;
}

/* Were all asked in the last round? */
static bool is_whole(const struct plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++)
		if (plan->speakers[i].place == PLAN_IN && !plan->speakers[i].asked)
			return false;
	return true;
}

/* Who wanders from one round to the next is off in a third one, too */
static bool is_close(const struct plan *plan)
{
	return plan_spread(plan, false) <= (plan->fine > 1 ? PLAN_PROVEN_MS : PLAN_CLOSE_MS);
}

/* One in the middle of those that were heard: so that few are off, and not all for one that is */
static uint32_t middle(const struct plan *plan)
{
	uint32_t best = PLAN_ALL, i, j;
	int32_t sides, least = INT32_MAX;

	for (i = 0; i < plan->n_speakers; i++) {
		if (plan->speakers[i].place != PLAN_IN || plan->speakers[i].reason != EAR_HEARD)
			continue;
		for (sides = 0, j = 0; j < plan->n_speakers; j++)
			if (plan->speakers[j].place == PLAN_IN && plan->speakers[j].reason == EAR_HEARD)
				sides += (plan->speakers[j].after_ms > plan->speakers[i].after_ms) -
					(plan->speakers[j].after_ms < plan->speakers[i].after_ms);
		if (abs(sides) < least) {
			least = abs(sides);
			best = i;
		}
	}
	return best;
}

static void heard_fine(struct plan *plan, const struct plan_result *results)
{
	uint32_t first = take_reasons(plan, results);
	bool last = ++plan->fine >= PLAN_FINE_MAX, again;

	/* Without the reference nobody can be compared with those that were not asked: all are, next time */
	if (!reference_is_heard(plan) && !is_whole(plan)) {
		if (last)
			fail(plan, PLAN_UNSURE);
		return;
	}
	if (first != PLAN_ALL)
		take_arrivals(plan, results, first);
	again = drop_unheard(plan, last);
	if (last || (!again && is_close(plan))) {
		judge(plan);
	} else if (first != PLAN_ALL) {
		refer_to(plan, middle(plan));
		if (spread(plan, false, true) > PLAN_CLOSE_MS)
			correct_more(plan);
	}
}

void plan_heard(struct plan *plan, const struct plan_result *results)
{
	if (plan->state == PLAN_COARSE)
		heard_coarse(plan, results);
	else if (plan->state == PLAN_FINE)
		heard_fine(plan, results);
}

void plan_leave(struct plan *plan, uint32_t speaker)
{
	uint32_t i, there = 0;

	if (plan->state >= PLAN_PROVEN || plan->speakers[speaker].place == PLAN_LEFT)
		return;
	drop(plan, speaker, PLAN_LEFT);
	for (i = 0; i < plan->n_speakers; i++)
		there += plan->speakers[i].place == PLAN_IN;
	if (there < 2)
		fail(plan, there == 1 ? PLAN_ONE : PLAN_NOBODY);
}
