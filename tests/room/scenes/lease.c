/* Scenes in which a program says something of a group for as long as it is there: lease, dither */
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
 * lease: a speaker is LATE_MS later than it says. A program has a lease of the group: it has one speaker alone
 * heard, and then places that one and the late one. What it has found of the late one it makes its latency
 * offset, which is to move nobody, and ends the lease, which then is to move the other one back and nobody else.
 * Then it has a lease again, and stands still: what it has said is over 10 s later.
 */
#define LATE_MS		20.0
#define SMALL_MS	0.5	/* which otherwise slews for seconds */
#define SETTLE_S	0.6	/* and yet it is in place within this, with the slowest speaker's latency */
#define LOOK_S		1.5
#define LIFE_S		10.0

/*
 * dither: the slowest speaker is TRACKED_MS later than it says. A program that listens all the time says so, and has
 * all delays go to and fro, each by its code. What is tracked leaves that speaker a delay of less than 5 ms, so the
 * group is to creep by what it lacks. The program stands still in the end: 10 s later the delays are to stand, and all are
 * where they were tracked to be.
 */
#define TRACKED_MS	11.0	/* of the 15 ms that a start leaves of the headroom */
#define FLOOR_MS	5.0
#define RENEW_S		2.0
#define CREEP_S		12.0	/* 0.1 ms a second, and the last of it is slewed */
#define TRACK_S		18.0	/* more than as many chips as tell the codes apart */
#define SAMPLES		2
#define CHIP_S		1.0
#define MOVE_S		0.2
#define GUARD_S		0.05	/* a block of what is heard, and what is not known of a speaker's latency */
#define DITHER_MS	0.0104	/* half a sample: of which one each is, is certain */
#define CREEP_MS	0.05	/* two lines whose samples are rounded, and 0.1 ms/s in what one latency is longer */
#define PITCH_PPM	700.0	/* two in opposite moves of 2 samples, and what blocks of 20 ms differ by */

#define SILENT_DB	-90.0
#define PLACE_MS	0.01
/* SBC's own noise is at -50 dB and less, a hard step of 0.1 ms at more than -30 */
#define CLICK_DB	-40.0

enum who { HEARD, LATE, THIRD, N_SPEAKERS };

/** What is looked at, in s */
enum what { BEFORE, SOLO, PLACED, OFFSET, ENDED, GIVEN_UP, CREEPING, TRACKED, N_SPANS };
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

/* One is later than it says */
static int begin(struct scene *sc, enum who late, double late_ms)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = noise_write_soft(path, sc->seconds + LIFE_S + 10.0, 44100, sc->seed)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>")) < 0 ||
	    (res = scene_set(sc, sc->speakers[late].name, "{'latency.msec': <%.3f>}",
			scene_fixed_latency(late) + late_ms)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	/* All of them are settled, and what their packets were is known */
	return scene_pass(sc, 3.0);
}

static double status_ms(struct scene *sc, const char *key, const char *field)
{
	return graph_combine_number(sc->stack.graph, key, field) / 1e6;
}

static double crept_ms, lacked_ms;

static int renew(struct scene *sc, const char *fields, double seconds, enum what what)
{
	int res = 0;

	spans[what].from = stack_now(&sc->stack) / 1e9;
	for (double passed = 0.0; passed < seconds && res == 0; passed += RENEW_S)
		if ((res = lease(sc, fields)) == 0)
			res = scene_pass(sc, RENEW_S);
	spans[what].to = stack_now(&sc->stack) / 1e9;
	return res;
}

static int play_dither(struct scene *sc)
{
	g_autofree char *fields = NULL, *key = NULL;
	const char *slowest;
	double before_ms;
	int res;

	if ((res = begin(sc, THIRD, TRACKED_MS)) < 0 || (res = look(sc, BEFORE)) < 0)
		return res;
	slowest = sc->speakers[THIRD].address;
	fields = g_strdup_printf(", \"track.msec\": { \"%s\": %g }, \"dither\": { \"samples\": %d, \"chip.msec\": %g, "
			"\"codes\": { \"%s\": 1, \"%s\": 2, \"%s\": 3 } }", slowest, TRACKED_MS, SAMPLES, CHIP_S * 1e3,
			sc->speakers[HEARD].address, sc->speakers[LATE].address, slowest);
	sc->mark_ns = stack_now(&sc->stack);
	key = g_strdup_printf("status.%s", slowest);
	before_ms = status_ms(sc, "status", "latency.nsec");
	lacked_ms = FLOOR_MS - (status_ms(sc, key, "delay.nsec") - TRACKED_MS);
	if ((res = lease(sc, fields)) < 0 || (res = scene_pass(sc, SETTLE_S)) < 0 ||
	    (res = renew(sc, fields, CREEP_S, CREEPING)) < 0 || (res = renew(sc, fields, TRACK_S, TRACKED)) < 0)
		return res;
	crept_ms = status_ms(sc, "status", "latency.nsec") - before_ms;
	if ((res = stack_wait(&sc->stack, is_over, NULL, SCENE_PATIENCE_MS, "end of a lease that is not renewed")) < 0 ||
	    (res = look(sc, GIVEN_UP)) < 0)
		return res;
	return scene_pass(sc, 1.0);
}

static int play(struct scene *sc)
{
	g_autofree char *solo = NULL, *place = NULL;
	const char *heard = sc->speakers[HEARD].address, *late;
	int res;

	if ((res = begin(sc, LATE, LATE_MS)) < 0 || (res = look(sc, BEFORE)) < 0)
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

static char *recording(struct scene *sc, enum who who)
{
	g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->speakers[who].name);

	return g_build_filename(sc->out, name, NULL);
}

static void judge_clicks(struct scene *sc)
{
	double click_db = -INFINITY;

	for (int i = 0; i < N_SPEAKERS; i++) {
		g_autofree char *path = recording(sc, i);
		struct wav wav;

		if (wav_read(&wav, path) < 0) {
			scene_fault(sc, "%s cannot be read", path);
			return;
		}
		click_db = fmax(click_db, click_find(&wav, spans[BEFORE].from, spans[GIVEN_UP].to).level);
		wav_finish(&wav);
	}
	scene_figure(sc, "click_db", click_db, CLICK_DB);
}

static void judge_solo(struct scene *sc)
{
	double silent_db = -INFINITY, heard_db = NAN;

	for (int i = 0; i < N_SPEAKERS; i++) {
		g_autofree char *path = recording(sc, i);
		struct levels l;
		double solo;

		if (levels_read(&l, path) < 0) {
			scene_fault(sc, "%s cannot be read", path);
			return;
		}
		solo = levels_mean(&l, spans[SOLO].from, spans[SOLO].to);
		if (i == HEARD)
			heard_db = solo - levels_mean(&l, spans[BEFORE].from, spans[BEFORE].to);
		else
			silent_db = fmax(silent_db, solo);
		levels_finish(&l);
	}
	scene_figure(sc, "others_db", silent_db, SILENT_DB);
	scene_figure(sc, "heard_louder_db", fabs(heard_db), 1.0);
}

static bool are_all_there(struct scene *sc, const struct measure *m)
{
	for (int i = 0; i < N_SPEAKERS; i++)
		if (m->n_speakers != N_SPEAKERS || span_find_speaker(m, sc->speakers[i].name) != i)
			return false;
	return true;
}

static void judge(struct scene *sc, struct measure *m)
{
	if (!are_all_there(sc, m))
		return;
	judge_solo(sc);
	judge_clicks(sc);
	judge_place(sc, m);
}

/* Rows 1 to 3 of spa/dsp/wobble.c, chip by chip */
#define CODE_CHIPS	16
static const char codes[N_SPEAKERS][CODE_CHIPS + 1] = { "0111011010000101", "1110010101010001", "1001001111010100" };

/* How far back one stands, in ms, if the first chip begins \a phase s before 0; NAN while it moves. What is heard
 * was in the delay line a speaker's latency earlier. */
static double stands(enum who who, double t, double phase)
{
	double latency = (scene_fixed_latency(who) + (who == THIRD ? TRACKED_MS : 0.0)) / 1e3;
	double chips = (t - latency + phase) / CHIP_S, within = (chips - floor(chips)) * CHIP_S;

	if (within < MOVE_S + GUARD_S || within > CHIP_S - GUARD_S)
		return NAN;
	return (codes[who][(int)floor(chips) % CODE_CHIPS] - '0') * SAMPLES / 48.0;
}

/* How far two are from where their codes have them, in ms: the worst, and what it is on average */
static double off_code(const struct measure *m, enum who who, enum who other, enum what what, double phase, double *mean)
{
	double worst = 0.0, sum = 0.0;
	int n = 0;

	for (double t = spans[what].from; t < spans[what].to; t += 0.02) {
		double want = stands(who, t, phase) - stands(other, t, phase);
		double ms = span_lag(&m->speakers[who], t) - span_lag(&m->speakers[other], t);

		if (isnan(want))
			continue;
		worst = fmax(worst, isnan(ms) ? INFINITY : fabs(ms - want));
		sum += isnan(ms) ? INFINITY : fabs(ms - want);
		n++;
	}
	*mean = n > 0 ? sum / n : INFINITY;
	return n > 0 ? worst : INFINITY;
}

/* When chips begin nobody knows but the fan-out: it is looked for, and all must agree */
static double find_phase(const struct measure *m)
{
	double best = INFINITY, found = 0.0, mean[2];

	for (double phase = 0.0; phase < CODE_CHIPS * CHIP_S; phase += 0.02) {
		off_code(m, HEARD, THIRD, TRACKED, phase, &mean[0]);
		off_code(m, LATE, THIRD, TRACKED, phase, &mean[1]);
		if (mean[0] + mean[1] < best) {
			best = mean[0] + mean[1];
			found = phase;
		}
	}
	return found;
}

static double worst_off_code(const struct measure *m, enum what what, double phase)
{
	double mean;

	return fmax(off_code(m, HEARD, THIRD, what, phase, &mean), off_code(m, LATE, THIRD, what, phase, &mean));
}

/* The fastest that one moves against another, over half a move */
static double fastest_ppm(const struct measure *m, enum who who, enum who other)
{
	double fastest = 0.0, half = MOVE_S / 2.0;

	for (double t = spans[CREEPING].from; t < spans[TRACKED].to; t += 0.02) {
		double to = span_lag(&m->speakers[who], t + half) - span_lag(&m->speakers[other], t + half);
		double from = span_lag(&m->speakers[who], t) - span_lag(&m->speakers[other], t);

		fastest = fmax(fastest, fabs(to - from) / half * 1e3);
	}
	return fastest;
}

static void judge_dither(struct scene *sc, struct measure *m)
{
	int events = 0;
	double phase;

	if (!are_all_there(sc, m))
		return;
	phase = find_phase(m);
	for (int i = 0; i < N_SPEAKERS; i++) {
		struct span_events e = span_events(&m->speakers[i], spans[CREEPING].from, spans[GIVEN_UP].to);

		events += e.gaps + e.repeats + e.skips + e.absences;
	}
	judge_clicks(sc);
	scene_figure(sc, "events", events, 0.0);
	scene_figure(sc, "off_code_ms", worst_off_code(m, TRACKED, phase), DITHER_MS);
	scene_figure(sc, "creeping_off_ms", worst_off_code(m, CREEPING, phase), CREEP_MS);
	scene_figure(sc, "fastest_ppm", fmax(fastest_ppm(m, HEARD, THIRD), fastest_ppm(m, LATE, THIRD)), PITCH_PPM);
	scene_figure(sc, "crept_ms", crept_ms, NAN);
	scene_figure(sc, "crept_off_ms", lacked_ms > 0.0 ? fabs(crept_ms - lacked_ms) : INFINITY, PLACE_MS);
	scene_figure(sc, "given_up_off_ms", fmax(off(m, HEARD, GIVEN_UP, 0.0), off(m, LATE, GIVEN_UP, 0.0)), PLACE_MS);
}

const struct scene_type scenes_lease[] = {
	{ .name = "lease", .text = "a program has one speaker heard alone, and moves two",
	  .runs = 2, .speakers = N_SPEAKERS, .seconds = 30.0, .brief_runs = 1,
	  .no_peer = true, .play = play, .judge = judge },
	{ .name = "dither", .text = "a program tracks speakers, and their delays go to and fro",
	  .runs = 2, .speakers = N_SPEAKERS, .seconds = 40.0, .brief_runs = 1,
	  .no_peer = true, .play = play_dither, .judge = judge_dither },
	{ 0 },
};
