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

static void test_a_limiter_holds_peaks_and_leaves_the_rest_alone(void)
{
	static const struct cabinet_config config = { .limiter_db = -12.0 };
	static const double levels[] = { 0.2, 0.8 };

	for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
		g_autofree float *frames = play(&config, 440.0, levels[i]);
		double top = 0.0, third = amplitude(frames, 1320.0) / amplitude(frames, 440.0);

		for (int n = 0; n < N; n++)
			top = fmax(top, fabs(frames[2 * n]));
		g_test_message("%.1f: peak %.2f dB, third harmonic %.1f dB", levels[i], decibel(top), decibel(third + 1e-12));
		g_assert_cmpfloat(fabs(top - fmin(levels[i], pow(10.0, -0.6))), <, 1e-3);
		/* it holds a level, and does not clip: a clipped tone of 10 dB more has -13 dB */
		g_assert_cmpfloat(decibel(third + 1e-12), <, -40.0);
	}
}

/* A shelf of first order: |H| = sqrt((f^2 + (g fc)^2) / (f^2 + fc^2)) */
static double shelf_db(double hz, double db)
{
	double g = pow(10.0, db / 20.0) * CABINET_SHELF_HZ;

	return 10.0 * log10((hz * hz + g * g) / (hz * hz + CABINET_SHELF_HZ * CABINET_SHELF_HZ));
}

static void test_bass_is_lowered_as_it_gets_louder(void)
{
	static const struct cabinet_config config = { .dynamic_db = 10.0 };
	static const struct { double hz, level, db; } points[] = {
		{ 60.0, 0.01, 0.0 }, { 60.0, 0.6, -10.0 }, { 2000.0, 0.6, -10.0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(points); i++) {
		g_autofree float *frames = play(&config, points[i].hz, points[i].level);
		double db = decibel(amplitude(frames, points[i].hz) / points[i].level);

		g_test_message("%.0f Hz at %.2f: %.2f dB", points[i].hz, points[i].level, db);
		/* a treble tone has little bass in it: that is not lowered, and nothing else ever is */
		g_assert_cmpfloat(fabs(db - (points[i].hz < 1000.0 ? shelf_db(points[i].hz, points[i].db) : 0.0)), <, 0.2);
	}
}

static void test_bass_between_is_lowered_in_proportion(void)
{
	static const struct cabinet_config config = { .dynamic_db = 10.0 };
	double level = pow(10.0, (CABINET_QUIET_DB + CABINET_LOUD_DB) / 40.0) * M_SQRT2 *
		hypot(60.0, CABINET_SHELF_HZ) / CABINET_SHELF_HZ;
	g_autofree float *frames = play(&config, 60.0, level);
	double db = decibel(amplitude(frames, 60.0) / level);

	g_test_message("half way: %.2f dB", db);
	/* the level follows a rise sooner than a fall, and so is above the mean by some 3 dB of 28 */
	g_assert_cmpfloat(db, <, shelf_db(60.0, -5.0) + 0.2);
	g_assert_cmpfloat(db, >, shelf_db(60.0, -6.5));
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
	ADD(a_limiter_holds_peaks_and_leaves_the_rest_alone);
	ADD(bass_is_lowered_as_it_gets_louder);
	ADD(bass_between_is_lowered_in_proportion);
	ADD(nothing_changes_nothing);
	return g_test_run();
}
