/* Test: interpolator */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <float.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/interpolator.h"

#define RATE		48000
#define N		8192
#define DIFFERENCE_MAX	0x1p-22		/* of full scale: sums of 32 products in another order */

static float source[N + 2 * INTERPOLATOR_TAPS], plain[N], other[N];
static struct interpolator_place places[N];

static void noise(void)
{
	uint32_t i, seed = 5;

	for (i = 0; i < SPA_N_ELEMENTS(source); i++)
		source[i] = harness_noise(&seed);
}

/* A place in each step, at the fraction that a drift of this size has come to */
static void moving_places(double start, double drift)
{
	uint32_t i;

	for (i = 0; i < N; i++) {
		double at = start + i * (1.0 + drift);

		places[i].first = floor(at);
		places[i].fraction = at - floor(at);
	}
}

static void every_variant_of_this_cpu_does_what_plain_c_does(void)
{
	static const double drifts[] = { 0.0, 5e-4, -5e-4, 5e-3, -5e-3 };
	const struct interpolator *c = interpolator_get_variant(0), *v;
	uint32_t d, i, n;

	noise();
	for (n = 1; (v = interpolator_get_variant(n)) != NULL; n++) {
		float worst = 0.0f;

		for (d = 0; d < SPA_N_ELEMENTS(drifts); d++) {
			/* as much as fits beside a drift of 0.5 % */
			uint32_t length = N - 64;

			moving_places(20.3, drifts[d]);
			c->process(plain, source, places, length);
			v->process(other, source, places, length);
			for (i = 0; i < length; i++)
				worst = fmaxf(worst, fabsf(plain[i] - other[i]));
		}
		note("%s differs from %s by %.2g of full scale, bound %.2g", v->name, c->name,
				worst, DIFFERENCE_MAX);
		check(worst <= DIFFERENCE_MAX);
	}
	check(strcmp(c->name, "C") == 0);
	check(interpolator_get() == interpolator_get_variant(n - 1));
}

/* The reference once more, each product and each sum rounded by itself: with a fused
 * multiply-add, which compilers take where a CPU has it, other samples would come out */
static float rounded_each(const float *x, const float *row, float between)
{
	volatile float below[8] = { 0 }, above[8] = { 0 }, product;
	uint32_t k;

	for (k = 0; k < INTERPOLATOR_TAPS; k++) {
		product = x[k] * row[k];
		below[k % 8] += product;
		product = x[k] * row[INTERPOLATOR_TAPS + k];
		above[k % 8] += product;
	}
	for (k = 0; k < 8; k++) {
		product = above[k] - below[k];
		product *= between;
		below[k] += product;
	}
	for (k = 0; k < 4; k++)
		below[k] += below[k + 4];
	below[0] += below[2];
	below[1] += below[3];
	return below[0] + below[1];
}

static void every_cpu_makes_the_same_samples(void)
{
	/* what is made of an impulse is one number of the row */
	static float row[2 * INTERPOLATOR_TAPS], impulse[INTERPOLATOR_TAPS];
	const struct interpolator *c = interpolator_get_variant(0), *v;
	struct interpolator_place place = { 0 };
	uint32_t i, k, n, p;
	float out;

	/* x87 rounds when it stores, not when it computes */
	if (FLT_EVAL_METHOD != 0)
		return;
	noise();
	for (p = 0; p < INTERPOLATOR_PHASES - 1; p += 5) {
		for (k = 0; k < 2 * INTERPOLATOR_TAPS; k++) {
			memset(impulse, 0, sizeof(impulse));
			impulse[k % INTERPOLATOR_TAPS] = 1.0f;
			place.fraction = (float)(p + k / INTERPOLATOR_TAPS) / INTERPOLATOR_PHASES;
			c->process(&row[k], impulse, &place, 1);
		}
		place.fraction = (p + 0.3f) / INTERPOLATOR_PHASES;
		for (n = 0; (v = interpolator_get_variant(n)) != NULL; n++) {
			for (i = 0; i < 50; i++) {
				v->process(&out, source + i, &place, 1);
				check(out == rounded_each(source + i, row,
						place.fraction * INTERPOLATOR_PHASES - p));
			}
		}
	}
}

static void a_whole_place_is_the_very_sample(void)
{
	const struct interpolator *v;
	uint32_t i, n;

	noise();
	for (n = 0; (v = interpolator_get_variant(n)) != NULL; n++) {
		for (i = 0; i < N; i++)
			places[i] = (struct interpolator_place) { .first = i, .fraction = i & 1 };
		v->process(other, source, places, N);
		for (i = 0; i < N; i++)
			check(other[i] == source[i + INTERPOLATOR_BEFORE + (i & 1)]);
	}
}

static void a_sample_does_not_depend_on_its_block(void)
{
	const struct interpolator *v;
	uint32_t i, n, size;

	noise();
	moving_places(3.7, 5e-4);
	for (n = 0; (v = interpolator_get_variant(n)) != NULL; n++) {
		v->process(plain, source, places, N);
		for (i = 0, size = 1; i < N; i += size, size = size % 37 + 1) {
			size = SPA_MIN(size, N - i);
			v->process(other + i, source, places + i, size);
		}
		check(memcmp(plain, other, sizeof(plain)) == 0);
	}
}

/* The complex gain at one fraction, less 1: magnitude in dB, and the error's power */
static void response(const struct interpolator *v, double hz, double fraction, double *db, double *error)
{
	double w = 2 * M_PI * hz / RATE, re, im;
	float cosine[INTERPOLATOR_TAPS], sine[INTERPOLATOR_TAPS], x, y;
	struct interpolator_place place = { .fraction = fraction };
	uint32_t i;

	for (i = 0; i < INTERPOLATOR_TAPS; i++) {
		cosine[i] = cos(w * ((double)i - INTERPOLATOR_BEFORE - place.fraction));
		sine[i] = sin(w * ((double)i - INTERPOLATOR_BEFORE - place.fraction));
	}
	v->process(&x, cosine, &place, 1);
	v->process(&y, sine, &place, 1);
	re = x;
	im = y;
	*db = 10 * log10(re * re + im * im);
	*error = (re - 1.0) * (re - 1.0) + im * im;
}

static void the_response_is_flat_to_18_khz(void)
{
	const struct interpolator *v = interpolator_get();
	double hz, worst[3] = { 0 }, db, error;
	uint32_t p;

	/* 512: also half way between two phases of the table */
	for (hz = 20; hz <= 20000; hz += 20) {
		for (p = 0; p <= 512; p++) {
			response(v, hz, p / 512.0, &db, &error);
			if (hz <= 15000)
				worst[0] = fmax(worst[0], fabs(db));
			if (hz <= 18000)
				worst[1] = fmax(worst[1], fabs(db));
			worst[2] = fmax(worst[2], fabs(db));
		}
	}
	note("of all phases the worst is off by %.5f dB up to 15 kHz, %.5f dB to 18 kHz, %.4f dB to 20 kHz; "
			"bound 0.1 dB to 18 kHz", worst[0], worst[1], worst[2]);
	check(worst[1] <= 0.1);
}

static void a_sine_on_the_move_keeps_its_distance_from_noise(void)
{
	static const double tones[] = { 1000, 5000, 10000, 15000, 18000 };
	static const double drifts[] = { 1e-4, 5e-4, -5e-4, 5e-3 };
	const struct interpolator *v = interpolator_get();
	uint32_t t, d, i;

	for (t = 0; t < SPA_N_ELEMENTS(tones); t++) {
		double w = 2 * M_PI * tones[t] / RATE, worst = INFINITY;

		for (i = 0; i < SPA_N_ELEMENTS(source); i++)
			source[i] = sin(w * i);
		for (d = 0; d < SPA_N_ELEMENTS(drifts); d++) {
			double signal = 0.0, error = 0.0;
			uint32_t length = N - 64;

			moving_places(20.3, drifts[d]);
			v->process(other, source, places, length);
			for (i = 0; i < length; i++) {
				double x = sin(w * (places[i].first + INTERPOLATOR_BEFORE +
							(double)places[i].fraction));

				signal += x * x;
				error += (other[i] - x) * (other[i] - x);
			}
			worst = fmin(worst, 10 * log10(signal / error));
		}
		note("%5.0f Hz: %.1f dB, bound %d", tones[t], worst, tones[t] <= 15000 ? 100 : 95);
		check(worst >= (tones[t] <= 15000 ? 100 : 95));
	}
}

int main(void)
{
	run(every_variant_of_this_cpu_does_what_plain_c_does);
	run(every_cpu_makes_the_same_samples);
	run(a_whole_place_is_the_very_sample);
	run(a_sample_does_not_depend_on_its_block);
	run(the_response_is_flat_to_18_khz);
	run(a_sine_on_the_move_keeps_its_distance_from_noise);
	return harness_finish();
}
