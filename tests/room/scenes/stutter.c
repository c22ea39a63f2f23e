/* Scene stutter: a machine that stands still again and again while music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "random.h"
#include "stage/scene.h"

#define BEFORE_S	4.0
#define AFTER_S		10.0	/* when the speakers have to be together again */
#define TAIL_S		4.0
#define SKEW_MS		0.5	/* and by how much they may be apart then */
#define MEANWHILE_MS	20.0	/* and before */
#define SILENCE_RATIO	1.05	/* of all stalls together, in each speaker */
/*
 * One whose buffer is shorter than most stalls is silent from when it has run dry to when it has
 * been started anew and has filled it again: that is the stall, and what is left of a cycle,
 * up to 21 ms, the first packet of 13 and its time in the air
 */
#define SHALLOW_MS	60.0
#define START_MS	40.0

/* Each run another one */
static const struct stutter_plan {
	const char *name;	/* of the figure that tells the case */
	double min_ms, max_ms;	/* a stall */
	double min_s, max_s;	/* from the end of one to the next */
} plans[] = {
	{ "case_30_to_200_ms_every_1_to_20_s", 30.0, 200.0, 1.0, 20.0 },
	{ "case_90_ms_every_3_s", 90.0, 90.0, 3.0, 3.0 },
};

static double stalled_ms, until;	/* of this run: in all, and s of the timeline */
static int n_stalls;

static const struct stutter_plan *find_plan(const struct scene *sc)
{
	return &plans[(sc->seed - sc->options->seed) % G_N_ELEMENTS(plans)];
}

/* Of all kinds: see scenes/stall.c */
static const struct {
	const char *name, *model;
	double latency;
} speakers[] = {
	{ "s1-fixed-50", "fixed", 50.0 },
	{ "s2-fixed-220", "fixed", 220.0 },
	{ "s3-rebuffer-50", "rebuffer", 50.0 },
	{ "s4-rebuffer-220", "rebuffer", 220.0 },
	{ "s5-pi-150", "pi", 150.0 },
};

static bool is_shallow(const char *name)
{
	for (int i = 0; i < (int)G_N_ELEMENTS(speakers); i++)
		if (strcmp(speakers[i].name, name) == 0)
			return speakers[i].latency < SHALLOW_MS;
	return false;
}

static int add_speakers(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < (int)G_N_ELEMENTS(speakers) && i < sc->n_wanted && res == 0; i++)
		res = scene_add_speaker(sc, speakers[i].name, "{'model': <'%s'>, 'start': <'%s'>, "
				"'latency.msec': <%.1f>, 'report.msec': <%.1f>, 'service.msec': <4.0>, "
				"'queue.packets': <uint32 8>}", speakers[i].model,
				sc->options->level ? "level" : "first",
				speakers[i].latency, speakers[i].latency);
	return res;
}

static int stutter(struct scene *sc)
{
	const struct stutter_plan *plan = find_plan(sc);
	struct random random = { .state = sc->seed };
	int64_t end_ns = sc->mark_ns + (int64_t)(sc->seconds * 1e9);
	int res = 0;

	while (res == 0 && stack_now(&sc->stack) < end_ns) {
		double ms = plan->min_ms + (plan->max_ms - plan->min_ms) * random_unit(&random);
		double pause = plan->min_s + (plan->max_s - plan->min_s) * random_unit(&random);

		if ((res = scene_stop_wireplumber(sc, ms)) == 0) {
			stalled_ms += ms;
			n_stalls++;
			until = stack_now(&sc->stack) / 1e9;
			res = scene_pass(sc, pause);
		}
	}
	return res;
}

static int play_stutter(struct scene *sc)
{
	int res;

	stalled_ms = 0.0;
	n_stalls = 0;
	if ((res = add_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, BEFORE_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = stutter(sc)) < 0)
		return res;
	return scene_pass(sc, fmax(until + AFTER_S + TAIL_S - stack_now(&sc->stack) / 1e9, 0.0));
}

/* In all, from the first stall to when all is well again */
static double silence_ms(const struct measure_speaker *s, double from, double to)
{
	int64_t begin = (int64_t)(from * MEASURE_RATE), end = (int64_t)(to * MEASURE_RATE);

	return signal_silent_samples(&s->signal, begin, end) * 1000.0 / MEASURE_RATE;
}

/* Of those that can be told, in windows between from and to */
static double worst_spread(const struct measure *m, double from, double to, int *known)
{
	double worst = NAN, half = m->options.window / 2.0;

	*known = 0;
	for (int w = 0; w < m->n_windows; w++) {
		if (m->window_time[w] - half < from || m->window_time[w] + half > to || isnan(m->spread[w]))
			continue;
		worst = fmax(worst, m->spread[w]);
		*known += m->heard[w] == m->n_speakers;
	}
	return worst;
}

static void judge_stutter(struct scene *sc, struct measure *m)
{
	double from = sc->mark_ns / 1e9, to = until + AFTER_S, bound = SILENCE_RATIO * stalled_ms;
	double deep = 0.0, shallow = 0.0;
	int known;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct signal *s = &m->speakers[i].signal;
		double *worst = is_shallow(s->name) ? &shallow : &deep;

		*worst = fmax(*worst, silence_ms(&m->speakers[i], from, to));
	}
	scene_figure(sc, find_plan(sc)->name, n_stalls, NAN);
	scene_figure(sc, "stalled_ms", stalled_ms, NAN);
	scene_figure(sc, "silence_ms", deep, bound);
	scene_figure(sc, "silence_of_50_ms_speakers_ms", shallow, bound + n_stalls * START_MS);
	scene_figure(sc, "skew_meanwhile_ms", worst_spread(m, from, to, &known), MEANWHILE_MS);
	scene_figure(sc, "windows_with_all", known, NAN);
	scene_figure(sc, "skew_10s_after_ms", worst_spread(m, to, to + TAIL_S - 1.0, &known), SKEW_MS);
	if (known == 0)
		scene_fault(sc, "some speaker is not heard 10 s after the last stall");
}

const struct scene_type scenes_stutter[] = {
	{ .name = "stutter", .text = "wireplumber stands still for 30 to 200 ms, every 1 to 20 s, for two minutes",
	  .runs = G_N_ELEMENTS(plans), .speakers = 5, .seconds = 120.0,
	  .brief_runs = 1,
	  .play = play_stutter, .judge = judge_stutter },
	{ 0 },
};
