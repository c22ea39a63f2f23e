/* Fuzz target: what speakers were sent, what a microphone heard, and what is known before */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is pieces: noise that all are sent, any floats, silence, gaps; and priors of any numbers. */

#include <math.h>

#include "fuzz.h"
#include "ear/resample.h"
#include "ear/track.h"

#define RATE		14000.0
#define SPEAKERS	2
#define PIECE		3500
#define PIECES_MAX	40

static float any_float(struct fuzz_input *in)
{
	uint32_t bits = fuzz_u32(in);
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static double number(struct fuzz_input *in)
{
	switch (fuzz_u8(in) % 4) {
	case 0:
		return INFINITY;
	case 1:
		return any_float(in);
	default:
		return fuzz_u8(in) * 1e-4;
	}
}

static void fill(struct fuzz_input *in, float *sent[SPEAKERS], float *heard, uint32_t *seed)
{
	uint32_t kind = fuzz_u8(in), i, k;
	float odd = any_float(in);

	for (i = 0; i < PIECE; i++) {
		float x;

		*seed = *seed * 1664525u + 1013904223u;
		x = kind & 1 ? (float)(*seed >> 8) / (1 << 25) - 0.25f : 0.0f;
		for (k = 0; k < SPEAKERS; k++)
			sent[k][i] = kind & 2 && i % 7 == k ? odd : x;
		heard[i] = kind & 4 ? odd : kind & 8 ? x : 0.0f;
	}
}

static void check_heard(const struct ear_track_heard *h)
{
	fuzz_check((uint32_t)h->reason < EAR_REASONS);
	fuzz_check(h->confidence >= 0 && h->confidence <= 1);
	if (h->reason != EAR_HEARD)
		return;
	fuzz_check(isfinite(h->tau_s) && fabs(h->tau_s) < 2 && h->sigma_s > 0 && h->sigma_s < 1e-3);
	fuzz_check(isfinite(h->rate) && h->rate_sigma >= 0 && isfinite(h->level_db));
}

static void try_resampling(struct fuzz_input *in, const float *x)
{
	struct ear_resampler *r = ear_resampler_new(number(in), 1024 + fuzz_u8(in));
	struct ear_clock c;
	float y[16];
	uint32_t i;

	ear_clock_init(&c, RATE);
	for (i = 0; i < 4; i++)
		ear_clock_mark(&c, fuzz_u32(in), (int64_t)fuzz_u32(in) << (fuzz_u8(in) & 31));
	fuzz_check(!isnan(ear_clock_ns(&c, 1)));
	if (r == NULL)
		return;
	ear_resampler_push(r, x, PIECE);
	ear_resampler_read(r, number(in) * 1e4, number(in) * 1e2, y, 16);
	ear_resampler_destroy(r);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ear_track_params params = { .rate = RATE, .n_speakers = SPEAKERS, .window_sec = 4, .hop_sec = 2,
		.max_lag_frames = 1000 };
	struct fuzz_input in = { data, size };
	struct ear_track *t = ear_track_new(&params);
	static float buffers[SPEAKERS + 1][PIECE];
	float *sent[SPEAKERS] = { buffers[0], buffers[1] }, *heard = buffers[SPEAKERS];
	uint32_t piece, i, seed = 1;

	fuzz_check(t != NULL);
	for (piece = 0; piece < PIECES_MAX && in.size > 0; piece++) {
		struct ear_track_prior prior[SPEAKERS];
		struct ear_track_heard h[SPEAKERS];
		struct ear_track_window w;
		uint32_t op = fuzz_u8(&in);

		if (op < 8)
			ear_track_gap(t);
		else if (op < 16)
			ear_track_forget(t, op - 8);
		else if (op == 16)
			try_resampling(&in, heard);
		fill(&in, sent, heard, &seed);
		for (i = 0; i < 1 + op % 8; i++)
			ear_track_push(t, (const float *const *)sent, heard, PIECE);
		for (i = 0; i < SPEAKERS; i++)
			prior[i] = (struct ear_track_prior) { .at = fuzz_u32(&in), .tau_s = number(&in), .sigma_s = number(&in),
				.rate = number(&in), .rate_sigma = number(&in) };
		if (ear_track_analyse(t, prior, h, &w) != 1)
			continue;
		for (i = 0; i < SPEAKERS; i++)
			check_heard(&h[i]);
	}
	ear_track_destroy(t);
	return 0;
}
