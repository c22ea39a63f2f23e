/* Are clicks and dips found, and crossfades not taken for them? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "listen/measure-click.h"
#include "listen/measure.h"
#include "stage/noise.h"

#define RATE		MEASURE_RATE
#define SECONDS		4.0
#define AT_S		2.0	/* something happens */
#define FADE		(RATE * 30 / 1000)
#define CLICK_DB	-30.0	/* what is louder is one */
#define SMOOTH_DB	-50.0

static struct wav make(bool soft)
{
	g_autofree char *path = NULL;
	struct wav w = { 0 };
	int fd = g_file_open_tmp("room-noise-XXXXXX.wav", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_cmpint((soft ? noise_write_soft : noise_write)(path, SECONDS, RATE, 3), ==, 0);
	g_assert_cmpint(wav_read(&w, path), ==, 0);
	g_unlink(path);
	return w;
}

/* From AT_S on so many samples later, within \a fade samples */
static void move(struct wav *w, int samples, int fade)
{
	int64_t at = (int64_t)(AT_S * RATE);

	for (int64_t i = w->frames - 1; i >= at; i--)
		for (uint32_t c = 0; c < 2; c++) {
			float a = fade > 0 ? fminf(1.0f, (float)(i - at) / fade) : 1.0f;

			w->data[2 * i + c] = (1.0f - a) * w->data[2 * i + c] +
				a * w->data[2 * (i - samples) + c];
		}
}

static void silence(struct wav *w, int samples)
{
	int64_t at = (int64_t)(AT_S * RATE);

	for (int64_t i = at; i < at + samples; i++)
		w->data[2 * i] = w->data[2 * i + 1] = 0.0f;
}

static struct click find(struct wav *w, const char *what)
{
	struct click c = click_find(w, 0.5, SECONDS - 0.5);

	g_test_message("%s: %.1f dB at %.4f s", what, c.level, c.time);
	return c;
}

static void assert_click(const struct click *c)
{
	g_assert_cmpfloat(c->level, >, CLICK_DB);
	g_assert_cmpfloat(fabs(c->time - AT_S), <, 0.003);
}

static void hard_steps_are_clicks(void)
{
	/* from a tenth of a millisecond on */
	static const int sizes[] = { 5, 24, 240, 1920 };

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct wav w = make(true);
		struct click c;

		move(&w, sizes[i], 0);
		c = find(&w, "a hard step");
		assert_click(&c);
		wav_finish(&w);
	}
}

static void a_short_silence_is_a_click_and_a_dip(void)
{
	struct wav w = make(true);
	struct level_range r;
	struct click c;

	silence(&w, RATE / 100);
	c = find(&w, "10 ms of silence");
	g_assert_cmpfloat(c.level, >, CLICK_DB);
	r = level_range_find(&w, 0.5, SECONDS - 0.5, 0.02);
	g_test_message("%.1f to %.1f dB", r.low, r.high);
	g_assert_cmpfloat(r.low, <, -2.5);
	wav_finish(&w);
}

static void crossfades_and_the_noise_itself_are_not(void)
{
	static const int sizes[] = { 0, 5, 24, 240, 1920 };

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct wav w = make(true);
		struct click c;

		if (sizes[i] > 0)
			move(&w, sizes[i], FADE);
		c = find(&w, sizes[i] > 0 ? "a crossfade" : "nothing");
		g_assert_cmpfloat(c.level, <, SMOOTH_DB);
		wav_finish(&w);
	}
}

static void ordinary_noise_has_treble(void)
{
	struct wav w = make(false);
	struct click c = find(&w, "ordinary noise");

	/* so that a scene with the wrong source does not pass */
	g_assert_cmpfloat(c.level, >, CLICK_DB);
	wav_finish(&w);
}

static struct click find_bend(struct wav *w, const char *what)
{
	struct click c = bend_find(w, 0.5, SECONDS - 0.5);

	g_test_message("%s: sharpest bend %.1f dB at %.4f s", what, c.level, c.time);
	return c;
}

/* Of any sound, also with treble, as long as that is not what it is about */
static void a_hard_step_is_the_sharpest_bend(void)
{
	static const int sizes[] = { 24, 240, 1920 };
	struct wav own = make(true);
	double none = find_bend(&own, "nothing").level;

	wav_finish(&own);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct wav hard = make(true), faded = make(true);
		struct click c;

		move(&hard, sizes[i], 0);
		c = find_bend(&hard, "a hard step");
		g_assert_cmpfloat(c.level, >, none + 3.0);
		g_assert_cmpfloat(fabs(c.time - AT_S), <, 0.001);
		move(&faded, sizes[i], FADE);
		c = find_bend(&faded, "a crossfade");
		g_assert_cmpfloat(c.level, <, none + 1.0);
		wav_finish(&hard);
		wav_finish(&faded);
	}
}

static void of_nothing_there_is_no_figure(void)
{
	struct wav w = make(true);
	struct click c;

	for (size_t i = 0; i < 2 * w.frames; i++)
		w.data[i] = 0.0f;
	c = find(&w, "silence");
	g_assert_true(isnan(c.level));
	g_assert_true(isnan(level_range_find(&w, 0.5, 3.5, 0.02).low));
	g_assert_true(isnan(click_find(&w, 10.0, 12.0).level));
	g_assert_true(isnan(bend_find(&w, 0.5, 3.5).level));
	g_assert_true(isnan(bend_find(&w, 10.0, 12.0).level));
	wav_finish(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(test) g_test_add_func("/click/" #test, test)
	ADD(hard_steps_are_clicks);
	ADD(a_short_silence_is_a_click_and_a_dip);
	ADD(crossfades_and_the_noise_itself_are_not);
	ADD(a_hard_step_is_the_sharpest_bend);
	ADD(ordinary_noise_has_treble);
	ADD(of_nothing_there_is_no_figure);
	return g_test_run();
}
