/* The rounds of a plan: who is asked next, and in which order */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "calibrate/plan.h"

/* Of one that stands out so far is tried whether the microphone tells of another level: 24 dB are needed, and noise varies */
#define LINEARITY_SNR_DB	34.0
#define LINEARITY_STEP_DB	6.0
#define LONG_ROUND		4	/* speakers: with more the first one is heard in the middle, too */

/* The group's delay is less by this: it pays to go through them in the order of their delays */
static double place_of(const struct plan_speaker *s)
{
	return s->latency_ms + s->correction_ms + s->change_ms - s->trim_ms;
}

/* Is it asked in the next round? */
static bool is_next(const struct plan *plan, uint32_t i)
{
	const struct plan_speaker *s = &plan->speakers[i];

	if (s->place != PLAN_IN)
		return false;
	if (i == plan->reference)
		return true;
	if (plan->state != PLAN_FINE)
		return !s->heard;
	return plan->fine == 0 || plan->speakers[plan->reference].reason != EAR_HEARD || plan_is_off(s);
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
		if (!plan->speakers[i].asked)
			continue;
		for (j = n++; j > 0 && place_of(&plan->speakers[order[j - 1]]) < place_of(&plan->speakers[i]); j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	return n;
}

/* The one that is expected to stand out most; of those of which nothing is known, the first */
static uint32_t clearest(const struct plan *plan, const uint32_t order[], uint32_t n)
{
	uint32_t best = order[0], i;

	for (i = 1; i < n; i++)
		if (plan->speakers[order[i]].snr_db > plan->speakers[best].snr_db)
			best = order[i];
	return best;
}

/* Those that were not heard, between two of one that is, or should be.
 * A piece that nobody saw to be missing from the recording moves all that comes after it, as a clock does. Heard at
 * both ends alone, the first one tells little of where in a long round that was; in the middle, too, it does. */
static void fill_coarse(struct plan *plan, struct plan_round *round)
{
	uint32_t order[PLAN_SPEAKERS_MAX], n = sort_asked(plan, order), i;
	uint32_t first = plan->reference != PLAN_ALL ? plan->reference : clearest(plan, order, n);

	plan->witness = first;
	add_slot(plan, round, first);
	for (i = 0; i < n; i++) {
		if (n > LONG_ROUND && i == n / 2)
			add_slot(plan, round, first);
		if (order[i] != first)
			add_slot(plan, round, order[i]);
	}
	add_slot(plan, round, first);
}

static void fill_fine(struct plan *plan, struct plan_round *round)
{
	uint32_t order[PLAN_SPEAKERS_MAX], n = sort_asked(plan, order), probe = clearest(plan, order, n), i;

	for (i = 0; i < n; i++)
		add_slot(plan, round, order[i]);
	for (i = n; i > 0; i--) {
		add_slot(plan, round, order[i - 1]);
		if (order[i - 1] == probe && plan->speakers[probe].snr_db >= LINEARITY_SNR_DB)
			round->slots[round->n_slots - 1].level_db -= LINEARITY_STEP_DB;
	}
}

bool plan_round(struct plan *plan, struct plan_round *round)
{
	uint32_t i;

	*round = (struct plan_round) { .kind = plan->state };
	for (i = 0; i < plan->n_speakers; i++)
		plan->speakers[i].asked = plan->state != PLAN_LEVEL && is_next(plan, i);
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
