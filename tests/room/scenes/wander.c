/* A room in which speakers wander while music plays, and who keeps them together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "scenes/wander.h"
#include "stage/music.h"

#define BEFORE_S	3.0	/* of music, before they are calibrated */
#define LOOP_S		400.0	/* the music begins again after so much */
#define MORE_S		20.0	/* of it than the scene says that it plays */
#define PPM_MIN		20.0
#define PPM_MAX		40.0
#define LATENCY_MIN_MS	150.0
#define LATENCY_MAX_MS	300.0
#define AN_ADAPTER	4	/* speakers */
#define FOLLOW_S	5.0	/* delays follow what is found by 0.5 ms in a second */

/* Buffers, clocks and boxes */
static const struct {
	const char *name, *options;
	const char *wander;		/* from when on the music plays, beside a clock error that is drawn for each */
} kinds[] = {
	{ "drains", "'model': <'rebuffer'>, 'spread.msec': <6.0>, 'low.hz': <120.0>, 'high.hz': <14000.0>, "
		"'dynamic.db': <8.0>", ", 'decay.msec': <90.0>, 'decay.sec': <1500.0>" },
	{ "loses", "'model': <'fixed'>, 'spread.msec': <3.0>, 'low.hz': <150.0>, 'high.hz': <12000.0>, "
		"'limiter.db': <-9.0>", ", 'loss': <0.01>" },
	{ "pi", "'model': <'pi'>, 'spread.msec': <4.0>, 'service.msec': <3.0>, 'jitter.msec': <2.0>, 'low.hz': <40.0>, "
		"'bass.msec': <8.0>", "" },
	{ "deadband", "'model': <'deadband'>, 'spread.msec': <12.0>, 'low.hz': <70.0>, 'high.hz': <16000.0>, "
		"'harmonic': <0.1>", "" },
};
#define N_KINDS	(int)G_N_ELEMENTS(kinds)

static const char *const state_names[] = { "", "learning", "tracking", "holding", "lost", "silent" };

double wander_now_s(const struct wander *w)
{
	return stack_now(&w->scene->stack) / 1e9;
}

/* Half of them are slow, and half are fast. What drains is slow: its latency falls by some 60 ppm at first. */
static double draw_ppm(struct random *r, int i)
{
	return (i % 2 ? 1.0 : -1.0) * (PPM_MIN + random_unit(r) * (PPM_MAX - PPM_MIN));
}

static int add_real_speaker(struct scene *sc, struct random *r, int i)
{
	double latency = rint(LATENCY_MIN_MS + random_unit(r) * (LATENCY_MAX_MS - LATENCY_MIN_MS));
	g_autofree char *name = g_strdup_printf("s%02d-%s", i + 1, kinds[i % N_KINDS].name);
	g_autofree char *report = calibrate_draw_report(r, latency);

	return scene_add_speaker(sc, name, "{%s'latency.msec': <%.1f>, 'adapter': <'hci%d'>, %s}", report, latency,
			i % (sc->n_adapters + 1), kinds[i % N_KINDS].options);
}

static int add_true_speaker(struct scene *sc, struct random *r, int i)
{
	double latency = rint(LATENCY_MIN_MS + random_unit(r) * (LATENCY_MAX_MS - LATENCY_MIN_MS));
	g_autofree char *name = g_strdup_printf("s%02d", i + 1);

	return scene_add_speaker(sc, name, "{'latency.msec': <%.1f>, 'report.msec': <%.1f>, 'ppm': <%.1f>, 'start': <'level'>, "
			"'adapter': <'hci%d'>}", latency, latency, draw_ppm(r, i), i % (sc->n_adapters + 1));
}

static int add_music(struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source-" SCENE_ECHO ".wav", NULL);
	double seconds = fmin(LOOP_S, sc->seconds + BEFORE_S + MORE_S) / MUSIC_N_KINDS;
	struct music_part parts[MUSIC_N_KINDS];
	int res;

	for (int i = 0; i < MUSIC_N_KINDS; i++)
		parts[i] = (struct music_part) { (i + sc->seed) % MUSIC_N_KINDS, seconds };
	if ((res = music_write(path, parts, MUSIC_N_KINDS, 44100, sc->seed)) < 0)
		return res;
	return scene_add_echo_file(sc, SCENE_ECHO, path, "'vendor': <'bluetooth:0171'>, 'ppm': <60.0>, "
			"'jitter.msec': <3.0>, 'loop': <true>");
}

int wander_build(struct wander *w, struct scene *sc, enum wander_kind kind)
{
	struct random r = { .state = sc->seed ^ 0x77616e64 };
	double t60 = 0.2 + 0.6 * random_unit(&r), ppm = random_around(&r, 100.0);
	int res;

	listener_close(&w->listener);
	g_clear_pointer(&w->moments, g_array_unref);
	*w = (struct wander) { .scene = sc, .moments = g_array_new(FALSE, TRUE, sizeof(struct tracked_moment)) };
	res = scene_add_adapters(sc, (sc->n_wanted - 1) / AN_ADAPTER);
	for (int i = 0; i < sc->n_wanted && res == 0; i++)
		res = kind == WANDER_REAL ? add_real_speaker(sc, &r, i) : add_true_speaker(sc, &r, i);
	if (res < 0 || (res = scene_add_microphone(sc, CALIBRATE_MICROPHONE, "'t60.sec': <%.2f>, 'reflection.db': <-6.0>, "
			"'noise.db': <-59.0>, 'gain.db': <-14.0>, 'ppm': <%.1f>", t60, ppm)) < 0 ||
	    (res = calibrate_place(sc, &r, w->metres)) < 0 || (res = add_music(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0)
		return res;
	return scene_connect(sc, SCENE_ECHO);
}

int wander_calibrate(struct wander *w)
{
	struct scene *sc = w->scene;
	int res;

	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 || (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0 ||
	    (res = scene_pass(sc, BEFORE_S)) < 0 || (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    sc->stack.options.system == STACK_PEER)
		return res;
	if ((res = calibrate_run(sc, NULL, &w->calibration)) == 0 && !w->calibration.kept)
		scene_fault(sc, "nothing was calibrated");
	return res;
}

int wander_begin(struct wander *w)
{
	struct random r = { .state = w->scene->seed };
	int res = 0;

	for (int i = 0; i < w->scene->n_speakers && res == 0; i++)
		res = scene_set(w->scene, w->scene->speakers[i].name, "{'ppm': <%.1f>%s}", draw_ppm(&r, i),
				kinds[i % N_KINDS].wander);
	return res;
}

int wander_track(struct wander *w, const char *const *more)
{
	w->tracker = calibrate_start_tool(w->scene, "track", more);
	return w->tracker != NULL ? 0 : -EIO;
}

int wander_play(struct wander *w, double range_s)
{
	struct scene *sc = w->scene;
	int res;

	if ((res = listener_open(&w->listener, sc, w->metres)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0)
		return res;
	w->listener.range_s = range_s;
	w->began_s = wander_now_s(w);
	return 0;
}

static enum tracked_state find_state(const char *name)
{
	for (size_t i = 1; i < G_N_ELEMENTS(state_names); i++)
		if (spa_streq(state_names[i], name))
			return i;
	return TRACKED_UNKNOWN;
}

static int find_speaker(const struct scene *sc, const char *address)
{
	for (int i = 0; i < sc->n_speakers; i++)
		if (spa_streq(sc->speakers[i].address, address))
			return i;
	return -1;
}

/* { "<address>": { "state": ... }, ... } */
static void read_speakers(const struct scene *sc, struct spa_json *it, struct tracked_moment *m)
{
	char address[32], text[32];
	const char *value;
	int len, i;

	while ((len = spa_json_object_next(it, address, sizeof(address), &value)) > 0) {
		g_autofree char *object = NULL;

		if (!spa_json_is_object(value, len) || (i = find_speaker(sc, address)) < 0)
			continue;
		object = g_strndup(value, spa_json_container_len(it, value, len));
		if (spa_json_str_object_find(object, strlen(object), "state", text, sizeof(text)) > 0)
			m->speakers[i] = find_state(text);
	}
}

static void note_moment(struct wander *w)
{
	const char *json = w->scene->stack.graph->tracking, *value;
	struct tracked_moment m = { .t = wander_now_s(w) };
	struct spa_json it, inner;
	char key[32];
	int len;

	if (json == NULL || spa_json_begin_object(&it, json, strlen(json)) <= 0)
		goto done;
	while ((len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0) {
		if (!spa_streq(key, "speakers") || !spa_json_is_object(value, len))
			continue;
		spa_json_enter(&it, &inner);
		read_speakers(w->scene, &inner, &m);
	}
done:
	g_array_append_val(w->moments, m);
}

int wander_pass(struct wander *w, double seconds)
{
	double end = wander_now_s(w) + seconds;
	int res = 0;

	while (wander_now_s(w) < end && res == 0) {
		res = listener_pass(&w->listener, fmin(1.0, fmax(end - wander_now_s(w), 0.001)));
		if (w->tracker != NULL)
			note_moment(w);
	}
	return res;
}

int wander_end(struct wander *w)
{
	return listener_end(&w->listener);
}

static bool is_in(const struct wander *w, const struct tracked_moment *m, int speaker, enum tracked_state state)
{
	for (int i = 0; i < w->scene->n_speakers; i++)
		if ((speaker < 0 || i == speaker) && m->speakers[i] != state)
			return false;
	return true;
}

double wander_share(const struct wander *w, int speaker, enum tracked_state state, double from, double to)
{
	int n = 0, all = 0;

	for (guint i = 0; i < w->moments->len; i++) {
		const struct tracked_moment *m = &g_array_index(w->moments, struct tracked_moment, i);

		if (m->t < from || m->t > to || is_in(w, m, -1, TRACKED_UNKNOWN))
			continue;
		all++;
		n += is_in(w, m, speaker, state);
	}
	return all > 0 ? (double)n / all : NAN;
}

double wander_excuse_untracked(struct wander *w, double from)
{
	struct listener *l = &w->listener;
	GArray *spans = g_array_new(FALSE, FALSE, sizeof(struct listener_span));
	int n = 0, all = 0;

	for (guint i = 0; i < w->moments->len; i++) {
		const struct tracked_moment *m = &g_array_index(w->moments, struct tracked_moment, i);
		struct listener_span span = { m->t - 1.0, m->t + FOLLOW_S };
		bool tracked = is_in(w, m, -1, TRACKED_TRACKING);

		if (!tracked)
			g_array_append_val(spans, span);
		if (m->t < from || listener_is_excused(l, m->t))
			continue;
		all++;
		n += !tracked;
	}
	g_array_append_vals(l->excuses, spans->data, spans->len);
	g_array_unref(spans);
	return all > 0 ? (double)n / all : NAN;
}

double wander_status_ms(const struct wander *w, int speaker, const char *field)
{
	g_autofree char *key = g_strdup_printf("status.%s", w->scene->speakers[speaker].address);

	return graph_combine_number(w->scene->stack.graph, key, field) / 1e6;
}
