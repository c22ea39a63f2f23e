/* Plan: what is played and listened to next, and what follows from what was heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "calibrate/offsets.h"
#include "calibrate/plan.h"

/* That of a whisper; and as loud as music. A speaker's own volume comes after it. */
#define LEVEL_FIRST_DB		(-42.0)
#define LEVEL_STEP_DB		10.0
#define LEVEL_MAX_DB		(-10.0)
#define LEVEL_MIN_DB		(-82.0)
#define LINEARITY_STEP_DB	6.0
#define LONG_ROUND		4	/* speakers: with more the first one is heard in the middle, too */

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

/* The group's delay is less by this: it pays to go through them in the order of their delays */
static double place_of(const struct plan_speaker *s)
{
	return s->latency_ms + s->correction_ms + s->change_ms - s->trim_ms;
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

/* Is it asked in the next round? */
static bool is_asked(const struct plan *plan, uint32_t i)
{
	const struct plan_speaker *s = &plan->speakers[i];

	if (s->place != PLAN_IN)
		return false;
	return plan->state == PLAN_FINE || !s->heard || i == plan->reference;
}

static void add_slot(struct plan *plan, struct plan_round *round, uint32_t speaker)
{
	round->slots[round->n_slots++] = (struct plan_slot) { speaker, plan->speakers[speaker].level_db };
}

/* Who is asked, the shortest delay first. Returns how many */
static uint32_t sort_asked(const struct plan *plan, uint32_t order[])
{
	uint32_t i, j, n = 0;

	for (i = 0; i < plan->n_speakers; i++) {
		if (!is_asked(plan, i))
			continue;
		for (j = n++; j > 0 && place_of(&plan->speakers[order[j - 1]]) < place_of(&plan->speakers[i]); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	return n;
}

/* Those that were not heard, between two of one that is, or that comes first. The last one is less loud: does the
 * microphone tell so? */
/* A piece that nobody saw to be missing from the recording moves all that comes after it, as a clock does. Heard at
 * both ends alone, the first one tells little of where in a long round that was; in the middle, too, it does. */
static void fill_coarse(struct plan *plan, struct plan_round *round)
{
	uint32_t order[PLAN_SPEAKERS_MAX], n = sort_asked(plan, order), i;
	uint32_t first = plan->reference != PLAN_ALL ? plan->reference : order[0];

	add_slot(plan, round, first);
	for (i = 0; i < n; i++) {
		if (n > LONG_ROUND && i == n / 2)
			add_slot(plan, round, first);
		if (order[i] != first)
			add_slot(plan, round, order[i]);
	}
	add_slot(plan, round, first);
	round->slots[round->n_slots - 1].level_db -= LINEARITY_STEP_DB;
}

static void fill_fine(struct plan *plan, struct plan_round *round)
{
	uint32_t order[PLAN_SPEAKERS_MAX], n = sort_asked(plan, order), i;

	for (i = 0; i < n; i++)
		add_slot(plan, round, order[i]);
	for (i = n; i > 0; i--)
		add_slot(plan, round, order[i - 1]);
}

bool plan_round(struct plan *plan, struct plan_round *round)
{
	*round = (struct plan_round) { .kind = plan->state, .wide = plan->state != PLAN_FINE };
	switch (plan->state) {
	case PLAN_LEVEL:
		round->slots[round->n_slots++] = (struct plan_slot) { PLAN_ALL, plan->level_db };
		return true;
	case PLAN_COARSE:
		fill_coarse(plan, round);
		return true;
	case PLAN_FINE:
		fill_fine(plan, round);
		plan->corrected = false;
		return true;
	case PLAN_PROVEN:
	case PLAN_FAILED:
		break;
	}
	return false;
}

static void begin_coarse(struct plan *plan)
{
	uint32_t i;

	plan->state = PLAN_COARSE;
	for (i = 0; i < plan->n_speakers; i++)
		plan->speakers[i].level_db = plan->level_db;
}

void plan_heard_all(struct plan *plan, enum ear_reason reason)
{
	if (plan->state != PLAN_LEVEL)
		return;
	plan->levels++;
	plan->reason = reason;
	if (reason == EAR_CLIPPED) {
		/* One step down, and not up again */
		plan->level_db -= LEVEL_STEP_DB;
		if (plan->level_db < LEVEL_MIN_DB)
			fail(plan, PLAN_NOBODY);
		else if (plan->level_db >= LEVEL_FIRST_DB)
			begin_coarse(plan);
	} else if (reason == EAR_HEARD || plan->level_db >= LEVEL_MAX_DB ||
			plan->level_db < LEVEL_FIRST_DB || plan->levels >= PLAN_LEVELS_MAX) {
		/* Who is not heard at the loudest is told one by one, with its reason */
		begin_coarse(plan);
	} else {
		plan->level_db = fmin(plan->level_db + LEVEL_STEP_DB, LEVEL_MAX_DB);
	}
}

/* Does another level promise more? */
static void adapt_level(struct plan_speaker *s)
{
	if (s->reason == EAR_CLIPPED)
		s->level_db = fmax(s->level_db - LEVEL_STEP_DB, LEVEL_MIN_DB);
	else if (s->reason == EAR_TOO_QUIET || s->reason == EAR_TOO_NOISY || s->reason == EAR_NARROW)
		s->level_db = fmin(s->level_db + LEVEL_STEP_DB, LEVEL_MAX_DB);
}

/* Who was asked, heard or not; returns the first that was heard, PLAN_ALL if nobody was */
static uint32_t take_reasons(struct plan *plan, const struct plan_result *results)
{
	uint32_t i, first = PLAN_ALL;

	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (!is_asked(plan, i))
			continue;
		s->reason = results[i].reason;
		if (s->reason != EAR_HEARD)
			adapt_level(s);
		else if (first == PLAN_ALL)
			first = i;
	}
	return first;
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
	bool again = false;

	plan->coarse++;
	/* In a later round only those count that can be compared with it */
	if (reference != PLAN_ALL && plan->speakers[reference].reason == EAR_HEARD)
		first = reference;
	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (!is_asked(plan, i) || i == reference)
			continue;
		if (s->reason == EAR_HEARD && (reference == PLAN_ALL || first == reference)) {
			s->heard = true;
			s->before_ms = results[i].late_ms - results[first].late_ms - wanted_ms(s) +
				wanted_ms(&plan->speakers[first]);
			s->after_ms = s->before_ms;
			s->sigma_ms = results[i].sigma_ms;
		} else if (plan->coarse >= PLAN_COARSE_MAX) {
			s->place = PLAN_UNHEARD;
		} else {
			s->tries++;
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

/* Those that were heard; the others stay where they have been put */
static void correct_more(struct plan *plan)
{
	double late_ms[PLAN_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		const struct plan_speaker *s = &plan->speakers[i];

		late_ms[i] = s->change_ms + (s->reason == EAR_HEARD ? s->after_ms : 0.0);
	}
	work_out(plan, late_ms);
}

/* Compared with \a first */
static void take_arrivals(struct plan *plan, const struct plan_result *results, uint32_t first)
{
	uint32_t i;

	for (i = 0; i < plan->n_speakers; i++) {
		struct plan_speaker *s = &plan->speakers[i];

		if (s->place != PLAN_IN || s->reason != EAR_HEARD)
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

static void heard_fine(struct plan *plan, const struct plan_result *results)
{
	uint32_t first = take_reasons(plan, results);
	bool last = ++plan->fine >= PLAN_FINE_MAX, again;

	if (first != PLAN_ALL)
		take_arrivals(plan, results, first);
	again = drop_unheard(plan, last);
	if (plan->reference != PLAN_ALL && plan->speakers[plan->reference].reason == EAR_HEARD)
		refer_to(plan, plan->reference);
	if (last || (!again && plan_spread(plan, false) <= PLAN_CLOSE_MS))
		judge(plan);
	else if (first != PLAN_ALL && spread(plan, false, true) > PLAN_CLOSE_MS)
		correct_more(plan);
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
