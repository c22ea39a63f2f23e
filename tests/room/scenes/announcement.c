/* Scene announcement: one short sound after a long silence */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "listen/levels.h"
#include "listen/wav.h"
#include "stage/noise.h"
#include "stage/scene.h"

/*
 * The Echo plays, is silent for so long that WirePlumber has given up the links to the
 * speakers, and then says something of 1.5 s. How much of its beginning is not heard, by
 * the speaker that loses the most?
 */
#define SONG_S		3.0
#define SPEECH_S	1.5
#define COMPARED_S	0.03
#define WAKE_MS		400.0
#define CUT_BOUND_MS	5.0
#define STALL_S		0.15

/*
 * In announcement-open and -always the Echo's stream goes on meanwhile and brings digital silence, as that of a
 * player does that is paused. One speaker is softer than the others: half a step of 16 bits is none, and it
 * has to stay awake all the same.
 */
#define LEAD_S		5.0	/* of sound in the file, before the silence */
#define SOFT_GAIN	"0.25"
#define TOLD_STEPS	2
#define LOOK_S		1.0
/* What a triangle's peak is above its mean. Of so little SBC makes peaks that are some steps higher. */
#define PEAK_DB		7.78

static bool echo_is_gone(struct stack *s, void *data)
{
	return graph_find(s->graph, "bluez_input.*") == NULL;
}

/* An amplifier that sleeps in silence, and takes a moment to wake up */
static int make_sleepy(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++)
		res = scene_set(sc, sc->speakers[i].name, "{'wake.msec': <%.1f>, 'sleep.msec': <3000.0>}", WAKE_MS);
	return res;
}

static bool all_released(struct stack *s, void *data)
{
	struct scene *sc = data;

	for (int i = 0; i < sc->n_speakers; i++)
		if (stack_find_event(s, sc->speakers[i].name, "released", 0) == NULL)
			return false;
	return true;
}

static const char cold_conf[] = "wireplumber.settings = { bluez-combine.keep-warm.sec = 0 }\n";
static const char always_conf[] = "wireplumber.settings = { bluez-combine.keep-warm.sec = 0\n"
	"bluez-combine.keep-warm.always = true, bluez-combine.keep-warm.level = " G_STRINGIFY(TOLD_STEPS) " }\n";

static bool is_warm(const struct scene *sc)
{
	return sc->type->stack.wireplumber_conf != cold_conf;
}

static bool is_stalled(const struct scene *sc)
{
	return strcmp(sc->type->name, "announcement-stall") == 0;
}

/* In the midst of it the machine stands still: speakers are started anew, and are kept warm again. */
static int stall(struct scene *sc)
{
	struct clock_shm *shm = sc->stack.clock.shm;
	pid_t pid = sc->stack.wireplumber.pid;
	int res;

	if (!is_stalled(sc))
		return 0;
	if ((res = scene_pass(sc, 1.0)) < 0 || (res = clock_shm_stall(shm, pid, true)) < 0)
		return res;
	res = scene_pass(sc, STALL_S);
	clock_shm_stall(shm, pid, false);
	return res;
}

/* At real speed: it is by the machine's clock that WirePlumber gives up a link. */
static int be_silent(struct scene *sc)
{
	int res;

	if ((res = stack_wait(&sc->stack, NULL, NULL, (int)(sc->seconds * 1000.0), "silence")) < 0)
		return res;
	if (!is_warm(sc))
		return stack_wait(&sc->stack, all_released, sc, SCENE_PATIENCE_MS, "end of the links to speakers");
	for (int i = 0; i < sc->n_speakers; i++) {
		bool released = stack_find_event(&sc->stack, sc->speakers[i].name, "released", 0) != NULL;

		if (released != is_stalled(sc))
			scene_fault(sc, "the link to %s was %s", sc->speakers[i].name,
				released ? "given up" : "not made anew after a stall");
	}
	return 0;
}

static int play_announcement(struct scene *sc)
{
	int64_t now;
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = make_sleepy(sc)) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 || (res = scene_pass(sc, SONG_S)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_gone, NULL, SCENE_PATIENCE_MS,
			      "the end of the Echo's stream")) < 0 ||
	    (res = stall(sc)) < 0 || (res = be_silent(sc)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	sc->mark_ns = now;
	if ((res = scene_pass(sc, SPEECH_S)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0)
		return res;
	return scene_pass(sc, 1.0);
}

/* Noise with a silence in it, that is LEAD_S after the beginning */
static int write_source(struct scene *sc, const char *path)
{
	size_t begin, n;
	struct wav w;
	int res;

	if ((res = noise_write(path, LEAD_S + sc->seconds + 30.0, 44100, sc->seed)) < 0 ||
	    (res = wav_read(&w, path)) < 0)
		return res;
	begin = (size_t)(LEAD_S * w.rate) * w.channels;
	n = (size_t)(sc->seconds * w.rate) * w.channels;
	memset(&w.data[begin], 0, n * sizeof(w.data[0]));
	res = wav_write(&w, path);
	wav_finish(&w);
	return res;
}

static void expect_state(struct scene *sc, const char *wanted)
{
	g_autofree char *state = graph_combine_string(sc->stack.graph, "status", "state");

	if (g_strcmp0(state, wanted) != 0)
		scene_fault(sc, "the group is %s, not %s", state, wanted);
}

static int play_open(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-open.wav", NULL);
	g_autofree char *key = NULL;
	int res;

	if ((res = write_source(sc, path)) < 0 || (res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = make_sleepy(sc)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>")) < 0)
		return res;
	key = g_strconcat("member.", sc->speakers[1].address, NULL);
	graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON", "{ \"gain\": " SOFT_GAIN " }");
	if ((res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_pass(sc, LEAD_S + sc->seconds / 2.0)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	expect_state(sc, "warm");
	return scene_pass(sc, sc->seconds / 2.0 + SPEECH_S + 1.0);
}

/* The first sample with sound at or after \a from, -1: none */
static int64_t sound_after(const struct signal *s, int64_t from)
{
	for (size_t i = 0; i < s->n_silences; i++)
		if (s->silences[i].end >= from && s->silences[i].begin < from)
			return s->silences[i].end;
	return -1;
}

/*
 * By how much a speaker is later than the Echo. Compared in short pieces: the Echo's
 * stream has just begun, and PipeWire plays it up to 0.5 % too fast or too slow until
 * as much of it is buffered as it wants.
 */
static double lag_of(struct lag_finder *f, const struct signal *source, int64_t said, const struct signal *speaker)
{
	struct lag best = { .rho = 0.0, .lag = NAN };

	for (double at = SPEECH_S / 2.0; at < SPEECH_S - SCENE_EDGE_S; at += 2.0 * COMPARED_S) {
		struct lag lag = lag_find(f, source, said + (int64_t)(at * MEASURE_RATE),
				(int64_t)(COMPARED_S * MEASURE_RATE), speaker, 0, MEASURE_RATE);
		if (lag.state == LAG_OK && lag.rho > best.rho)
			best = lag;
	}
	return best.lag;
}

static void judge_announcement(struct scene *sc, struct measure *m)
{
	/* on the room's clock the Echo sends at once */
	int64_t mark = (sc->mark_ns / SPA_NSEC_PER_MSEC - 100) * MEASURE_RATE / 1000;
	int64_t said = sound_after(&m->source, mark);
	struct lag_finder *f = lag_finder_new();
	double worst = -INFINITY, best = INFINITY;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];
		int64_t heard = sound_after(&s->signal, mark);
		double cut = said < 0 || heard < 0 ? NAN :
			(heard - said - lag_of(f, &m->source, said, &s->signal)) * 1000.0 / MEASURE_RATE;

		if (isnan(cut)) {
			scene_fault(sc, "%s says nothing of the announcement", s->signal.name);
			continue;
		}
		worst = fmax(worst, cut);
		best = fmin(best, cut);
	}
	lag_finder_destroy(f);
	scene_figure(sc, "cut_worst_ms", worst, is_warm(sc) ? CUT_BOUND_MS : NAN);
	scene_figure(sc, "cut_least_ms", best, NAN);
}

/* What keeps the speakers awake: there, in each of them, and not louder than told */
static void judge_open(struct scene *sc, struct measure *m)
{
	int steps = sc->type->stack.wireplumber_conf == always_conf ? TOLD_STEPS : 1;
	double from = sc->mark_ns / 1e9, told = 20.0 * log10(steps / 32768.0);
	double least = INFINITY, most = -INFINITY, peak = 0.0;
	struct levels l;
	struct wav w;

	judge_announcement(sc, m);
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->speakers[i].name);
		g_autofree char *path = g_build_filename(sc->out, name, NULL);
		double mean;

		if (levels_read(&l, path) < 0 || wav_read(&w, path) < 0) {
			scene_fault(sc, "%s cannot be read", path);
			return;
		}
		mean = levels_mean(&l, from, from + LOOK_S);
		least = fmin(least, mean);
		most = fmax(most, mean);
		for (size_t k = (size_t)(from * w.rate) * 2; k < (size_t)((from + LOOK_S) * w.rate) * 2; k++)
			peak = fmax(peak, fabsf(w.data[k]));
		levels_finish(&l);
		wav_finish(&w);
	}
	scene_figure(sc, "noise_less_by_db", told - PEAK_DB - least, 0.0);
	scene_figure(sc, "noise_more_by_db", most - told, 0.0);
	scene_figure(sc, "noise_peak_db", 20.0 * log10(peak), NAN);
}

#define COMMON \
	.runs = 2, .speakers = 3, .seconds = 20.0, .brief_runs = 1, .brief_seconds = 6.0, \
	.play = play_announcement, .judge = judge_announcement

#define OPEN \
	.runs = 2, .speakers = 3, .seconds = 20.0, .brief_runs = 1, .brief_seconds = 6.0, \
	.play = play_open, .judge = judge_open

const struct scene_type scenes_announcement[] = {
	{ .name = "announcement", .text = "a short sound after a long silence: its beginning is heard",
	  .bounds = { .median = 0.3 }, COMMON },
	{ .name = "announcement-open", .text = "the Echo's stream goes on in the silence before it",
	  .bounds = { .median = 0.3 }, OPEN },
	{ .name = "announcement-always", .text = "the same without end, and with a noise of " G_STRINGIFY(TOLD_STEPS) " steps",
	  .stack = { .wireplumber_conf = always_conf }, .bounds = { .median = 0.3 }, OPEN },
	/* One: of several there is always one that is not being started anew */
	{ .name = "announcement-stall", .text = "the same when wireplumber has stood still in that silence",
	  .runs = 2, .speakers = 1, .seconds = 20.0, .brief_runs = 1, .brief_seconds = 6.0,
	  .play = play_announcement, .judge = judge_announcement },
	{ .name = "announcement-cold", .text = "the same with speakers that are let sleep: how much is lost",
	  .stack = { .wireplumber_conf = cold_conf }, COMMON },
	{ 0 },
};
