/* From silence to the proof, with simulated ears */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "calibrate/plan.h"
#include "calibrate/schedule.h"
#include "harness.h"

/* As the group does it */
#define HEADROOM_MS	30.0
#define SAMPLE_MS	(1000.0 / 48000.0)

/* What the command takes besides: to begin, to listen to silence, and to have the offsets taken. Measured in the room */
#define BEGIN_SEC	2.0
#define KEEP_SEC	1.5
#define CORRECT_SEC	1.0
/* After a sweep until its arrival is known: the latency of the group and how far off it may be */
#define WIDE_SEC	0.6
#define NARROW_SEC	0.25

struct world {
	struct plan plan;
	uint32_t seed;
	double error_ms[PLAN_SPEAKERS_MAX];	/* latency that nobody reports */
	double noise_ms;			/* of what is heard */
	double drift_ms;			/* of a speaker's own, from round to round */
	double refusals;			/* part of what is heard that is not understood */
	double wrong;				/* part of it that is 5 ms off, and called heard */
	double heard_from_db[PLAN_SPEAKERS_MAX];
	double clips_from_db;
	double seconds;
	uint32_t rounds;
	bool wrong_in_proof;
};

static double value(struct world *w, double from, double to)
{
	return from + (to - from) * 0.5 * (1.0 + harness_noise(&w->seed));
}

static void world_init(struct world *w, uint32_t n, uint32_t seed)
{
	struct plan_speaker speakers[PLAN_SPEAKERS_MAX] = { 0 };
	uint32_t i;

	*w = (struct world) { .seed = seed * 2654435761u + 1, .noise_ms = 0.02, .clips_from_db = 100.0 };
	for (i = 0; i < n; i++) {
		speakers[i].latency_ms = value(w, 50.0, 300.0);
		w->error_ms[i] = value(w, -500.0, 500.0);
		w->heard_from_db[i] = -30.0;
		/* Nobody is heard before it is sent something */
		w->error_ms[i] = fmax(w->error_ms[i], 5.0 - speakers[i].latency_ms);
	}
	plan_init(&w->plan, speakers, n);
}

/* How much later than it should be \a i is heard, as if its delay were worked out by the group */
static double late_ms(const struct world *w, uint32_t i)
{
	const struct plan_speaker *s = &w->plan.speakers[i];

	return w->error_ms[i] - round(s->change_ms / SAMPLE_MS) * SAMPLE_MS;
}

static double true_spread(const struct world *w)
{
	double least = INFINITY, most = -INFINITY;
	uint32_t i;

	for (i = 0; i < w->plan.n_speakers; i++) {
		if (w->plan.speakers[i].place != PLAN_IN)
			continue;
		least = fmin(least, late_ms(w, i) - w->plan.speakers[i].distance_ms);
		most = fmax(most, late_ms(w, i) - w->plan.speakers[i].distance_ms);
	}
	return most - least;
}

/* What the group delays it by, in s */
static double delay_sec(const struct world *w, uint32_t i)
{
	double most = 0.0, own = 0.0, l;
	uint32_t j;

	for (j = 0; j < w->plan.n_speakers; j++) {
		const struct plan_speaker *s = &w->plan.speakers[j];

		l = s->latency_ms + s->correction_ms + s->change_ms - s->trim_ms;
		most = fmax(most, l);
		if (i == j)
			own = l;
	}
	return (most + HEADROOM_MS - own) / 1000.0;
}

static void spend(struct world *w, const struct plan_round *round, double tail_sec)
{
	struct schedule schedule = { .sweep_sec = 0.5, .margin_sec = 0.13, .space_sec = round->wide ? 1.25 : 0.0 };
	struct schedule_slot slots[PLAN_SLOTS_MAX] = { 0 };
	double longest = 0.0;
	uint32_t i;

	for (i = 0; i < round->n_slots; i++)
		slots[i].delay_sec = round->slots[i].speaker == PLAN_ALL ? 0.0 : delay_sec(w, round->slots[i].speaker);
	for (i = 0; i < w->plan.n_speakers; i++)
		longest = fmax(longest, delay_sec(w, i) + w->plan.speakers[i].latency_ms / 1000.0);
	w->seconds += schedule_work_out(&schedule, slots, round->n_slots) + longest + tail_sec;
	w->seconds += w->plan.corrected ? CORRECT_SEC : 0.0;
}

static enum ear_reason listen(struct world *w, uint32_t i, double level_db)
{
	if (level_db >= w->clips_from_db)
		return EAR_CLIPPED;
	if (level_db < w->heard_from_db[i])
		return EAR_TOO_QUIET;
	return value(w, 0.0, 1.0) < w->refusals ? EAR_AMBIGUOUS : EAR_HEARD;
}

static void play_all(struct world *w, const struct plan_round *round)
{
	double level_db = round->slots[0].level_db, nearest = 100.0;
	uint32_t i;
	bool early;

	for (i = 0; i < w->plan.n_speakers; i++)
		nearest = fmin(nearest, w->heard_from_db[i]);
	/* It is looked for before the last one can have arrived */
	early = level_db - nearest >= 10.0 && level_db < w->clips_from_db;
	spend(w, round, early ? NARROW_SEC : WIDE_SEC);
	plan_heard_all(&w->plan, level_db >= w->clips_from_db ? EAR_CLIPPED : level_db < nearest + 10.0 ? EAR_TOO_QUIET : EAR_HEARD);
}

static void play_each(struct world *w, const struct plan_round *round)
{
	struct plan_result results[PLAN_SPEAKERS_MAX] = { 0 };
	double anything = value(w, -100.0, 100.0);
	uint32_t i;

	spend(w, round, round->wide ? WIDE_SEC : NARROW_SEC);
	w->wrong_in_proof = false;
	for (i = 0; i < round->n_slots; i++) {
		uint32_t speaker = round->slots[i].speaker;
		const struct plan_speaker *s = &w->plan.speakers[speaker];
		bool is_wrong = value(w, 0.0, 1.0) < w->wrong;

		w->error_ms[speaker] += value(w, -w->drift_ms, w->drift_ms);
		results[speaker] = (struct plan_result) { listen(w, speaker, round->slots[i].level_db),
			late_ms(w, speaker) + s->trim_ms + anything + value(w, -2.0, 2.0) * w->noise_ms +
			(is_wrong ? 5.0 : 0.0), w->noise_ms };
		w->wrong_in_proof |= is_wrong;
	}
	plan_heard(&w->plan, results);
}

/* Returns in how many rounds */
static uint32_t play(struct world *w)
{
	struct plan_round round;

	w->seconds = BEGIN_SEC + KEEP_SEC;
	while (plan_round(&w->plan, &round)) {
		w->rounds++;
		check(w->rounds <= PLAN_LEVELS_MAX + PLAN_COARSE_MAX + PLAN_FINE_MAX);
		check(round.n_slots > 0 && round.n_slots <= PLAN_SLOTS_MAX);
		if (round.kind == PLAN_LEVEL)
			play_all(w, &round);
		else
			play_each(w, &round);
	}
	return w->rounds;
}

static void reports_that_are_wrong_by_half_a_second_are_made_good(void)
{
	double worst = 0.0;
	struct world w;
	uint32_t seed;

	for (seed = 1; seed <= 500; seed++) {
		world_init(&w, 2 + seed % 14, seed);
		play(&w);
		check(w.plan.state == PLAN_PROVEN);
		worst = fmax(worst, true_spread(&w));
	}
	note("500 groups of 2 to 15, off by up to 500 ms: at worst %.3f ms apart afterwards", worst);
	/* two errors of what is heard, and two roundings */
	check(worst < PLAN_CLOSE_MS + 4.0 * 0.02 + SAMPLE_MS);
}

static void a_run_takes_no_longer_than_is_promised(void)
{
	static const struct { uint32_t n; double error_ms, limit_sec; } cases[] = {
		{ 3, 100.0, 20.0 }, { 8, 100.0, 45.0 }, { 8, 500.0, 50.0 }, { 15, 100.0, 80.0 },
	};
	struct world w;
	uint32_t i, j, seed;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double worst = 0.0;

		for (seed = 1; seed <= 100; seed++) {
			world_init(&w, cases[i].n, seed);
			/* What a room does to a sound it does each time */
			w.noise_ms = 0.005;
			for (j = 0; j < cases[i].n; j++)
				w.error_ms[j] *= cases[i].error_ms / 500.0;
			play(&w);
			worst = fmax(worst, w.seconds);
		}
		note("%u speakers, off by up to %.0f ms: %.1f s at worst", cases[i].n, cases[i].error_ms, worst);
		check(worst <= cases[i].limit_sec);
	}
}

/* How often the first one, which is first and last, is heard in the coarse round */
static uint32_t count_first(uint32_t n, uint32_t *at)
{
	struct plan_round round;
	uint32_t i, times = 0;
	struct world w;

	world_init(&w, n, 1);
	while (plan_round(&w.plan, &round) && round.kind == PLAN_LEVEL)
		play_all(&w, &round);
	check_int(round.kind, PLAN_COARSE);
	check_int(round.slots[0].speaker, round.slots[round.n_slots - 1].speaker);
	for (i = 0; i < round.n_slots; i++)
		if (round.slots[i].speaker == round.slots[0].speaker) {
			times++;
			*at = i + 1 < round.n_slots ? i : *at;
		}
	check_int(round.n_slots, n + times - 1);
	return times;
}

static void in_a_long_round_one_speaker_is_heard_in_the_middle_too(void)
{
	uint32_t at = 0;

	check_int(count_first(4, &at), 2);
	check_int(count_first(5, &at), 3);
	check(at == 2 || at == 3);
	check_int(count_first(15, &at), 3);
	check(at == 7 || at == 8);
}

static void who_is_not_heard_is_asked_louder_and_then_left_as_it_is(void)
{
	struct world w;

	world_init(&w, 4, 3);
	w.heard_from_db[1] = -15.0;
	w.heard_from_db[2] = 0.0;
	play(&w);
	check(w.plan.state == PLAN_PROVEN);
	check(w.plan.speakers[1].place == PLAN_IN && w.plan.speakers[1].level_db >= -15.0);
	check(w.plan.speakers[2].place == PLAN_UNHEARD && w.plan.speakers[2].reason == EAR_TOO_QUIET);
	check(w.plan.speakers[2].change_ms == 0.0);
	check(plan_count(&w.plan) == 3);
	check(true_spread(&w) < PLAN_PROVEN_MS);
}

static void when_nobody_is_heard_it_ends_with_the_reason(void)
{
	struct world w;
	uint32_t i;

	world_init(&w, 3, 1);
	for (i = 0; i < 3; i++)
		w.heard_from_db[i] = 0.0;
	play(&w);
	check(w.plan.state == PLAN_FAILED && w.plan.failure == PLAN_NOBODY && w.plan.reason == EAR_TOO_QUIET);
}

static void one_alone_cannot_be_compared(void)
{
	struct world w;

	world_init(&w, 2, 1);
	w.heard_from_db[0] = 0.0;
	play(&w);
	check(w.plan.state == PLAN_FAILED && w.plan.failure == PLAN_ONE);
}

static void a_microphone_that_clips_is_played_to_less_loud(void)
{
	struct world w;
	uint32_t i;

	world_init(&w, 3, 1);
	for (i = 0; i < 3; i++)
		w.heard_from_db[i] = -60.0;
	w.clips_from_db = -45.0;
	play(&w);
	check(w.plan.state == PLAN_PROVEN && w.plan.speakers[0].level_db < -45.0);

	world_init(&w, 3, 1);
	w.clips_from_db = -100.0;
	play(&w);
	check(w.plan.state == PLAN_FAILED && w.plan.failure == PLAN_NOBODY && w.plan.reason == EAR_CLIPPED);
}

static void the_level_starts_low_and_is_never_above_that_of_music(void)
{
	struct plan_round round;
	struct world w;
	double last = -INFINITY;

	world_init(&w, 2, 1);
	while (plan_round(&w.plan, &round) && round.kind == PLAN_LEVEL) {
		check(round.slots[0].speaker == PLAN_ALL && round.slots[0].level_db > last);
		check(last > -INFINITY || round.slots[0].level_db <= -40.0);
		check(round.slots[0].level_db <= -10.0);
		last = round.slots[0].level_db;
		plan_heard_all(&w.plan, EAR_TOO_QUIET);
	}
	check(last == -10.0);
}

static void a_trim_stays_and_a_distance_counts(void)
{
	struct world w;

	world_init(&w, 3, 5);
	w.plan.speakers[1].trim_ms = 20.0;
	w.plan.speakers[2].distance_ms = 8.7;
	w.error_ms[2] += 8.7;
	play(&w);
	check(w.plan.state == PLAN_PROVEN);
	note("%.3f ms apart, but for the trim", true_spread(&w));
	check(true_spread(&w) < PLAN_PROVEN_MS);
}

static void who_is_together_is_not_moved(void)
{
	struct world w;
	uint32_t i;

	world_init(&w, 5, 1);
	w.noise_ms = 0.005;
	for (i = 0; i < 5; i++)
		w.error_ms[i] = 0.01 * i;
	play(&w);
	check(w.plan.state == PLAN_PROVEN && w.plan.fine == 1);
	for (i = 0; i < 5; i++)
		check(w.plan.speakers[i].change_ms == 0.0);
}

static void a_speaker_that_leaves_is_missed_by_nobody(void)
{
	struct plan_round round;
	uint32_t when, who;
	struct world w;

	for (when = 1; when < 8; when++)
		for (who = 0; who < 4; who++) {
			world_init(&w, 4, when);
			while (plan_round(&w.plan, &round)) {
				w.rounds++;
				if (w.rounds == when)
					plan_leave(&w.plan, who);
				if (round.kind == PLAN_LEVEL)
					play_all(&w, &round);
				else
					play_each(&w, &round);
			}
			check(w.plan.state == PLAN_PROVEN);
			check(plan_count(&w.plan) == (w.plan.speakers[who].place == PLAN_LEFT ? 3 : 4));
			check(true_spread(&w) < PLAN_PROVEN_MS);
		}
	world_init(&w, 2, 1);
	plan_leave(&w.plan, 1);
	check(w.plan.state == PLAN_FAILED && w.plan.failure == PLAN_ONE);
}

/* A wrong answer is one that is nobody's: in the very round that is the proof nothing can tell it */
static void it_never_makes_it_worse_whatever_the_ears_do(void)
{
	uint32_t seed, proven = 0, failed = 0, i;
	struct world w;
	double before;

	for (seed = 1; seed <= 3000; seed++) {
		world_init(&w, 2 + seed % 14, seed);
		w.noise_ms = value(&w, 0.0, 0.1);
		w.drift_ms = value(&w, 0.0, 0.03);
		w.refusals = seed % 3 ? value(&w, 0.0, 0.3) : 0.0;
		w.wrong = seed % 2 ? value(&w, 0.0, 0.02) : 0.0;
		for (i = 0; i < w.plan.n_speakers; i++)
			w.error_ms[i] *= seed % 5 ? 1.0 : 0.001;
		before = true_spread(&w);
		play(&w);
		if (w.plan.state == PLAN_FAILED) {
			check(w.plan.failure != PLAN_NO_FAILURE);
			failed++;
			continue;
		}
		proven++;
		check(w.wrong_in_proof || true_spread(&w) < fmax(1.0, before + PLAN_PROVEN_MS));
	}
	note("of 3000 groups %u proven, %u left as they were", proven, failed);
	check(proven > 1000);
}

int main(void)
{
	run(reports_that_are_wrong_by_half_a_second_are_made_good);
	run(a_run_takes_no_longer_than_is_promised);
	run(in_a_long_round_one_speaker_is_heard_in_the_middle_too);
	run(who_is_not_heard_is_asked_louder_and_then_left_as_it_is);
	run(when_nobody_is_heard_it_ends_with_the_reason);
	run(one_alone_cannot_be_compared);
	run(a_microphone_that_clips_is_played_to_less_loud);
	run(the_level_starts_low_and_is_never_above_that_of_music);
	run(a_trim_stays_and_a_distance_counts);
	run(who_is_together_is_not_moved);
	run(a_speaker_that_leaves_is_missed_by_nobody);
	run(it_never_makes_it_worse_whatever_the_ears_do);
	return harness_finish();
}
