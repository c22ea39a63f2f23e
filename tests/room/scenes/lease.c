/* Scene lease: a program has one speaker heard alone, and moves others, for as long as it is there */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "listen/levels.h"
#include "listen/measure-click.h"
#include "listen/measure-span.h"
#include "stage/noise.h"
#include "stage/scene.h"

/*
 * A speaker is LATE_MS later than it says. A program has a lease of the group: it has one speaker alone
 * heard, and then places that one and the late one. What it has found of the late one it makes its latency
 * offset, which is to move nobody, and ends the lease, which then is to move the other one back and nobody else.
 * Then it has a lease again, and stands still: what it has said is over 10 s later.
 */
#define LATE_MS		20.0
#define SMALL_MS	0.5	/* which otherwise slews for seconds */
#define SETTLE_S	0.6	/* and yet it is in place within this, with the slowest speaker's latency */
#define LOOK_S		1.5
#define LIFE_S		10.0

#define SILENT_DB	-90.0
#define PLACE_MS	0.01
/* SBC's own noise is at -50 dB and less, a hard step of 0.1 ms at more than -30 */
#define CLICK_DB	-40.0

enum who { HEARD, LATE, THIRD, N_SPEAKERS };

/** What is looked at, in s */
enum what { BEFORE, SOLO, PLACED, OFFSET, ENDED, GIVEN_UP, N_SPANS };
static struct { double from, to; } spans[N_SPANS];
static unsigned count;

static int look(struct scene *sc, enum what what)
{
	int res = scene_pass(sc, SETTLE_S);

	spans[what].from = stack_now(&sc->stack) / 1e9;
	if (res == 0)
		res = scene_pass(sc, LOOK_S);
	spans[what].to = stack_now(&sc->stack) / 1e9;
	return res;
}

static bool is_taken(struct stack *s, void *data)
{
	return graph_combine_number(s->graph, "lease.taken", "count") == count &&
		graph_combine_number(s->graph, "lease.taken", "client") == graph_client(s->graph);
}

/* fields: what is said besides the count */
static int lease(struct scene *sc, const char *fields)
{
	g_autofree char *json = g_strdup_printf("{ \"version\": 1, \"count\": %u%s }", ++count, fields);

	graph_set_metadata(sc->stack.graph, true, graph_client(sc->stack.graph), "lease", "Spa:String:JSON", json);
	return stack_wait(&sc->stack, is_taken, NULL, SCENE_PATIENCE_MS, "lease");
}

static bool is_over(struct stack *s, void *data)
{
	return isnan(graph_combine_number(s->graph, "lease.taken", "client"));
}

static int end_lease(struct scene *sc)
{
	graph_set_metadata(sc->stack.graph, true, graph_client(sc->stack.graph), "lease", NULL, NULL);
	return stack_wait(&sc->stack, is_over, NULL, SCENE_PATIENCE_MS, "end of a lease");
}

static int begin(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = noise_write_soft(path, sc->seconds + LIFE_S + 10.0, 44100, sc->seed)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>")) < 0 ||
	    (res = scene_set(sc, sc->speakers[LATE].name, "{'latency.msec': <%.3f>}",
			scene_fixed_latency(LATE) + LATE_MS)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	/* All of them are settled, and what their packets were is known */
	return scene_pass(sc, 3.0);
}

static int play(struct scene *sc)
{
	g_autofree char *solo = NULL, *place = NULL;
	const char *heard = sc->speakers[HEARD].address, *late;
	int res;

	if ((res = begin(sc)) < 0 || (res = look(sc, BEFORE)) < 0)
		return res;
	late = sc->speakers[LATE].address;
	solo = g_strdup_printf(", \"solo\": [ \"%s\" ]", heard);
	place = g_strdup_printf(", \"correction.msec\": { \"%s\": %g, \"%s\": %g }", heard, -SMALL_MS, late, LATE_MS);
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = lease(sc, solo)) < 0 || (res = look(sc, SOLO)) < 0 ||
	    (res = lease(sc, place)) < 0 || (res = look(sc, PLACED)) < 0 ||
	    (res = scene_set_offset(sc, late, LATE_MS)) < 0 || (res = look(sc, OFFSET)) < 0 ||
	    (res = end_lease(sc)) < 0 || (res = scene_pass(sc, 5.0)) < 0 || (res = look(sc, ENDED)) < 0 ||
	    (res = lease(sc, solo)) < 0 || (res = scene_pass(sc, LIFE_S)) < 0 ||
	    (res = stack_wait(&sc->stack, is_over, NULL, SCENE_PATIENCE_MS, "end of a lease that is not renewed")) < 0 ||
	    (res = look(sc, GIVEN_UP)) < 0)
		return res;
	return scene_pass(sc, 1.0);
}

/* By how much one is later than another one, in ms, furthest from \a want of all that span */
static double later(const struct measure *m, enum who who, enum who other, enum what what, double want)
{
	double furthest = NAN;

	for (double t = spans[what].from; t < spans[what].to; t += 0.1) {
		double ms = span_lag(&m->speakers[who], t) - span_lag(&m->speakers[other], t);

		if (isnan(ms))
			return NAN;
		if (isnan(furthest) || fabs(ms - want) > fabs(furthest - want))
			furthest = ms;
	}
	return furthest;
}

static double off(const struct measure *m, enum who who, enum what what, double want)
{
	return fabs(later(m, who, THIRD, what, want) - want);
}

static void judge_place(struct scene *sc, const struct measure *m)
{
	/* Without a bound: both are compared at one moment, and so soon the Echo's clock is still being found */
	scene_figure(sc, "late_before_ms", later(m, LATE, THIRD, BEFORE, LATE_MS), NAN);
	scene_figure(sc, "placed_off_ms", fmax(off(m, LATE, PLACED, 0.0), off(m, HEARD, PLACED, SMALL_MS)), PLACE_MS);
	scene_figure(sc, "offset_off_ms", fmax(off(m, LATE, OFFSET, 0.0), off(m, HEARD, OFFSET, SMALL_MS)), PLACE_MS);
	scene_figure(sc, "ended_off_ms", fmax(off(m, LATE, ENDED, 0.0), off(m, HEARD, ENDED, 0.0)), PLACE_MS);
	scene_figure(sc, "given_up_off_ms", fmax(off(m, LATE, GIVEN_UP, 0.0), off(m, HEARD, GIVEN_UP, 0.0)), PLACE_MS);
}

static void judge_sound(struct scene *sc, enum who who, double *silent_db, double *heard_db, double *click_db)
{
	g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->speakers[who].name);
	g_autofree char *path = g_build_filename(sc->out, name, NULL);
	struct levels l;
	struct wav wav;
	double solo;

	if (levels_read(&l, path) < 0 || wav_read(&wav, path) < 0) {
		scene_fault(sc, "%s cannot be read", path);
		return;
	}
	solo = levels_mean(&l, spans[SOLO].from, spans[SOLO].to);
	if (who == HEARD)
		*heard_db = solo - levels_mean(&l, spans[BEFORE].from, spans[BEFORE].to);
	else
		*silent_db = fmax(*silent_db, solo);
	*click_db = fmax(*click_db, click_find(&wav, spans[BEFORE].from, spans[GIVEN_UP].to).level);
	wav_finish(&wav);
	levels_finish(&l);
}

static void judge(struct scene *sc, struct measure *m)
{
	double silent_db = -INFINITY, heard_db = NAN, click_db = -INFINITY;

	if (m->n_speakers != N_SPEAKERS)
		return;
	for (int i = 0; i < N_SPEAKERS; i++) {
		if (span_find_speaker(m, sc->speakers[i].name) != i)
			return;
		judge_sound(sc, i, &silent_db, &heard_db, &click_db);
	}
	scene_figure(sc, "others_db", silent_db, SILENT_DB);
	scene_figure(sc, "heard_louder_db", fabs(heard_db), 1.0);
	scene_figure(sc, "click_db", click_db, CLICK_DB);
	judge_place(sc, m);
}

const struct scene_type scenes_lease[] = {
	{ .name = "lease", .text = "a program has one speaker heard alone, and moves two",
	  .runs = 2, .speakers = N_SPEAKERS, .seconds = 30.0, .brief_runs = 1,
	  .no_peer = true, .play = play, .judge = judge },
	{ 0 },
};
