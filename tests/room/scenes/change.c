/* Scenes in which speakers come and go */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

#define JOIN_BOUND_MS	4000.0	/* from connecting to sound */
#define SYNC_BOUND_MS	0.5	/* of the joiner, 3 s after its first sound */
#define SYNC_AFTER_S	3.0
#define ACQUIRE_MS	300.0	/* that a speaker takes to start its stream */
#define MOVE_BOUND_MS	1.0	/* from the first to the last of those that move together */

double scene_worst_skew(const struct measure *m, int speaker, double from)
{
	double worst = 0.0, half = m->options.window / 2.0;
	double to = (double)m->speakers[speaker].signal.last / MEASURE_RATE - SCENE_EDGE_S;
	int n = 0;

	for (int w = 0; w < m->n_windows; w++) {
		double skew = m->speakers[speaker].skew[w], t = m->window_time[w];
		if (t - half < from || t + half > to || isnan(skew))
			continue;
		worst = fmax(worst, fabs(skew));
		n++;
	}
	return n > 0 ? worst : NAN;
}

/* All but one play already. That one takes so long to start its stream. */
static int join(struct scene *sc, int joiner, double acquire_ms)
{
	int res, n;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0)
		return res;
	n = sc->n_speakers - 1;
	sc->excused = sc->speakers[joiner].name;
	if ((res = scene_set(sc, sc->excused, "{'acquire.msec': <%.0f>}", acquire_ms)) < 0)
		return res;
	for (int i = 0; i <= n && res == 0; i++)
		if (i != joiner)
			res = scene_connect(sc, sc->speakers[i].name);
	if (res < 0 || (res = scene_await_sinks(sc, n)) < 0 || (res = scene_start_echo(sc, n)) < 0 ||
	    (res = scene_pass(sc, sc->seconds / 2.0)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_connect(sc, sc->excused)) < 0 ||
	    (res = scene_await_one_playing(sc, sc->excused, sc->mark_ns)) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

/* Faster than the slowest: each run another one */
static int play_join(struct scene *sc)
{
	return join(sc, (int)(sc->seed % (sc->n_wanted - 1)), ACQUIRE_MS);
}

/* Slower than all: by more than the headroom, so that the others have to wait for it */
static int play_join_slowest(struct scene *sc)
{
	return join(sc, sc->n_wanted - 1, 0.0);
}

static void judge_join(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, sc->excused);
	double first, connected = sc->mark_ns / 1e9;

	if (i < 0 || m->speakers[i].signal.first < 0)
		return;
	first = (double)m->speakers[i].signal.first / MEASURE_RATE;
	scene_figure(sc, "join_ms", (first - connected) * 1000.0, JOIN_BOUND_MS);
	scene_figure(sc, "joiner_skew_ms", scene_worst_skew(m, i, first + SYNC_AFTER_S), SYNC_BOUND_MS);
}

/* The group moves once, by a repeat: the only thing that the others may do. */
static void judge_join_slowest(struct scene *sc, struct measure *m)
{
	double first = INFINITY, last = 0.0;
	int most = 0, others = 0;

	judge_join(sc, m);
	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];

		if (strcmp(s->signal.name, sc->excused) == 0)
			continue;
		most = s->repeats > most ? s->repeats : most;
		others += s->gaps + s->skips + s->absences;
		for (size_t k = 0; k < s->track.n_events; k++) {
			first = fmin(first, s->track.events[k].time);
			last = fmax(last, s->track.events[k].time);
		}
	}
	scene_figure(sc, "repeats_of_one", most, 1.0);
	scene_figure(sc, "gaps_and_skips_of_others", others, 0.0);
	/* for so long the others are apart */
	scene_figure(sc, "move_takes_ms", most > 0 ? (last - first) * 1000.0 : 0.0, MOVE_BOUND_MS);
}

static bool is_gone(struct stack *s, void *data)
{
	return stack_find_event(s, data, "disconnected", 0) != NULL;
}

static int leave(struct scene *sc, const char *name)
{
	int res;

	sc->excused = name;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_disconnect(sc, name)) < 0)
		return res;
	return stack_wait(&sc->stack, is_gone, (void *)name, SCENE_PATIENCE_MS, "speaker to be gone");
}

/* Each run another one leaves: the first, the second ... */
static int play_leave(struct scene *sc)
{
	int res = scene_play_all(sc, sc->seconds / 2.0);

	if (res < 0 || (res = leave(sc, sc->speakers[sc->seed % sc->n_speakers].name)) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

static int play_rejoin(struct scene *sc)
{
	int res = scene_play_all(sc, sc->seconds / 3.0);

	if (res < 0 || (res = leave(sc, sc->speakers[sc->seed % sc->n_speakers].name)) < 0 ||
	    (res = scene_pass(sc, sc->seconds / 3.0)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_connect(sc, sc->excused)) < 0 ||
	    (res = scene_await_one_playing(sc, sc->excused, sc->mark_ns)) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 3.0);
}

static void judge_rejoin(struct scene *sc, struct measure *m)
{
	const struct signal *s;
	double connected = sc->mark_ns / 1e9, back = NAN;
	int i = span_find_speaker(m, sc->excused);

	if (i < 0)
		return;
	s = &m->speakers[i].signal;
	for (size_t k = 0; k < s->n_silences && isnan(back); k++)
		if ((double)s->silences[k].end / MEASURE_RATE > connected)
			back = (double)s->silences[k].end / MEASURE_RATE;
	scene_figure(sc, "join_ms", (back - connected) * 1000.0, JOIN_BOUND_MS);
	scene_figure(sc, "joiner_skew_ms", scene_worst_skew(m, i, back + SYNC_AFTER_S), SYNC_BOUND_MS);
}

/* The joiner's own first seconds have a bound of their own, so the median only */
#define OTHERS	{ .median = 0.3, .whole = true }

const struct scene_type scenes_change[] = {
	{ .name = "join", .text = "a speaker joins while two play: how soon, and who notices",
	  .runs = 3, .speakers = 3, .seconds = 14.0, .bounds = OTHERS, .play = play_join,
	  .judge = judge_join },
	{ .name = "join-slowest", .text = "the slowest speaker joins, and the others have to wait for it",
	  .runs = 2, .speakers = 3, .seconds = 14.0, .bounds = { .median = 0.3 },
	  .play = play_join_slowest, .judge = judge_join_slowest },
	{ .name = "leave", .text = "a speaker leaves while three play, in each run another one",
	  .runs = 3, .speakers = 3, .seconds = 12.0,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true }, .play = play_leave },
	{ .name = "rejoin", .text = "a speaker leaves and comes back, in each run another one",
	  .runs = 3, .speakers = 3, .seconds = 18.0, .bounds = OTHERS, .play = play_rejoin,
	  .judge = judge_rejoin },
	{ 0 },
};
