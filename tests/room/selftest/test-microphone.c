/* Test of the microphones of the room: what they hear is what the formulas say */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "listen/sinc.h"
#include "listen/timeline.h"
#include "random.h"
#include "world/microphone.h"

#define NSEC		1e9
#define SPEAKER_RATE	44100
#define MAX_S		12.0
#define STEP_NS		5000000LL	/* between two looks of the radio's thread */

/* One microphone and one speaker. Sound is given as a function of time. */
struct bench {
	struct microphone_options options;
	struct microphone *microphone;
	struct pickup pickup;
	float *heard;
	uint32_t n_heard;
	double t_ns;		/* of the first sample that was heard */
	double period_ns;
};

typedef double (*sound_t)(double t);

static void bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	microphone_options_init(&b->options, 1);
	b->options.noise_db = -200.0;
}

static void bench_finish(struct bench *b)
{
	microphone_destroy(b->microphone);
	g_free(b->heard);
	microphone_options_finish(&b->options);
}

/* Until \a seconds; what is read is as old as a microphone's latency allows. */
static void bench_run(struct bench *b, sound_t sound, double seconds)
{
	const struct pickup_config *c = &b->options.pickup;
	double period = NSEC / SPEAKER_RATE, sounded = 0.0;
	int64_t now;

	b->microphone = microphone_new(&b->options, 0);
	microphone_add_speaker(b->microphone, &b->options.path);
	b->pickup.config = *c;
	pickup_start(&b->pickup, microphone_heard(b->microphone), 1);
	b->period_ns = NSEC / (c->rate * (1.0 + c->ppm * 1e-6));
	b->heard = g_new0(float, (size_t)(MAX_S * c->rate));
	for (now = STEP_NS; now < seconds * NSEC; now += STEP_NS) {
		float frames[2 * 1024];
		uint32_t n = (uint32_t)((now - sounded) / period), i;
		double end = now - c->latency_ms * 1e6;

		for (i = 0; i < n; i++)
			frames[2 * i] = frames[2 * i + 1] = sound((sounded + i * period) / NSEC);
		path_sound(microphone_path(b->microphone, 0), sounded, period, frames, n);
		sounded += n * period;
		microphone_advance(b->microphone, (int64_t)sounded);
		n = end > b->n_heard * b->period_ns ? (uint32_t)(end / b->period_ns) - b->n_heard : 0;
		pickup_read(&b->pickup, b->n_heard * b->period_ns, b->period_ns, b->heard + b->n_heard, n);
		b->n_heard += n;
	}
	g_assert_cmpuint(b->pickup.missed, ==, 0);
	g_assert_cmpuint(path_missed(microphone_path(b->microphone, 0)), ==, 0);
}

static double decibel(double ratio)
{
	return 20.0 * log10(ratio);
}

static double rms(const struct bench *b, double from_s, double to_s)
{
	uint32_t from = from_s * b->options.pickup.rate, to = to_s * b->options.pickup.rate, i;
	double sum = 0.0;

	for (i = from; i < to; i++)
		sum += b->heard[i] * (double)b->heard[i];
	return sqrt(sum / (to - from));
}

/* A short sound without sharp edges, in the middle of the band of every rate: a Gaussian on 2 kHz */
#define PULSE_S		0.6e-3
#define PULSE_HZ	2000.0
#define PULSE_AT	0.5

static double pulse(double t)
{
	double u = (t - PULSE_AT) / PULSE_S;

	return fabs(u) < 6.0 ? exp(-0.5 * u * u) * cos(2.0 * M_PI * PULSE_HZ * (t - PULSE_AT)) : 0.0;
}

static double tone_hz = 1000.0, tone_level = 0.1;

static double tone(double t)
{
	return tone_level * sin(2.0 * M_PI * tone_hz * t);
}

/* Ten times as loud in the second half */
static double two_levels(double t)
{
	return (t < 3.0 ? 0.03 : 0.3) * sin(2.0 * M_PI * 1000.0 * t);
}

static double silence(double t)
{
	return 0.0;
}

/* When the pulse was heard: where what was heard is most like it. \a near within half a period of 2 kHz */
static double find_pulse(const struct bench *b, double near)
{
	double best = -INFINITY, at = near, step = 2e-5;
	int round, k;

	for (round = 0; round < 6; round++, step /= 10.0) {
		double middle = at;

		for (k = -10; k <= 10; k++) {
			double t = middle + k * step, sum = 0.0;
			uint32_t from = (uint32_t)((t - 4e-3) * NSEC / b->period_ns), to = from + (uint32_t)(8e-3 *
					NSEC / b->period_ns), i;

			for (i = from; i < to && i < b->n_heard; i++)
				sum += b->heard[i] * pulse(i * b->period_ns / NSEC - t + PULSE_AT);
			if (sum > best) {
				best = sum;
				at = t;
			}
		}
	}
	return at;
}

static void test_known_arrivals_are_found(void)
{
	static const uint32_t rates[] = { 16000, 44100, 48000, 96000 };
	static const double metres[] = { 0.0, 0.5, 1.234, 6.0 }, ppms[] = { -150.0, 0.0, 150.0 };
	double worst = 0.0;

	for (size_t r = 0; r < G_N_ELEMENTS(rates); r++)
		for (size_t d = 0; d < G_N_ELEMENTS(metres); d++)
			for (size_t p = 0; p < G_N_ELEMENTS(ppms); p++) {
				double expected = PULSE_AT + metres[d] / PATH_SPEED_M_S;
				struct bench b;

				bench_init(&b);
				b.options.pickup.rate = rates[r];
				b.options.pickup.ppm = ppms[p];
				b.options.path.distance_m = metres[d];
				/* near by it would clip */
				b.options.path.gain_db = -30.0;
				bench_run(&b, pulse, 0.6);
				worst = fmax(worst, fabs(find_pulse(&b, expected) - expected));
				bench_finish(&b);
			}
	g_test_message("worst error of an arrival: %.4f us", worst * 1e6);
	/* the ripple of the kernels; a sample of 48 kHz is 21 us */
	g_assert_cmpfloat(worst, <, 0.01e-6);
}

static void test_the_level_falls_with_the_distance(void)
{
	static const double metres[] = { 0.5, 1.0, 4.0 };

	for (size_t d = 0; d < G_N_ELEMENTS(metres); d++) {
		struct bench b;
		double db;

		bench_init(&b);
		b.options.path.distance_m = metres[d];
		b.options.path.gain_db = -6.0;
		bench_run(&b, tone, 1.0);
		db = decibel(rms(&b, 0.3, 0.8) / (tone_level / M_SQRT2));
		g_test_message("%.1f m: %.3f dB", metres[d], db);
		g_assert_cmpfloat(fabs(db + 6.0 + decibel(metres[d])), <, 0.05);
		bench_finish(&b);
	}
}

static void test_a_move_is_heard_as_it_is_made(void)
{
	/* From 1 to 2 m in a second; the pulse is sent half way. */
	double expected = PULSE_AT + 1.5 / PATH_SPEED_M_S;
	struct path_config config;
	struct bench b;

	bench_init(&b);
	b.microphone = microphone_new(&b.options, 0);
	microphone_add_speaker(b.microphone, &b.options.path);
	config = b.options.path;
	config.distance_m = 2.0;
	{
		struct path *path = microphone_path(b.microphone, 0);
		float frames[2 * 441];
		double period = NSEC / SPEAKER_RATE, t = 0.0;

		path_configure(path, &config, 0, (int64_t)NSEC);
		b.heard = g_new0(float, (size_t)(MAX_S * 48000));
		b.period_ns = NSEC / 48000;
		b.pickup.config = b.options.pickup;
		pickup_start(&b.pickup, microphone_heard(b.microphone), 1);
		for (int block = 0; block < 60; block++, t += 441 * period) {
			for (int i = 0; i < 441; i++)
				frames[2 * i] = frames[2 * i + 1] = pulse((t + i * period) / NSEC);
			path_sound(path, t, period, frames, 441);
			microphone_advance(b.microphone, (int64_t)(t + 441 * period));
		}
		b.n_heard = 27600;
		pickup_read(&b.pickup, 0.0, b.period_ns, b.heard, b.n_heard);
	}
	g_test_message("heard %.3f us from where it should be", (find_pulse(&b, expected) - expected) * 1e6);
	/* the pulse itself is longer by 1 m/s / 343: 0.3 % */
	g_assert_cmpfloat(fabs(find_pulse(&b, expected) - expected), <, 2e-6);
	bench_finish(&b);
}

static void test_a_walk_is_heard_as_it_is_told(void)
{
	static const double seconds[] = { 1.0, 2.0, 3.0, 0.7 };
	double worst = 0.0;

	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			double metres, expected;
			struct bench b;

			bench_init(&b);
			b.options.path.gain_db = -30.0;
			b.options.path.walk_m = sign * 0.3;
			b.options.path.walk_s = seconds[i];
			metres = 1.0 + sign * 0.3 * sin(2.0 * M_PI * PULSE_AT / seconds[i]);
			expected = PULSE_AT + metres / PATH_SPEED_M_S;
			bench_run(&b, pulse, 0.6);
			worst = fmax(worst, fabs(find_pulse(&b, expected) - expected));
			bench_finish(&b);
		}
	g_test_message("worst error of an arrival: %.4f us", worst * 1e6);
	/* the pulse itself is longer, or shorter, by up to 2.7 m/s / 343 */
	g_assert_cmpfloat(worst, <, 2e-6);
}

static void test_a_walk_goes_on_when_something_else_is_set(void)
{
	struct path_config config = { .distance_m = 2.0, .walk_m = 1.0, .walk_s = 2.0, .reflection_db = -100.0 };
	struct transform *transform = transform_new();
	struct path *path = path_new(&config, transform, 0);
	const float frames[2] = { 0.5f, 0.5f };
	struct spectrum sum = { 0 };
	float block[CONVOLVER_BLOCK], top = 0.0f;
	/* half of the walk's first quarter, and there the level says how far it is */
	double t = 0.25, metres = 2.0 + sin(M_PI * t);

	path_configure(path, &config, (int64_t)(0.1 * NSEC), 0);
	config.gain_db = 6.0;
	path_configure(path, &config, (int64_t)(0.2 * NSEC), 0);
	path_sound(path, t * NSEC, NSEC / TIMELINE_RATE, frames, 1);
	for (int64_t at = 0; at < (int64_t)(0.3 * TIMELINE_RATE); at += CONVOLVER_BLOCK) {
		memset(&sum, 0, sizeof(sum));
		path_hear(path, &sum);
		transform_inverse(transform, &sum, block);
		for (int i = 0; i < CONVOLVER_BLOCK; i++)
			top += block[i];
	}
	/* the sum of an interpolated sample is its value */
	g_test_message("level %.5f, of %.4f m %.5f", top, metres, 0.5 * pow(10.0, 0.3) / metres);
	g_assert_cmpfloat(fabs(top * metres / (0.5 * pow(10.0, 0.3)) - 1.0), <, 0.01);
	path_destroy(path);
	transform_destroy(transform);
}

static double worst_difference(const float *heard, int64_t at, const struct path_config *c)
{
	uint32_t n;
	float *response = path_response(c, &n);
	double worst = 0.0;

	for (uint32_t i = 0; i < n && at + i < TIMELINE_RATE; i++)
		worst = fmax(worst, fabs(heard[at + i] - response[i]));
	free(response);
	return worst;
}

static void test_the_room_is_another_one_at_the_end_of_a_walk(void)
{
	/* so slow that it stands still; of 1 m from the middle */
	struct path_config config = { .distance_m = 2.0, .walk_m = -1.0, .walk_s = 600.0, .reflection_db = 0.0, .seed = 5 };
	struct path_config away = config;
	static const struct { double phase; bool ends; } places[] = { { 0.0, false }, { 0.25, true }, { 0.5, false } };

	away.seed = PATH_AWAY_SEED(config.seed);
	for (size_t k = 0; k < G_N_ELEMENTS(places); k++) {
		struct transform *transform = transform_new();
		struct path *path = path_new(&config, transform, 0);
		const float frames[2] = { 1.0f, 1.0f };
		double metres = places[k].ends ? 1.0 : 2.0, delay = metres / PATH_SPEED_M_S, here, there;
		float *heard = g_new0(float, TIMELINE_RATE);
		const int64_t at = 4800;

		/* another walk, which begins so long before the sound */
		config.walk_s = 599.0;
		path_configure(path, &config, (int64_t)((0.1 - delay - 599.0 * places[k].phase) * NSEC), 0);
		config.walk_s = 600.0;
		/* to arrive at a whole frame */
		path_sound(path, at * NSEC / TIMELINE_RATE - delay * NSEC, NSEC / TIMELINE_RATE, frames, 1);
		for (int64_t i = 0; i + CONVOLVER_BLOCK <= TIMELINE_RATE; i += CONVOLVER_BLOCK) {
			struct spectrum sum = { 0 };

			path_hear(path, &sum);
			transform_inverse(transform, &sum, heard + i);
		}
		for (int i = 0; i < TIMELINE_RATE; i++)
			heard[i] *= metres;
		here = worst_difference(heard, at, &config);
		there = worst_difference(heard, at, &away);
		g_test_message("after %.2f of it: %.4f from the answer in the middle, %.4f from that at the ends",
			places[k].phase, here, there);
		/* the kernel ends 3 % below the highest frequency */
		g_assert_cmpfloat(places[k].ends ? there : here, <, 0.04);
		g_assert_cmpfloat(places[k].ends ? here : there, >, 0.3);
		g_free(heard);
		path_destroy(path);
		transform_destroy(transform);
	}
}

/* Energy from each sample on falls by 60 dB in T60 (Schroeder 1965): a line through -5 and -35 dB. */
static double measure_t60(const float *response, uint32_t n)
{
	uint32_t from = 0, to = 0, start = 0.03 * TIMELINE_RATE, i;
	double *left = g_new0(double, n + 1), all;

	for (i = n; i > 0; i--)
		left[i - 1] = left[i] + response[i - 1] * (double)response[i - 1];
	all = left[start];
	for (i = start; i < n; i++) {
		if (from == 0 && left[i] < all * pow(10.0, -0.5))
			from = i;
		if (to == 0 && left[i] < all * pow(10.0, -3.5))
			to = i;
	}
	g_free(left);
	return 2.0 * (to - from) / TIMELINE_RATE;
}

static void test_the_room_falls_silent_in_its_time(void)
{
	static const double seconds[] = { 0.2, 0.4, 0.8 };

	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
		for (uint32_t seed = 1; seed <= 10; seed++) {
			struct path_config c = { .t60_s = seconds[i], .reverb_db = 0.0, .reflection_db = -100.0,
				.seed = seed };
			uint32_t n, k;
			float *response = path_response(&c, &n);
			double measured = measure_t60(response, n), energy = 0.0;

			for (k = 1; k < n; k++)
				energy += response[k] * (double)response[k];
			g_test_message("T60 %.1f s: %.3f s, energy %.2f dB", seconds[i], measured, 10.0 * log10(energy));
			/* the noise of one room */
			g_assert_cmpfloat(fabs(measured / seconds[i] - 1.0), <, 0.1);
			g_assert_cmpfloat(fabs(10.0 * log10(energy)), <, 0.01);
			free(response);
		}
}

static void test_the_direct_sound_is_first_and_a_reflection_may_be_stronger(void)
{
	static const double dbs[] = { -12.0, 0.0, 6.0 };

	for (size_t i = 0; i < G_N_ELEMENTS(dbs); i++)
		for (uint32_t seed = 1; seed <= 20; seed++) {
			struct path_config c = { .reflection_db = dbs[i], .seed = seed };
			double strongest = 0.0;
			uint32_t n, k;
			float *response = path_response(&c, &n);

			g_assert_cmpfloat(response[0], ==, 1.0);
			for (k = 1; k < n; k++) {
				g_assert_true(response[k] == 0.0f || k >= 0.4e-3 * TIMELINE_RATE);
				strongest = fmax(strongest, fabs(response[k]));
			}
			/* two of them may fall into one sample */
			g_assert_cmpfloat(decibel(strongest), >, dbs[i] - 0.01);
			g_assert_cmpfloat(decibel(strongest), <, dbs[i] + 5.0);
			free(response);
		}
}

static void test_noise_has_its_level(void)
{
	struct bench b;

	bench_init(&b);
	b.options.noise_db = -40.0;
	bench_run(&b, silence, 3.0);
	g_test_message("%.2f dB", decibel(rms(&b, 0.5, 2.5)));
	/* 0.13 dB is what the kernel's end takes of the highest 3 % */
	g_assert_cmpfloat(fabs(decibel(rms(&b, 0.5, 2.5)) + 40.0), <, 0.3);
	bench_finish(&b);

	bench_init(&b);
	b.options.pickup.noise_db = -50.0;
	bench_run(&b, silence, 3.0);
	g_assert_cmpfloat(fabs(decibel(rms(&b, 0.5, 2.5)) + 50.0), <, 0.1);
	bench_finish(&b);
}

static void test_a_voice_has_syllables_and_pauses(void)
{
	double loud = 0.0, low = INFINITY;
	struct bench b;

	bench_init(&b);
	b.options.talk_db = -20.0;
	bench_run(&b, silence, 8.0);
	for (double t = 0.5; t < 7.5; t += 0.05) {
		loud = fmax(loud, rms(&b, t, t + 0.05));
		low = fmin(low, rms(&b, t, t + 0.05));
	}
	g_test_message("loudest %.1f dB, quietest %.1f dB", decibel(loud), decibel(low + 1e-9));
	g_assert_cmpfloat(fabs(decibel(loud) + 20.0), <, 4.0);
	g_assert_cmpfloat(decibel(low + 1e-9), <, -60.0);
	bench_finish(&b);
}

static void test_a_slow_microphone_hears_nothing_above_its_band(void)
{
	struct bench b;

	bench_init(&b);
	b.options.pickup.rate = 16000;
	tone_hz = 9500.0;
	bench_run(&b, tone, 1.0);
	g_test_message("9.5 kHz at 16 kHz: %.1f dB", decibel(rms(&b, 0.3, 0.8) / (tone_level / M_SQRT2)));
	g_assert_cmpfloat(decibel(rms(&b, 0.3, 0.8) / (tone_level / M_SQRT2)), <, -60.0);
	bench_finish(&b);
	tone_hz = 1000.0;
}

static void test_clipping_ends_at_its_level(void)
{
	double top = 0.0;
	struct bench b;

	bench_init(&b);
	b.options.pickup.clip_db = -26.0;
	bench_run(&b, tone, 1.0);
	for (uint32_t i = 0; i < b.n_heard; i++)
		top = fmax(top, fabs(b.heard[i]));
	g_assert_cmpfloat(fabs(decibel(top) + 26.0), <, 0.001);
	/* most of a tone that is 6 dB above it is at the limit */
	g_assert_cmpfloat(decibel(rms(&b, 0.3, 0.8)), >, -28.0);
	bench_finish(&b);
}

static void test_agc_takes_away_its_share(void)
{
	static const double slopes[] = { 0.0, 0.3, 0.83 };

	for (size_t i = 0; i < G_N_ELEMENTS(slopes); i++) {
		struct bench b;
		double louder;

		bench_init(&b);
		b.options.pickup.agc = slopes[i];
		bench_run(&b, two_levels, 6.0);
		louder = decibel(rms(&b, 5.0, 5.5) / rms(&b, 2.0, 2.5));
		g_test_message("AGC %.2f: 20 dB are %.2f dB", slopes[i], louder);
		g_assert_cmpfloat(fabs(louder - 20.0 * (1.0 - slopes[i])), <, 0.2);
		bench_finish(&b);
	}
}

static void test_a_pop_is_at_the_start_only(void)
{
	struct bench b;

	bench_init(&b);
	b.options.pickup.pop_db = -6.0;
	bench_run(&b, silence, 2.0);
	g_assert_cmpfloat(fabs(decibel(b.heard[0]) + 6.0), <, 0.01);
	g_assert_cmpfloat(rms(&b, 1.2, 1.8), <, 1e-6);
	bench_finish(&b);
}

static void test_a_mute_microphone_hears_nothing(void)
{
	struct bench b;

	bench_init(&b);
	b.options.pickup.mute = true;
	b.options.noise_db = b.options.pickup.noise_db = -20.0;
	bench_run(&b, tone, 1.0);
	g_assert_cmpfloat(rms(&b, 0.3, 0.8), ==, 0.0);
	bench_finish(&b);
}

/* Against the sum that a convolution is, with silences longer than the response in the input */
static void test_blocks_give_what_the_sum_gives(void)
{
	enum { N_RESPONSE = 900, N_BLOCKS = 24, N = N_BLOCKS * CONVOLVER_BLOCK };
	struct transform *transform = transform_new();
	struct random random = { .state = 5 };
	float response[N_RESPONSE], *in = g_new0(float, N), out[CONVOLVER_BLOCK];
	struct convolver *c;
	double worst = 0.0;

	for (int i = 0; i < N_RESPONSE; i++)
		response[i] = random_around(&random, 0.1);
	for (int i = 0; i < N; i++)
		in[i] = i / CONVOLVER_BLOCK % 12 < 5 ? random_around(&random, 1.0) : 0.0;
	c = convolver_new(transform, response, N_RESPONSE);
	for (int block = 0; block < N_BLOCKS; block++) {
		struct spectrum sum = { 0 };

		convolver_run(c, in + block * CONVOLVER_BLOCK, &sum);
		transform_inverse(transform, &sum, out);
		for (int i = 0; i < CONVOLVER_BLOCK; i++) {
			int at = block * CONVOLVER_BLOCK + i;
			double expected = 0.0;

			for (int k = 0; k < N_RESPONSE && k <= at; k++)
				expected += response[k] * in[at - k];
			worst = fmax(worst, fabs(out[i] - expected));
		}
	}
	g_test_message("worst difference %.2g", worst);
	/* single precision, of sums of 900 */
	g_assert_cmpfloat(worst, <, 1e-4);
	convolver_destroy(c);
	transform_destroy(transform);
	g_free(in);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name)	g_test_add_func("/microphone/" #name, test_##name)
	ADD(blocks_give_what_the_sum_gives);
	ADD(known_arrivals_are_found);
	ADD(the_level_falls_with_the_distance);
	ADD(a_move_is_heard_as_it_is_made);
	ADD(a_walk_is_heard_as_it_is_told);
	ADD(a_walk_goes_on_when_something_else_is_set);
	ADD(the_room_is_another_one_at_the_end_of_a_walk);
	ADD(the_room_falls_silent_in_its_time);
	ADD(the_direct_sound_is_first_and_a_reflection_may_be_stronger);
	ADD(noise_has_its_level);
	ADD(a_voice_has_syllables_and_pauses);
	ADD(a_slow_microphone_hears_nothing_above_its_band);
	ADD(clipping_ends_at_its_level);
	ADD(agc_takes_away_its_share);
	ADD(a_pop_is_at_the_start_only);
	ADD(a_mute_microphone_hears_nothing);
	return g_test_run();
}
