/* Benchmark: listening */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * ms of processor time for what a round of 15 speakers takes to be heard, at 48 kHz: the first, with wide windows, and
 * one that proves. The best of some; the recording is noise with sweeps.
 */

#include <math.h>
#include <string.h>
#include <time.h>

#include <spa/utils/defs.h>

#include "ear/fit.h"
#include "ear/listen.h"
#include "harness.h"

#define RATE		48000.0
#define SPEAKERS	15
#define ROUNDS		5

static struct ear_slot slots[2 * SPEAKERS];
static struct ear_heard heard[2 * SPEAKERS];
static double emitted_s[2 * SPEAKERS];

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static double bench_round(uint32_t n, double gap_s, double window_s)
{
	const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;
	uint32_t frames = ear_sweep_frames(&sweep, RATE), i, k, seed = 1;
	size_t n_frames = (size_t)((n * gap_s + 2) * RATE);
	float *recording = calloc(n_frames, sizeof(float)), *played = calloc(frames, sizeof(float));
	struct ear_listener *l = ear_listener_new(&sweep, RATE);
	struct ear_fit_speaker speakers[SPEAKERS];
	struct ear_fit fit;
	double best = INFINITY;

	ear_sweep_fill(&sweep, RATE, played);
	for (k = 0; k < n_frames; k++)
		recording[k] = 1e-3f * harness_noise(&seed);
	for (i = 0; i < n; i++) {
		size_t at = (size_t)((1 + i * gap_s) * RATE);

		slots[i] = (struct ear_slot) { .speaker = n > SPEAKERS + 1 && i >= SPEAKERS ? n - 1 - i : i % SPEAKERS,
			.expected = at, .before = window_s * RATE, .after = window_s * RATE };
		emitted_s[i] = i * gap_s;
		for (k = 0; k < frames; k++)
			recording[at + k] += 0.1f * played[k];
	}
	for (k = 0; k < ROUNDS; k++) {
		double begin = cpu_ms();

		check_int(ear_listen(l, recording, n_frames, slots, n, heard), n);
		check_int(ear_fit(&fit, speakers, SPEAKERS, RATE, slots, emitted_s, heard, n, ear_listener_instant(l),
				n * gap_s / 2), SPEAKERS);
		best = SPA_MIN(best, cpu_ms() - begin);
	}
	ear_listener_destroy(l);
	free(recording);
	free(played);
	return best;
}

int main(int argc, char *argv[])
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
	double first, fine;

	if (argc > 1 && !json) {
		fprintf(stderr, "usage: %s [--json]\n", argv[0]);
		return 2;
	}
	first = bench_round(SPEAKERS + 1, 1.3, 0.6);
	fine = bench_round(2 * SPEAKERS, 0.8, 0.01);
	if (json)
		printf("{ \"unit\": \"ms\", \"speakers\": %d, \"first\": %.1f, \"fine\": %.1f }\n", SPEAKERS, first, fine);
	else
		printf("%d speakers, ms: first round %.1f, fine round %.1f\n", SPEAKERS, first, fine);
	return 0;
}
