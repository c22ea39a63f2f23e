/* Scene roles: what each speaker plays, how loud, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen/levels.h"
#include "listen/measure-span.h"
#include "stage/noise.h"
#include "stage/scene.h"

/*
 * The Echo plays one noise on the left and another on the right, now both, now one alone. Each
 * speaker has been told what to do by what the tool writes, `member.<address>`. WirePlumber is restarted in
 * the end, and all of it has to hold then, too.
 */
#define TRIM_MS		20.0
#define GAIN		0.501187	/* -6 dB */
#define HIDDEN_MS	20.0	/* latency that a speaker has and does not report */
#define SETTLE_S	2.0
#define LOOK_S		2.5

#define LEVEL_DB	0.4	/* SBC takes 0.2 dB of noise, on the two ways together */
#define LEAK_DB		-60.0
#define PLACE_MS	0.05
#define SPANS		3

enum who { STEREO, LEFT, RIGHT, MONO, SOFT_AND_LATER, LATE, JOINER, N_SPEAKERS };

static const struct told {
	const char *name;
	double latency_ms, hidden_ms;
	const char *member;	/**< what the user says, NULL: nothing */
	double db[TURN_N][2];	/**< in each channel against the source's; NAN: nothing */
	double later_ms;	/**< than the first one, in the end */
} told[N_SPEAKERS] = {
	[STEREO] = { "s1-stereo", 150.0, 0.0, NULL, { { 0.0, NAN }, { NAN, 0.0 } }, 0.0 },
	[LEFT] = { "s2-left", 50.0, 0.0, "{ \"role\": \"left\" }", { { 0.0, 0.0 }, { NAN, NAN } }, 0.0 },
	[RIGHT] = { "s3-right", 180.0, 0.0, "{ \"role\": \"right\" }", { { NAN, NAN }, { 0.0, 0.0 } }, 0.0 },
	/* half of each, so that what both have is as loud as it was */
	[MONO] = { "s4-mono", 120.0, 0.0, "{ \"role\": \"mono\" }",
		{ { -6.02, -6.02 }, { -6.02, -6.02 } }, 0.0 },
	[SOFT_AND_LATER] = { "s5-soft", 90.0, 0.0,
		"{ \"gain\": " G_STRINGIFY(GAIN) ", \"trim.msec\": " G_STRINGIFY(TRIM_MS) " }",
		{ { -6.0, NAN }, { NAN, -6.0 } }, TRIM_MS },
	[LATE] = { "s6-late", 150.0, HIDDEN_MS, NULL, { { 0.0, NAN }, { NAN, 0.0 } }, 0.0 },
	[JOINER] = { "s7-joiner", 100.0, 0.0, NULL, { { 0.0, NAN }, { NAN, 0.0 } }, 0.0 },
};

/** What is looked at: before the offset, after it and the joiner, after the restart */
static struct { double from, to; } spans[SPANS];

static int add_devices(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	int res = 0;

	for (int i = 0; i < N_SPEAKERS && res == 0; i++)
		res = scene_add_speaker(sc, told[i].name, "{'latency.msec': <%.1f>, 'report.msec': <%.1f>, "
				"'start': <'first'>}", told[i].latency_ms + told[i].hidden_ms,
				told[i].latency_ms);
	if (res < 0 || (res = noise_write_turns(path, 120.0, 44100, sc->seed)) < 0)
		return res;
	return scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>");
}

static void tell_members(struct scene *sc)
{
	for (int i = 0; i < N_SPEAKERS; i++) {
		g_autofree char *key = g_strconcat("member.", sc->speakers[i].address, NULL);

		if (told[i].member != NULL)
			graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON", told[i].member);
	}
}

static bool have_roles(struct stack *s, void *data)
{
	const struct scene *sc = data;

	for (int i = LEFT; i <= MONO; i++) {
		g_autofree char *key = g_strconcat("status.", sc->speakers[i].address, NULL);
		g_autofree char *role = graph_combine_string(s->graph, key, "role");

		if (g_strcmp0(role, strchr(told[i].name, '-') + 1) != 0)
			return false;
	}
	return true;
}

static int look(struct scene *sc, int span, double seconds)
{
	int res;

	spans[span].from = stack_now(&sc->stack) / 1e9;
	res = scene_pass(sc, seconds);
	spans[span].to = stack_now(&sc->stack) / 1e9;
	return res;
}

/* WirePlumber writes down what it has been told a second later, by the machine's clock. */
static bool is_kept(struct stack *s, void *data)
{
	return scene_is_kept(s, "default-routes", "\"latencyOffsetNsec\":20000000");
}

static int connect_all_but_joiner(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < JOINER && res == 0; i++)
		res = scene_connect(sc, sc->speakers[i].name);
	return res < 0 ? res : scene_await_sinks(sc, JOINER);
}

static int play_roles(struct scene *sc)
{
	int res;

	if ((res = add_devices(sc)) < 0 || (res = connect_all_but_joiner(sc)) < 0)
		return res;
	tell_members(sc);
	if ((res = scene_start_echo(sc, JOINER)) < 0 ||
	    (res = stack_wait(&sc->stack, have_roles, sc, SCENE_PATIENCE_MS, "roles in the status")) < 0 ||
	    (res = scene_pass(sc, SETTLE_S)) < 0 || (res = look(sc, 0, LOOK_S)) < 0 ||
	    (res = scene_set_offset(sc, sc->speakers[LATE].address, HIDDEN_MS)) < 0 || (res = scene_connect(sc, told[JOINER].name)) < 0 ||
	    (res = scene_await_one_playing(sc, told[JOINER].name, 0)) < 0 ||
	    (res = scene_pass(sc, SETTLE_S)) < 0 || (res = look(sc, 1, LOOK_S)) < 0 ||
	    (res = scene_restart_wireplumber(sc, is_kept, "offset that is kept")) < 0 || (res = scene_pass(sc, SETTLE_S)) < 0)
		return res;
	return look(sc, 2, LOOK_S);
}

static int read_levels(struct scene *sc, struct levels *l, const char *format, const char *name)
{
	g_autofree char *file = g_strdup_printf(format, name);
	g_autofree char *path = g_build_filename(sc->out, file, NULL);
	int res = levels_read(l, path);

	if (res < 0)
		scene_fault(sc, "%s cannot be read", path);
	return res;
}

struct worst {
	double level, leak, place, over;
};

static double worse(double a, double b)
{
	/* fmax() takes a number for a NAN */
	return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static void judge_levels(struct scene *sc, int i, int span, const struct levels *l,
		const struct levels *first, const double *source, struct worst *worst)
{
	for (int turn = 0; turn < TURN_N; turn++)
		for (int c = 0; c < 2; c++) {
			double db = levels_in_turn(l, c, first, turn, spans[span].from, spans[span].to) -
				source[turn];
			double want = told[i].db[turn][c];

			if (isnan(want))
				worst->leak = worse(worst->leak, db);
			else
				worst->level = worse(worst->level, fabs(db - want));
			if (!isnan(want))
				worst->over = worse(worst->over, db);
		}
}

/* ms by which one is later than the first, by the window that is furthest from \a want */
static double place(const struct measure *m, int i, int span, double want)
{
	const double *own = m->speakers[i].skew, *first = m->speakers[STEREO].skew;
	double furthest = NAN, half = m->options.window / 2.0;

	for (int w = 0; w < m->n_windows; w++) {
		double ms = own[w] - first[w], t = m->window_time[w];

		if (t - half < spans[span].from || t + half > spans[span].to || isnan(ms))
			continue;
		if (isnan(furthest) || fabs(ms - want) > fabs(furthest - want))
			furthest = ms;
	}
	return furthest;
}

static void tell_speaker(const struct scene *sc, int i, int span, double ms, const struct worst *w)
{
	if (!sc->options->json)
		printf("  span %d %-10s %+8.3f ms, level off by %.2f dB, other channel %.1f dB\n",
			span + 1, told[i].name, ms, w->level, w->leak);
}

static void judge_roles(struct scene *sc, struct measure *m)
{
	struct worst all = { -INFINITY, -INFINITY, -INFINITY, -INFINITY };
	struct levels l[N_SPEAKERS] = { 0 }, echo = { 0 };
	double source[TURN_N], peak = -INFINITY;

	for (int i = 0; i < N_SPEAKERS; i++)
		if (read_levels(sc, &l[i], "speaker-%s.wav", told[i].name) < 0 ||
		    span_find_speaker(m, told[i].name) != i)
			goto done;
	if (read_levels(sc, &echo, "echo-%s.wav", SCENE_ECHO) < 0)
		goto done;
	for (int turn = 0; turn < TURN_N; turn++)
		source[turn] = levels_in_turn(&echo, turn, &echo, turn, spans[0].from, spans[2].to);
	for (int i = 0; i < N_SPEAKERS; i++) {
		peak = worse(peak, 20.0 * log10(l[i].peak / echo.peak));
		for (int span = i == JOINER; span < SPANS; span++) {
			double want = i == LATE && span == 0 ? HIDDEN_MS : told[i].later_ms;
			struct worst w = { -INFINITY, -INFINITY, -INFINITY, -INFINITY };
			double ms = place(m, i, span, want);

			judge_levels(sc, i, span, &l[i], &l[STEREO], source, &w);
			tell_speaker(sc, i, span, ms, &w);
			all.level = worse(all.level, w.level);
			all.leak = worse(all.leak, w.leak);
			all.over = worse(all.over, w.over);
			all.place = worse(all.place, fabs(ms - want));
		}
	}
	scene_figure(sc, "level_off_db", all.level, LEVEL_DB);
	scene_figure(sc, "other_channel_db", all.leak, LEAK_DB);
	scene_figure(sc, "place_off_ms", all.place, PLACE_MS);
	scene_figure(sc, "over_source_db", all.over, LEVEL_DB);
	/* a single sample, with the noise of SBC, twice: without a bound */
	scene_figure(sc, "peak_over_source_db", peak, NAN);
	scene_figure(sc, "joiner_over_group_db", levels_over(&l[JOINER], &l[STEREO], spans[0].to, spans[1].to),
		     LEVEL_DB);
	scene_figure(sc, "trim_ms", place(m, SOFT_AND_LATER, 1, TRIM_MS), NAN);
	scene_figure(sc, "without_offset_ms", place(m, LATE, 0, HIDDEN_MS), NAN);
	scene_figure(sc, "with_offset_ms", place(m, LATE, 1, 0.0), NAN);
done:
	for (int i = 0; i < N_SPEAKERS; i++)
		levels_finish(&l[i]);
	levels_finish(&echo);
}

const struct scene_type scenes_roles[] = {
	{ .name = "roles", .text = "left, right, mono, gain, trim, offset: heard, and kept over a restart",
	  .runs = 3, .speakers = N_SPEAKERS, .seconds = 3.0 * (SETTLE_S + LOOK_S), .brief_runs = 1,
	  .no_peer = true, .play = play_roles, .judge = judge_roles },
	{ 0 },
};
