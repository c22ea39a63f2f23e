/* Fuzz target: a recording, and what is heard in it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is slots, then samples: of 16 bits, of 32, or sweeps among them, so that there is something to hear. */

#include <math.h>

#include "fuzz.h"
#include "ear/fit.h"
#include "ear/linearity.h"
#include "ear/listen.h"

#define RATE		8000.0
#define SLOTS		4
#define SPEAKERS	3
#define FRAMES		6000

static const struct ear_sweep sweep = { 400.0, 9500.0, 0.1 };

static float recording[FRAMES];
static float played[1000];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_check(ear_sweep_frames(&sweep, RATE) <= 1000);
	ear_sweep_fill(&sweep, RATE, played);
	return 0;
}

static void fill(struct fuzz_input *in, uint32_t n)
{
	uint32_t i, k;

	memset(recording, 0, sizeof(recording));
	for (i = 0; i < n && in->size > 0;) {
		uint32_t op = fuzz_u8(in), count = fuzz_u8(in);

		for (k = 0; k < count && i < n; k++, i++) {
			if (op < 64) {
				recording[i] += (int16_t)(fuzz_u8(in) | fuzz_u8(in) << 8) / 32768.0f;
			} else if (op < 80) {
				uint32_t bits = fuzz_u32(in);

				memcpy(&recording[i], &bits, sizeof(bits));
			}
		}
		if (op >= 200)
			for (k = 0; k < ear_sweep_frames(&sweep, RATE) && i + k < n; k++)
				recording[i + k] += played[k] * (op - 199) / 64.0f;
	}
}

static double number(struct fuzz_input *in)
{
	uint32_t kind = fuzz_u8(in);
	union {
		uint32_t bits;
		float value;
	} any;

	if (kind < 200)
		return fuzz_u8(in) * 16.0 + kind / 200.0;
	any.bits = fuzz_u32(in);
	return any.value;
}

static void check_heard(const struct ear_slot *slot, const struct ear_heard *h, uint32_t n)
{
	fuzz_check((uint32_t)h->reason < EAR_REASONS && ear_reason_name(h->reason) != NULL);
	if (h->reason != EAR_HEARD)
		return;
	fuzz_check(!slot->spoilt && h->arrival >= 0 && h->arrival < n);
	fuzz_check(slot->speaker == EAR_EVERYBODY || (h->arrival >= slot->expected - slot->before &&
			h->arrival <= slot->expected + slot->after));
	fuzz_check(h->sigma > 0 && isfinite(h->sigma) && isfinite(h->level_db) && !isnan(h->snr_db));
}

static void check_fit(const struct ear_slot *slots, const double *emitted_s, const struct ear_heard *heard, uint32_t n)
{
	struct ear_fit_speaker speakers[SPEAKERS];
	struct ear_fit fit;
	uint32_t i;

	if (ear_fit(&fit, speakers, SPEAKERS, RATE, slots, emitted_s, heard, n, 0.05, 1.0) < 0)
		return;
	for (i = 0; i < SPEAKERS; i++)
		if (speakers[i].reason == EAR_HEARD)
			fuzz_check(isfinite(speakers[i].late_s) && isfinite(speakers[i].drift_ppm) && speakers[i].sigma_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct ear_listener *l = ear_listener_new(&sweep, RATE);
	struct ear_slot slots[SLOTS];
	struct ear_heard heard[SLOTS];
	struct ear_response r;
	double emitted_s[SLOTS], slope;
	uint32_t i, n = fuzz_u8(&in) % (SLOTS + 1), n_frames = fuzz_u8(&in) * (FRAMES / 255);

	fuzz_check(l != NULL);
	for (i = 0; i < n; i++) {
		slots[i].speaker = fuzz_u8(&in) % (SPEAKERS + 1);
		if (slots[i].speaker == SPEAKERS)
			slots[i].speaker = EAR_EVERYBODY;
		slots[i].spoilt = fuzz_u8(&in) > 250;
		slots[i].expected = number(&in);
		slots[i].before = number(&in);
		slots[i].after = number(&in);
		slots[i].level_db = number(&in);
		emitted_s[i] = number(&in);
	}
	fill(&in, n_frames);
	fuzz_check(ear_listen(l, recording, n_frames, slots, n, heard) >= 0);
	for (i = 0; i < n; i++) {
		check_heard(&slots[i], &heard[i], n_frames);
		if (ear_listener_response(l, i, &r))
			fuzz_check(r.n > 0 && r.envelope != NULL && isfinite(r.first));
	}
	check_fit(slots, emitted_s, heard, n);
	ear_linearity(slots, heard, n, &slope);
	fuzz_check(ear_clipped(recording, n_frames) <= n_frames);
	ear_listener_destroy(l);
	return 0;
}
