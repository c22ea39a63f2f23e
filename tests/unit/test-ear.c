/* Test: listening, its parts against their formulae */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/linearity.h"
#include "ear/listen.h"
#include "ear/response.h"
#include "harness.h"

#define RATE		48000.0

static const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;

/* A recording to which sounds are added; 1.6 s, and the slot expects the sweep in the middle of the first */
#define FRAMES		76800
#define EXPECTED	24000

static float recording[FRAMES];
static struct ear_slot slot;
static struct ear_heard heard;
static struct ear_listener *listener;

static void begin(void)
{
	memset(recording, 0, sizeof(recording));
	slot = (struct ear_slot) { 0, EXPECTED, 9600, 9600, 0, false };
	listener = ear_listener_new(&sweep, RATE);
	check(listener != NULL);
}

static enum ear_reason finish(void)
{
	int n = ear_listen(listener, recording, FRAMES, &slot, 1, &heard);

	check_int(n, heard.reason == EAR_HEARD);
	ear_listener_destroy(listener);
	return heard.reason;
}

/* The sweep as the formula has it, from a place between frames, at k times its frequency */
static void add_sweep(double at, double gain, double k)
{
	double L = sweep.seconds / log(sweep.to_hz / sweep.from_hz);
	uint32_t i;

	for (i = (uint32_t)ceil(at); i < FRAMES && (i - at) / RATE < sweep.seconds; i++) {
		double t = (i - at) / RATE, end = sweep.seconds - t;
		double fade = fmin(fmin(t / 0.02, end / 0.005), 1);

		recording[i] += (float)(gain * fade * sin(k * 2 * M_PI * sweep.from_hz * L * (exp(t / L) - 1)));
	}
}

static void add_noise(double rms)
{
	uint32_t i, seed = 5;

	for (i = 0; i < FRAMES; i++)
		recording[i] += (float)(rms * sqrt(3) * harness_noise(&seed));
}

static void the_sweep_is_at_each_frequency_when_it_says(void)
{
	uint32_t n = ear_sweep_frames(&sweep, RATE), i, last = 0;
	float *x = calloc(n, sizeof(*x));
	double worst = 0;

	ear_sweep_fill(&sweep, RATE, x);
	check(x[0] == 0 && fabsf(x[n - 1]) < 0.01f);
	/* between zeros that it passes upwards is a period */
	for (i = 1; i < n; i++) {
		if (x[i - 1] < 0 && x[i] >= 0) {
			double hz = RATE / (i - last), t = 0.5 * (i + last) / RATE;

			if (last > 0 && hz < 2000)
				worst = SPA_MAX(worst, fabs(ear_sweep_time(&sweep, hz) - t));
			last = i;
		}
		check(fabsf(x[i]) <= 1.0f);
	}
	note("off by %.2f ms at most", worst * 1e3);
	/* a period is known to a frame of 24, and 4 % of the frequency are L * 0.04 */
	check(worst < 0.05 * 0.16);
	free(x);
}

static void what_a_rate_cannot_hold_is_left_out(void)
{
	uint32_t n = ear_sweep_frames(&sweep, 16000), i, end = (uint32_t)(ear_sweep_time(&sweep, 0.46 * 16000) * 16000);
	float *x = calloc(n, sizeof(*x));

	ear_sweep_fill(&sweep, 16000, x);
	for (i = end + 1; i < n; i++)
		check(x[i] == 0);
	free(x);
}

static void a_plain_path_is_found_at_any_rate(void)
{
	static const double rates[] = { 8000, 16000, 44100, 48000, 96000, 192000 };
	uint32_t i, k;

	for (i = 0; i < SPA_N_ELEMENTS(rates); i++) {
		uint32_t n = ear_sweep_frames(&sweep, rates[i]), at = (uint32_t)(0.53 * rates[i]);
		size_t n_frames = (size_t)(2 * rates[i]);
		float *x = calloc(n_frames, sizeof(float)), *played = calloc(n, sizeof(float));
		struct ear_listener *l = ear_listener_new(&sweep, rates[i]);
		struct ear_slot s = { 0, 0.5 * rates[i], 0.1 * rates[i], 0.1 * rates[i], -20, false };
		struct ear_heard h;

		ear_sweep_fill(&sweep, rates[i], played);
		for (k = 0; k < n; k++)
			x[at + k] = 0.1f * played[k];
		check_int(ear_listen(l, x, n_frames, &s, 1, &h), 1);
		note("%.0f Hz: off by %.4f frames, %.2f dB", rates[i], h.arrival - at, h.level_db);
		check(fabs(h.arrival - at) < 0.01);
		check(fabs(h.level_db + 20) < 0.1);
		ear_listener_destroy(l);
		free(x);
		free(played);
	}
}

static void a_place_between_frames_is_found(void)
{
	uint32_t i;

	for (i = 0; i < 10; i++) {
		double at = EXPECTED + 100 + i / 10.0;

		begin();
		add_sweep(at, 0.1, 1);
		check_int(finish(), EAR_HEARD);
		check(fabs(heard.arrival - at) < 0.02);
	}
}

/* Drift: what is played at u is heard at at + u (1 + r). That is at + r u later, for u = the instant */
static void an_arrival_is_that_of_its_instant(void)
{
	static const double rates[] = { -500e-6, -40e-6, 40e-6, 500e-6 };
	uint32_t n = ear_sweep_frames(&sweep, RATE), i, k;

	for (i = 0; i < SPA_N_ELEMENTS(rates); i++) {
		double r = rates[i], L = sweep.seconds / log(sweep.to_hz / sweep.from_hz), off;

		begin();
		for (k = 0; k < n; k++) {
			double u = k / RATE / (1 + r), fade = fmin(fmin(u / 0.02, (sweep.seconds - u) / 0.005), 1);

			recording[EXPECTED + k] = (float)(0.2 * fmax(fade, 0) *
					sin(2 * M_PI * sweep.from_hz * L * (exp(u / L) - 1)));
		}
		check_int(ear_listen(listener, recording, FRAMES, &slot, 1, &heard), 1);
		off = (heard.arrival - EXPECTED) - r * ear_listener_instant(listener) * RATE;
		note("%4.0f ppm: %.2f frames late, %.2f of it unexplained", r * 1e6, heard.arrival - EXPECTED, off);
		/* the rise of a response that is smeared a little is not as far from its middle */
		check(fabs(off) <= fabs(r) * 0.02 * RATE);
		ear_listener_destroy(listener);
	}
}

static void a_louder_reflection_is_not_the_arrival(void)
{
	/* -19 dB: just what is still a direct sound */
	static const double gains[] = { 1.0, 0.5, 0.25, 0.115 };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(gains); i++) {
		begin();
		add_sweep(EXPECTED, 0.3 * gains[i], 1);
		add_sweep(EXPECTED + 240, 0.3, 1);
		add_sweep(EXPECTED + 960, 0.3, 1);
		check_int(finish(), EAR_HEARD);
		note("%.0f dB weaker: off by %.3f ms", -20 * log10(gains[i]), (heard.arrival - EXPECTED) / RATE * 1e3);
		check(fabs(heard.arrival - EXPECTED) < 0.02e-3 * RATE);
	}
}

static void a_bounce_close_behind_hardly_moves_it(void)
{
	double worst = 0, ms, sign;

	for (ms = 0.3; ms <= 1.0; ms += 0.05)
		for (sign = -1; sign <= 1; sign += 2) {
			begin();
			add_sweep(EXPECTED, 0.2, 1);
			add_sweep(EXPECTED + ms * 1e-3 * RATE, sign * 0.14, 1);
			check_int(finish(), EAR_HEARD);
			worst = SPA_MAX(worst, fabs(heard.arrival - EXPECTED) / RATE);
		}
	note("moved by %.4f ms at most", worst * 1e3);
	check(worst < 0.02e-3);
}

static void a_distorting_speaker_is_not_early(void)
{
	/* the second harmonic, and the third, louder than any speaker's */
	begin();
	add_sweep(EXPECTED, 0.2, 1);
	add_sweep(EXPECTED, 0.2 * 0.4, 2);
	add_sweep(EXPECTED, 0.2 * 0.3, 3);
	check_int(finish(), EAR_HEARD);
	check(fabs(heard.arrival - EXPECTED) < 0.02e-3 * RATE);
}

/* The deconvolution alone: where the formula says that a harmonic is */
static void a_harmonic_is_ahead_by_its_lead(void)
{
	struct ear_deconvolver d;
	uint32_t n = ear_fast_length(FRAMES), i, best = 0, lead = (uint32_t)(ear_sweep_lead(&sweep, 2) * RATE);

	begin();
	add_sweep(EXPECTED, 0.2, 2);
	check_int(ear_deconvolver_init(&d, &sweep, RATE, n), 0);
	memcpy(d.time, recording, sizeof(recording));
	ear_deconvolver_run(&d);
	for (i = 0; i < FRAMES; i++)
		if (fabsf(d.time[i]) > fabsf(d.time[best]))
			best = i;
	note("%.2f ms ahead, the formula has %.2f", (EXPECTED - (double)best) / RATE * 1e3, ear_sweep_lead(&sweep, 2) * 1e3);
	check(abs((int)(EXPECTED - best) - (int)lead) <= 4);
	ear_deconvolver_finish(&d);
	finish();
}

static void silence_is_too_quiet_and_noise_is_too_noisy(void)
{
	begin();
	check_int(finish(), EAR_TOO_QUIET);
	begin();
	add_noise(1e-4);
	check_int(finish(), EAR_TOO_QUIET);
	begin();
	add_noise(0.05);
	check_int(finish(), EAR_TOO_NOISY);
}

static void what_is_outside_its_window_is_not_an_arrival(void)
{
	begin();
	slot.before = slot.after = 480;
	add_sweep(EXPECTED - 960, 0.2, 1);
	check_int(finish(), EAR_UNEXPECTED);
	begin();
	slot.before = slot.after = 480;
	add_sweep(EXPECTED + 960, 0.2, 1);
	check_int(finish(), EAR_UNEXPECTED);
}

static void two_sounds_apart_are_ambiguous_unless_several_speakers_play(void)
{
	begin();
	add_sweep(EXPECTED - 7000, 0.18, 1);
	add_sweep(EXPECTED + 7000, 0.2, 1);
	check_int(finish(), EAR_AMBIGUOUS);
	begin();
	slot.speaker = EAR_EVERYBODY;
	add_sweep(EXPECTED - 7000, 0.18, 1);
	add_sweep(EXPECTED + 7000, 0.2, 1);
	check_int(finish(), EAR_HEARD);
	check(fabs(heard.arrival - (EXPECTED - 7000)) < 1);
}

static void a_speaker_without_half_the_core_is_narrow(void)
{
	begin();
	add_noise(1e-6);
	add_sweep(EXPECTED, 0.2, 1);
	/* the sweep is over at 1.6 kHz */
	memset(recording + EXPECTED + (size_t)(ear_sweep_time(&sweep, 1600) * RATE), 0,
			sizeof(float) * (size_t)(0.3 * RATE));
	check_int(finish(), EAR_NARROW);
}

static void the_band_is_what_all_have(void)
{
	struct ear_slot slots[2];
	struct ear_heard both[2];
	double from, to;

	begin();
	add_noise(1e-5);
	add_sweep(3000, 0.2, 1);
	add_sweep(40000, 0.2, 1);
	/* the second one ends at 4950 Hz */
	memset(recording + 40000 + (size_t)(ear_sweep_time(&sweep, 4950) * RATE), 0, sizeof(float) * 8000);
	slots[0] = (struct ear_slot) { 0, 3000, 480, 480, 0, false };
	slots[1] = (struct ear_slot) { 1, 40000, 480, 480, 0, false };
	check_int(ear_listen(listener, recording, FRAMES, slots, 1, both), 1);
	ear_listener_band(listener, &from, &to);
	check(from == 500 && fabs(to - 8000) < 1);
	check_int(ear_listen(listener, recording, FRAMES, slots, 2, both), 2);
	ear_listener_band(listener, &from, &to);
	note("%.0f to %.0f Hz", from, to);
	check(from == 500 && fabs(to - 5040) < 1);
	check(fabs(both[1].arrival - both[0].arrival - 37000) < 0.02e-3 * RATE);
	ear_listener_destroy(listener);
}

static void what_is_no_recording_is_interrupted(void)
{
	static const float bad[] = { NAN, INFINITY, -INFINITY, 1e30f };
	static const double nowhere[] = { NAN, INFINITY, -1, -1e300, 1e300, FRAMES, FRAMES - 100 };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(bad); i++) {
		begin();
		add_sweep(EXPECTED, 0.2, 1);
		recording[EXPECTED + 5000] = bad[i];
		check_int(finish(), EAR_INTERRUPTED);
	}
	for (i = 0; i < SPA_N_ELEMENTS(nowhere); i++) {
		begin();
		slot.expected = nowhere[i];
		check_int(finish(), EAR_INTERRUPTED);
		begin();
		slot.before = nowhere[i] > 1e6 || !(nowhere[i] >= 0) ? nowhere[i] : NAN;
		check_int(finish(), EAR_INTERRUPTED);
	}
	begin();
	add_sweep(EXPECTED, 0.2, 1);
	slot.spoilt = true;
	check_int(finish(), EAR_INTERRUPTED);

	listener = ear_listener_new(&sweep, RATE);
	check_int(ear_listen(listener, NULL, 0, &slot, 1, &heard), 0);
	check_int(heard.reason, EAR_INTERRUPTED);
	check_int(ear_listen(listener, NULL, 0, NULL, 0, NULL), 0);
	ear_listener_destroy(listener);
}

static void denormal_numbers_are_silence(void)
{
	uint32_t i;

	begin();
	for (i = 0; i < FRAMES; i++)
		recording[i] = i & 1 ? 1e-41f : -1e-41f;
	check_int(finish(), EAR_TOO_QUIET);
}

static void what_cannot_be_listened_for_is_refused(void)
{
	static const struct ear_sweep bad[] = {
		{ 400, 9500, 0.01 }, { 400, 9500, NAN }, { NAN, 9500, 1 }, { 400, NAN, 1 }, { 400, 3000, 1 }, { 0, 9500, 1 },
		{ 900, 9500, 1 }, { 400, 9500, 1e9 },
	};
	static const double rates[] = { 0, -1, NAN, INFINITY, 4000, 1e9 };
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(bad); i++)
		check(ear_listener_new(&bad[i], RATE) == NULL && errno == EINVAL);
	for (i = 0; i < SPA_N_ELEMENTS(rates); i++)
		check(ear_listener_new(&sweep, rates[i]) == NULL && errno == EINVAL);
}

static void a_response_shows_what_is_in_it(void)
{
	struct ear_response r;
	uint32_t i, direct, bounce;

	begin();
	add_sweep(EXPECTED, 0.2, 1);
	add_sweep(EXPECTED + 480, 0.1, 1);
	check_int(ear_listen(listener, recording, FRAMES, &slot, 1, &heard), 1);
	check(ear_listener_response(listener, 0, &r) && !ear_listener_response(listener, 1, &r));
	direct = (uint32_t)lrint((EXPECTED - r.first) / r.step);
	bounce = (uint32_t)lrint((EXPECTED + 480 - r.first) / r.step);
	note("%.3f, %.3f", r.envelope[direct], r.envelope[bounce]);
	check(fabs(r.envelope[direct] - 0.2) < 0.002 && fabs(r.envelope[bounce] - 0.1) < 0.002);
	for (i = 0; i < r.n; i++)
		if (fabs((i * r.step + r.first - EXPECTED)) > 48 && fabs(i * r.step + r.first - EXPECTED - 480) > 48)
			check(r.envelope[i] < 0.002);
	ear_listener_destroy(listener);
}

static void a_slope_of_one_is_a_microphone_and_less_is_agc(void)
{
	static const double slopes[] = { 0.17, 0.5, 0.79, 0.81, 1.0, 1.24, 1.3 };
	struct ear_slot slots[3];
	struct ear_heard levels[3];
	double slope;
	uint32_t i, k;

	for (i = 0; i < SPA_N_ELEMENTS(slopes); i++) {
		for (k = 0; k < 3; k++) {
			slots[k] = (struct ear_slot) { .level_db = -40 + 10.0 * k };
			levels[k] = (struct ear_heard) { .reason = EAR_HEARD, .level_db = -7 + slopes[i] * slots[k].level_db };
		}
		check_int(ear_linearity(slots, levels, 3, &slope),
				slopes[i] > 0.8 && slopes[i] < 1.25 ? EAR_HEARD : EAR_AGC);
		check(fabs(slope - slopes[i]) < 1e-9);
	}
	/* nothing to tell it from */
	levels[0].reason = levels[1].reason = EAR_TOO_NOISY;
	check_int(ear_linearity(slots, levels, 3, &slope), EAR_TOO_NOISY);
	check(isnan(slope));
	check_int(ear_linearity(slots, levels, 0, &slope), EAR_TOO_QUIET);
}

static void a_signal_that_is_cut_off_is_told_from_one_that_is_not(void)
{
	static const double limits[] = { 0.3, 0.5, 0.8, 0.9 };
	static float x[24000], y[24000];
	uint32_t i, k, seed = 3;

	/* a tone that does not change is no cut off one, whatever its frequency */
	for (k = 0; k < 40; k++) {
		double hz = 50 * pow(200, k / 40.0);

		for (i = 0; i < 24000; i++)
			x[i] = (float)(0.5 * sin(2 * M_PI * hz * i / RATE + k));
		check_int(ear_clipped(x, 24000), 0);
	}
	/* nor is noise, or silence, or a sweep that is stronger here and weaker there */
	for (i = 0; i < 24000; i++)
		y[i] = 0.5f * harness_noise(&seed) * harness_noise(&seed);
	check_int(ear_clipped(y, 24000), 0);
	memset(y, 0, sizeof(y));
	check_int(ear_clipped(y, 24000), 0);
	ear_sweep_fill(&sweep, RATE, x);
	for (i = 0; i < 24000; i++)
		x[i] *= (float)(0.4 + 0.3 * sin(i / 900.0) + 0.2 * sin(i / 401.0));
	check_int(ear_clipped(x, 24000), 0);

	for (k = 0; k < SPA_N_ELEMENTS(limits); k++) {
		float limit = (float)limits[k] * 0.9f;

		for (i = 0; i < 24000; i++)
			y[i] = SPA_CLAMP(x[i], -limit, limit);
		note("at %.2f of the top: %zu samples", limits[k], ear_clipped(y, 24000));
		check(ear_clipped(y, 24000) > 0);
	}
	/* full scale is enough */
	x[5] = 1.0f;
	check_int(ear_clipped(x, 24000), 1);
}

static void every_reason_has_a_name(void)
{
	uint32_t i, k;

	for (i = 0; i < EAR_REASONS; i++)
		for (k = 0; k < i; k++)
			check(strcmp(ear_reason_name(i), ear_reason_name(k)) != 0);
}

int main(void)
{
	run(the_sweep_is_at_each_frequency_when_it_says);
	run(what_a_rate_cannot_hold_is_left_out);
	run(a_plain_path_is_found_at_any_rate);
	run(a_place_between_frames_is_found);
	run(an_arrival_is_that_of_its_instant);
	run(a_louder_reflection_is_not_the_arrival);
	run(a_bounce_close_behind_hardly_moves_it);
	run(a_distorting_speaker_is_not_early);
	run(a_harmonic_is_ahead_by_its_lead);
	run(silence_is_too_quiet_and_noise_is_too_noisy);
	run(what_is_outside_its_window_is_not_an_arrival);
	run(two_sounds_apart_are_ambiguous_unless_several_speakers_play);
	run(a_speaker_without_half_the_core_is_narrow);
	run(the_band_is_what_all_have);
	run(what_is_no_recording_is_interrupted);
	run(denormal_numbers_are_silence);
	run(what_cannot_be_listened_for_is_refused);
	run(a_response_shows_what_is_in_it);
	run(a_slope_of_one_is_a_microphone_and_less_is_agc);
	run(a_signal_that_is_cut_off_is_told_from_one_that_is_not);
	run(every_reason_has_a_name);
	return harness_finish();
}
