/* Test of what the speakers of the room make of sound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <glib.h>

#include "world/cabinet.h"

#define RATE	48000
#define N	(2 * RATE)
#define BLOCK	1000		/* frames that are played at a time */

/* Amplitude of a frequency in the second second, when nothing rings any more */
static double amplitude(const float *frames, double hz)
{
	double s = 0.0, c = 0.0;

	for (int i = RATE; i < N; i++) {
		s += frames[2 * i] * sin(2.0 * M_PI * hz * i / RATE);
		c += frames[2 * i] * cos(2.0 * M_PI * hz * i / RATE);
	}
	return hypot(s, c) * 2.0 / RATE;
}

static float *play(const struct cabinet_config *config, double hz, double level)
{
	struct cabinet *cabinet = g_new0(struct cabinet, 1);
	float *frames = g_new(float, 2 * N);

	for (int i = 0; i < N; i++)
		frames[2 * i] = frames[2 * i + 1] = level * sin(2.0 * M_PI * hz * i / RATE);
	cabinet_configure(cabinet, config, RATE);
	for (int i = 0; i < N; i += BLOCK)
		cabinet_play(cabinet, frames + 2 * i, BLOCK);
	g_free(cabinet);
	return frames;
}

static double decibel(double ratio)
{
	return 20.0 * log10(ratio);
}

/* |H| of a Butterworth filter of second order is 1 / sqrt(1 + (f / fc)^4). */
static void test_a_band_ends_as_told(void)
{
	static const struct cabinet_config config = { .low_hz = 200.0, .high_hz = 8000.0 };
	static const struct { double hz, db; } points[] = {
		{ 50.0, -24.1 }, { 200.0, -3.0 }, { 1000.0, 0.0 }, { 8000.0, -3.0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(points); i++) {
		g_autofree float *frames = play(&config, points[i].hz, 0.5);
		double db = decibel(amplitude(frames, points[i].hz) / 0.5);

		g_test_message("%.0f Hz: %.2f dB", points[i].hz, db);
		g_assert_cmpfloat(fabs(db - points[i].db), <, 0.1);
	}
}

static void test_a_second_harmonic_has_its_share_at_any_level(void)
{
	static const struct cabinet_config config = { .harmonic = 0.1 };
	static const double levels[] = { 0.5, 0.01 };

	for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
		g_autofree float *frames = play(&config, 1000.0, levels[i]);
		double share = amplitude(frames, 2000.0) / amplitude(frames, 1000.0);

		g_test_message("%.2f: second %.4f, third %.4f, fourth %.4f", levels[i], share,
			amplitude(frames, 3000.0) / levels[i], amplitude(frames, 4000.0) / levels[i]);
		g_assert_cmpfloat(fabs(share - 0.1), <, 0.001);
		g_assert_cmpfloat(amplitude(frames, 3000.0) / levels[i], <, 0.001);
		g_assert_cmpfloat(amplitude(frames, 0.0), <, 0.001 * levels[i]);
	}
}

static void test_bass_comes_late_and_nothing_else_does(void)
{
	static const struct cabinet_config config = { .bass_hz = 120.0, .bass_ms = 10.0 };
	struct cabinet *cabinet = g_new0(struct cabinet, 1);
	float frames[2 * 4000] = { 0 };
	double early = 0.0, late = 0.0;

	cabinet_configure(cabinet, &config, RATE);
	frames[2 * 100] = frames[2 * 100 + 1] = 1.0f;
	cabinet_play(cabinet, frames, 4000);
	/* An impulse less its bass, whose sum is 0, and 480 frames later the bass, whose sum is 1 */
	g_assert_cmpfloat(frames[2 * 100], >, 0.9);
	for (int i = 0; i < 4000; i++)
		*(i < 580 ? &early : &late) += frames[2 * i];
	g_test_message("sum of the first 10 ms %.4f, of the rest %.4f", early, late);
	/* 10 ms of a low-pass of 120 Hz are not all of it: what is missing first comes then */
	g_assert_cmpfloat(fabs(early + late - 1.0), <, 0.01);
	g_assert_cmpfloat(late, >, 0.9);
	g_free(cabinet);
}

static void test_nothing_changes_nothing(void)
{
	static const struct cabinet_config config = { 0 };
	g_autofree float *frames = play(&config, 1000.0, 0.3);

	for (int i = 0; i < N; i++)
		g_assert_cmpfloat(frames[2 * i], ==, (float)(0.3 * sin(2.0 * M_PI * 1000.0 * i / RATE)));
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name)	g_test_add_func("/cabinet/" #name, test_##name)
	ADD(a_band_ends_as_told);
	ADD(a_second_harmonic_has_its_share_at_any_level);
	ADD(bass_comes_late_and_nothing_else_does);
	ADD(nothing_changes_nothing);
	return g_test_run();
}
