/* Scenes in which one device misbehaves, and the others must not notice */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "random.h"
#include "stage/logs.h"
#include "stage/scene.h"

#define SYNC_BOUND_MS	0.5	/* of the misfit, SYNC_AFTER_S after it plays again */
#define SYNC_AFTER_S	3.0
#define BACK_BOUND_MS	4000.0	/* from its being well again to sound */

/* In each log together: a word at the beginning and one at the end, and once more each */
#define LOG_OURS	4
#define LOG_SAME	2

/* Not the slowest: when that one comes, the others have to wait for it once. */
static const char *choose_misfit(struct scene *sc)
{
	return sc->excused = sc->speakers[sc->seed % (sc->n_speakers - 1)].name;
}

static int add_all(struct scene *sc)
{
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0)
		return res;
	choose_misfit(sc);
	return 0;
}

/* When the misfit sounded again after sc->mark_ns, s; NAN: never */
static double back_at(const struct scene *sc, const struct signal *s)
{
	double marked = sc->mark_ns / 1e9;

	if (s->first < 0)
		return NAN;
	if ((double)s->first / MEASURE_RATE > marked)
		return (double)s->first / MEASURE_RATE;
	for (size_t k = 0; k < s->n_silences; k++)
		if ((double)s->silences[k].end / MEASURE_RATE > marked)
			return (double)s->silences[k].end / MEASURE_RATE;
	return NAN;
}

/* It is well again at sc->mark_ns. */
static void judge(struct scene *sc, struct measure *m, double bound_ms)
{
	int i = span_find_speaker(m, sc->excused);
	double back = i < 0 ? NAN : back_at(sc, &m->speakers[i].signal);

	scene_figure(sc, "back_ms", (back - sc->mark_ns / 1e9) * 1000.0, bound_ms);
	scene_figure(sc, "back_skew_ms", i < 0 ? NAN : scene_worst_skew(m, i, back + SYNC_AFTER_S),
			SYNC_BOUND_MS);
	scene_figure_logs(sc, LOG_OURS, LOG_SAME);
}

static void judge_back(struct scene *sc, struct measure *m)
{
	judge(sc, m, BACK_BOUND_MS);
}

/* It is tried again after waiting as long as it has failed, and may have to be twice: see
 * output_wake(). */
static double retry_bound_ms(const struct scene *sc)
{
	return sc->mark_ns / 1e6 + 2.0 * BACK_BOUND_MS;
}

static void judge_retried(struct scene *sc, struct measure *m)
{
	judge(sc, m, retry_bound_ms(sc));
}

static bool misfit_plays(struct stack *s, void *data)
{
	const struct scene *sc = data;

	return stack_find_event(s, sc->excused, "playing", sc->mark_ns) != NULL;
}

/*
 * Twenty times a minute: so long that it is heard, so short that it is not, within the time
 * in which it is still being set up.
 */
#define FLAP_PERIOD_S	3.0

static int play_flap(struct scene *sc)
{
	struct random r = { .state = sc->seed };
	int res, flaps = (int)(sc->seconds / FLAP_PERIOD_S);

	if ((res = add_all(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 || (res = scene_pass(sc, 2.0)) < 0)
		return res;
	for (int i = 0; i < flaps && res == 0; i++) {
		/* mostly short: the cube */
		double there = FLAP_PERIOD_S * pow(random_unit(&r), 3.0);

		if ((res = scene_disconnect(sc, sc->excused)) < 0 ||
		    (res = scene_pass(sc, FLAP_PERIOD_S - there)) < 0 ||
		    (res = scene_connect(sc, sc->excused)) < 0 ||
		    (res = scene_pass(sc, there)) < 0)
			return res;
	}
	if ((res = scene_disconnect(sc, sc->excused)) < 0 || (res = scene_pass(sc, 1.0)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_connect(sc, sc->excused)) < 0 ||
	    (res = scene_await_one_playing(sc, sc->excused, sc->mark_ns)) < 0)
		return res;
	return scene_pass(sc, 6.0);
}

static int play_without_misfit(struct scene *sc, const char *acquire)
{
	int res;

	if ((res = add_all(sc)) < 0 ||
	    (res = scene_set(sc, sc->excused, "{'acquire': <'%s'>}", acquire)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers - 1)) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

static int play_acquire_fail(struct scene *sc)
{
	int res;

	if ((res = play_without_misfit(sc, "fail")) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_set(sc, sc->excused, "{'acquire': <'ok'>}")) < 0 ||
	    (res = stack_wait(&sc->stack, misfit_plays, sc, (int)retry_bound_ms(sc), "sound in the speaker")) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

const struct scene_type scenes_misfits[] = {
	{ .name = "flap", .text = "a connection comes and goes 20 times a minute; the others play on",
	  .runs = 2, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .brief_seconds = 30.0,
	  .bounds = { .median = 0.3, .whole = true }, .play = play_flap, .judge = judge_back },
	{ .name = "acquire-fail", .text = "a speaker refuses its transport, and then does not any more",
	  .runs = 2, .speakers = 3, .seconds = 30.0, .brief_runs = 1, .brief_seconds = 12.0,
	  .bounds = { .median = 0.3, .whole = true }, .play = play_acquire_fail, .judge = judge_retried },
	{ 0 },
};
