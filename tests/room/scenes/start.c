/* Scenes of starting and of staying together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "stage/scene.h"

double scene_fixed_latency(int i)
{
	static const double first[] = { 50.0, 150.0, 220.0 };

	/* AVDTP reports tenths of a millisecond: only such a latency can be reported truly */
	return i < 3 ? first[i] : rint(500.0 + 1700.0 * (i * 7 % 15) / 15.0) / 10.0;
}

/* Names that sort as they were added: the first is what skews are against. */
int scene_add_fixed_speakers(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < sc->n_wanted && res == 0; i++) {
		double latency = scene_fixed_latency(i);
		char name[32];

		snprintf(name, sizeof(name), "s%02d-%.0fms", i + 1, latency);
		res = scene_add_fixed(sc, name, latency);
	}
	return res;
}

int scene_connect_speakers(struct scene *sc)
{
	int res = scene_connect_all(sc);

	return res < 0 ? res : scene_await_sinks(sc, sc->n_speakers);
}

static int play_noise_on_all(struct scene *sc)
{
	int64_t now = stack_now(&sc->stack);
	int res;

	if ((res = scene_await_links(sc, sc->n_speakers)) < 0 ||
	    (res = scene_play_noise(sc, NULL)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, now)) < 0)
		return res;
	return scene_pass(sc, sc->seconds);
}

int scene_add_usual_echo(struct scene *sc)
{
	return scene_add_echo(sc, SCENE_ECHO, "'vendor': <'bluetooth:0171'>, 'ppm': <60.0>, "
			"'jitter.msec': <3.0>");
}

int scene_start_echo(struct scene *sc, int n)
{
	int64_t now = stack_now(&sc->stack);
	int res;

	if ((res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	return scene_await_playing(sc, n, now);
}

int scene_play_all(struct scene *sc, double seconds)
{
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, seconds);
}

int scene_play_start(struct scene *sc)
{
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0)
		return res;
	return play_noise_on_all(sc);
}

int scene_play_echo(struct scene *sc)
{
	return scene_play_all(sc, sc->seconds);
}

static int play_many(struct scene *sc)
{
	int res = scene_add_adapters(sc, sc->n_wanted > 8 ? 3 : 1);

	return res < 0 ? res : scene_play_echo(sc);
}

/* As real ones are said to be: wrong reports, clocks, queues, buffers that differ, and boxes */
int scene_add_real_speakers(struct scene *sc)
{
	static const char *const speakers[] = {
		"{'model': <'rebuffer'>, 'latency.msec': <150.0>, 'report.msec': <100.0>, "
		"'ppm': <15.0>, 'spread.msec': <6.0>, 'service.msec': <3.0>, 'jitter.msec': <2.0>, "
		"'low.hz': <120.0>, 'high.hz': <14000.0>}",
		"{'model': <'deadband'>, 'latency.msec': <180.0>, 'dsp.frames': <960.0>, 'report.msec': <200.0>, "
		"'ppm': <-20.0>, 'spread.msec': <12.0>, 'service.msec': <4.0>, 'jitter.msec': <4.0>, "
		"'low.hz': <70.0>, 'high.hz': <16000.0>, 'harmonic': <0.1>}",
		"{'model': <'pi'>, 'latency.msec': <215.0>, 'report.msec': <160.7>, "
		"'ppm': <8.0>, 'spread.msec': <4.0>, 'service.msec': <3.0>, 'jitter.msec': <2.0>, "
		"'low.hz': <40.0>, 'bass.msec': <8.0>}",
		"{'model': <'fixed'>, 'latency.msec': <114.0>, 'dsp.frames': <528.0>, "
		"'ppm': <-5.0>, 'spread.msec': <3.0>, 'service.msec': <5.0>, 'jitter.msec': <3.0>, "
		"'low.hz': <250.0>, 'high.hz': <9000.0>, 'harmonic': <0.03>}",
	};
	static const char *const names[] = { "s1-rebuffer", "s2-deadband", "s3-pi", "s4-unreported" };
	int res = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(speakers) && res == 0; i++)
		res = scene_add_speaker(sc, names[i], "%s", speakers[i]);
	return res;
}

static int play_real(struct scene *sc)
{
	int res = scene_add_real_speakers(sc);

	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0)
		return res;
	res = scene_start_echo(sc, sc->n_speakers);
	return res < 0 ? res : scene_pass(sc, sc->seconds);
}

static void tell_latency(struct scene *sc, struct measure *m, double heard_bound, double told_bound)
{
	double slowest = 0.0, told = scene_told_ms(sc);

	if (!m->source_on_timeline)
		return;
	for (int i = 0; i < m->n_speakers; i++)
		slowest = fmax(slowest, m->speakers[i].latency);
	scene_figure(sc, "echo_to_sound_ms", slowest, heard_bound);
	if (isfinite(told)) {
		scene_figure(sc, "echo_is_told_ms", told, NAN);
		scene_figure(sc, "told_is_wrong_by_ms", fabs(told - slowest), told_bound);
	} else if (isfinite(told_bound)) {
		scene_fault(sc, "nobody told the Echo how late it is heard");
	}
}

static void judge_latency(struct scene *sc, struct measure *m)
{
	tell_latency(sc, m, NAN, NAN);
}

/*
 * For games and videos: the slowest speaker's 220 ms and its packets, PipeWire's decode buffer of the Echo,
 * and no headroom; with it, it would be 30 ms more. A source that shifts its picture does so by what it is told:
 * within what nobody sees, a frame of 25 a second.
 */
#define LOW_LATENCY_MS	270.0
#define LIPS_MS		40.0

static void judge_low_latency(struct scene *sc, struct measure *m)
{
	tell_latency(sc, m, LOW_LATENCY_MS, LIPS_MS);
}

static const char low_latency_conf[] = "wireplumber.settings = { bluez-combine.low-latency = true }\n";

#define IN_SYNC	{ .median = 0.3, .worst = 1.0, .whole = true }

const struct scene_type scenes_start[] = {
	{ .name = "start", .text = "three speakers, cold starts, noise from a player",
	  .runs = 20, .speakers = 3, .seconds = 12.0, .brief_runs = 10, .brief_seconds = 6.0,
	  .bounds = IN_SYNC, .play = scene_play_start,
	  .stack = { .system = STACK_MODULE }, .fixed_system = true },
	{ .name = "echo", .text = "three speakers, an Echo with +60 ppm and 3 ms jitter",
	  .runs = 3, .speakers = 3, .seconds = 60.0, .brief_runs = 2, .brief_seconds = 20.0,
	  .bounds = IN_SYNC, .play = scene_play_echo,
	  .judge = judge_latency },
	{ .name = "low-latency", .text = "the same, and the sound comes as early as it can",
	  .runs = 3, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .brief_seconds = 15.0,
	  .bounds = IN_SYNC, .play = scene_play_echo, .no_peer = true,
	  .stack = { .wireplumber_conf = low_latency_conf },
	  .judge = judge_low_latency },
	{ .name = "start-real", .text = "buffers, clocks, queues and reports as of real speakers; no bound",
	  .runs = 3, .speakers = 4, .seconds = 60.0, .brief_runs = 2, .brief_seconds = 20.0,
	  .play = play_real, .judge = judge_latency },
	{ .name = "many", .text = "8 speakers on two adapters, or --speakers 15 on four",
	  .runs = 3, .speakers = 8, .seconds = 30.0, .brief_runs = 1, .brief_seconds = 15.0,
	  .bounds = IN_SYNC, .play = play_many,
	  .judge = judge_latency },
	{ 0 },
};
