/* Scene microphone: what is recorded from the room's microphones is what the timelines and the distances say */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "listen/wav.h"
#include "stage/scene.h"

#define N_SPEAKERS	3
#define TURN_S		2.0	/* in which one speaker is heard alone; then the first one again */
#define N_TURNS		(N_SPEAKERS + 1)
#define SETTLE_S	2.0	/* a follower has found its pace */
#define SPEED_M_S	343.0
/* Between the middle of the turn's window and its ends */
#define WINDOW_S	0.5
#define NOT_HEARD_DB	(-100.0)
/* Interpolation and the codec's noise in half a second of noise */
#define BOUND_US	5.0
/* A follower's loop still moves a little, and on the machine's clock all do: 4.5 us were measured */
#define LOOSE_BOUND_US	20.0

/* Some of the room's, each with a recorder; what drives the graph of a follower is the group's driver. */
static const struct {
	const char *name, *options;
	double ppm;
	const char *figure;
	bool follower;
} microphones[] = {
	{ "plain", "'ppm': <0.0>", 0.0, "plain_is_wrong_by_us", false },
	{ "fast", "'ppm': <150.0>, 't60.sec': <0.3>, 'reverb.db': <-12.0>, 'noise.db': <-60.0>", 150.0, "fast_is_wrong_by_us", false },
	{ "slow16", "'ppm': <-150.0>, 'rate': <uint32 16000>", -150.0, "slow16_is_wrong_by_us", false },
	{ "follower", "'ppm': <100.0>", 0.0, "follower_is_wrong_by_us", true },
};
#define N_MICROPHONES	G_N_ELEMENTS(microphones)

static const double metres[N_SPEAKERS] = { 0.7, 2.0, 3.5 };
static double turn_s[N_TURNS];		/* middle of each, on the timeline */
static int64_t recorded_ns;		/* when the recorders were started */

static char *recording(const struct scene *sc, size_t i)
{
	g_autofree char *file = g_strdup_printf("microphone-%s.wav", microphones[i].name);

	return g_build_filename(sc->stack.out, file, NULL);
}

static struct process *record(struct scene *sc, size_t i)
{
	g_autofree char *path = recording(sc, i);
	g_autofree char *target = g_strconcat(SCENE_MICROPHONE, microphones[i].name, NULL);
	g_autofree char *name = g_strconcat("pw-record-", microphones[i].name, NULL);
	const char *argv[] = { "pw-record", "--target", target, "--channels", "1", "--format", "f32", "-P",
		microphones[i].follower ? "{ node.group = \"bluez_combine.default\" }" : "{ }", path, NULL };

	return stack_spawn(&sc->stack, name, argv);
}

/* Only one speaker reaches the microphones. */
static int solo(struct scene *sc, int speaker)
{
	int res = 0;

	for (size_t i = 0; i < N_MICROPHONES; i++)
		for (int k = 0; k < N_SPEAKERS && res == 0; k++)
			res = scene_set_path(sc, microphones[i].name, sc->speakers[k].name, "'path.db': <%.1f>",
					k == speaker ? 0.0 : NOT_HEARD_DB);
	return res;
}

static int add_microphones(struct scene *sc)
{
	int res = 0;

	for (size_t i = 0; i < N_MICROPHONES && res == 0; i++) {
		res = scene_add_microphone(sc, microphones[i].name, "%s", microphones[i].options);
		for (int k = 0; k < N_SPEAKERS && res == 0; k++)
			res = scene_set_path(sc, microphones[i].name, sc->speakers[k].name, "'distance.m': <%.3f>",
					metres[k]);
	}
	return res;
}

static bool have_sources(struct stack *s, void *data)
{
	return graph_count(s->graph, SCENE_MICROPHONE "*") == N_MICROPHONES;
}

static int play_microphone(struct scene *sc)
{
	struct process *recorders[N_MICROPHONES];
	int res;

	sc->n_wanted = N_SPEAKERS;
	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = add_microphones(sc)) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = stack_wait(&sc->stack, have_sources, NULL, SCENE_PATIENCE_MS, "microphones")) < 0)
		return res;
	recorded_ns = stack_now(&sc->stack);
	for (size_t i = 0; i < N_MICROPHONES; i++)
		if ((recorders[i] = record(sc, i)) == NULL)
			return -EIO;
	if ((res = scene_pass(sc, SETTLE_S)) < 0)
		return res;
	for (int turn = 0; turn < N_TURNS; turn++) {
		if ((res = solo(sc, turn % N_SPEAKERS)) < 0)
			return res;
		turn_s[turn] = stack_now(&sc->stack) / 1e9 + TURN_S / 2.0;
		if ((res = scene_pass(sc, TURN_S)) < 0)
			return res;
	}
	for (size_t i = 0; i < N_MICROPHONES; i++) {
		process_signal(recorders[i], SIGINT);
		if ((res = scene_await_end(sc, recorders[i])) < 0)
			return res;
	}
	return 0;
}

static int read_recording(const char *path, struct signal *signal)
{
	struct wav wav = { 0 };
	int res;

	if ((res = wav_read(&wav, path)) == 0 && (res = wav_resample(&wav, MEASURE_RATE)) == 0)
		res = signal_init(signal, path, wav.data, wav.channels, wav.frames, 1e-3);
	wav_finish(&wav);
	return res;
}

/* Where in the recording a window of a speaker's timeline is, in s */
static double find(struct lag_finder *finder, const struct signal *speaker, double t, const struct signal *heard,
		   double ppm)
{
	int64_t len = (int64_t)(WINDOW_S * MEASURE_RATE), pos = (int64_t)(t * MEASURE_RATE) - len / 2;
	int64_t start = recorded_ns * (int64_t)MEASURE_RATE / 1000000000;
	struct lag lag = lag_find(finder, speaker, pos, len, heard, -start - 2 * MEASURE_RATE, -start + MEASURE_RATE);

	if (lag.state == LAG_OK)
		lag = lag_refine(speaker, pos, len, heard, lag.lag, 3, ppm * 1e-6);
	return lag.state == LAG_OK ? (pos + len / 2 + lag.lag) / MEASURE_RATE : NAN;
}

/* The worst of all turns against the first; the microphone's clock is as it was told. */
static double worst_us(struct measure *m, const struct signal *heard, double ppm)
{
	struct lag_finder *finder = lag_finder_new();
	double first = NAN, worst = 0.0;

	for (int turn = 0; turn < N_TURNS; turn++) {
		int k = turn % N_SPEAKERS;
		double at = find(finder, &m->speakers[k].signal, turn_s[turn], heard, ppm);
		double off = at / (1.0 + ppm * 1e-6) - turn_s[turn] - metres[k] / SPEED_M_S;

		first = turn == 0 ? off : first;
		worst = isfinite(off) ? fmax(worst, fabs(off - first) * 1e6) : NAN;
		if (isnan(worst))
			break;
	}
	lag_finder_destroy(finder);
	return worst;
}

static void judge_microphone(struct scene *sc, struct measure *m)
{
	for (size_t i = 0; i < N_MICROPHONES && m->n_speakers == N_SPEAKERS; i++) {
		g_autofree char *path = recording(sc, i);
		struct signal heard = { 0 };
		double worst = NAN;

		if (read_recording(path, &heard) == 0)
			worst = worst_us(m, &heard, microphones[i].ppm);
		if (isnan(worst))
			scene_fault(sc, "a speaker was not found in what %s heard", microphones[i].name);
		else
			scene_figure(sc, microphones[i].figure, worst,
					microphones[i].follower || !sc->options->own_clock ?
					LOOSE_BOUND_US : BOUND_US);
		signal_finish(&heard);
	}
}

const struct scene_type scenes_microphone[] = {
	{ .name = "microphone", .text = "what is recorded from microphones is what timelines and distances say",
	  .runs = 3, .speakers = N_SPEAKERS, .seconds = SETTLE_S + (N_TURNS + 1) * TURN_S, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true }, .no_peer = true,
	  .play = play_microphone, .judge = judge_microphone },
	{ 0 },
};
