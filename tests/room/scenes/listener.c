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
#define AGREE_MS	1.0

static double now_s(const struct listener *l)
{
	return stack_now(&l->scene->stack) / 1e9;
}

int listener_open(struct listener *l, struct scene *sc, const double *metres)
{
	int res = 0;

	*l = (struct listener) { .scene = sc, .windows = g_array_new(FALSE, FALSE, sizeof(struct listener_window)),
		.excuses = g_array_new(FALSE, FALSE, sizeof(struct listener_span)) };
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
	g_clear_pointer(&l->excuses, g_array_unref);
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

void listener_excuse(struct listener *l, double seconds)
{
	/* a window reaches a quarter of a second into what comes */
	struct listener_span span = { now_s(l) - HOP_S, now_s(l) + seconds };

	g_array_append_val(l->excuses, span);
}

bool listener_is_excused(const struct listener *l, double t)
{
	for (guint i = 0; i < l->excuses->len; i++) {
		const struct listener_span *s = &g_array_index(l->excuses, struct listener_span, i);

		if (t >= s->from && t <= s->to)
			return true;
	}
	return false;
}

/* Against speaker \a to; NAN: never heard together */
static double median_late(const struct listener *l, int speaker, int to, double from, double until)
{
	g_autofree double *late = g_new(double, l->windows->len + 1);
	int n = 0;

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double ms = w->late_ms[speaker] - w->late_ms[to];

		if (w->t >= from && w->t <= until && isfinite(ms))
			late[n++] = ms;
	}
	return measure_median(late, n);
}

void listener_want(struct listener *l, double from, double to)
{
	for (int i = 0; i < l->scene->n_speakers; i++)
		l->wanted_ms[i] = median_late(l, i, 0, from, to);
}

static double spread(const struct listener *l, const struct listener_window *w, const bool *among)
{
	double low = INFINITY, high = -INFINITY;
	int n = 0;

	for (int i = 0; i < l->scene->n_speakers; i++) {
		double late = w->late_ms[i] - l->wanted_ms[i];

		if ((among != NULL && !among[i]) || isnan(late))
			continue;
		low = fmin(low, late);
		high = fmax(high, late);
		n++;
	}
	return w->complete && n >= 2 ? high - low : NAN;
}

static bool agrees(const struct listener *l, guint i, guint k)
{
	const struct listener_window *a, *b;

	if (i >= l->windows->len || k >= l->windows->len)
		return false;
	a = &g_array_index(l->windows, struct listener_window, i);
	b = &g_array_index(l->windows, struct listener_window, k);
	return fabs(a->t - b->t) < 2.0 * HOP_S && fabs(spread(l, a, NULL) - spread(l, b, NULL)) < AGREE_MS;
}

/* What a voice sings is like itself a few milliseconds later: half of a window is in the next one, and has to say the same. */
static void doubt(struct listener *l)
{
	g_autofree bool *good = g_new0(bool, l->windows->len + 1);

	for (guint i = 0; i < l->windows->len; i++)
		good[i] = agrees(l, i, i + 1) || (i > 0 && agrees(l, i, i - 1));
	for (guint i = 0; i < l->windows->len; i++)
		g_array_index(l->windows, struct listener_window, i).complete &= good[i];
}

int listener_end(struct listener *l)
{
	double end = now_s(l);
	int res;

	if ((res = scene_pass(l->scene, BEHIND_S)) == 0 && (res = listen(l, end)) == 0)
		doubt(l);
	return res;
}

double listener_spread(const struct listener *l, const struct listener_window *w, const bool *among)
{
	return listener_is_excused(l, w->t) ? NAN : spread(l, w, among);
}

struct listener_figures listener_figures(const struct listener *l, double from, double to, const bool *among)
{
	struct listener_figures f = { .rms_ms = NAN };
	g_autofree double *spreads = g_new(double, l->windows->len + 1);
	struct measure_summary s;
	double sum = 0.0;

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double ms = listener_spread(l, w, among);

		if (w->t < from || w->t > to || listener_is_excused(l, w->t))
			continue;
		f.windows++;
		if (isnan(ms))
			continue;
		spreads[f.complete++] = ms;
		sum += ms * ms;
	}
	if (f.complete > 0)
		f.rms_ms = sqrt(sum / f.complete);
	s = measure_summarise(spreads, f.complete);
	f.median_ms = s.median;
	f.p99_ms = s.p99;
	f.worst_ms = s.max;
	return f;
}

static int write_spreads(const struct listener *l, const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return -errno;
	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);

		fprintf(file, "%.3f %.6f\n", w->t, spread(l, w, NULL));
	}
	return fclose(file) == 0 ? 0 : -errno;
}

int listener_draw(const struct listener *l, const char *path, const char *title)
{
	g_autofree char *script = g_strconcat(path, ".gnuplot", NULL), *png = g_strconcat(path, ".png", NULL);
	int res = write_spreads(l, path);
	FILE *file;

	if (res < 0 || (file = fopen(script, "we")) == NULL)
		return res < 0 ? res : -errno;
	fputs("set terminal pngcairo size 1000,400\nset output ", file);
	report_quote(file, png);
	fputs("\nset title ", file);
	report_quote(file, title);
	fputs("\nset xlabel 's'\nset ylabel 'apart at the microphone, ms'\nset grid\nset key off\nplot ", file);
	report_quote(file, path);
	fputs(" using 1:2 with points pointtype 7 pointsize 0.4\n", file);
	if (fclose(file) != 0)
		return -errno;
	return report_draw(script);
}

double listener_together(const struct listener *l, double from, double to, double limit_ms)
{
	double last = from, end = NAN;

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double ms = spread(l, w, NULL);

		if (w->t < from || w->t > to || isnan(ms))
			continue;
		end = ms;
		if (ms > limit_ms)
			last = w->t;
	}
	return end <= limit_ms ? last - from : NAN;
}
