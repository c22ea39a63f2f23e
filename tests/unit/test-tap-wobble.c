/* Test: what a tap whose delay goes to and fro sounds like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "harness.h"
#include "tap-player.h"

#define CODE	5u
#define CHIP	24000u
#define MOVE	9600u			/* 0.2 s */
#define CHIPS	16u

static void begin(struct player *p, double hz, uint32_t samples)
{
	player_start(p, RATE, hz, 500);
	p->wobble = (struct wobble_params) { .code = CODE, .samples = samples, .chip = CHIP };
	go(p, 500, 500, 0);
}

static void end(struct player *p)
{
	p->wobble = (struct wobble_params) { 0 };
	go(p, p->tap.wished, 500, 0);
}

/* Where it is by the definition, of one that began with frame 0 */
static double place(uint32_t samples, uint32_t frame)
{
	uint32_t k = frame / CHIP;
	double u = fmin((double)(frame % CHIP) / MOVE, 1.0), from = k > 0 ? wobble_bit(CODE, k - 1) : 0;

	return samples * (from + (wobble_bit(CODE, k) - from) * u * u * (3 - 2 * u));
}

static void between_its_moves_it_copies_bit_for_bit(void)
{
	struct player p;
	uint32_t k;

	begin(&p, 0, 2);
	for (k = 0; k < CHIPS; k++) {
		pass(&p, MOVE);
		check_copy(&p, 500 + 2 * wobble_bit(CODE, k), CHIP - MOVE);
	}
	player_finish(&p);
}

/* The error against a sine at the place of the definition, and its second difference, where a click would be */
static void a_move_is_where_it_should_be_and_has_no_corner(void)
{
	static const double tones[] = { 50, 1000, 5000, 10000, 15000 };
	struct player p;
	uint32_t t;
	float out;

	for (t = 0; t < SPA_N_ELEMENTS(tones); t++) {
		double signal = 0, noise = 0, error[3] = { 0 }, around = 0, away = 0, second, ideal;

		begin(&p, tones[t], 4);
		pass(&p, CHIP / 2);
		while (p.at < CHIPS * CHIP) {
			uint32_t since = p.at % CHIP;

			ideal = sin(p.w * (p.at - 500 - place(4, p.at)));
			play(&p, &out, 1);
			signal += ideal * ideal;
			noise += (out - ideal) * (out - ideal);
			error[0] = error[1];
			error[1] = error[2];
			error[2] = out - ideal;
			second = fabs(error[2] - 2 * error[1] + error[0]);
			if (p.at < CHIP / 2 + 10)
				continue;
			if (since < 3 || (since >= MOVE && since < MOVE + 3))
				around = fmax(around, second);
			else
				away = fmax(away, second);
		}
		note("%5.0f Hz: %.1f dB from noise; second difference of the error %.2g where moves begin and end, %.2g elsewhere",
				tones[t], 10 * log10(signal / noise), around, away);
		check(10 * log10(signal / noise) > 95);
		check(around <= away + 4 * 0x1p-24);
		check(away <= 4 * pow(10, -95 / 20.0) * M_SQRT2);
		player_finish(&p);
	}
}

static void when_it_has_ended_nothing_is_left_of_it(void)
{
	static const uint32_t ends[] = { 1, MOVE / 2, MOVE, CHIP / 2, CHIP + 3, 3 * CHIP + MOVE / 3 };
	struct player p;
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(ends); i++) {
		begin(&p, 0, 4);
		pass(&p, 2000 + ends[i]);
		end(&p);
		/* one move may have to end before */
		pass(&p, 2 * MOVE);
		check(wobble_is_off(&p.tap.wobble));
		check_copy(&p, 500, 3 * CHIP);
		player_finish(&p);
	}
}

static void it_is_added_to_a_slew(void)
{
	double worst = 0, ppm = 0, last, now;
	struct player p;
	float out;

	begin(&p, 1000, 2);
	pass(&p, 2000);
	go(&p, 540, 500, 0);
	check_int(p.tap.state, TAP_SLEWING);
	last = delay_now(&p) + place(2, p.at);
	while (p.at < 16 * CHIP) {
		now = delay_now(&p) + place(2, p.at);
		ppm = fmax(ppm, fabs(now - last) / PPM);
		last = now;
		play(&p, &out, 1);
		worst = fmax(worst, fabs(out - sin(p.w * (p.at - 1 - now))));
	}
	note("with a slew of 40 samples: up to %.0f ppm, %.2g away from a sine at the sum of both", ppm, worst);
	check(worst < 1e-5);
	check_int(p.tap.state, TAP_SETTLED);
	player_finish(&p);
}

static void it_goes_on_through_a_crossfade(void)
{
	double worst = 0;
	struct player p;
	uint32_t k;
	float out;

	begin(&p, 1000, 4);
	for (k = 0; wobble_bit(CODE, k) == wobble_bit(CODE, k + 1); k++)
		;
	pass(&p, (k + 1) * CHIP + MOVE / 2);
	/* A period further back a sine is the same */
	go(&p, 548, 500, 0);
	check_int(p.tap.state, TAP_CROSSFADE);
	while (p.tap.state == TAP_CROSSFADE) {
		double now = 500 + place(4, p.at);

		play(&p, &out, 1);
		worst = fmax(worst, fabs(out - sin(p.w * (p.at - 1 - now))));
	}
	check(worst < 1e-5);
	pass(&p, MOVE);
	check_copy(&p, 548 + 4 * wobble_bit(CODE, k + 1), 1000);
	player_finish(&p);
}

/* Nothing newer than the newest is read */
static void where_nothing_can_be_interpolated_there_is_none(void)
{
	struct player p;
	uint32_t i;

	begin(&p, 0, 4);
	for (i = 0; i < 12; i++) {
		pass(&p, CHIP / 3 + i * 1111);
		go(&p, i % 4, 500, 0);
		pass(&p, p.tap.params.fade);
		check_copy(&p, i % 4, 3 * CHIP);
		go(&p, i % 2 ? TAP_DELAY_BETWEEN : 300, 500, 0);
		pass(&p, 3000);
	}
	player_finish(&p);
}

static void the_longest_delay_has_room_for_it(void)
{
	double max = RING - BLOCK_MAX - TAP_REACH;
	static float out[BLOCK_MAX];
	struct player p;
	uint32_t i;

	begin(&p, 1000, 4);
	check(go(&p, max, 500, 0));
	for (i = 0; i < 4; i++)
		play(&p, out, BLOCK_MAX);
	while (p.at < CHIPS * CHIP) {
		uint32_t at = p.at;

		play(&p, out, BLOCK_MAX);
		for (i = 0; i < BLOCK_MAX; i++)
			check(fabs(out[i] - sin(p.w * (at + i - max - place(4, at + i)))) < 1e-4);
	}
	player_finish(&p);
}

/* Who is silent is not computed for, and is in its place when it is heard again */
static void it_goes_on_in_silence(void)
{
	struct tap_target target;
	struct player p;
	float out[1000];
	uint32_t i;

	begin(&p, 0, 4);
	pass(&p, 3000);
	target = (struct tap_target) { .delay = 500, .speed = 5e-4, .map = &p.map, .wobble = p.wobble };
	tap_set(&p.tap, &target);
	pass(&p, 5 * CHIP + MOVE / 2 - 3000);
	play(&p, out, 1000);
	for (i = 0; i < 1000; i++)
		check(out[i] == 0.0f);
	target.gain = 1.0f;
	tap_set(&p.tap, &target);
	pass(&p, MOVE);
	check_copy(&p, 500 + 4 * wobble_bit(CODE, 5), 1000);
	player_finish(&p);
}

static void blocks_of_any_size_give_the_same_samples(void)
{
	static const uint32_t sizes[] = { 1, 255, 256, 1024, 8192, 0 };
	static const struct { uint32_t at; double delay; uint32_t samples; } changes[] = {
		{ 2000, 500, 1 }, { 30000, 510, 1 }, { 33333, 510, 0 }, { 40000, 510, 4 }, { 60001, 2000, 4 },
		{ 90000, 7, 4 }, { 95000, 100, 4 }, { 97000, 100, 2 }, { 150000, 110, 0 },
	};
#define LENGTH	200000
	static float first[LENGTH], other[LENGTH];
	uint32_t i, e, n, seed = 5;
	struct player p;

	for (i = 0; i < SPA_N_ELEMENTS(sizes); i++) {
		float *dst = i == 0 ? first : other;

		player_start(&p, RATE, 0, 500);
		for (e = 0; p.at < LENGTH; ) {
			if (e < SPA_N_ELEMENTS(changes) && changes[e].at == p.at) {
				p.wobble = (struct wobble_params) { changes[e].samples > 0 ? CODE : 0, changes[e].samples, 7000 };
				go(&p, changes[e].delay, 500, 0);
				e++;
			}
			n = sizes[i] ? sizes[i] : 1 + (uint32_t)(2000 * fabsf(harness_noise(&seed)));
			n = SPA_MIN(n, (e < SPA_N_ELEMENTS(changes) ? changes[e].at : LENGTH) - p.at);
			play(&p, dst + p.at, n);
		}
		player_finish(&p);
		check(memcmp(first, other, i == 0 ? 0 : sizeof(first)) == 0);
	}
}

int main(void)
{
	run(between_its_moves_it_copies_bit_for_bit);
	run(a_move_is_where_it_should_be_and_has_no_corner);
	run(when_it_has_ended_nothing_is_left_of_it);
	run(it_is_added_to_a_slew);
	run(it_goes_on_through_a_crossfade);
	run(where_nothing_can_be_interpolated_there_is_none);
	run(the_longest_delay_has_room_for_it);
	run(it_goes_on_in_silence);
	run(blocks_of_any_size_give_the_same_samples);
	return harness_finish();
}
