/* Test: where a tap goes, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "harness.h"
#include "tap-player.h"

static void a_slew_goes_from_one_whole_sample_to_another(void)
{
	static const int moves[] = { 1, -1, 20, -47 };
	struct player p;
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(moves); i++) {
		player_start(&p, RATE, 0, 500);
		pass(&p, 5000);
		check_copy(&p, 500, 5000);
		check(slew_to(&p, 500 + moves[i]));
		check_int(p.tap.state, TAP_SLEWING);
		until_settled(&p);
		check_copy(&p, 500 + moves[i], 5000);
		player_finish(&p);
	}
}

static void what_is_not_near_is_crossfaded(void)
{
	struct player p;

	player_start(&p, RATE, 0, 500);
	pass(&p, 5000);
	slew_to(&p, 548);
	check_int(p.tap.state, TAP_CROSSFADE);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 548, 5000);
	/* and everything when the speed is 0 */
	go(&p, 549, 0, 0);
	check_int(p.tap.state, TAP_CROSSFADE);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 549, 5000);
	player_finish(&p);
}

/* The worst of all signals: a tone at full scale that is the same at both places. Far apart music has
 * nothing in common, and what keeps its level makes this louder in the middle of the fade. */
static void a_crossfade_is_at_most_3_dB_louder_than_its_source(void)
{
	static const struct { double hz, to, most; } moves[] = {
		{ 960, 550, 1.0 },		/* one period, and near */
		{ 480, 1500, M_SQRT2 },		/* ten, and not */
	};
	struct player p;
	uint32_t i, n;
	float out, peak;

	for (i = 0; i < SPA_N_ELEMENTS(moves); i++) {
		player_start(&p, RATE, moves[i].hz, 500);
		pass(&p, 5000);
		slew_to(&p, moves[i].to);
		check_int(p.tap.state, TAP_CROSSFADE);
		for (n = 0, peak = 0.0f; n < p.tap.params.fade; n++) {
			play(&p, &out, 1);
			peak = fmaxf(peak, fabsf(out));
		}
		note("a move of %.0f samples: %.2f dB", moves[i].to - 500, 20 * log10(peak));
		check(peak <= moves[i].most + 1e-5);
		player_finish(&p);
	}
}

/* A clock that is 20 ppm off is a sample in a second, and each is slewed to */
static void what_is_followed_in_small_steps_is_never_crossfaded(void)
{
	double delay = 500, off = 0, worst = 0;
	struct player p;
	float out;

	player_start(&p, RATE, 0, delay);
	pass(&p, 5000);
	while (p.at < 30 * RATE) {
		delay = 500 + 20 * PPM * (p.at - 5000);
		if (p.at % 4800 == 0)
			check(slew_to(&p, delay));
		check(p.tap.state != TAP_CROSSFADE);
		play(&p, &out, 1);
		off = fabs(delay_now(&p) - delay);
		worst = fmax(worst, off);
	}
	note("a drift of 20 ppm is followed to %.2f samples", worst);
	check(worst < 1);
	player_finish(&p);
}

static void a_change_waits_and_then_begins(void)
{
	struct player p;

	player_start(&p, RATE, 0, 500);
	pass(&p, 3000);
	go(&p, 700, 500, 2500);
	check_copy(&p, 500, 1000);
	/* the same again: still the same change */
	go(&p, 700, 500, 0);
	go(&p, 700, 500, 9999);
	check_copy(&p, 500, 1499);
	check_int(p.tap.state, TAP_SETTLED);
	check_copy(&p, 500, 1);
	check_int(p.tap.state, TAP_CROSSFADE);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 700, 1000);

	/* another one takes its place, with its own wait */
	go(&p, 900, 500, 2000);
	check_copy(&p, 700, 1999);
	go(&p, 800, 500, 100);
	check_copy(&p, 700, 100);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 800, 3000);

	/* back before it began: nothing happens */
	go(&p, 900, 500, 2000);
	go(&p, 800, 500, 0);
	check_copy(&p, 800, 5000);
	player_finish(&p);
}

static void what_is_silent_waits_too_and_is_there_at_once(void)
{
	struct tap_target target;
	struct player p;

	player_start(&p, RATE, 0, 500);
	pass(&p, 3000);
	target = (struct tap_target) { .delay = 500, .map = &p.map };
	tap_set(&p.tap, &target);
	pass(&p, 3000);
	check(tap_is_silent(&p.tap));
	target.delay = 5000;
	target.wait = 1000;
	tap_set(&p.tap, &target);
	pass(&p, 999);
	check(delay_now(&p) == 500);
	pass(&p, 1);
	check(delay_now(&p) == 5000);
	target.gain = 1.0f;
	tap_set(&p.tap, &target);
	check_int(p.tap.state, TAP_SETTLED);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 5000, 3000);
	player_finish(&p);
}

static void near_the_newest_sample_everything_is_crossfaded(void)
{
	struct player p;

	player_start(&p, RATE, 0, 0);
	pass(&p, 3000);
	check_copy(&p, 0, 3000);
	slew_to(&p, 3);
	check_int(p.tap.state, TAP_CROSSFADE);
	pass(&p, p.tap.params.fade);
	check_copy(&p, 3, 3000);
	slew_to(&p, TAP_DELAY_BETWEEN);
	check_int(p.tap.state, TAP_CROSSFADE);
	pass(&p, p.tap.params.fade);
	/* from here on there are enough */
	slew_to(&p, TAP_DELAY_BETWEEN + 1);
	check_int(p.tap.state, TAP_SLEWING);
	player_finish(&p);
}

static void the_longest_delay_is_taken_instead_of_a_longer_one(void)
{
	double max = RING - BLOCK_MAX - TAP_REACH;
	struct player p;
	float out[BLOCK_MAX];
	uint32_t i;

	player_start(&p, RATE, 0, 500);
	pass(&p, 3000);
	check(slew_to(&p, max));
	check(!slew_to(&p, max + 0.001));
	check(!slew_to(&p, 1e12));
	pass(&p, p.tap.params.fade);
	/* with the largest block the oldest sample is overwritten last */
	play(&p, out, BLOCK_MAX);
	play(&p, out, BLOCK_MAX);
	for (i = 0; i < BLOCK_MAX; i++)
		check(out[i] == signal_at(&p, p.at - BLOCK_MAX + i - (uint32_t)max));
	/* and so when it moves */
	p.w = 2 * M_PI * 1000 / RATE;
	for (i = 0; i < 4; i++)
		play(&p, out, BLOCK_MAX);
	slew_to(&p, max - 1);
	while (p.tap.state == TAP_SLEWING) {
		double from = delay_now(&p), to;

		play(&p, out, BLOCK_MAX);
		to = delay_now(&p);
		check(fabs(out[0] - sin(p.w * (p.at - BLOCK_MAX - from))) < 1e-5);
		check(fabs(out[BLOCK_MAX - 1] - sin(p.w * (p.at - 1 - to))) < 1e-4);
	}
	check(delay_now(&p) == max - 1);
	player_finish(&p);
}

static void all_rates_have_the_same_pitch_and_arrive(void)
{
	static const uint32_t rates[] = { 8000, 16000, 44100, 48000, 96000, 192000 };
	uint32_t i, start, delay, from;
	double ppm, last;
	struct player p;
	float out;

	for (i = 0; i < SPA_N_ELEMENTS(rates); i++) {
		/* 10 ms, and half a ms of slew */
		from = rates[i] / 100;
		delay = from + rates[i] / 2000;
		player_start(&p, rates[i], 0, from);
		pass(&p, rates[i] / 10);
		start = p.at;
		slew_to(&p, delay);
		check_int(p.tap.state, TAP_SLEWING);
		for (ppm = 0; p.tap.state == TAP_SLEWING; ) {
			last = delay_now(&p);
			play(&p, &out, 1);
			ppm = fmax(ppm, fabs(delay_now(&p) - last) / PPM);
		}
		note("%6u Hz: %.2f s, %.0f ppm", rates[i], (double)(p.at - start) / rates[i], ppm);
		check(ppm > 120 && ppm < 160);
		check_copy(&p, delay, 2000);
		player_finish(&p);
	}
}

int main(void)
{
	run(a_slew_goes_from_one_whole_sample_to_another);
	run(what_is_not_near_is_crossfaded);
	run(a_crossfade_is_at_most_3_dB_louder_than_its_source);
	run(what_is_followed_in_small_steps_is_never_crossfaded);
	run(a_change_waits_and_then_begins);
	run(what_is_silent_waits_too_and_is_there_at_once);
	run(near_the_newest_sample_everything_is_crossfaded);
	run(the_longest_delay_is_taken_instead_of_a_longer_one);
	run(all_rates_have_the_same_pitch_and_arrive);
	return harness_finish();
}
