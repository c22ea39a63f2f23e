/* Fuzz target: what is heard and said of speakers, and what the loop makes of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a row of events. */

#include <math.h>

#include "fuzz.h"
#include "track/loop.h"

#define SPEAKERS	4

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

/* Mostly one that could be; any at all now and then */
static double number(struct fuzz_input *in, double most)
{
	union {
		uint32_t bits;
		float value;
	} any;

	if (fuzz_u8(in) < 240)
		return most * ((fuzz_u8(in) | fuzz_u8(in) << 8) - 32768) / 32768.0;
	any.bits = fuzz_u32(in);
	return any.value;
}

static void say(struct fuzz_input *in, struct loop *loop, double now_s)
{
	struct loop_facts facts = {
		.latency_s = number(in, 0.5), .correction_s = number(in, 0.1), .tracked_s = number(in, 0.1),
		.trim_s = number(in, 0.1), .arrival_s = fuzz_u8(in) & 1 ? NAN : number(in, 0.03),
		.plays = fuzz_u8(in) > 20,
	};

	loop_facts(loop, fuzz_u8(in) % (SPEAKERS + 1), now_s, &facts);
}

static void hear(struct fuzz_input *in, struct loop *loop, double now_s)
{
	struct loop_window window = { now_s - 11.0, now_s - 1.0 };
	struct ear_track_heard heard[SPEAKERS];
	uint32_t i;

	for (i = 0; i < SPEAKERS; i++)
		heard[i] = (struct ear_track_heard) {
			.reason = fuzz_u8(in) < 200 ? EAR_HEARD : fuzz_u8(in), .tau_s = number(in, 0.5),
			.sigma_s = number(in, 1e-3), .rate = number(in, 1e-4), .rate_sigma = number(in, 1e-5),
			.match = number(in, 1.0), .placed = true,
		};
	if (fuzz_u8(in) > 240)
		window = (struct loop_window) { number(in, 100.0), number(in, 100.0) };
	loop_heard(loop, now_s, &window, heard, SPEAKERS);
}

static void check_loop(const struct loop *loop)
{
	struct ear_track_prior prior;
	uint32_t i;

	fuzz_check(loop->reference == LOOP_NOBODY || loop->reference < LOOP_SPEAKERS_MAX);
	for (i = 0; i < LOOP_SPEAKERS_MAX; i++) {
		const struct loop_speaker *s = &loop->speakers[i];

		fuzz_check(fabs(s->tracked_s) <= LOOP_TRACKED_MAX_S);
		fuzz_check(isnan(s->sigma_s) || s->sigma_s >= 0.0);
		fuzz_check(loop_state_name(s->state) && (uint32_t)s->reason < EAR_REASONS);
		loop_prior(loop, i, loop->now_s, &prior);
		fuzz_check(isfinite(prior.tau_s) && isfinite(prior.rate) && prior.sigma_s > 0.0 && prior.rate_sigma > 0.0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct loop loop;
	double now_s = 100.0;

	loop_init(&loop, fuzz_u8(&in) & 1);
	while (in.size > 0) {
		switch (fuzz_u8(&in) % 8) {
		case 0: say(&in, &loop, now_s); break;
		case 1: loop_restart(&loop, fuzz_u8(&in) % SPEAKERS); break;
		case 2: loop_leave(&loop, fuzz_u8(&in) % SPEAKERS); break;
		case 3: loop_gap(&loop); break;
		case 4: loop_learn(&loop); break;
		case 5: now_s += number(&in, 60.0); break;
		default:
			hear(&in, &loop, now_s);
			now_s += 3.0;
			loop_tick(&loop, now_s);
			break;
		}
		check_loop(&loop);
	}
	return 0;
}
