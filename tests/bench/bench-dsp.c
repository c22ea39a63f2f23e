/* Benchmark: interpolators and taps */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * ns per sample and channel, in blocks of 1024. The best of many blocks: what the code takes
 * when nobody disturbs it.
 */

#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/history.h"
#include "dsp/interpolator.h"
#include "dsp/tap.h"

#define BLOCK		1024
#define BLOCKS		4000
#define RATE		48000
#define RING		16384

static float source[BLOCK + 2 * INTERPOLATOR_TAPS], result[BLOCK];
static struct history history;
static bool json;
static uint32_t n_figures;

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void figure(const char *what, const char *how, double ns)
{
	if (json)
		printf("%s\n{ \"what\": \"%s\", \"how\": \"%s\", \"ns\": %.3f }", n_figures++ ? "," : "",
				what, how, ns);
	else
		printf("%-24s %-8s %8.3f\n", what, how, ns);
}

static void bench_interpolators(void)
{
	struct interpolator_place places[BLOCK];
	const struct interpolator *v;
	double start, best;
	uint32_t i, n;

	for (i = 0; i < BLOCK; i++) {
		double at = i * 1.0005 + 0.3;

		places[i].first = at;
		places[i].fraction = at - floor(at);
	}
	for (n = 0; (v = interpolator_get_variant(n)) != NULL; n++) {
		for (i = 0, best = INFINITY; i < BLOCKS; i++) {
			start = now_ns();
			v->process(result, source, places, BLOCK);
			best = fmin(best, now_ns() - start);
		}
		figure("interpolate", v->name, best / BLOCK);
	}
}

static void bench_memcpy(void)
{
	double start, best = INFINITY;
	uint32_t i;

	for (i = 0; i < BLOCKS; i++) {
		start = now_ns();
		memcpy(result, history.data + (i * BLOCK & (RING - 1)), sizeof(result));
		/* or the compiler would see that nobody looks */
		__asm__ volatile ("" : : "r" (result) : "memory");
		best = fmin(best, now_ns() - start);
	}
	figure("copy", "memcpy", best / BLOCK);
}

static void bench_tap(const char *what, const struct interpolator *v, double delay, double move)
{
	struct tap_params params = { .delay_max = 8000, .interpolator = v };
	struct role_map map = { .n_channels = 1, .direct = { 0 } };
	float *outs[ROLE_CHANNELS_MAX] = { result };
	double start, best = INFINITY;
	struct tap_target target = {
		.delay = delay, .speed = 5e-4, .gain = 1.0f, .map = &map,
	};
	struct tap tap;
	uint32_t i;

	tap_params_set_rate(&params, RATE);
	tap_init(&tap, &params);
	tap_set(&tap, &target);
	for (i = 0; i < BLOCKS; i++) {
		/* a slew of 40 samples takes 7 s: turned round after 2 */
		if (move != 0 && i % 100 == 0) {
			target.delay = delay + (i / 100 & 1 ? 0 : move);
			tap_set(&tap, &target);
		}
		history_write(&history, 0, source, BLOCK, BLOCK);
		history_advance(&history, BLOCK);
		start = now_ns();
		tap_process(&tap, &history, BLOCK, outs, BLOCK);
		/* after the fade in */
		if (i > 100)
			best = fmin(best, now_ns() - start);
	}
	figure(what, v->name, best / BLOCK);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	const struct interpolator *v;
	uint32_t i, n, seed = 3;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j') {
			fprintf(stderr, "usage: %s [--json]\n", argv[0]);
			return 2;
		}
		json = true;
	}
	for (i = 0; i < SPA_N_ELEMENTS(source); i++)
		source[i] = harness_noise(&seed);
	check_int(history_init(&history, 1, RING), 0);

	if (json)
		printf("{ \"unit\": \"ns per sample and channel\", \"block\": %d, \"figures\": [", BLOCK);
	else
		printf("ns per sample and channel, blocks of %d, best of %d\n", BLOCK, BLOCKS);
	bench_memcpy();
	bench_tap("tap, settled", interpolator_get(), 4000, 0);
	bench_interpolators();
	for (n = 0; (v = interpolator_get_variant(n)) != NULL; n++)
		bench_tap("tap, slewing", v, 4000, 40);
	if (json)
		printf("\n] }\n");
	history_finish(&history);
	return 0;
}
