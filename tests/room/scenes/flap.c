/* Scene report-flap: a speaker that can't make up its mind about its latency */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * Its report goes to and fro, each time for long enough to be believed at first, though its latency
 * is always the same. It is followed a few times, and then no more: the others are not concerned.
 * When the report stands still in the end, it is believed.
 */
#define START_S		1.5	/* takes from the headroom, and */
#define PAUSE_S		2.0	/* gives it back */
#define LEAD_S		3.0
#define FLAPS		16
#define FLAP_S		0.7
#define FLAP_MS		20.0	/* within the headroom */
#define AFTER_S		5.0
#define MOVES		5	/* docs/speakers.md says so */
#define WITHIN_S	3.0	/* after the report stands still */
#define WITHIN_MS	1.0
#define SKEW_MS		0.025
#define EDGE_S		0.03	/* a block of the measurement */

static double ended;	/* s, of the last change */

/* Each run another speaker */
static int play_flap(struct scene *sc)
{
	int changed = (int)((sc->seed + 2) % 3), res;
	double ms = scene_fixed_latency(changed);

	sc->seconds = START_S + LEAD_S + FLAPS * FLAP_S + AFTER_S;
	if ((res = scene_play_all(sc, START_S)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = scene_pass(sc, PAUSE_S)) < 0)
		return res;
	sc->from = stack_now(&sc->stack) / 1e9;
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 || (res = scene_pass(sc, LEAD_S)) < 0)
		return res;
	sc->excused = sc->speakers[changed].name;
	sc->mark_ns = stack_now(&sc->stack);
	for (int i = 1; i <= FLAPS && res >= 0; i++) {
		ended = stack_now(&sc->stack) / 1e9;
		if ((res = scene_set(sc, sc->excused, "{'report.msec': <%.3f>}",
				     ms + i % 2 * FLAP_MS)) >= 0)
			res = scene_pass(sc, FLAP_S);
	}
	return res < 0 ? res : scene_pass(sc, AFTER_S);
}

static void judge_flap(struct scene *sc, struct measure *m)
{
	int changed = span_find_speaker(m, sc->excused), other = changed == 0 ? 1 : 0;
	double from = sc->mark_ns / 1e9, to = ended + AFTER_S - EDGE_S;
	struct span_events e;

	if (changed < 0)
		return;
	e = span_events(&m->speakers[changed], from, to);
	scene_figure(sc, "moves", e.repeats + e.skips, MOVES);
	scene_figure(sc, "gaps_of_changed", e.gaps + e.absences, 0.0);
	scene_figure(sc, "noticed_by_others", span_others(m, changed, from, to), 0.0);
	scene_figure(sc, "within_1ms_after_s", span_together(&m->speakers[changed], &m->speakers[other],
			ended, to, WITHIN_MS) - ended, WITHIN_S);
	scene_figure(sc, "skew_after_ms", span_spread(m, ended + WITHIN_S, to),
			sc->options->own_clock ? SKEW_MS : NAN);
}

const struct scene_type scenes_flap[] = {
	{ .name = "report-flap", .text = "a speaker's report goes to and fro, in each run another's",
	  .runs = 3, .speakers = 3, .seconds = START_S + LEAD_S + FLAPS * FLAP_S + AFTER_S, .brief_runs = 1,
	  .bounds = { .whole = true }, .play = play_flap, .judge = judge_flap },
	{ 0 },
};
