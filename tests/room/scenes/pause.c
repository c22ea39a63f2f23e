/* Scenes pause, pause-trim, pause-trim-warm: the Echo stops and goes on */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>

#include "stage/scene.h"

/*
 * The Echo's stream is gone at once when it pauses. What is still in the delay lines has
 * to be heard all the same, or the speakers end one after the other; and none of it when
 * the music goes on. The peer has the same in its delay lines.
 *
 * One that the user wants TRIM_MS later has as much more in its delay line, and ends, and goes on,
 * as much later. So it is whether the speakers may rest then, or are kept awake.
 */
#define PAUSE_S		3.0	/* less than what WirePlumber suspends a speaker after */
#define TOGETHER_MS	1.0
#define TRIM_MS		1000

static bool echo_is_gone(struct stack *s, void *data)
{
	return graph_find(s->graph, "bluez_input.*") == NULL;
}

static int pause_and_go_on(struct scene *sc)
{
	int64_t now;
	int res;

	if ((res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_gone, NULL, SCENE_PATIENCE_MS,
			      "the end of the Echo's stream")) < 0 ||
	    (res = scene_pass(sc, PAUSE_S)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	sc->mark_ns = now;
	return scene_pass(sc, sc->seconds);
}

static int play_pause(struct scene *sc)
{
	int res = scene_play_echo(sc);

	return res < 0 ? res : pause_and_go_on(sc);
}

static int play_trim(struct scene *sc)
{
	g_autofree char *key = NULL;
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0)
		return res;
	sc->excused = sc->speakers[0].name;
	key = g_strconcat("member.", sc->speakers[0].address, NULL);
	graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON",
			"{ \"trim.msec\": " G_STRINGIFY(TRIM_MS) " }");
	if ((res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, sc->seconds)) < 0)
		return res;
	return pause_and_go_on(sc);
}

static int64_t length(const struct silence *s)
{
	return s->end - s->begin;
}

/* The silence that the pause made */
static const struct silence *longest_silence(const struct signal *s)
{
	const struct silence *longest = NULL;

	for (size_t i = 0; i < s->n_silences; i++)
		if (longest == NULL || length(&s->silences[i]) > length(longest))
			longest = &s->silences[i];
	return longest;
}

static void judge_pause(struct scene *sc, struct measure *m)
{
	double end_min = INFINITY, end_max = -INFINITY, go_min = INFINITY, go_max = -INFINITY;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct silence *s = longest_silence(&m->speakers[i].signal);
		double from, to;

		if (s == NULL || length(s) < PAUSE_S / 2.0 * MEASURE_RATE) {
			scene_fault(sc, "%s has no pause", m->speakers[i].signal.name);
			continue;
		}
		from = s->begin * 1000.0 / MEASURE_RATE;
		to = s->end * 1000.0 / MEASURE_RATE;
		end_min = fmin(end_min, from);
		end_max = fmax(end_max, from);
		go_min = fmin(go_min, to);
		go_max = fmax(go_max, to);
	}
	scene_figure(sc, "end_apart_ms", end_max - end_min, TOGETHER_MS);
	scene_figure(sc, "go_on_apart_ms", go_max - go_min, TOGETHER_MS);
}

/* By how much the speaker that was trimmed ends, and goes on, later than the others */
static void judge_trim(struct scene *sc, struct measure *m)
{
	double from[2] = { NAN, NAN }, to[2] = { NAN, NAN };

	for (int i = 0; i < m->n_speakers; i++) {
		const struct silence *s = longest_silence(&m->speakers[i].signal);
		int trimmed = g_strcmp0(m->speakers[i].signal.name, sc->excused) == 0;

		if (s == NULL)
			continue;
		from[trimmed] = s->begin * 1000.0 / MEASURE_RATE;
		to[trimmed] = s->end * 1000.0 / MEASURE_RATE;
	}
	scene_figure(sc, "ends_later_ms", from[1] - from[0], NAN);
	scene_figure(sc, "goes_on_later_ms", to[1] - to[0], NAN);
	scene_figure(sc, "end_is_wrong_by_ms", fabs(from[1] - from[0] - TRIM_MS), TOGETHER_MS);
	scene_figure(sc, "going_on_is_wrong_by_ms", fabs(to[1] - to[0] - TRIM_MS), TOGETHER_MS);
}

static const char cold_conf[] = "wireplumber.settings = { bluez-combine.keep-warm.sec = 0 }\n";

#define TRIM \
	.runs = 1, .speakers = 3, .seconds = 6.0, .play = play_trim, .judge = judge_trim, .no_peer = true

const struct scene_type scenes_pause[] = {
	{ .name = "pause-trim", .text = "the same with a speaker that plays a second later",
	  .stack = { .wireplumber_conf = cold_conf }, TRIM },
	{ .name = "pause-trim-warm", .text = "the same, and the speakers are kept awake", TRIM },
	{ .name = "pause", .text = "the Echo pauses and goes on: all end and begin together",
	  .runs = 3, .speakers = 3, .seconds = 6.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0 },
	  .play = play_pause, .judge = judge_pause },
	{ 0 },
};
