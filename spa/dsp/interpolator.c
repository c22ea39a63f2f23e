/* Interpolator: a signal between its samples */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * A band-limited signal between its samples is the sum of all of them, each times
 * the sinc of its distance (Shannon). 32 of them, under a Kaiser window that brings
 * the sinc down to nothing, are that to -100 dB up to 3/4 of the Nyquist frequency;
 * above, the window leaves no room:
 *
 *	h(u) = sinc(u) * I0(beta * sqrt(1 - (u / 16)^2)) / I0(beta)
 *
 * The table has h at 256 phases between two samples. Between two phases the result is
 * drawn straight, which is exact to an eighth of its second derivative over 256^2:
 * -103 dB at 15 kHz of 48. With the nearest phase alone it would be -53 dB there.
 *
 * beta = 10 and the sinc's own cutoff were measured against 9.5 and a cutoff of 0.97:
 * 3 to 10 dB better up to 20 kHz. Nothing here needs the lower cutoff, as delays move by
 * parts in a thousand at most; and with the full one h is 1 and 0 at whole distances, so
 * that at a whole delay this is the copy, bit for bit, and a delay can begin and
 * end to move without being heard to change from the one to the other.
 *
 * J. O. Smith, Digital Audio Resampling: https://ccrma.stanford.edu/~jos/resample/
 */

#include <math.h>
#include <pthread.h>

#include <spa/utils/defs.h>

#include "dsp/interpolator.h"

#ifdef __GNUC__			/* and clang */
#define HAVE_VECTORS
#ifdef __x86_64__
#define HAVE_AVX
#include <immintrin.h>
#endif
#endif

#define BETA	10.0
#define LANES	8			/* sums that run beside one another: what AVX adds at a time */

/* One row more than there are phases: the straight line to the next sample's first */
static float table[INTERPOLATOR_PHASES + 1][INTERPOLATOR_TAPS] SPA_ALIGNED(64);
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static double bessel_i0(double x)
{
	double sum = 1.0, term = 1.0;
	int k;

	for (k = 1; term > sum * 1e-17; k++) {
		term *= (x / (2 * k)) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

static double kernel(double u)
{
	double half = INTERPOLATOR_TAPS / 2, w = 1.0 - (u / half) * (u / half);

	if (u == 0.0)
		return 1.0;
	/* sin() of a multiple of pi is not quite 0 */
	if (u == rint(u) || w < 0.0)
		return 0.0;
	return sin(M_PI * u) / (M_PI * u) * bessel_i0(BETA * sqrt(w)) / bessel_i0(BETA);
}

static void table_init(void)
{
	uint32_t p, i;

	for (p = 0; p <= INTERPOLATOR_PHASES; p++)
		for (i = 0; i < INTERPOLATOR_TAPS; i++)
			table[p][i] = kernel((double)i - INTERPOLATOR_BEFORE -
					(double)p / INTERPOLATOR_PHASES);
}

/* The row below, and how far it is from there to the next one */
static inline const float *find_row(float fraction, float *between)
{
	float phase = fraction * INTERPOLATOR_PHASES;
	uint32_t p = SPA_MIN((uint32_t)phase, (uint32_t)INTERPOLATOR_PHASES - 1);

	*between = phase - p;
	return table[p];
}

static void process_c(float *dst, const float *src, const struct interpolator_place *places, uint32_t n)
{
	uint32_t i, k, l;

	for (i = 0; i < n; i++) {
		float below[LANES] = { 0 }, above[LANES] = { 0 }, between;
		const float *row = find_row(places[i].fraction, &between);
		const float *x = src + places[i].first;

		for (k = 0; k < INTERPOLATOR_TAPS; k += LANES) {
			for (l = 0; l < LANES; l++) {
				below[l] += x[k + l] * row[k + l];
				above[l] += x[k + l] * row[INTERPOLATOR_TAPS + k + l];
			}
		}
		for (l = 0; l < LANES; l++)
			below[l] += between * (above[l] - below[l]);
		for (l = 0; l < LANES / 2; l++)
			below[l] += below[l + 4];
		dst[i] = (below[0] + below[2]) + (below[1] + below[3]);
	}
}

static const struct interpolator interpolator_c = { "C", process_c };

#ifdef HAVE_VECTORS
/*
 * The same sums in the same order, in vectors as gcc and clang have them for every
 * CPU: SSE2 on x86-64, NEON on ARM.
 */
typedef float vector __attribute__((vector_size(16)));
typedef float vector_anywhere __attribute__((vector_size(16), aligned(4), may_alias));

static void process_vector(float *dst, const float *src, const struct interpolator_place *places, uint32_t n)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		vector below[2] = { 0 }, above[2] = { 0 };
		float between;
		const float *row = find_row(places[i].fraction, &between);
		const vector *r = (const vector *)row;
		const vector_anywhere *x = (const vector_anywhere *)(src + places[i].first);

		for (k = 0; k < INTERPOLATOR_TAPS / 4; k += 2) {
			below[0] += x[k] * r[k];
			below[1] += x[k + 1] * r[k + 1];
			above[0] += x[k] * r[INTERPOLATOR_TAPS / 4 + k];
			above[1] += x[k + 1] * r[INTERPOLATOR_TAPS / 4 + k + 1];
		}
		below[0] += between * (above[0] - below[0]);
		below[1] += between * (above[1] - below[1]);
		below[0] += below[1];
		dst[i] = (below[0][0] + below[0][2]) + (below[0][1] + below[0][3]);
	}
}

static const struct interpolator interpolator_vector = { "vector", process_vector };
#endif

#ifdef HAVE_AVX
/* Again the same: with fused multiply-add it would take 3.5 ns instead of 4.8, but other
 * CPUs would not make the same samples. */
__attribute__((target("avx")))
static void process_avx(float *dst, const float *src, const struct interpolator_place *places, uint32_t n)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		__m256 below = _mm256_setzero_ps(), above = _mm256_setzero_ps(), x;
		__m128 sum;
		float between;
		const float *row = find_row(places[i].fraction, &between);
		const float *s = src + places[i].first;

		for (k = 0; k < INTERPOLATOR_TAPS; k += LANES) {
			x = _mm256_loadu_ps(s + k);
			below = _mm256_add_ps(below, _mm256_mul_ps(x, _mm256_load_ps(row + k)));
			above = _mm256_add_ps(above, _mm256_mul_ps(x,
						_mm256_load_ps(row + INTERPOLATOR_TAPS + k)));
		}
		x = _mm256_mul_ps(_mm256_set1_ps(between), _mm256_sub_ps(above, below));
		x = _mm256_add_ps(below, x);
		sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
		sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
		sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
		dst[i] = _mm_cvtss_f32(sum);
	}
}

static const struct interpolator interpolator_avx = { "AVX", process_avx };
#endif

const struct interpolator *interpolator_get_variant(uint32_t index)
{
	const struct interpolator *variants[3] = { &interpolator_c };
	uint32_t n = 1;

	pthread_once(&table_once, table_init);
#ifdef HAVE_VECTORS
	variants[n++] = &interpolator_vector;
#endif
#ifdef HAVE_AVX
	if (__builtin_cpu_supports("avx"))
		variants[n++] = &interpolator_avx;
#endif
	return index < n ? variants[index] : NULL;
}

const struct interpolator *interpolator_get(void)
{
	const struct interpolator *fastest = NULL, *next;
	uint32_t i;

	for (i = 0; (next = interpolator_get_variant(i)) != NULL; i++)
		fastest = next;
	return fastest;
}
