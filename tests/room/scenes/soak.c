/* Scene soak: anything may happen, for any length of time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenes/soak.h"
#include "stage/logs.h"
#include "stage/noise.h"

/*
 * Events are drawn from the seed alone, with their times, before anything happens: the same seed
 * stages the same. While music plays, what was heard is measured piece by piece:
 * speakers to which nothing has just been done agree, and have neither gaps nor steps; nobody is
 * silent for longer than what was done to it explains; all are as loud, and play those channels, as was last said
 * of them. Memory and descriptors of the daemons stay, there is a node for each speaker and no other, and the logs
 * say little.
 */
#define SOURCE_S	97.0	/* the Echo begins again after so much */
#define EVENT_EVERY_S	5.0	/* on the average */
#define LOG_PER_EVENT	2
#define RSS_BOUND_KB	6144	/* the allocator's own to and fro */
#define WARM_UP_MAX	15	/* checks, in which a daemon has taken what it needs; half of a short run */
#define FD_BOUND	4	/* a transport that is there just then, or is not */
#define QUIET_S		(SOAK_SETTLE_S + SOAK_CHECK_S + SOAK_LAG_S)	/* at the end: one check is in it */

double soak_now(const struct soak *k)
{
	return stack_now(&k->scene->stack) / 1e9;
}

void soak_excuse(struct soak *k, int speaker, double seconds, double silent_ms)
{
	struct soak_excuse e = { speaker, soak_now(k) - 0.1, soak_now(k) + seconds + SOAK_SETTLE_S, silent_ms,
		SOAK_OF_ALL };

	g_array_append_val(k->excuses, e);
}

void soak_excuse_only(struct soak *k, enum soak_of of, int speaker, double seconds, double silent_ms)
{
	struct soak_excuse e = { speaker, soak_now(k) - 0.1, soak_now(k) + seconds, silent_ms, of };

	g_array_append_val(k->excuses, e);
}

/* A gain is linear, a volume cubic; and no role changes how loud it is by more than 0.1 dB */
void soak_expect(struct soak *k, int speaker)
{
	for (int i = 0; i < k->scene->n_speakers; i++) {
		const struct soak_speaker *s = &k->speakers[i];
		struct soak_sound e = { i, soak_now(k), 20.0 * log10(s->gain) +
			60.0 * log10(s->volume * k->volume), strcmp(s->role, "stereo") == 0 };

		if (speaker < 0 || speaker == i)
			g_array_append_val(k->sounds, e);
	}
}

int soak_pass(struct soak *k, double seconds)
{
	double end = soak_now(k) + seconds;
	int res;

	while (soak_now(k) < end) {
		if ((res = scene_pass(k->scene, fmin(fmax(end - soak_now(k), 0.001), 5.0))) < 0)
			return res;
		if (soak_now(k) - SOAK_LAG_S - k->checked >= SOAK_CHECK_S) {
			if ((res = soak_check_piece(k, soak_now(k) - SOAK_LAG_S)) < 0)
				return res;
			soak_check_now(k);
		}
	}
	return 0;
}

static int begin(struct soak *k)
{
	struct scene *sc = k->scene;
	static const double latencies[] = { 50.0, 150.0, 220.0 };
	g_autofree char *wav = g_build_filename(sc->stack.out, "source.wav", NULL);
	int res;

	if ((res = noise_write_alike(wav, SOURCE_S, 44100, sc->seed)) < 0)
		return res;
	k->volume = 1.0;
	for (int i = 0; i < sc->n_wanted; i++)
		k->speakers[i] = (struct soak_speaker) { .latency_ms = i < 3 ? latencies[i] : 100.0,
			.gain = 1.0, .volume = 1.0, .role = "stereo" };
	if ((res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, wav, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>, 'loop': <true>")) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = soak_open_tapes(k)) < 0)
		return res;
	k->warm_up = MIN(WARM_UP_MAX, (int)(sc->seconds / SOAK_CHECK_S / 2.0));
	soak_excuse(k, -1, 2.0, 3000.0);
	soak_expect(k, -1);
	return scene_start_echo(sc, sc->n_speakers);
}

static int play(struct soak *k, double seconds)
{
	double end = soak_now(k) + seconds;
	int res;

	while (soak_now(k) < end) {
		enum soak_kind kind = soak_draw_kind(k);
		int speaker = (int)(random_unit(&k->random) * k->scene->n_speakers);
		double u = random_unit(&k->random), wait = 2.0 * EVENT_EVERY_S * random_unit(&k->random);

		if ((res = soak_pass(k, wait)) < 0)
			return res;
		if (k->scene->options->keep != NULL)
			fprintf(stderr, "%.2f s: %s %s %.3f\n", soak_now(k), soak_kind_names[kind],
				k->scene->speakers[speaker].name, u);
		if ((res = soak_happen(k, kind, speaker, u)) < 0)
			return res;
		k->counts[kind]++;
		k->n_events++;
	}
	/* and now nothing: all of them play together */
	return soak_pass(k, QUIET_S);
}

static bool is_well(const struct scene *sc)
{
	for (int i = 0; i < sc->n_figures; i++)
		if (!isnan(sc->figures[i].bound) && !(sc->figures[i].value <= sc->figures[i].bound))
			return false;
	return sc->faults->len == 0;
}

static void judge(struct soak *k)
{
	struct scene *sc = k->scene;
	struct log_lines n = scene_log_lines(sc);

	if (soak_now(k) - k->usage_s > QUIET_S)
		scene_fault(sc, "nobody has looked at memory and descriptors since %.2f s", k->usage_s);
	scene_figure(sc, "minutes", soak_now(k) / 60.0, NAN);
	scene_figure(sc, "events", k->n_events, NAN);
	for (int i = 0; i < SOAK_N_KINDS; i++)
		scene_figure(sc, soak_kind_names[i], k->counts[i], NAN);
	scene_figure(sc, "windows", k->windows, NAN);
	scene_figure(sc, "worst_skew_ms", k->worst_ms, SOAK_SKEW_MS);
	scene_figure(sc, "gaps_and_steps", k->steps, 0.0);
	scene_figure(sc, "too_long_silent", k->overlong, 0.0);
	scene_figure(sc, "mute", k->mute, 0.0);
	scene_figure(sc, "longest_silence_ms", k->longest_ms, NAN);
	scene_figure(sc, "loudness_windows", k->sound_windows, NAN);
	scene_figure(sc, "loudness_off_db", k->worst_db, NAN);
	scene_figure(sc, "same_channels_differ_db", k->worst_side_db, NAN);
	scene_figure(sc, "looks_at_nodes", k->looks, NAN);
	scene_figure(sc, "wrong_nodes", k->wrong_nodes, 0.0);
	scene_figure(sc, "usage_compared", k->n_compared, NAN);
	scene_figure(sc, "rss_growth_kb", (double)k->rss_growth_kb, RSS_BOUND_KB);
	scene_figure(sc, "fd_growth", k->fd_growth, FD_BOUND);
	scene_figure(sc, "complaints", k->complaints, 0.0);
	scene_figure(sc, "log_ours", n.ours, (double)LOG_PER_EVENT * k->n_events);
	scene_figure(sc, "log_others", n.others, NAN);
	scene_figure(sc, "music_per_wall", sc->stack.clock.wall_ns > 0 ?
			(double)sc->stack.clock.passed_ns / sc->stack.clock.wall_ns : NAN, NAN);
}

static void tell(const struct scene *sc, const char *verdict, struct json *j)
{
	if (!sc->options->json) {
		for (int i = 0; i < sc->n_figures; i++)
			printf("  %s: %.3f\n", sc->figures[i].name, sc->figures[i].value);
		printf("%s%sverdict: %s\n", sc->faults->len ? "faults:\n" : "", sc->faults->str, verdict);
		return;
	}
	json_begin(j, NULL, '{');
	json_string(j, "scene", sc->type->name);
	json_int(j, "seed", sc->options->seed);
	for (int i = 0; i < sc->n_figures; i++)
		json_double(j, sc->figures[i].name, sc->figures[i].value);
	json_string(j, "faults", sc->faults->str);
	json_string(j, "verdict", verdict);
	json_end(j, '}');
}

static int run_soak(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct stack_options so = { .system = o->module ? STACK_MODULE : o->peer ? STACK_PEER : STACK_POLICY,
		.own_clock = o->own_clock, .seed = o->seed };
	enum scene_verdict verdict = SCENE_COULD_NOT_RUN;
	struct soak k = { .random = { .state = o->seed }, .worst_side_db = -INFINITY };
	struct scene sc;
	int res;

	k.scene = &sc;
	k.excuses = g_array_new(FALSE, FALSE, sizeof(struct soak_excuse));
	k.sounds = g_array_new(FALSE, FALSE, sizeof(struct soak_sound));
	if ((res = scene_open(&sc, type, o, &so, "soak")) == 0 && (res = begin(&k)) == 0)
		res = play(&k, sc.seconds);
	if (res == 0) {
		judge(&k);
		verdict = is_well(&sc) ? SCENE_WELL : SCENE_NOT_WELL;
	} else if (res != -EINTR) {
		stack_print_logs(&sc.stack);
	}
	tell(&sc, scene_verdict_names[verdict], j);
	for (int i = 0; i <= SCENE_SPEAKERS_MAX; i++)
		tape_close(&k.tapes[i]);
	g_array_free(k.excuses, TRUE);
	g_array_free(k.sounds, TRUE);
	scene_close(&sc);
	return verdict;
}

const struct scene_type scenes_soak[] = {
	{ .name = "soak", .text = "random events for any length, all the time checked; a seed repeats them",
	  .runs = 1, .speakers = 3, .seconds = 3600.0, .brief_seconds = 180.0, .whole = run_soak },
	{ 0 },
};
