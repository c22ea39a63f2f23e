/* Somebody where the microphone is, who hears how far apart the speakers are, however long it takes */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenes/listener.h"

#define SPEED_M_S	343.0
#define PIECE_S		20.0	/* that is read at a time */
#define STEP_S		5.0
#define BEHIND_S	2.0	/* what was recorded is all there after this */
#define HOP_S		0.25	/* of measure's windows of 0.5 s */
#define MARGIN_S	0.5	/* the last window of a piece ends before it does */

static double now_s(const struct listener *l)
{
	return stack_now(&l->scene->stack) / 1e9;
}

int listener_open(struct listener *l, struct scene *sc, const double *metres)
{
	int res = 0;

	*l = (struct listener) { .scene = sc, .windows = g_array_new(FALSE, FALSE, sizeof(struct listener_window)) };
	l->heard_s = now_s(l);
	for (int i = 0; i <= LISTENER_SPEAKERS_MAX; i++)
		l->bends[i].level = l->bends[i].time = NAN;
	if (sc->n_speakers > LISTENER_SPEAKERS_MAX)
		return -ENOSPC;
	for (int i = 0; i <= sc->n_speakers && res == 0; i++) {
		g_autofree char *name = i < sc->n_speakers ? g_strdup_printf("speaker-%s.wav", sc->speakers[i].name) :
			g_strdup("echo-" SCENE_ECHO ".wav");
		g_autofree char *path = g_build_filename(sc->out, name, NULL);

		if (i < sc->n_speakers)
			l->metres[i] = metres[i];
		if ((res = tape_open(&l->tapes[i], path)) < 0)
			fprintf(stderr, "room: %s: %s\n", path, strerror(-res));
	}
	return res;
}

void listener_close(struct listener *l)
{
	for (int i = 0; i <= LISTENER_SPEAKERS_MAX; i++)
		tape_close(&l->tapes[i]);
	g_clear_pointer(&l->windows, g_array_unref);
}

/* Windows of a piece that begins at \a start */
static void keep(struct listener *l, const struct measure *m, double start)
{
	for (int w = 0; w < m->n_windows; w++) {
		struct listener_window window = { .t = start + m->window_time[w], .complete = m->heard[w] == m->playing[w] };

		if (m->playing[w] < 2)
			continue;
		for (int i = 0; i < m->n_speakers; i++)
			window.late_ms[i] = m->speakers[i].skew[w] + l->metres[i] / SPEED_M_S * 1e3;
		g_array_append_val(l->windows, window);
	}
}

static void note_bend(struct listener *l, int which, float *frames, int64_t n, double start)
{
	const struct wav wav = { .rate = MEASURE_RATE, .channels = 2, .frames = n, .data = frames };
	struct click click = bend_find(&wav, 0.0, (double)n / MEASURE_RATE);

	if (isnan(click.level) || click.level <= l->bends[which].level)
		return;
	l->bends[which].level = click.level;
	l->bends[which].time = start + click.time;
}

static int read_piece(struct listener *l, struct measure *m, int64_t from, int64_t to)
{
	g_autofree float *frames = g_malloc_n(to - from, 2 * sizeof(float));
	struct scene *sc = l->scene;
	int res = 0;

	for (int i = 0; i <= sc->n_speakers && res == 0; i++) {
		if ((res = tape_read(&l->tapes[i], from, to, frames)) < 0)
			break;
		if (i == sc->n_speakers || !l->bend_excused[i])
			note_bend(l, i, frames, to - from, (double)from / MEASURE_RATE);
		if (i < sc->n_speakers)
			res = measure_add_speaker_samples(m, sc->speakers[i].name, frames, 2, to - from);
		if (sc->options->keep == NULL)
			tape_forget(&l->tapes[i], from - MEASURE_RATE);
	}
	return res;
}

static int listen(struct listener *l, double to)
{
	const struct measure_options options = { .range = l->range_s, .hop = HOP_S };
	int64_t a = llrint(l->heard_s * MEASURE_RATE), b = llrint(to * MEASURE_RATE);
	struct measure m;
	int res;

	if (to - l->heard_s <= MARGIN_S)
		return 0;
	measure_init(&m, &options);
	if ((res = read_piece(l, &m, a, b)) == 0 && (res = measure_run(&m)) == 0)
		keep(l, &m, (double)a / MEASURE_RATE);
	else
		fprintf(stderr, "room: cannot measure %s: %s\n", l->scene->out, strerror(-res));
	measure_finish(&m);
	/* where the next window begins */
	l->heard_s = to - HOP_S;
	return res;
}

int listener_pass(struct listener *l, double seconds)
{
	double end = now_s(l) + seconds;
	int res = 0;

	while (now_s(l) < end && res == 0) {
		if ((res = scene_pass(l->scene, fmin(fmax(end - now_s(l), 0.001), STEP_S))) < 0)
			return res;
		if (now_s(l) - BEHIND_S - l->heard_s >= PIECE_S)
			res = listen(l, now_s(l) - BEHIND_S);
	}
	return res;
}

int listener_end(struct listener *l)
{
	double end = now_s(l);
	int res = scene_pass(l->scene, BEHIND_S);

	return res < 0 ? res : listen(l, end);
}

double listener_spread(const struct listener *l, const struct listener_window *w, const bool *among)
{
	double low = INFINITY, high = -INFINITY;
	int n = 0;

	for (int i = 0; i < l->scene->n_speakers; i++) {
		if ((among != NULL && !among[i]) || isnan(w->late_ms[i]))
			continue;
		low = fmin(low, w->late_ms[i]);
		high = fmax(high, w->late_ms[i]);
		n++;
	}
	return w->complete && n >= 2 ? high - low : NAN;
}

struct listener_figures listener_figures(const struct listener *l, double from, double to, const bool *among)
{
	struct listener_figures f = { .rms_ms = NAN };
	g_autofree double *spreads = g_new(double, l->windows->len + 1);
	struct measure_summary s;
	double sum = 0.0;

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double spread = listener_spread(l, w, among);

		if (w->t < from || w->t > to)
			continue;
		f.windows++;
		if (isnan(spread))
			continue;
		spreads[f.complete++] = spread;
		sum += spread * spread;
	}
	if (f.complete > 0)
		f.rms_ms = sqrt(sum / f.complete);
	s = measure_summarise(spreads, f.complete);
	f.median_ms = s.median;
	f.p99_ms = s.p99;
	f.worst_ms = s.max;
	return f;
}
