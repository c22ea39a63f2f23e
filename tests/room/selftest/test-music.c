/* Test of the music of the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "listen/wav.h"
#include "stage/music.h"

#define RATE		44100
#define SECONDS		20.0
#define BLOCK_S		0.1
#define SILENT_DB	(-60.0)

static struct wav make(const struct music_part *parts, int n, uint64_t seed)
{
	g_autofree char *dir = g_dir_make_tmp("music-XXXXXX", NULL), *path = g_build_filename(dir, "music.wav", NULL);
	struct wav wav = { 0 };

	g_assert_cmpint(music_write(path, parts, n, RATE, seed), ==, 0);
	g_assert_cmpint(wav_read(&wav, path), ==, 0);
	g_remove(path);
	g_rmdir(dir);
	return wav;
}

static struct wav make_one(enum music_kind kind, double seconds, uint64_t seed)
{
	struct music_part part = { kind, seconds };

	return make(&part, 1, seed);
}

static bool are_same(const struct wav *a, const struct wav *b)
{
	return a->frames == b->frames && memcmp(a->data, b->data, a->frames * 2 * sizeof(float)) == 0;
}

static double level_db(const struct wav *w, size_t from, size_t n)
{
	double sum = 1e-20;

	for (size_t i = 2 * from; i < 2 * (from + n); i++)
		sum += (double)w->data[i] * w->data[i];
	return 10.0 * log10(sum / (2.0 * n));
}

/* Of blocks: the share of those without sound, and how long the longest silence is, in s */
static double silent_share(const struct wav *w, double *longest)
{
	size_t block = (size_t)(BLOCK_S * RATE), n = w->frames / block, silent = 0, run = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		run = level_db(w, i * block, block) < SILENT_DB ? run + 1 : 0;
		silent += run > 0;
		most = run > most ? run : most;
	}
	*longest = most * BLOCK_S;
	return (double)silent / n;
}

/* Level of the second difference against the whole: 0 dB for what is at a sixth of the rate, 23 less for 1.8 kHz */
static double treble_db(const struct wav *w)
{
	double sum = 1e-20;

	for (size_t i = 1; i + 1 < w->frames; i++) {
		double bend = w->data[2 * (i - 1)] - 2.0 * w->data[2 * i] + w->data[2 * (i + 1)];

		sum += bend * bend;
	}
	return 10.0 * log10(sum / w->frames) - level_db(w, 0, w->frames);
}

static void test_a_seed_is_a_piece(void)
{
	for (enum music_kind kind = 0; kind < MUSIC_N_KINDS; kind++) {
		struct wav a = make_one(kind, 3.0, 1), again = make_one(kind, 3.0, 1), other = make_one(kind, 3.0, 2);

		g_assert_cmpuint(a.frames, ==, 3 * RATE);
		g_assert_true(are_same(&a, &again));
		g_assert_false(are_same(&a, &other));
		wav_finish(&a);
		wav_finish(&again);
		wav_finish(&other);
	}
}

static void test_each_kind_is_what_it_says(void)
{
	static const struct {
		double low_db, high_db;		/* level */
		double silent_min, silent_max;	/* share of the time */
		double pause_min, pause_max;	/* longest, in s */
		double treble_min, treble_max;	/* dB */
	} expected[MUSIC_N_KINDS] = {
		[MUSIC_POP] = { -18.0, -9.0, 0.0, 0.0, 0.0, 0.0, -20.0, -5.0 },
		[MUSIC_PIANO] = { -36.0, -15.0, 0.0, 0.05, 0.0, 0.5, -50.0, -20.0 },
		[MUSIC_SPEECH] = { -30.0, -15.0, 0.05, 0.3, 0.2, 0.6, -35.0, -10.0 },
		[MUSIC_PODCAST] = { -30.0, -15.0, 0.08, 0.6, 0.4, 3.6, -35.0, -10.0 },
	};

	for (enum music_kind kind = 0; kind < MUSIC_N_KINDS; kind++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct wav w = make_one(kind, SECONDS, seed);
			double db = level_db(&w, 0, w.frames), longest, silent = silent_share(&w, &longest), top = 0.0;

			for (size_t i = 0; i < 2 * w.frames; i++)
				top = fmax(top, fabs(w.data[i]));
			g_test_message("%s: %.1f dBFS, peak %.2f, silent %.0f %%, at most %.1f s; treble %.1f dB",
				music_kind_names[kind], db, top, 100.0 * silent, longest, treble_db(&w));
			g_assert_cmpfloat(top, <, 1.0);
			g_assert_cmpfloat(db, >, expected[kind].low_db);
			g_assert_cmpfloat(db, <, expected[kind].high_db);
			g_assert_cmpfloat(silent, >=, expected[kind].silent_min);
			g_assert_cmpfloat(silent, <=, expected[kind].silent_max);
			g_assert_cmpfloat(longest, >=, expected[kind].pause_min);
			g_assert_cmpfloat(longest, <=, expected[kind].pause_max);
			g_assert_cmpfloat(treble_db(&w), >=, expected[kind].treble_min);
			g_assert_cmpfloat(treble_db(&w), <=, expected[kind].treble_max);
			wav_finish(&w);
		}
}

static void test_parts_follow_one_another(void)
{
	static const struct music_part parts[] = { { MUSIC_POP, 2.0 }, { MUSIC_PODCAST, 3.0 }, { MUSIC_POP, 2.0 } };
	struct wav w = make(parts, G_N_ELEMENTS(parts), 7);

	g_assert_cmpuint(w.frames, ==, 7 * RATE);
	/* each fades at its ends: there it is silent for a moment */
	for (int edge = 2; edge <= 5; edge += 3)
		g_assert_cmpfloat(level_db(&w, (size_t)edge * RATE - 20, 40), <, -50.0);
	g_assert_cmpfloat(level_db(&w, 0, 2 * RATE), >, level_db(&w, 2 * RATE, 3 * RATE) + 3.0);
	wav_finish(&w);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name)	g_test_add_func("/music/" #name, test_##name)
	ADD(a_seed_is_a_piece);
	ADD(each_kind_is_what_it_says);
	ADD(parts_follow_one_another);
	return g_test_run();
}
