/* Scenes in which the machine stands still while something else is going on */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

#define LEAD_S		4.0
#define AFTER_S		10.0	/* when all have to be together again */
#define TAIL_S		3.0
#define SKEW_MS		0.5	/* and by how much they may be apart then */
#define SILENCE_MS	300.0	/* nobody may be silent for longer than the stall and this */

static double since;	/* s of the timeline: from then on all are well */

/* Those that count samples, and stay out of step when some are lost, and one that plays each at its place */
static int play_all(struct scene *sc)
{
	static const struct {
		const char *name, *model;
		double latency;
	} speakers[] = {
		{ "s1-rebuffer-50", "rebuffer", 50.0 },
		{ "s2-pi-150", "pi", 150.0 },
		{ "s3-fixed-220", "fixed", 220.0 },
	};
	int res = 0;

	for (int i = 0; i < (int)G_N_ELEMENTS(speakers) && res == 0; i++)
		res = scene_add_speaker(sc, speakers[i].name, "{'model': <'%s'>, 'latency.msec': <%.1f>, "
				"'report.msec': <%.1f>, 'service.msec': <4.0>, 'queue.packets': <uint32 8>}",
				speakers[i].model, speakers[i].latency, speakers[i].latency);
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, LEAD_S);
}

/* All are heard from some time on, and so far apart; NAN: somebody is not */
static double spread_of_all(const struct measure *m, double from, double to)
{
	for (int w = 0; w < m->n_windows; w++)
		if (m->window_time[w] >= from && m->window_time[w] < to && m->heard[w] < m->n_speakers)
			return NAN;
	return span_spread(m, from, to);
}

/* After the scene's mark, of each but the one that it is about */
static double longest_silence(const struct scene *sc, const struct measure *m)
{
	double longest = 0.0;

	for (int i = 0; i < m->n_speakers; i++)
		if (strcmp(m->speakers[i].signal.name, sc->excused) != 0)
			longest = fmax(longest, span_silence(&m->speakers[i].signal, sc->mark_ns / 1e9));
	return longest;
}

static void judge(struct scene *sc, struct measure *m, double stall_ms)
{
	scene_figure(sc, "longest_silence_of_others_ms", longest_silence(sc, m), stall_ms + SILENCE_MS);
	scene_figure(sc, "skew_10s_after_ms", spread_of_all(m, since + AFTER_S, since + AFTER_S + TAIL_S - 1.0), SKEW_MS);
}

static int end_well(struct scene *sc)
{
	since = stack_now(&sc->stack) / 1e9;
	return scene_pass(sc, AFTER_S + TAIL_S);
}

/* When the one that the scene is about began to play, since \a from_ns */
static double plays_after_ms(const struct scene *sc, int64_t from_ns)
{
	const struct stack_event *e = stack_find_event(&sc->stack, sc->excused, "playing", from_ns);

	return e != NULL ? (e->t_ns - from_ns) / 1e6 : NAN;
}

/* A cycle, or several, are lost while one more joins: at each step of that */

#define JOINER		"s4-100ms"
#define JOINER_MS	100.0
#define JOINED_MS	4000.0	/* since it has connected, with a stall in it */

static const struct join_plan {
	double after_s;		/* it has connected */
	double stall_ms;
} joins[] = {
	{ 0.3, 150.0 },
	{ 0.6, 25.0 },
	{ 0.9, 150.0 },
	{ 0.3, 25.0 },
	{ 0.6, 150.0 },
	{ 0.9, 25.0 },
	{ 1.2, 60.0 },
};

static const struct join_plan *find_join(const struct scene *sc)
{
	return &joins[(sc->seed - sc->options->seed) % G_N_ELEMENTS(joins)];
}

static int play_join(struct scene *sc)
{
	const struct join_plan *plan = find_join(sc);
	int64_t now;
	int res;

	if ((res = play_all(sc)) < 0 || (res = scene_add_speaker(sc, JOINER, "{'model': <'rebuffer'>, 'latency.msec': <%.1f>, "
			"'report.msec': <%.1f>, 'service.msec': <4.0>, 'queue.packets': <uint32 8>}", JOINER_MS, JOINER_MS)) < 0)
		return res;
	sc->excused = JOINER;
	sc->mark_ns = now = stack_now(&sc->stack);
	if ((res = scene_connect(sc, JOINER)) < 0 || (res = scene_pass(sc, plan->after_s)) < 0 ||
	    (res = scene_stop_wireplumber(sc, plan->stall_ms)) < 0 ||
	    (res = scene_await_one_playing(sc, JOINER, now)) < 0)
		return res;
	return end_well(sc);
}

static void judge_join(struct scene *sc, struct measure *m)
{
	const struct join_plan *plan = find_join(sc);
	int i = span_find_speaker(m, JOINER);

	if (i >= 0)
		scene_figure(sc, "joiner_heard_after_ms", m->speakers[i].signal.first * 1000.0 / MEASURE_RATE -
			sc->mark_ns / 1e6, JOINED_MS);
	scene_figure(sc, "stalled_after_ms", plan->after_s * 1000.0, NAN);
	scene_figure(sc, "stalled_ms", plan->stall_ms, NAN);
	judge(sc, m, plan->stall_ms);
}

/* One has failed and is left alone for a while, which ends while another one lets go of its stream, slowly */

#define STALL_MS	150.0
#define RELEASE_MS	6000.0
#define FAIL_MS		500.0	/* to fail, each time */
#define FAILURES	2	/* after which it is left alone for 4 s */
#define AGAIN_MS	20000.0

static bool has_failed(struct stack *s, void *data)
{
	const struct scene *sc = data;
	int n = 0;

	for (guint i = 0; i < s->events->len; i++) {
		const struct stack_event *e = s->events->pdata[i];
		n += e->t_ns >= sc->mark_ns && strcmp(e->event, "acquire") == 0 && strcmp(e->device, sc->excused) == 0;
	}
	return n >= FAILURES;
}

static int play_failed(struct scene *sc)
{
	const char *slow;
	int64_t now;
	int res;

	if ((res = play_all(sc)) < 0)
		return res;
	/* the others and not the slowest, which all wait for */
	sc->excused = sc->speakers[sc->seed % 2].name;
	slow = sc->speakers[(sc->seed + 1) % 2].name;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_disconnect(sc, sc->excused)) < 0 ||
	    (res = scene_set(sc, sc->excused, "{'acquire': <'fail'>, 'acquire.msec': <%.0f>}", FAIL_MS)) < 0 ||
	    (res = scene_connect(sc, sc->excused)) < 0 ||
	    (res = stack_wait(&sc->stack, has_failed, sc, SCENE_PATIENCE_MS, "failures")) < 0 ||
	    (res = scene_pass(sc, 1.0 + FAIL_MS / 1000.0)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_set(sc, sc->excused, "{'acquire': <'ok'>, 'acquire.msec': <0.0>}")) < 0 ||
	    (res = scene_set(sc, slow, "{'release.msec': <%.0f>}", RELEASE_MS)) < 0 ||
	    (res = scene_stop_wireplumber(sc, STALL_MS)) < 0 ||
	    (res = scene_await_one_playing(sc, sc->excused, now)) < 0 ||
	    (res = scene_pass(sc, RELEASE_MS / 1000.0)) < 0 || (res = scene_set(sc, slow, "{'release.msec': <0.0>}")) < 0)
		return res;
	scene_figure(sc, "failed_plays_after_ms", plays_after_ms(sc, now), AGAIN_MS);
	return end_well(sc);
}

static void judge_failed(struct scene *sc, struct measure *m)
{
	judge(sc, m, STALL_MS);
}

const struct scene_type scenes_meanwhile[] = {
	{ .name = "stall-join", .text = "wireplumber stands still for 25 to 150 ms while a speaker joins",
	  .runs = G_N_ELEMENTS(joins), .speakers = 3, .seconds = AFTER_S, .brief_runs = 3,
	  .no_peer = true, .play = play_join, .judge = judge_join },
	{ .name = "failed-slow-release", .text = "a speaker that failed is to be tried again while another one is slow to let go of its stream",
	  .runs = 2, .speakers = 3, .seconds = AFTER_S, .brief_runs = 1,
	  .no_peer = true, .play = play_failed, .judge = judge_failed },
	{ 0 },
};
