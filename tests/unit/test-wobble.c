/* Test: a delay that goes to and fro */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/wobble.h"

#define RATE	48000u
#define LONGEST	(RATE / 5)

static int sign(uint32_t code, uint64_t k)
{
	return 1 - 2 * (int)wobble_bit(code, k);
}

/* Over so many chips in turn, wherever they begin; code 0 is a delay that stands */
static void check_orthogonal(uint32_t codes, uint32_t length)
{
	uint32_t a, b, start, k;
	int sum;

	for (start = 0; start < 64; start++)
		for (a = 0; a <= codes; a++)
			for (b = 0; b < a; b++) {
				for (sum = 0, k = 0; k < length; k++)
					sum += sign(a, start + k) * sign(b, start + k);
				check_int(sum, 0);
			}
}

static void codes_are_orthogonal_over_as_many_chips_as_they_need(void)
{
	check_orthogonal(15, 16);
	check_orthogonal(31, 32);
	check_orthogonal(63, 64);
	/* and go on for as long as anybody plays */
	check_int(wobble_bit(5, 3), wobble_bit(5, 3 + (UINT64_C(1) << 40)));
}

static void look_at_codes(uint32_t first, uint32_t last, uint32_t length, uint32_t run_max)
{
	uint32_t code, k, moves, least = UINT32_MAX, most = 0, run, longest = 0;

	for (code = first; code <= last; code++) {
		for (moves = 0, run = 0, k = 0; k < 2 * length; k++) {
			bool move = wobble_bit(code, k) != wobble_bit(code, k + 1);

			moves += move && k < length;
			run = move ? 0 : run + 1;
			longest = SPA_MAX(longest, run + 1);
		}
		least = SPA_MIN(least, moves);
		most = SPA_MAX(most, moves);
	}
	note("codes %u to %u: %u to %u moves in %u chips, at one end for %u at most", first, last, least, most, length, longest);
	check(least >= length * 5 / 16 && most <= length * 11 / 16 && longest <= run_max);
}

static void no_code_is_as_slow_as_a_drift(void)
{
	look_at_codes(1, 15, 16, 4);
	look_at_codes(16, 31, 32, 6);
	look_at_codes(32, 63, 64, 7);
}

/* From \a frame on, for n samples, one at a time: the fastest that it got, in samples per sample */
static double watch(struct wobble *w, uint64_t frame, uint32_t n)
{
	double last = wobble_delay(w, 0), next, fastest = 0;

	for (; n > 0; n--) {
		wobble_aim(w, frame++);
		wobble_advance(w, 1);
		next = wobble_delay(w, 0);
		fastest = fmax(fastest, fabs(next - last));
		last = next;
	}
	return fastest;
}

static void in_each_chip_it_is_where_its_code_says(void)
{
	static const struct wobble_params params = { .code = 7, .samples = 3, .chip = RATE };
	struct wobble w = { 0 };
	uint64_t k, frame = 0;

	check(wobble_is_off(&w));
	wobble_set(&w, &params, LONGEST);
	check(!wobble_is_off(&w));
	for (k = 0; k < 32; k++) {
		watch(&w, frame, LONGEST);
		check(wobble_stands(&w));
		check(wobble_delay(&w, 0) == 3 * wobble_bit(7, k));
		watch(&w, frame + LONGEST, RATE - LONGEST);
		check(wobble_delay(&w, 0) == 3 * wobble_bit(7, k));
		frame += RATE;
	}
}

static void a_move_is_as_slow_as_its_chip_lets_it_be(void)
{
	static const struct { uint32_t samples, chip, length; } cases[] = {
		{ 1, RATE, LONGEST }, { 2, RATE, LONGEST }, { 4, RATE, LONGEST }, { 4, 10 * RATE, LONGEST },
		{ 1, RATE / 10, RATE / 10 * 4 / 5 }, { 4, RATE / 10, RATE / 10 * 4 / 5 },
	};
	struct wobble_params params = { .code = 1 };
	double fastest;
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(cases); i++) {
		struct wobble w = { 0 };

		params.samples = cases[i].samples;
		params.chip = cases[i].chip;
		wobble_set(&w, &params, LONGEST);
		fastest = watch(&w, 0, 16 * params.chip);
		note("%u samples in chips of %u: %.0f ppm", params.samples, params.chip, fastest * 1e6);
		check_int(w.move, cases[i].length);
		check(fabs(fastest / (1.5 * params.samples / cases[i].length) - 1) < 1e-3);
	}
}

static void it_begins_and_ends_at_a_stand(void)
{
	static const struct wobble_params params = { .code = 3, .samples = 4, .chip = RATE };
	struct wobble w = { 0 };
	double before, after;
	uint64_t frame = 0;

	wobble_set(&w, &params, LONGEST);
	while (wobble_stands(&w))
		wobble_aim(&w, frame++);
	before = wobble_delay(&w, 1) - wobble_delay(&w, 0);
	after = wobble_delay(&w, w.move) - wobble_delay(&w, w.move - 1);
	note("the first and the last sample of a move: %.2g and %.2g samples", before, after);
	check(fabs(before) < 3 * 4.0 / LONGEST / LONGEST + 1e-12 && fabs(after) < 3 * 4.0 / LONGEST / LONGEST + 1e-12);
	check(wobble_delay(&w, LONGEST / 2) == 2);
}

static void it_does_not_matter_how_the_time_is_cut(void)
{
	static const struct wobble_params params = { .code = 11, .samples = 2, .chip = 5000 };
	struct wobble one = { 0 }, other = { 0 };
	uint32_t seed = 3, n, left;
	uint64_t frame = 0;

	wobble_set(&one, &params, LONGEST);
	wobble_set(&other, &params, LONGEST);
	while (frame < 400000) {
		/* never beyond what it says itself */
		left = 1 + (uint32_t)(2000 * fabsf(harness_noise(&seed)));
		for (; left > 0; left -= n, frame += n) {
			n = SPA_MIN(left, wobble_aim(&one, frame));
			check(n > 0);
			wobble_advance(&one, n);
			watch(&other, frame, n);
		}
		check(wobble_delay(&one, 0) == wobble_delay(&other, 0));
	}
}

static void what_is_asked_for_in_a_move_comes_after_it(void)
{
	static const struct wobble_params on = { .code = 3, .samples = 4, .chip = RATE }, off = { 0 };
	struct wobble w = { 0 };
	uint64_t frame = 0;
	double fastest;

	wobble_set(&w, &on, LONGEST);
	while (wobble_stands(&w))
		wobble_aim(&w, frame++);
	watch(&w, frame, LONGEST / 3);
	wobble_set(&w, &off, LONGEST);
	check(!wobble_is_off(&w));
	fastest = watch(&w, frame + LONGEST / 3, LONGEST - LONGEST / 3);
	check(wobble_delay(&w, 0) == 4);
	fastest = fmax(fastest, watch(&w, frame + LONGEST, LONGEST));
	check(wobble_is_off(&w) && wobble_delay(&w, 0) == 0);
	check(fastest < 1.51 * 4 / LONGEST);
	/* The way back is slow where chips are short, too */
	wobble_set(&w, &(struct wobble_params) { .code = 3, .samples = 4, .chip = 4800 }, LONGEST);
	for (frame = 0; wobble_delay(&w, 0) != 4; frame++)
		watch(&w, frame, 1);
	wobble_set(&w, &off, LONGEST);
	check(watch(&w, frame, LONGEST) < 1.51 * 4 / LONGEST && wobble_is_off(&w));
	/* Nothing comes of what is nothing */
	wobble_set(&w, &off, LONGEST);
	check(wobble_is_off(&w));
}

/* Whoever asks: a tap reads no more than it has room for */
static void no_move_is_faster_than_the_fastest(void)
{
	static const struct wobble_params params[] = {
		{ 63, 1000, 1 }, { 63, 4, 0 }, { 63, 4, UINT32_MAX }, { 200, 4, 100 },
	};
	double fastest;
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(params); i++) {
		struct wobble w = { 0 };

		wobble_set(&w, &params[i], i % 2 ? 0 : LONGEST);
		fastest = watch(&w, 0, 200000);
		check(fastest <= WOBBLE_SPEED_MAX && wobble_delay(&w, 0) <= WOBBLE_SAMPLES_MAX);
	}
}

int main(void)
{
	run(codes_are_orthogonal_over_as_many_chips_as_they_need);
	run(no_code_is_as_slow_as_a_drift);
	run(in_each_chip_it_is_where_its_code_says);
	run(a_move_is_as_slow_as_its_chip_lets_it_be);
	run(it_begins_and_ends_at_a_stand);
	run(it_does_not_matter_how_the_time_is_cut);
	run(what_is_asked_for_in_a_move_comes_after_it);
	run(no_move_is_faster_than_the_fastest);
	return harness_finish();
}
