/* Scenes offset-drag, offset-slowest, offset-beyond: a user drags a speaker's latency offset */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-click.h"
#include "listen/measure-span.h"
#include "stage/graph-device.h"
#include "stage/noise.h"
#include "stage/scene.h"

/*
 * A speaker is HIDDEN_MS slower than it says. With its music 37 ms behind the others the user drags
 * the slider of its latency offset until it is right: forth, far back, and slowly to the place. The
 * slider of pavucontrol sets the offset of the device's route whenever it moves.
 *
 * When it is the slowest speaker of all, the headroom is not enough for that, and the others have to
 * wait for it. They move once, together.
 */
#define HIDDEN_MS	37.0
#define LEAD_S		3.0
#define DRAG_S		10.0
#define AFTER_S		4.0
#define MOVES_PER_S	10
#define WITHIN_MS	1.0
#define WITHIN_S	3.0
#define SKEW_MS		0.025
#define EDGE_S		0.03	/* a block of the measurement */
#define LEVEL_BLOCK_S	0.02
/* SBC's own noise is at -50 dB and less, a hard step of 0.1 ms at more than -30 */
#define CLICK_DB	-40.0
/* Two places of noise add up by their power in a crossfade; they differ by this by themselves */
#define LEVEL_DB	4.0

/*
 * An offset of -BEYOND_MS says that a speaker is heard before it is sent anything. PipeWire makes a latency of 0 of
 * that, which a sink that does not play has, too; it is taken for as much as it can be: the speaker is later by all that it
 * reported, and in its place again when the offset goes.
 */
#define BEYOND_MS	400.0
#define BEYOND_S	4.0	/* it has to last, and to be heard */
#define BEYOND		1	/* the speaker */
#define PLACE_MS	0.05	/* whole samples */

static double ended;	/* s */
/* Of offset-beyond: what the speaker reported, in ms, and when each of three spans ends, in s */
static double reported_ms, beyond_ends[3];

/* Where the slider is, in ms: 0, 70, 10, HIDDEN_MS */
static double slider(double t)
{
	static const struct { double t, ms; } points[] = {
		{ 0.0, 0.0 }, { 3.0, 70.0 }, { 5.0, 10.0 }, { DRAG_S, HIDDEN_MS },
	};
	size_t i = 0;

	while (i + 2 < G_N_ELEMENTS(points) && t >= points[i + 1].t)
		i++;
	t = fmin(1.0, (t - points[i].t) / (points[i + 1].t - points[i].t));
	/* hands start and stop smoothly */
	return points[i].ms + (points[i + 1].ms - points[i].ms) * (0.5 - 0.5 * cos(M_PI * t));
}

static bool have_route(struct stack *s, void *data)
{
	struct graph_device *d = graph_find_device(s->graph, data);

	return d != NULL && d->has_route;
}

static int drag(struct scene *sc, struct graph_device *d)
{
	int n = (int)(DRAG_S * MOVES_PER_S), res = 0;

	for (int i = 1; i <= n && res >= 0; i++) {
		/* pavucontrol has steps of 0.01 ms */
		double ms = rint(slider(DRAG_S * i / n) * 100.0) / 100.0;

		ended = stack_now(&sc->stack) / 1e9;
		if ((res = graph_device_set_offset(d, llrint(ms * 1e6))) >= 0)
			res = scene_pass(sc, 1.0 / MOVES_PER_S);
	}
	return res < 0 ? res : 0;
}

static int add_soft_echo(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	int res = noise_write_soft(path, sc->seconds + 10.0, 44100, sc->seed);

	return res < 0 ? res : scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>");
}

static int play(struct scene *sc, int changed)
{
	char *address;
	int res;

	sc->seconds = LEAD_S + DRAG_S + AFTER_S;
	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = add_soft_echo(sc)) < 0)
		return res;
	sc->excused = sc->speakers[changed].name;
	address = sc->speakers[changed].address;
	if ((res = scene_set(sc, sc->excused, "{'latency.msec': <%.3f>}",
			     scene_fixed_latency(changed) + HIDDEN_MS)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 ||
	    (res = stack_wait(&sc->stack, have_route, address, SCENE_PATIENCE_MS, "a route")) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 || (res = scene_pass(sc, LEAD_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = drag(sc, graph_find_device(sc->stack.graph, address))) < 0) {
		fprintf(stderr, "room: cannot set the offset of %s: %s\n", sc->excused, strerror(-res));
		return res;
	}
	return scene_pass(sc, AFTER_S);
}

/* Each run another speaker, but the slowest. */
static int play_drag(struct scene *sc)
{
	return play(sc, (int)((sc->seed + 1) % 2));
}

static int play_slowest(struct scene *sc)
{
	return play(sc, sc->n_wanted - 1);
}

static int play_beyond(struct scene *sc)
{
	static const double offsets[] = { 0.0, -BEYOND_MS, 0.0 };
	g_autofree char *key = NULL;
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0)
		return res;
	sc->excused = sc->speakers[BEYOND].name;
	key = g_strconcat("status.", sc->speakers[BEYOND].address, NULL);
	if ((res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
		if ((i > 0 && (res = scene_set_offset(sc, sc->speakers[BEYOND].address, offsets[i])) < 0) ||
		    (res = scene_pass(sc, BEYOND_S)) < 0)
			return res;
		if (i == 0)
			reported_ms = graph_combine_number(sc->stack.graph, key, "latency.nsec") / 1e6;
		beyond_ends[i] = stack_now(&sc->stack) / 1e9;
	}
	return scene_pass(sc, 1.0);
}

/* How the speaker that is dragged sounds meanwhile */
static void judge_sound(struct scene *sc, double from, double to)
{
	g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->excused);
	g_autofree char *path = g_build_filename(sc->out, name, NULL);
	struct level_range range;
	struct click click;
	struct wav wav;

	if (wav_read(&wav, path) < 0) {
		scene_fault(sc, "%s cannot be read", path);
		return;
	}
	click = click_find(&wav, from, to);
	range = level_range_find(&wav, from, to, LEVEL_BLOCK_S);
	scene_figure(sc, "usual_click_db", click_find(&wav, from - LEAD_S + 1.0, from).level, CLICK_DB);
	scene_figure(sc, "click_db", click.level, CLICK_DB);
	scene_figure(sc, "level_dip_db", -range.low, LEVEL_DB);
	scene_figure(sc, "level_rise_db", range.high, LEVEL_DB);
	wav_finish(&wav);
}

static void judge_drag(struct scene *sc, struct measure *m)
{
	int changed = span_find_speaker(m, sc->excused), other = changed == 0 ? 1 : 0;
	double from = sc->mark_ns / 1e9, to = ended + AFTER_S - EDGE_S;
	struct span_events during, after;
	double apart;

	if (changed < 0)
		return;
	during = span_events(&m->speakers[changed], from, ended + WITHIN_S);
	after = span_events(&m->speakers[changed], ended + WITHIN_S, to);
	apart = span_spread(m, ended + WITHIN_S, to);
	scene_figure(sc, "before_ms", span_spread(m, from - 1.0, from), NAN);
	scene_figure(sc, "within_1ms_after_s", span_together(&m->speakers[changed], &m->speakers[other],
			ended, to, WITHIN_MS) - ended, WITHIN_S);
	scene_figure(sc, "skew_after_ms", apart, sc->options->own_clock ? SKEW_MS : NAN);
	scene_figure(sc, "gaps_of_changed", during.gaps + during.absences, 0.0);
	scene_figure(sc, "steps_of_changed", during.repeats + during.skips, NAN);
	scene_figure(sc, "changed_after_3s", after.repeats + after.skips + after.gaps + after.absences, 0.0);
	judge_sound(sc, from, to);
}

static void judge_slowest(struct scene *sc, struct measure *m)
{
	double from = sc->mark_ns / 1e9, to = ended + AFTER_S - EDGE_S;
	int slowest = span_find_speaker(m, sc->excused), repeats = 0, rest = 0;

	if (slowest != 2 || m->n_speakers != 3)
		return;
	for (int i = 0; i < slowest; i++) {
		struct span_events e = span_events(&m->speakers[i], from, to);

		repeats = MAX(repeats, e.repeats);
		rest += e.gaps + e.skips + e.absences;
	}
	scene_figure(sc, "repeats_of_others", repeats, 1.0);
	scene_figure(sc, "gaps_and_skips_of_others", rest, 0.0);
	scene_figure(sc, "others_apart_s", span_together(&m->speakers[0], &m->speakers[1], from, to,
			WITHIN_MS) - from, 0.0);
	scene_figure(sc, "within_1ms_after_s", span_together(&m->speakers[slowest], &m->speakers[0],
			ended, to, WITHIN_MS) - ended, WITHIN_S);
	scene_figure(sc, "skew_after_ms", span_spread(m, ended + WITHIN_S, to),
			sc->options->own_clock ? SKEW_MS : NAN);
}

static void judge_beyond(struct scene *sc, struct measure *m)
{
	int changed = span_find_speaker(m, sc->excused), other = changed == 0 ? 1 : 0;
	double later[3], apart;

	if (changed < 0)
		return;
	/* Exact, as both are compared at the same place of the music, which is not played steadily at first */
	apart = span_spread(m, beyond_ends[1] - 1.0, beyond_ends[1]);
	for (int i = 0; i < 3; i++)
		later[i] = span_lag(&m->speakers[changed], beyond_ends[i]) -
			span_lag(&m->speakers[other], beyond_ends[i]);
	scene_figure(sc, "reported_ms", reported_ms, NAN);
	scene_figure(sc, "later_ms", later[1], NAN);
	scene_figure(sc, "before_ms", fabs(later[0]), PLACE_MS);
	scene_figure(sc, "later_is_wrong_by_ms", later[1] > 0.0 ? fabs(apart - reported_ms) : NAN, PLACE_MS);
	scene_figure(sc, "afterwards_ms", fabs(later[2]), PLACE_MS);
}

const struct scene_type scenes_offset[] = {
	{ .name = "offset-drag", .text = "a user drags the latency offset of a speaker for 10 s",
	  .runs = 2, .speakers = 3, .seconds = LEAD_S + DRAG_S + AFTER_S, .brief_runs = 1,
	  .bounds = { .whole = true }, .play = play_drag, .judge = judge_drag },
	{ .name = "offset-slowest", .text = "the same of the slowest speaker, beyond the headroom",
	  .runs = 2, .speakers = 3, .seconds = LEAD_S + DRAG_S + AFTER_S, .brief_runs = 1,
	  .play = play_slowest, .judge = judge_slowest },
	{ .name = "offset-beyond", .text = "an offset of less than the latency that the speaker reports",
	  .runs = 2, .speakers = 3, .seconds = 3.0 * BEYOND_S, .brief_runs = 1,
	  .play = play_beyond, .judge = judge_beyond },
	{ 0 },
};
