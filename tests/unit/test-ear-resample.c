/* Test: a recording at another clock's frames */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdbool.h>

#include "ear/resample.h"
#include "harness.h"

#define RATE	48000.0

static void a_clock_goes_through_marks_that_jitter(void)
{
	struct ear_clock c;
	uint32_t seed = 1, i;
	double worst = 0, speed = 1 + 150e-6;

	ear_clock_init(&c, RATE);
	for (i = 0; i < 6000; i++) {
		uint64_t frame = (uint64_t)i * 1024;
		double ns = frame / (RATE * speed) * 1e9;

		check(ear_clock_mark(&c, frame, (int64_t)(ns + 100e3 * harness_noise(&seed))));
		if (i > 3000)
			worst = fmax(worst, fabs(ear_clock_ns(&c, (double)frame) - ns));
	}
	note("speed %.2f ppm of 150, off by at most %.1f us with a jitter of 100 us", 1e6 * (c.speed - 1), worst / 1e3);
	check(fabs(c.speed - speed) < 3e-6);
	check(worst < 20e3);
	check(fabs(ear_clock_frame(&c, ear_clock_ns(&c, 12345.5)) - 12345.5) < 1e-3);
}

static void a_clock_is_right_to_a_millisecond_from_the_first_second_on(void)
{
	struct ear_clock c;
	uint32_t seed = 1, i;

	ear_clock_init(&c, RATE);
	for (i = 0; i < 600; i++) {
		double ns = i * 1024 / (RATE * (1 - 150e-6)) * 1e9;

		check(ear_clock_mark(&c, (uint64_t)i * 1024, (int64_t)(ns + 100e3 * harness_noise(&seed))));
		check(fabs(ear_clock_ns(&c, (double)i * 1024) - ns) < 1e6);
	}
}

static void what_is_missing_is_noticed(void)
{
	struct ear_clock c;

	ear_clock_init(&c, RATE);
	check(ear_clock_mark(&c, 0, 0));
	check(ear_clock_mark(&c, 48000, 1000000000));
	check(!ear_clock_mark(&c, 96000, 2100000000));
	check(fabs(ear_clock_ns(&c, 96000) - 2100000000) < 1);
	check(ear_clock_mark(&c, 144000, 3100000000));
	/* back in time */
	check(!ear_clock_mark(&c, 145000, 3000000000));
}

static double worst_error(double ratio, double hz)
{
	struct ear_resampler *r = ear_resampler_new(ratio, 65536);
	double rate = RATE * ratio, step = ratio * (1 + 37e-6), worst = 0;
	static float x[32768], y[8192];
	uint32_t i;

	check(r != NULL);
	for (i = 0; i < 32768; i++)
		x[i] = (float)sin(2 * M_PI * hz * i / rate);
	ear_resampler_push(r, x, 32768);
	check_int(ear_resampler_pushed(r), 32768);
	ear_resampler_read(r, 1000.3, step, y, 8192);
	for (i = 0; i < 8192 && 1000.3 + i * step < 32000; i++)
		worst = fmax(worst, fabs(y[i] - sin(2 * M_PI * hz * (1000.3 + i * step) / rate)));
	ear_resampler_destroy(r);
	return worst;
}

static void a_tone_is_the_same_between_frames(void)
{
	const double ratios[] = { 1.0 / 3, 44.1 / 48, 1, 48 / 44.1, 2 };
	uint32_t i;

	for (i = 0; i < 5; i++) {
		double e = fmax(worst_error(ratios[i], 500), worst_error(ratios[i], 6000));

		note("ratio %.3f: %.5f", ratios[i], e);
		check(e < 0.002);
	}
}

static void what_is_not_there_is_no_number(void)
{
	struct ear_resampler *r = ear_resampler_new(1, 2048);
	static float x[4096], y[4];
	uint32_t i;

	for (i = 0; i < 4096; i++)
		x[i] = 1;
	ear_resampler_read(r, 0, 1, y, 4);
	check(isnan(y[0]) && isnan(y[3]));
	ear_resampler_push(r, x, 4096);
	ear_resampler_read(r, 4090, 1, y, 4);
	check(isnan(y[0]));
	ear_resampler_read(r, 100, 1, y, 4);
	check(isnan(y[0]));
	ear_resampler_read(r, 3000, 1, y, 4);
	check(fabs(y[0] - 1) < 0.01);
	ear_resampler_read(r, NAN, 1, y, 4);
	check(isnan(y[0]));
	ear_resampler_read(r, INFINITY, -INFINITY, y, 4);
	check(isnan(y[0]) && isnan(y[3]));
	ear_resampler_destroy(r);
	check(ear_resampler_new(0, 2048) == NULL && ear_resampler_new(NAN, 2048) == NULL && ear_resampler_new(1, 0) == NULL);
}

int main(void)
{
	run(a_clock_goes_through_marks_that_jitter);
	run(a_clock_is_right_to_a_millisecond_from_the_first_second_on);
	run(what_is_missing_is_noticed);
	run(a_tone_is_the_same_between_frames);
	run(what_is_not_there_is_no_number);
	return harness_finish();
}
