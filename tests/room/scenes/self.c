/* The room's own test: known skews through its timelines */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/recorder.h"
#include "random.h"
#include "stage/scene.h"
#include "stage/stack-files.h"

/*
 * What goes to the timelines is what a virtual speaker hands over: blocks of
 * decoded packets, in the codec's rate, each with the time at which it sounds.
 */
#define RATE		44100
#define PACKET		640	/* frames, of five SBC frames */
#define PERIOD_NS	(1e9 / RATE)
#define GAP_AT		200	/* packet in which 5 ms are silent */
#define GAP		(RATE * 5 / 1000)
#define DROP_AT		250	/* packet that is missing, and nobody waits for it */
#define TOLERANCE_MS	0.02

static const struct {
	const char *name;
	double skew_ms;
	bool gap, drop;
} speakers[] = {
	{ "a", 0.0, false, false },
	{ "b", 0.1, false, false },
	{ "c", 3.0, false, false },
	{ "d", -40.0, false, false },
	{ "e-gap", 0.0, true, false },
	{ "f-drop", 0.0, false, true },
};

static float *make_noise(int64_t frames, uint64_t seed)
{
	float *data = g_malloc_n(2 * frames, sizeof(float));
	struct random r = { .state = seed };

	for (int64_t i = 0; i < 2 * frames; i++)
		data[i] = (float)random_around(&r, 0.3);
	return data;
}

static void play(struct track *track, const float *data, int packets, double t_ns, bool gap,
		 bool drop)
{
	int late = 0;

	for (int k = 0; k < packets; k++) {
		const float *packet = &data[2 * PACKET * k];
		double t = t_ns + (double)(k - late) * PACKET * PERIOD_NS;

		if (drop && k == DROP_AT) {
			late = 1;
		} else if (gap && k == GAP_AT) {
			track_add(track, t, PERIOD_NS, packet, 200);
			track_add(track, t + (200 + GAP) * PERIOD_NS, PERIOD_NS,
				&packet[2 * (200 + GAP)], PACKET - 200 - GAP);
		} else {
			track_add(track, t, PERIOD_NS, packet, PACKET);
		}
	}
}

static int record(const char *dir, double seconds, uint64_t seed)
{
	int packets = (int)(seconds * RATE / PACKET), res = 0;
	struct recorder *recorder = recorder_new(dir);
	g_autofree float *data = make_noise((int64_t)packets * PACKET, seed);

	if (recorder == NULL)
		return -errno;
	for (size_t i = 0; i < G_N_ELEMENTS(speakers) && res == 0; i++) {
		struct track *track = recorder_track(recorder, "speaker", speakers[i].name);

		if (track == NULL)
			res = -errno;
		else
			play(track, data, packets, 300e6 + speakers[i].skew_ms * 1e6,
				speakers[i].gap, speakers[i].drop);
	}
	if (res == 0) {
		struct track *echo = recorder_track(recorder, "echo", "source");

		if (echo == NULL)
			res = -errno;
		else
			play(echo, data, packets, 100e6, false, false);
	}
	if (res == 0)
		res = recorder_finish(recorder, (int64_t)(seconds * 1e9) + 500000000);
	recorder_destroy(recorder);
	return res;
}

static int check(bool condition, const char *name, const char *what, double value)
{
	if (!condition)
		fprintf(stderr, "room: self: %s: %s is %g\n", name, what, value);
	return !condition;
}

static int judge(const struct measure *m, double seconds)
{
	double packet_ms = 1000.0 * PACKET / RATE, gap_ms = 1000.0 * GAP / RATE;
	int wrong = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(speakers); i++) {
		const struct measure_speaker *s = &m->speakers[i];
		const char *name = speakers[i].name;
		int gaps = speakers[i].gap, skips = speakers[i].drop;
		double worst = 0.0;

		for (int w = 0; w < m->n_windows && !skips; w++)
			if (!isnan(s->skew[w]))
				worst = fmax(worst, fabs(s->skew[w] - speakers[i].skew_ms));
		wrong += check(worst < TOLERANCE_MS, name, "the worst error of skew (ms)", worst);
		wrong += check(s->skew_abs.n >= m->n_windows - 4, name, "windows with skew", s->skew_abs.n);
		wrong += check(s->gaps == gaps, name, "gaps", s->gaps);
		wrong += check(s->skips == skips, name, "skips", s->skips);
		wrong += check(s->repeats == 0, name, "repeats", s->repeats);
		wrong += check(s->absences == 0, name, "absences", s->absences);
		/* the interpolation rings into a gap, by 16 samples from each side at most */
		wrong += check(!gaps || (s->largest_gap <= gap_ms + 0.1 &&
				s->largest_gap >= gap_ms - 0.8), name, "the gap (ms)", s->largest_gap);
		wrong += check(!skips || fabs(s->largest_step - packet_ms) < TOLERANCE_MS, name,
			"the skip (ms)", s->largest_step);
		wrong += check(skips || fabs(s->latency - 200.0 - speakers[i].skew_ms) < TOLERANCE_MS,
			name, "latency (ms)", s->latency);
	}
	return wrong;
}

static int run_self(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	double seconds = o->seconds > 0.0 ? o->seconds : type->seconds;
	g_autofree char *dir = o->keep ? g_build_filename(o->keep, "self", NULL) :
		g_dir_make_tmp("room-out-XXXXXX", NULL);
	struct measure m;
	int res, wrong = 0;

	measure_init(&m, NULL);
	if (g_mkdir_with_parents(dir, 0755) < 0)
		res = -errno;
	else if ((res = record(dir, seconds, o->seed)) == 0 &&
		 (res = measure_add_dir(&m, dir, NULL)) == 0)
		res = measure_run(&m);
	if (res < 0)
		fprintf(stderr, "room: self: %s\n", strerror(-res));
	else
		wrong = judge(&m, seconds);
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		report_json(j, "measure", &m);
		json_bool(j, "ok", res == 0 && wrong == 0);
		json_end(j, '}');
	} else if (res == 0) {
		report_table(stdout, &m);
		printf("verdict: %s\n", scene_verdict_names[wrong > 0]);
	}
	measure_finish(&m);
	if (o->keep == NULL)
		stack_remove_tree(dir);
	return res < 0 ? 2 : wrong ? 1 : 0;
}

const struct scene_type scenes_self[] = {
	{ .name = "self", .text = "known skews, a gap and a lost packet, straight into the timelines",
	  .seconds = 12.0, .whole = run_self },
	{ 0 },
};
