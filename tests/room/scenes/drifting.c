/* Scene drifting: calibrated once, and then left alone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenes/calibrate.h"
#include "scenes/listener.h"
#include "stage/music.h"
#include "stage/tally.h"

/*
 * What real speakers do while music plays: their clocks differ, a buffer drains, a packet is lost, one is turned off
 * and on again. Nobody does anything about it here.
 */
#define BEFORE_S	3.0	/* of music, before they are calibrated */
#define LOST		0.3	/* into the music, as a share of it: a packet is lost, */
#define RESTARTED	0.6	/* and somebody turns a speaker off and on */
#define AWAY_S		2.0
#define SETTLE_S	2.0	/* of the music's beginning is not judged, nor of a speaker's that comes back */
#define LOOK_S		10.0	/* at both ends */
#define LOOP_S		400.0	/* the music begins again after so much */
#define PPM_MIN		20.0
#define PPM_MAX		40.0
#define LATENCY_MIN_MS	150.0
#define LATENCY_MAX_MS	300.0
#define RANGE_S		0.3
#define PEER_RANGE_S	1.3	/* reports are wrong by half a second */

/* Buffers, clocks and boxes */
static const struct {
	const char *name, *options;
	const char *wander;		/* from when on the music plays, beside a clock error that is drawn for each */
} kinds[] = {
	{ "drains", "'model': <'rebuffer'>, 'spread.msec': <6.0>, 'low.hz': <120.0>, 'high.hz': <14000.0>, "
		"'dynamic.db': <8.0>", ", 'decay.msec': <57.0>" },
	{ "loses", "'model': <'fixed'>, 'spread.msec': <3.0>, 'low.hz': <150.0>, 'high.hz': <12000.0>, "
		"'limiter.db': <-9.0>", ", 'loss': <0.01>" },
	{ "pi", "'model': <'pi'>, 'spread.msec': <4.0>, 'service.msec': <3.0>, 'jitter.msec': <2.0>, 'low.hz': <40.0>, "
		"'bass.msec': <8.0>", "" },
	{ "deadband", "'model': <'deadband'>, 'spread.msec': <12.0>, 'low.hz': <70.0>, 'high.hz': <16000.0>, "
		"'harmonic': <0.1>", "" },
};
#define N_KINDS	(int)G_N_ELEMENTS(kinds)
#define DRAINS	0
#define LOSES	1

static struct {
	double metres[SCENE_SPEAKERS_MAX];
	struct calibration calibration;
	struct listener listener;
	double from, to;	/**< s, the music that is judged */
	double lost_s, restarted_s, back_s;
} run;

static double now_s(const struct scene *sc)
{
	return stack_now(&sc->stack) / 1e9;
}

static int add_speakers(struct scene *sc, struct random *r)
{
	int res = 0;

	for (int i = 0; i < sc->n_wanted && res == 0; i++) {
		double latency = rint(LATENCY_MIN_MS + random_unit(r) * (LATENCY_MAX_MS - LATENCY_MIN_MS));
		g_autofree char *name = g_strdup_printf("s%02d-%s", i + 1, kinds[i % N_KINDS].name);
		g_autofree char *report = calibrate_draw_report(r, latency);

		res = scene_add_speaker(sc, name, "{%s'latency.msec': <%.1f>, 'adapter': <'hci%d'>, %s}", report, latency,
				i % (sc->n_adapters + 1), kinds[i % N_KINDS].options);
	}
	return res;
}

static int wander(struct scene *sc)
{
	struct random r = { .state = sc->seed };
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++) {
		double ppm = (i % 2 ? -1.0 : 1.0) * (PPM_MIN + random_unit(&r) * (PPM_MAX - PPM_MIN));

		res = scene_set(sc, sc->speakers[i].name, "{'ppm': <%.1f>%s}", ppm, kinds[i % N_KINDS].wander);
	}
	return res;
}

static int add_music(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	double seconds = fmin(LOOP_S, sc->seconds + BEFORE_S + LOOK_S) / MUSIC_N_KINDS;
	struct music_part parts[MUSIC_N_KINDS];
	int res;

	for (int i = 0; i < MUSIC_N_KINDS; i++)
		parts[i] = (struct music_part) { (i + sc->seed) % MUSIC_N_KINDS, seconds };
	if ((res = music_write(path, parts, MUSIC_N_KINDS, 44100, sc->seed)) < 0)
		return res;
	return scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, 'ppm': <60.0>, "
			"'jitter.msec': <3.0>, 'loop': <true>");
}

static int build(struct scene *sc)
{
	struct random r = { .state = sc->seed ^ g_str_hash(sc->type->name) };
	double t60 = 0.2 + 0.6 * random_unit(&r), ppm = random_around(&r, 100.0);
	int res;

	if ((res = scene_add_adapters(sc, (sc->n_wanted - 1) / 4)) < 0 || (res = add_speakers(sc, &r)) < 0 ||
	    (res = scene_add_microphone(sc, CALIBRATE_MICROPHONE, "'t60.sec': <%.2f>, 'reflection.db': <-6.0>, "
			"'noise.db': <-59.0>, 'ppm': <%.1f>", t60, ppm)) < 0 ||
	    (res = calibrate_place(sc, &r, run.metres)) < 0 || (res = add_music(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0)
		return res;
	return scene_connect(sc, SCENE_ECHO);
}

static int calibrate(struct scene *sc)
{
	int64_t now = stack_now(&sc->stack);
	int res;

	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 || (res = scene_await_playing(sc, sc->n_speakers, now)) < 0 ||
	    (res = scene_pass(sc, BEFORE_S)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    sc->stack.options.system == STACK_PEER)
		return res;
	if ((res = calibrate_run(sc, NULL, &run.calibration)) == 0 && !run.calibration.kept)
		scene_fault(sc, "nothing was calibrated");
	return res;
}

/* As its user does it, while the music plays on */
static int restart(struct scene *sc, const char *name)
{
	int64_t now;
	int res;

	run.restarted_s = now_s(sc);
	if ((res = scene_disconnect(sc, name)) < 0 || (res = listener_pass(&run.listener, AWAY_S)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_connect(sc, name)) < 0 || (res = scene_await_one_playing(sc, name, now)) < 0)
		return res;
	run.back_s = now_s(sc);
	return 0;
}

static int play_music(struct scene *sc)
{
	const char *lossy = sc->speakers[DRAINS].name, *restarted = sc->speakers[LOSES].name;
	int res;

	if ((res = listener_open(&run.listener, sc, run.metres)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0)
		return res;
	run.listener.range_s = sc->stack.options.system == STACK_PEER ? PEER_RANGE_S : RANGE_S;
	/* each lost packet is a hole of its own */
	run.listener.bend_excused[LOSES] = run.listener.bend_excused[DRAINS] = true;
	run.from = now_s(sc) + SETTLE_S;
	if ((res = listener_pass(&run.listener, LOST * sc->seconds)) < 0)
		return res;
	run.lost_s = now_s(sc);
	if ((res = scene_drop(sc, lossy, 1)) < 0 ||
	    (res = listener_pass(&run.listener, (RESTARTED - LOST) * sc->seconds)) < 0 ||
	    (res = restart(sc, restarted)) < 0 ||
	    (res = listener_pass(&run.listener, (1.0 - RESTARTED) * sc->seconds)) < 0)
		return res;
	run.to = now_s(sc);
	return listener_end(&run.listener);
}

static int play_drifting(struct scene *sc)
{
	int res;

	listener_close(&run.listener);
	memset(&run, 0, sizeof(run));
	if ((res = build(sc)) < 0 || (res = calibrate(sc)) < 0 || (res = wander(sc)) < 0)
		return res;
	return play_music(sc);
}

static void tell_span(struct scene *sc, const char *name, double from, double to)
{
	scene_figure(sc, name, listener_figures(&run.listener, from, to, NULL).median_ms, NAN);
}

/* The speakers' own are as sharp as what was sent is. */
static void tell_bends(struct scene *sc)
{
	double sharpest = -INFINITY;

	for (int i = 0; i < sc->n_speakers; i++)
		sharpest = fmax(sharpest, run.listener.bends[i].level);
	scene_figure(sc, "sharpest_bend_db", sharpest, NAN);
	scene_figure(sc, "sharpest_bend_of_the_source_db", run.listener.bends[sc->n_speakers].level, NAN);
}

static void judge_drifting(struct scene *sc, struct measure *m)
{
	const struct listener *l = &run.listener;
	struct listener_figures all = listener_figures(l, run.from, run.to, NULL);

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double spread = listener_spread(l, w, NULL);

		if (w->t >= run.from && w->t <= run.to && !isnan(spread))
			g_array_append_val(sc->spreads, spread);
	}
	if (all.complete == 0)
		scene_fault(sc, "nobody heard anything");
	tell_span(sc, "apart_at_first_ms", run.from, run.from + LOOK_S);
	tell_span(sc, "apart_before_a_packet_is_lost_ms", run.lost_s - LOOK_S, run.lost_s);
	tell_span(sc, "apart_before_a_restart_ms", run.restarted_s - LOOK_S, run.restarted_s);
	tell_span(sc, "apart_in_the_end_ms", run.to - LOOK_S, run.to);
	scene_figure(sc, "apart_rms_ms", all.rms_ms, NAN);
	scene_figure(sc, "apart_p99_ms", all.p99_ms, NAN);
	tell_bends(sc);
	scene_figure(sc, "minutes", (run.to - run.from) / 60.0, NAN);
	scene_figure(sc, "windows_known", all.windows > 0 ? (double)all.complete / all.windows : NAN, NAN);
}

const struct scene_type scenes_drifting[] = {
	{ .name = "drifting", .text = "speakers are calibrated, and wander while music of several kinds plays; no bound",
	  .runs = 3, .speakers = 3, .seconds = 1800.0, .brief_runs = 1, .brief_seconds = 60.0, .any_stall = true,
	  .listens = true, .play = play_drifting, .judge = judge_drifting },
	{ 0 },
};
