/* Scene headroom: who moves when somebody is slower, and when nobody is any longer */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * The Echo plays, pauses, and goes on: a group that starts for the first time begins with what its
 * speakers report first, to which a packet's length comes a moment later. That is taken from the
 * headroom, and given back in the first pause.
 *
 * The group waits for its slowest speaker and for 30 ms more, its headroom. A speaker that is slower
 * by less moves nobody, when it joins or when its latency rises. Beyond that the others have to wait
 * for it, once, and all at one moment of what is heard; the Echo is told. That it is no longer needed moves nobody until
 * the Echo pauses.
 */
#define JOINER		"s03-170ms"
#define JOINER_MS	170.0	/* 150 and 20 of the headroom */
#define WITHIN_MS	178.0	/* and 8 more */
#define BEYOND_MS	208.0
#define START_S		3.0
#define LEAD_S		8.0	/* until the Echo's clock is followed, playout can't be traced finely */
#define HOLD_S		4.0
#define PAUSE_S		3.0	/* less than what WirePlumber suspends a speaker after */
#define SETTLED_S	3.0
#define TOLD_MS		0.25	/* PipeWire tells tenths, and its own share of it varies by one */
#define APART_MS	1.0
#define SKEW_MS		0.025
#define EDGE_S		0.03	/* a block of the measurement */
#define EXACT_MS	0.001

enum phase { JOIN, WITHIN, BEYOND, BACK, PAUSE, AFTER, N_PHASES };

/** Of this run: when each began, and the end */
static int64_t began_ns[N_PHASES + 1];
/** The group's latency at its end, as our package tells it, and what the Echo was told; before
 * the first */
static double group_ms[N_PHASES], told_ms[N_PHASES], start_ms;

static double group_latency(const struct scene *sc)
{
	return graph_combine_number(sc->stack.graph, "status", "latency.nsec") / 1e6;
}

static double told(const struct scene *sc)
{
	const struct stack_event *e = stack_find_event(&sc->stack, SCENE_ECHO, "delay", 0);

	return e != NULL ? e->msec : NAN;
}

static int end_phase(struct scene *sc, enum phase phase, double seconds)
{
	int res = scene_pass(sc, seconds);

	group_ms[phase] = group_latency(sc);
	told_ms[phase] = told(sc);
	began_ns[phase + 1] = stack_now(&sc->stack);
	return res;
}

static int set_latency(struct scene *sc, enum phase phase, double ms)
{
	int res = scene_set(sc, JOINER, "{'latency.msec': <%.3f>, 'report.msec': <%.3f>}", ms, ms);

	return res < 0 ? res : end_phase(sc, phase, HOLD_S);
}

static int play_twice(struct scene *sc)
{
	int res;

	if ((res = scene_play_all(sc, START_S)) < 0)
		return res;
	start_ms = group_latency(sc);
	if ((res = scene_echo(sc, SCENE_ECHO, false)) < 0 || (res = scene_pass(sc, PAUSE_S)) < 0)
		return res;
	sc->from = stack_now(&sc->stack) / 1e9;
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	return scene_pass(sc, LEAD_S);
}

static int play_headroom(struct scene *sc)
{
	int res;

	sc->seconds = START_S + LEAD_S + N_PHASES * HOLD_S;
	sc->n_wanted = 2;
	if ((res = play_twice(sc)) < 0 || (res = scene_add_fixed(sc, JOINER, JOINER_MS)) < 0)
		return res;
	sc->excused = JOINER;
	began_ns[JOIN] = stack_now(&sc->stack);
	if ((res = scene_connect(sc, JOINER)) < 0 ||
	    (res = scene_await_one_playing(sc, JOINER, began_ns[JOIN])) < 0 ||
	    (res = end_phase(sc, JOIN, HOLD_S)) < 0 ||
	    (res = set_latency(sc, WITHIN, WITHIN_MS)) < 0 ||
	    (res = set_latency(sc, BEYOND, BEYOND_MS)) < 0 ||
	    (res = set_latency(sc, BACK, JOINER_MS)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = end_phase(sc, PAUSE, PAUSE_S)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	return end_phase(sc, AFTER, HOLD_S + 1.0);
}

static double begin(enum phase phase)
{
	return began_ns[phase] / 1e9;
}

static double end(enum phase phase)
{
	return began_ns[phase + 1] / 1e9 - EDGE_S;
}

/* The first sound of all after the pause */
static double resumed(const struct measure *m)
{
	double last = NAN;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct signal *s = &m->speakers[i].signal;
		double to = NAN;

		for (size_t k = 0; k < s->n_silences; k++)
			if (s->silences[k].begin > begin(PAUSE) * MEASURE_RATE && isnan(to))
				to = (double)s->silences[k].end / MEASURE_RATE;
		if (isnan(to))
			return NAN;
		last = fmax(last, to);
	}
	return last;
}

static void judge_move(struct scene *sc, struct measure *m, int joiner)
{
	double from = begin(BEYOND), to = end(BEYOND), together;
	int repeats = 0, rest = 0, others[2] = { 0, 0 }, n = 0;

	for (int i = 0; i < m->n_speakers; i++) {
		struct span_events e = span_events(&m->speakers[i], from, to);

		if (i == joiner)
			continue;
		if (n < 2)
			others[n++] = i;
		repeats = MAX(repeats, e.repeats);
		rest += e.gaps + e.skips + e.absences;
	}
	together = span_together(&m->speakers[others[0]], &m->speakers[others[1]], from, to, APART_MS);
	scene_figure(sc, "repeats_of_one_beyond", repeats, 1.0);
	scene_figure(sc, "gaps_and_skips_beyond", rest, 0.0);
	scene_figure(sc, "others_apart_beyond_s", together - from, 0.0);
}

static void judge_headroom(struct scene *sc, struct measure *m)
{
	int joiner = span_find_speaker(m, JOINER), other = joiner == 0 ? 1 : 0;
	double after = resumed(m), last = end(AFTER) - SCENE_EDGE_S, skew = 0.0, sync = 0.0;
	static const enum phase steps[] = { WITHIN, BEYOND, BACK };

	if (joiner < 0 || m->n_speakers < 3)
		return;
	scene_figure(sc, "used_by_start_ms", group_ms[JOIN] - start_ms, NAN);
	scene_figure(sc, "noticed_within", span_others(m, joiner, begin(JOIN), end(WITHIN)), 0.0);
	judge_move(sc, m, joiner);
	scene_figure(sc, "noticed_back", span_others(m, joiner, begin(BACK), end(BACK)), 0.0);
	scene_figure(sc, "noticed_after_pause", span_others(m, -1, after + 0.1, last), 0.0);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		double t = span_together(&m->speakers[joiner], &m->speakers[other], begin(steps[i]),
				end(steps[i]), APART_MS) - begin(steps[i]);
		double s = span_spread(m, begin(steps[i]) + SETTLED_S, end(steps[i]));

		sync = isnan(t) || t > sync ? t : sync;
		skew = isnan(s) || s > skew ? s : skew;
	}
	scene_figure(sc, "within_1ms_after_s", sync, SETTLED_S);
	scene_figure(sc, "skew_after_ms", skew, sc->options->own_clock ? SKEW_MS : NAN);
	scene_figure(sc, "skew_after_pause_ms", span_spread(m, after, last),
			sc->options->own_clock ? SKEW_MS : NAN);
	scene_figure(sc, "told_is_wrong_by_ms", fabs(told_ms[BEYOND] - told_ms[WITHIN] -
			(group_ms[BEYOND] - group_ms[WITHIN])), TOLD_MS);
	scene_figure(sc, "moved_ms", group_ms[BEYOND] - group_ms[WITHIN], NAN);
	scene_figure(sc, "moved_within_ms", fabs(group_ms[WITHIN] - group_ms[JOIN]), EXACT_MS);
	scene_figure(sc, "moved_back_ms", fabs(group_ms[BACK] - group_ms[BEYOND]), EXACT_MS);
	scene_figure(sc, "given_back_is_wrong_by_ms",
			fabs(group_ms[BACK] - group_ms[AFTER] - (BEYOND_MS - JOINER_MS)), EXACT_MS);
}

const struct scene_type scenes_headroom[] = {
	{ .name = "headroom", .text = "somebody is slower, within the headroom and beyond, and no longer",
	  .runs = 2, .speakers = 2, .seconds = LEAD_S + N_PHASES * HOLD_S, .brief_runs = 1,
	  .bounds = { .median = 0.3 }, .play = play_headroom, .judge = judge_headroom },
	{ 0 },
};
