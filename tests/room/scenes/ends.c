/* Scenes ends-low, ends-high, ends-apart, ends-placed: both ends of what may be set */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/levels.h"
#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * A value that a setting or an entry takes has its effect, also the least and the greatest one. Each is set
 * in a file, as nobody checks it there but we: the status has to say it, and the speakers have to play
 * it, together.
 */
#define LOW_HEADROOM	0
#define LOW_QUANTUM	64
#define LOW_RATE	8000
#define HIGH_HEADROOM	500
#define HIGH_QUANTUM	8192
#define HIGH_RATE	192000
#define EXACT		0.001	/* ms, Hz, samples */

/*
 * ends-apart: the longest delay is below the headroom, with which the module would not load; it is
 * as long as the headroom then, so that no speaker can wait for another. One that comes while a slower one
 * plays is mute; in the next start it is the slower one.
 */
#define SILENT_DB	-85.0	/* the noise that keeps them awake is softer */
#define SOUNDS_DB	-30.0

/*
 * ends-placed: one is told to play a second earlier than it does, one has a second of latency that it does not report, and one
 * plays earlier than it says. The first of all is as it is.
 */
#define PLACE_MS	2.0	/* compared with the source at another place of the music, which is not quite steady */
#define SETTLE_S	4.0

static const struct placed {
	const char *name, *member;
	double latency_ms, later_ms;
} placed[] = {
	{ "s1-plain", NULL, 220.0, 0.0 },
	{ "s2-trim", "{ \"trim.msec\": -1000 }", 50.0, -1000.0 },
	{ "s3-late", "{ \"correction.msec\": 1000 }", 150.0, -1000.0 },
	{ "s4-early", "{ \"correction.msec\": -400 }", 120.0, 400.0 },
};

/** What is looked at in ends-apart, in s */
static struct { double from, to; } spans[2];

/** Of this run: what the status said, in ms, samples, Hz */
static double latency_ms, slowest_ms, quantum, rate;

static void read_status(struct scene *sc)
{
	struct graph *g = sc->stack.graph;

	latency_ms = graph_combine_number(g, "status", "latency.nsec") / 1e6;
	quantum = graph_combine_number(g, "status", "quantum");
	rate = graph_combine_number(g, "status", "rate");
	slowest_ms = -INFINITY;
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *key = g_strconcat("status.", sc->speakers[i].address, NULL);

		slowest_ms = fmax(slowest_ms, graph_combine_number(g, key, "latency.nsec") / 1e6);
	}
}

/* A pause gives back what the start has used of the headroom */
static int play_ends(struct scene *sc)
{
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, SETTLE_S)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = scene_pass(sc, 3.0)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_pass(sc, sc->seconds)) < 0)
		return res;
	read_status(sc);
	return 0;
}

static void judge_ends(struct scene *sc, double headroom, double samples, double hz)
{
	scene_figure(sc, "headroom_is_wrong_by_ms", fabs(latency_ms - slowest_ms - headroom), EXACT);
	scene_figure(sc, "quantum_is_wrong_by", fabs(quantum - samples), EXACT);
	scene_figure(sc, "rate_is_wrong_by", fabs(rate - hz), EXACT);
}

static void judge_low(struct scene *sc, struct measure *m)
{
	judge_ends(sc, LOW_HEADROOM, LOW_QUANTUM, LOW_RATE);
}

static void judge_high(struct scene *sc, struct measure *m)
{
	judge_ends(sc, HIGH_HEADROOM, HIGH_QUANTUM, HIGH_RATE);
}

static int look(struct scene *sc, int span)
{
	int res = scene_pass(sc, SETTLE_S);

	spans[span].from = stack_now(&sc->stack) / 1e9;
	if (res == 0)
		res = scene_pass(sc, sc->seconds);
	spans[span].to = stack_now(&sc->stack) / 1e9 - 1.0;
	return res;
}

static int play_apart(struct scene *sc)
{
	int res;

	if ((res = scene_add_fixed(sc, "s1-slow", 150.0)) < 0 || (res = scene_add_fixed(sc, "s2-fast", 50.0)) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect(sc, "s1-slow")) < 0 ||
	    (res = scene_await_sinks(sc, 1)) < 0 || (res = scene_start_echo(sc, 1)) < 0 ||
	    (res = scene_connect(sc, "s2-fast")) < 0 || (res = scene_await_one_playing(sc, "s2-fast", 0)) < 0 ||
	    (res = look(sc, 0)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = scene_pass(sc, 3.0)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	return look(sc, 1);
}

static double level_of(struct scene *sc, int speaker, int span)
{
	g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->speakers[speaker].name);
	g_autofree char *path = g_build_filename(sc->out, name, NULL);
	struct levels l;
	double db;

	if (levels_read(&l, path) < 0)
		return NAN;
	db = levels_mean(&l, spans[span].from, spans[span].to);
	levels_finish(&l);
	return db;
}

static void judge_apart(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "slow_first_minus_db", -level_of(sc, 0, 0), -SOUNDS_DB);
	scene_figure(sc, "fast_later_minus_db", -level_of(sc, 1, 1), -SOUNDS_DB);
	scene_figure(sc, "fast_first_db", level_of(sc, 1, 0), SILENT_DB);
	scene_figure(sc, "slow_later_db", level_of(sc, 0, 1), SILENT_DB);
}

static int play_placed(struct scene *sc)
{
	int res = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(placed) && res == 0; i++)
		res = scene_add_fixed(sc, placed[i].name, placed[i].latency_ms);
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0)
		return res;
	for (size_t i = 0; i < G_N_ELEMENTS(placed); i++) {
		g_autofree char *key = g_strconcat("member.", sc->speakers[i].address, NULL);

		if (placed[i].member != NULL)
			graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON", placed[i].member);
	}
	if ((res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, SETTLE_S + sc->seconds)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	return scene_pass(sc, 1.0);
}

static void judge_placed(struct scene *sc, struct measure *m)
{
	double at = sc->mark_ns / 1e9, plain = NAN, worst = 0.0;

	for (size_t i = 0; i < G_N_ELEMENTS(placed); i++) {
		int n = span_find_speaker(m, placed[i].name);
		double lag = n < 0 ? NAN : span_lag(&m->speakers[n], at), later;

		if (i == 0)
			plain = lag;
		later = lag - plain;
		if (isnan(later))
			scene_fault(sc, "%s is not heard", placed[i].name);
		printf("  %s is heard %.2f ms later, %.0f wanted\n", placed[i].name, later, placed[i].later_ms);
		worst = fmax(worst, fabs(later - placed[i].later_ms));
	}
	scene_figure(sc, "place_is_wrong_by_ms", worst, PLACE_MS);
}

static const char low_conf[] = "wireplumber.settings = { bluez-combine.headroom.msec = " G_STRINGIFY(LOW_HEADROOM)
	", bluez-combine.quantum = " G_STRINGIFY(LOW_QUANTUM) ", bluez-combine.rate = " G_STRINGIFY(LOW_RATE)
	", bluez-combine.slew.ppm = 0, bluez-combine.keep-warm.sec = 0 }\n";
static const char high_conf[] = "wireplumber.settings = { bluez-combine.headroom.msec = " G_STRINGIFY(HIGH_HEADROOM)
	", bluez-combine.quantum = " G_STRINGIFY(HIGH_QUANTUM) ", bluez-combine.rate = " G_STRINGIFY(HIGH_RATE)
	", bluez-combine.slew.ppm = 5000, bluez-combine.keep-warm.sec = 3600"
	", bluez-combine.max-delay.msec = 4000 }\n";
static const char apart_conf[] = "wireplumber.settings = { bluez-combine.max-delay.msec = 0"
	", bluez-combine.unaligned = mute }\n";

#define COMMON .runs = 1, .seconds = 4.0, .no_peer = true

const struct scene_type scenes_ends[] = {
	{ .name = "ends-low", .text = "the least headroom, quantum and rate that may be set", .speakers = 3,
	  .stack = { .wireplumber_conf = low_conf }, .play = play_ends, .judge = judge_low,
	  .bounds = { .median = 0.3 }, COMMON },
	{ .name = "ends-high", .text = "the greatest headroom, quantum and rate", .speakers = 3,
	  .stack = { .wireplumber_conf = high_conf }, .play = play_ends, .judge = judge_high,
	  .bounds = { .median = 0.3 }, COMMON },
	{ .name = "ends-apart", .text = "nobody may wait for anybody, and who is late is mute", .speakers = 2,
	  .stack = { .wireplumber_conf = apart_conf }, .play = play_apart, .judge = judge_apart, COMMON },
	{ .name = "ends-placed", .text = "a trim and corrections of a second", .speakers = G_N_ELEMENTS(placed),
	  .play = play_placed, .judge = judge_placed, COMMON },
	{ 0 },
};
