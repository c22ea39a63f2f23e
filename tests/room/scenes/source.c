/* Scene source-clock: an Echo whose clock is the graph's, and what its buffer makes of that */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <pipewire/pipewire.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * Its packets come at the same place of each cycle, for good: a buffer that is right on the average of all places may be
 * wrong in this one. PipeWire's is, before 1.6.0, and with jitter in others, too: docs/upstream.md. Whatever it does,
 * all speakers do it together, and nobody is started anew for it.
 */
#define SETTLE_S	10.0	/* the buffer finds its level */
#define SLOPE_S		1.0
#define HOLE_MS		90.0	/* three packets and a cycle: who was started anew is silent for longer */

#define MENDED		1, 5, 81

/* Each run another one; the short form is the first few. Of SBC at bitpool 53 an MTU of 672 takes packets of 5 frames,
 * 895 of 7 and 1021 of 8. At 48 kHz 8 frames are a cycle of 1024 samples. */
static const struct source_plan {
	const char *name;	/* of the figure that tells the longest gap */
	unsigned mtu, rate;
	double ppm, jitter_ms;
	double begin_ms;	/* later than the graph: moves the packets against the cycle */
	bool bad;		/* before 1.6.0 there are holes */
} plans[] = {
	{ "cycle_long_packets_4ms_gap_ms", 1021, 48000, 0.0, 0.0, 4.0, true },
	{ "usual_packets_gap_ms", 672, 44100, 0.0, 0.0, 4.0, false },
	{ "cycle_long_packets_13ms_gap_ms", 1021, 48000, 0.0, 0.0, 13.0, false },
	{ "cycle_long_packets_0ms_gap_ms", 1021, 48000, 0.0, 0.0, 0.0, false },
	{ "cycle_long_packets_8ms_gap_ms", 1021, 48000, 0.0, 0.0, 8.0, false },
	{ "cycle_long_packets_18ms_gap_ms", 1021, 48000, 0.0, 0.0, 18.0, false },
	{ "usual_packets_0ms_gap_ms", 672, 44100, 0.0, 0.0, 0.0, false },
	{ "usual_packets_13ms_gap_ms", 672, 44100, 0.0, 0.0, 13.0, false },
	{ "jitter_12ms_gap_ms", 1021, 48000, 0.0, 12.0, 4.0, true },
	{ "packets_of_7_frames_gap_ms", 895, 44100, 0.0, 0.0, 4.0, true },
	{ "own_clock_gap_ms", 895, 44100, 60.0, 3.0, 4.0, true },
	{ "usual_packets_jitter_9ms_gap_ms", 672, 44100, 60.0, 9.0, 4.0, true },
};

static const struct source_plan *find_plan(const struct scene *sc)
{
	return &plans[(sc->seed - sc->options->seed) % G_N_ELEMENTS(plans)];
}

static int play_source(struct scene *sc)
{
	const struct source_plan *p = find_plan(sc);
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = scene_add_echo(sc, SCENE_ECHO, "'vendor': <'bluetooth:0171'>, 'mtu': <uint32 %u>, "
			"'rate': <uint32 %u>, 'ppm': <%.1f>, 'jitter.msec': <%.1f>, 'acquire.msec': <%.1f>",
			p->mtu, p->rate, p->ppm, p->jitter_ms, p->begin_ms)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, sc->seconds);
}

/* By how much more sound has been played than time has passed, at worst */
static double fastest_percent(const struct measure_speaker *s, double from, double to)
{
	double worst = -INFINITY;

	for (double t = from; t + SLOPE_S <= to; t += SLOPE_S / 4.0)
		worst = fmax(worst, (span_lag(s, t) - span_lag(s, t + SLOPE_S)) / (SLOPE_S * 10.0));
	return worst;
}

static void judge_source(struct scene *sc, struct measure *m)
{
	const struct source_plan *p = find_plan(sc);
	bool mended = pw_check_library_version(MENDED);
	double longest = m->n_speakers > 0 ? 0.0 : NAN, fastest = -INFINITY;
	int holes = 0;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];
		double to = (double)s->signal.last / MEASURE_RATE - SCENE_EDGE_S;
		struct span_events e = span_events(s, SETTLE_S, to);

		holes = MAX(holes, e.gaps + e.absences + e.skips);
		longest = fmax(longest, isnan(e.largest_gap) ? 0.0 : e.largest_gap);
		fastest = fmax(fastest, fastest_percent(s, SETTLE_S, to));
	}
	scene_figure(sc, p->name, longest, HOLE_MS);
	scene_figure(sc, "holes", holes, mended || !p->bad ? 0.0 : NAN);
	scene_figure(sc, "fast_percent", fastest, NAN);
}

const struct scene_type scenes_source[] = {
	{ .name = "source-clock", .text = "an Echo's packets come at the same place of each cycle, for good",
	  .runs = G_N_ELEMENTS(plans), .speakers = 2, .seconds = 40.0, .brief_runs = 2, .brief_seconds = 25.0,
	  .bounds = { .median = 0.1, .worst = 0.1 },
	  .play = play_source, .judge = judge_source },
	{ 0 },
};
