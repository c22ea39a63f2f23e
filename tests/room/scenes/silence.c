/* Scene silence: the headroom is given back where nobody hears it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "listen/measure-span.h"
#include "listen/wav.h"
#include "stage/noise.h"
#include "stage/scene.h"

/*
 * The slowest of three speakers leaves while all play. The others would have to skip what they
 * waited for it, and so they go on as they are until the music has a pause, as between two tracks:
 * the Echo sends silence then, and its stream goes on. After it all are as much sooner as they can
 * be, and PipeWire has told that to the Echo.
 */
#define LEAVE_S		3.0
#define PAUSE_S		2.0	/* the pause, from LEAVE_S + LEAVE_S in the file */
/* The slowest that is left: its report, SBC's 73 samples, a packet of 5 frames, and the headroom */
#define LATENCY_MS	(150.0 + (73 + 5 * 128) / 48.0 + 30.0)
#define EXACT_MS	0.001
#define TOLD_MS		0.25	/* PipeWire tells tenths, and its own share of it varies by one */
/* Its buffer for what comes from the Echo has no fixed length */
#define HEARD_MS	5.0

/** Of this run, in ms: what the Echo was told, and what the group has */
static double told_before, told_after, group_before, group_after;

/* Noise with a pause in it */
static int write_source(struct scene *sc, const char *path)
{
	struct wav w = { 0 };
	size_t begin, n;
	int res;

	if ((res = noise_write(path, sc->seconds + 30.0, 44100, sc->seed)) < 0 ||
	    (res = wav_read(&w, path)) < 0)
		return res;
	begin = (size_t)(2.0 * LEAVE_S * w.rate) * w.channels;
	n = (size_t)(PAUSE_S * w.rate) * w.channels;
	memset(&w.data[begin], 0, n * sizeof(w.data[0]));
	res = wav_write(&w, path);
	wav_finish(&w);
	return res;
}

static double group_latency(const struct scene *sc)
{
	return graph_combine_number(sc->stack.graph, "status", "latency.nsec") / 1e6;
}

static int play_silence(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-pause.wav", NULL);
	int res;

	told_before = told_after = group_before = group_after = NAN;
	sc->excused = "s03-220ms";
	if ((res = write_source(sc, path)) < 0 || (res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>")) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, LEAVE_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_disconnect(sc, sc->excused)) < 0 || (res = scene_pass(sc, LEAVE_S / 2)) < 0)
		return res;
	told_before = scene_told_ms(sc);
	group_before = group_latency(sc);
	if ((res = scene_pass(sc, sc->seconds - 1.5 * LEAVE_S)) < 0)
		return res;
	told_after = scene_told_ms(sc);
	group_after = group_latency(sc);
	return 0;
}

/* The pause as a speaker plays it */
static const struct silence *find_pause(const struct signal *s)
{
	for (size_t i = 0; i < s->n_silences; i++)
		if (s->silences[i].end - s->silences[i].begin > PAUSE_S / 2.0 * MEASURE_RATE)
			return &s->silences[i];
	return NULL;
}

static void judge_silence(struct scene *sc, struct measure *m)
{
	double least = INFINITY, most = -INFINITY, gone = sc->mark_ns / 1e9;
	double sooner = group_before - group_after;
	int noticed = 0;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];
		const struct silence *pause = find_pause(&s->signal);
		struct span_events before, after;
		double from, to, heard, end = (double)s->signal.last / MEASURE_RATE - SCENE_EDGE_S;

		if (strcmp(s->signal.name, sc->excused) == 0)
			continue;
		if (pause == NULL) {
			scene_fault(sc, "%s has no pause", s->signal.name);
			continue;
		}
		from = (double)pause->begin / MEASURE_RATE;
		to = (double)pause->end / MEASURE_RATE;
		heard = span_lag(s, from - 0.2) - span_lag(s, to + 0.3);
		before = span_events(s, gone - LEAVE_S / 2, from - 0.01);
		after = span_events(s, to + 0.1, end);
		noticed += before.gaps + before.repeats + before.skips + before.absences +
			after.gaps + after.repeats + after.skips + after.absences;
		least = fmin(least, isnan(heard) ? -INFINITY : heard);
		most = fmax(most, isnan(heard) ? INFINITY : heard);
	}
	scene_figure(sc, "sooner_ms", sooner, NAN);
	scene_figure(sc, "latency_is_wrong_by_ms", fabs(group_after - LATENCY_MS), EXACT_MS);
	scene_figure(sc, "told_sooner_is_wrong_by_ms", fabs(told_before - told_after - sooner), TOLD_MS);
	scene_figure(sc, "heard_sooner_is_wrong_by_ms",
			fmax(fabs(least - sooner), fabs(most - sooner)), HEARD_MS);
	scene_figure(sc, "noticed_while_heard", noticed, 0.0);
}

const struct scene_type scenes_silence[] = {
	{ .name = "silence", .text = "the slowest speaker has left, and the others catch up in a pause of the music",
	  .runs = 3, .speakers = 3, .seconds = 12.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0 }, .no_peer = true,
	  .play = play_silence, .judge = judge_silence },
	{ 0 },
};
