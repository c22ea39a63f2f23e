/* Test: fit */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/fit.h"
#include "harness.h"

#define RATE		48000.0
#define SPEAKERS	8
#define GAP_S		0.8
#define INSTANT_S	0.5
#define SIGMA		0.25	/* of an arrival, in frames */

/* A round by the formula: a - e = common + late + (rate + drift) (e - at) */
static struct ear_slot slots[2 * SPEAKERS];
static struct ear_heard heard[2 * SPEAKERS];
static double emitted_s[2 * SPEAKERS];
static uint32_t n;
static double at_s;
static double late_s[SPEAKERS], drift[SPEAKERS], rate;

static struct ear_fit fit;
static struct ear_fit_speaker speakers[SPEAKERS];

static void set_arrivals(void)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		double since = emitted_s[i] + INSTANT_S - at_s;
		uint32_t s = slots[i].speaker;

		heard[i] = (struct ear_heard) { .reason = EAR_HEARD, .sigma = SIGMA,
			.arrival = RATE * (emitted_s[i] + 1.25 + late_s[s] + (rate + drift[s]) * since) };
	}
}

static void begin(const char *order)
{
	uint32_t i;

	n = strlen(order);
	for (i = 0; i < n; i++) {
		slots[i] = (struct ear_slot) { .speaker = order[i] - 'A' };
		emitted_s[i] = 1000 + i * GAP_S;
	}
	at_s = 0.5 * (emitted_s[0] + emitted_s[n - 1]) + INSTANT_S;
	rate = 0;
	for (i = 0; i < SPEAKERS; i++) {
		late_s[i] = 0.002 * i * i - 0.01 * i;
		drift[i] = 0;
	}
	set_arrivals();
}

static int work_out(void)
{
	return ear_fit(&fit, speakers, SPEAKERS, RATE, slots, emitted_s, heard, n, INSTANT_S, at_s);
}

static double worst_error(void)
{
	double worst = 0;
	uint32_t i;

	for (i = 0; i < SPEAKERS; i++)
		if (speakers[i].reason == EAR_HEARD)
			worst = SPA_MAX(worst, fabs(speakers[i].late_s - (late_s[i] - late_s[fit.reference])));
	return worst;
}

static void differences_are_to_the_first_that_was_heard(void)
{
	begin("ABCDDCBA");
	check_int(work_out(), 4);
	check_int(fit.reference, 0);
	check(speakers[0].late_s == 0 && speakers[0].sigma_s == 0);
	check(worst_error() < 1e-9);
	heard[0].reason = heard[7].reason = EAR_TOO_QUIET;
	check_int(work_out(), 3);
	check_int(fit.reference, 1);
	check_int(speakers[0].reason, EAR_TOO_QUIET);
	check(worst_error() < 1e-9);
}

static void clocks_go_out_of_a_palindrome(void)
{
	uint32_t i;

	begin("ABCDDCBA");
	rate = 150e-6;
	for (i = 0; i < SPEAKERS; i++)
		drift[i] = (i & 1 ? 40e-6 : -40e-6);
	set_arrivals();
	check_int(work_out(), 4);
	note("%.3f us, %.1f ppm, speakers %.1f and %.1f", worst_error() * 1e6, fit.rate_ppm, speakers[0].drift_ppm,
			speakers[1].drift_ppm);
	check(worst_error() < 5e-6);
	/* a rate and a mean drift are one thing: what was known beforehand divides them */
	check(fabs(fit.rate_ppm - 150) < 15);
	check(fabs(speakers[1].drift_ppm - speakers[0].drift_ppm - 80) < 5);
}

static void a_microphones_clock_goes_out_of_a_first_round(void)
{
	begin("ABCDA");
	rate = -150e-6;
	set_arrivals();
	check_int(work_out(), 4);
	/* of the drift that was seen in A a part could be A's own */
	note("%.3f us, %.1f ppm, sigma %.1f us", worst_error() * 1e6, fit.rate_ppm, speakers[2].sigma_s * 1e6);
	check(worst_error() < 40e-6);
	check(worst_error() < 3 * speakers[2].sigma_s);
}

/* Drifts of 40 ppm, and arrivals that are off by their sigma: so is the result, and as much */
static void sigma_says_how_far_off_it_is(void)
{
	uint32_t i, round, seed = 7, count = 0;
	double sum = 0;

	for (round = 0; round < 200; round++) {
		begin(round & 1 ? "ABCDA" : "ABCDDCBA");
		rate = 100e-6 * harness_noise(&seed);
		for (i = 0; i < SPEAKERS; i++)
			drift[i] = 40e-6 * harness_noise(&seed);
		set_arrivals();
		for (i = 0; i < n; i++)
			heard[i].arrival += SIGMA * sqrt(3) * harness_noise(&seed);
		check_int(work_out(), 4);
		for (i = 1; i < 4; i++, count++)
			sum += pow((speakers[i].late_s - (late_s[i] - late_s[0])) / speakers[i].sigma_s, 2);
	}
	note("%.2f of sigma", sqrt(sum / count));
	/* with what a speaker's response may add, which is not in these numbers, it is less than 1 */
	check(sqrt(sum / count) > 0.2 && sqrt(sum / count) < 1.0);
}

/* The largest error that is confident, over all places and lengths of a piece that is missing */
static double worst_of_lost_pieces(const char *order)
{
	uint32_t k, at, frames;
	double worst = 0;

	for (at = 1; at < strlen(order); at++)
		for (frames = 16; frames < 40000; frames = frames * 5 / 4 + 1) {
			begin(order);
			for (k = at; k < n; k++)
				heard[k].arrival -= frames;
			if (work_out() > 1)
				worst = SPA_MAX(worst, worst_error());
		}
	note("%s: off by %.3f ms at most", order, worst * 1e3);
	return worst;
}

static void a_lost_piece_is_never_a_wrong_answer(void)
{
	static const char * const proofs[] = { "ABBA", "ABCCBA", "ABCDDCBA", "ABCDEFGHHGFEDCBA" };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(proofs); i++)
		check(worst_of_lost_pieces(proofs[i]) < 1e-3);
}

/* One speaker alone has to tell a piece from a clock, which may be 300 ppm off: nothing is kept of such a round */
static void in_a_first_round_it_is_no_more_than_a_clock(void)
{
	static const char * const rounds[] = { "ABA", "ABCA", "ABCDA", "ABCDEFGHA", "ABCDAEFGHA" };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(rounds); i++)
		check(worst_of_lost_pieces(rounds[i]) < 300e-6 * GAP_S * strlen(rounds[i]));
}

static void a_speaker_that_jumps_is_inconsistent(void)
{
	begin("ABCDDCBA");
	/* its second time, 20 ms later */
	heard[6].arrival += 960;
	check_int(work_out(), 3);
	check_int(speakers[1].reason, EAR_INCONSISTENT);
	check(isnan(speakers[1].late_s));
	check(worst_error() < 1e-6);
}

static void who_was_heard_once_needs_a_witness(void)
{
	begin("ABCA");
	check_int(work_out(), 3);
	/* nobody was heard twice */
	heard[3].reason = EAR_TOO_NOISY;
	check_int(work_out(), 0);
	check_int(speakers[0].reason, EAR_TOO_NOISY);
	check_int(speakers[1].reason, EAR_INCONSISTENT);
	/* A's only time is not between C's */
	begin("ABCDDCBA");
	heard[7].reason = heard[6].reason = EAR_CLIPPED;
	check_int(work_out(), 2);
	check_int(speakers[0].reason, EAR_CLIPPED);
	check_int(speakers[1].reason, EAR_CLIPPED);
	check(worst_error() < 1e-9);
}

static void nobody_is_no_answer(void)
{
	uint32_t i;

	begin("ABCA");
	for (i = 0; i < n; i++)
		heard[i].reason = EAR_TOO_QUIET;
	check_int(work_out(), 0);
	for (i = 0; i < SPEAKERS; i++)
		check(speakers[i].reason == EAR_TOO_QUIET && isnan(speakers[i].late_s));
	check_int(ear_fit(&fit, speakers, SPEAKERS, RATE, slots, emitted_s, heard, 0, INSTANT_S, at_s), 0);
	check_int(ear_fit(&fit, speakers, 0, RATE, slots, emitted_s, heard, 0, INSTANT_S, at_s), 0);
	slots[0].speaker = SPEAKERS;
	check_int(work_out(), -EINVAL);
}

static void what_is_no_number_is_no_answer(void)
{
	static const double bad[] = { NAN, INFINITY, -INFINITY, 1e300 };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(bad); i++) {
		begin("ABCDDCBA");
		heard[2].arrival = heard[5].arrival = bad[i];
		check_int(work_out(), 3);
		check_int(speakers[2].reason, EAR_INCONSISTENT);
		check(worst_error() < 1e-9);
		/* once it is as if it had not been heard then */
		begin("ABCDDCBA");
		emitted_s[0] = bad[i];
		check_int(work_out(), 3);
		check_int(speakers[0].reason, EAR_INCONSISTENT);
		check(worst_error() < 1e-9);
	}
}

int main(void)
{
	run(differences_are_to_the_first_that_was_heard);
	run(clocks_go_out_of_a_palindrome);
	run(a_microphones_clock_goes_out_of_a_first_round);
	run(sigma_says_how_far_off_it_is);
	run(a_lost_piece_is_never_a_wrong_answer);
	run(in_a_first_round_it_is_no_more_than_a_clock);
	run(a_speaker_that_jumps_is_inconsistent);
	run(who_was_heard_once_needs_a_witness);
	run(nobody_is_no_answer);
	run(what_is_no_number_is_no_answer);
	return harness_finish();
}
