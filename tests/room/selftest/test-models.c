/* Test of the speakers of the room and of its timelines */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "listen/timeline.h"
#include "random.h"
#include "world/speaker.h"

#define RATE		44100
#define PACKET		640	/* frames: 5 SBC frames */
#define PACKET_NS	(PACKET * 1e9 / RATE)
#define LATENCY_MS	100.0
#define MAX_FRAMES	(150 * RATE)

/* Every frame carries its number, from 1, and so tells when it sounded. */
struct bench {
	struct speaker *speaker;
	double *sounded;	/* when frame i did, in ns; NAN: never */
	uint32_t n_packets;	/* sent */
	double first_ns;	/* arrival of the first */
	uint32_t underruns, rebuffers;
};

static void on_sound(void *data, double t_ns, double period_ns, const float *frames, uint32_t n)
{
	struct bench *b = data;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (frames[2 * i] > 0.0f)
			b->sounded[(uint32_t)frames[2 * i]] = t_ns + i * period_ns;
}

static void on_event(void *data, int64_t t_ns, const char *event, double value_ms)
{
	struct bench *b = data;

	b->underruns += g_str_equal(event, "underrun");
	b->rebuffers += g_str_equal(event, "rebuffer");
}

static const struct speaker_events events = { .sound = on_sound, .event = on_event };

static void bench_init_start(struct bench *b, enum speaker_model model, enum speaker_start start,
			     double ppm, double spread_ms, uint64_t seed)
{
	struct speaker_config config = { .model = model, .start = start, .latency_ms = LATENCY_MS, .ppm = ppm,
		.spread_ms = spread_ms, .gain = 1.0 };
	uint32_t i;

	memset(b, 0, sizeof(*b));
	b->sounded = g_new(double, MAX_FRAMES + 1);
	for (i = 0; i <= MAX_FRAMES; i++)
		b->sounded[i] = NAN;
	b->first_ns = 1e9 + 0.25;
	b->speaker = speaker_new(&config, seed, &events, b);
	speaker_start(b->speaker, 0, RATE);
}

static void bench_init(struct bench *b, enum speaker_model model, double ppm, double spread_ms,
		       uint64_t seed)
{
	bench_init_start(b, model, SPEAKER_START_LEVEL, ppm, spread_ms, seed);
}

static void bench_finish(struct bench *b)
{
	speaker_destroy(b->speaker);
	g_free(b->sounded);
}

/* When packet n would be there without any trouble */
static double due(const struct bench *b, uint32_t n)
{
	return b->first_ns + n * PACKET_NS;
}

/* Packet n arrives late by so much. */
static void arrive(struct bench *b, uint32_t n, double late_ns)
{
	float frames[2 * PACKET];
	uint32_t i;

	for (i = 0; i < PACKET; i++)
		frames[2 * i] = frames[2 * i + 1] = n * PACKET + i + 1;
	speaker_packet(b->speaker, llround(due(b, n) + late_ns), 1000 + n * PACKET, frames, PACKET);
}

static void arrive_until(struct bench *b, uint32_t end)
{
	for (; b->n_packets < end; b->n_packets++)
		arrive(b, b->n_packets, 0.0);
}

/* Where frame i belongs when all goes well */
static double place(const struct bench *b, uint32_t i)
{
	return b->first_ns + LATENCY_MS * 1e6 + (i - 1) * 1e9 / RATE;
}

/* How far frame i was from there, in ms */
static double off_ms(const struct bench *b, uint32_t i)
{
	return (b->sounded[i] - place(b, i)) * 1e-6;
}

static uint32_t packets_in(double seconds)
{
	return seconds * 1e9 / PACKET_NS;
}

static void fixed_plays_each_sample_at_its_place(void)
{
	struct bench b;
	double worst = 0.0;
	uint32_t i, n = packets_in(10);

	bench_init(&b, SPEAKER_FIXED, 0.0, 0.0, 1);
	arrive_until(&b, n);
	speaker_advance(b.speaker, llround(due(&b, n + 20)));
	for (i = 1; i <= n * PACKET; i++)
		worst = fmax(worst, isnan(b.sounded[i]) ? INFINITY : fabs(off_ms(&b, i)));
	g_test_message("worst %.9f ms", worst);
	/* Arrivals are in whole ns. */
	g_assert_cmpfloat(worst, <, 1e-5);
	bench_finish(&b);
}

static void the_first_packet_matters_where_it_is_said_to(void)
{
	const double early[] = { 0.0, -PACKET_NS, -PACKET_NS + 1.4e6 };
	uint32_t i;

	for (i = 0; i < G_N_ELEMENTS(early); i++) {
		struct bench level, first;

		bench_init_start(&level, SPEAKER_FIXED, SPEAKER_START_LEVEL, 0.0, 0.0, 1);
		bench_init_start(&first, SPEAKER_FIXED, SPEAKER_START_FIRST, 0.0, 0.0, 1);
		arrive(&level, 0, early[i]);
		arrive(&first, 0, early[i]);
		level.n_packets = first.n_packets = 1;
		arrive_until(&level, 50);
		arrive_until(&first, 50);
		g_test_message("first packet %.3f ms: level %.6f, first %.6f", early[i] * 1e-6,
			       off_ms(&level, 20 * PACKET), off_ms(&first, 20 * PACKET));
		g_assert_cmpfloat(fabs(off_ms(&level, 20 * PACKET)), <, 1e-5);
		g_assert_cmpfloat(fabs(off_ms(&first, 20 * PACKET) - (early[i] + PACKET_NS) * 1e-6), <, 1e-5);
		bench_finish(&level);
		bench_finish(&first);
	}
}

static void fixed_keeps_the_place_whatever_the_air_does(void)
{
	struct random random = { .state = 7 };
	struct bench b;
	double least = INFINITY, most = -INFINITY;
	uint32_t i, k, n = packets_in(10), lost = 0, missing = 0;
	bool gone[1000];

	bench_init(&b, SPEAKER_FIXED, 0.0, 0.0, 1);
	for (k = 0; k < n; k++) {
		gone[k] = k > 0 && random_unit(&random) < 0.05;
		if (gone[k])
			lost++;
		else
			arrive(&b, k, random_unit(&random) * PACKET_NS);
	}
	speaker_advance(b.speaker, llround(due(&b, n + 20)));
	for (i = 1; i <= n * PACKET; i++) {
		if (isnan(b.sounded[i])) {
			missing++;
		} else {
			least = fmin(least, off_ms(&b, i));
			most = fmax(most, off_ms(&b, i));
		}
		g_assert_true(isnan(b.sounded[i]) == gone[(i - 1) / PACKET]);
	}
	g_test_message("%u packets lost, all between %.9f and %.9f ms", lost, least, most);
	g_assert_cmpuint(missing, ==, lost * PACKET);
	g_assert_cmpfloat(most - least, <, 1e-5);
	/* As late as the packet that filled the buffer */
	g_assert_cmpfloat(least, >=, -1e-5);
	g_assert_cmpfloat(most, <, PACKET_NS * 1e-6);
	bench_finish(&b);
}

static void fixed_drops_what_comes_late(void)
{
	struct bench b;
	uint32_t k, first, n = packets_in(4), held = packets_in(2);
	const double stall = 250e6;

	bench_init(&b, SPEAKER_FIXED, 0.0, 0.0, 1);
	arrive_until(&b, held);
	for (k = held; k < n; k++)
		arrive(&b, k, fmax(0.0, stall - (k - held) * PACKET_NS));
	speaker_advance(b.speaker, llround(due(&b, n + 20)));
	for (first = held * PACKET + 1; isnan(b.sounded[first]); first++)
		;
	g_test_message("silent for %.3f ms", (first - held * PACKET - 1) * 1e3 / RATE);
	/* What came after its time is gone, what came in time is in place. */
	g_assert_cmpfloat(fabs((first - 1) * 1e9 / RATE - (held * PACKET_NS + stall -
			       LATENCY_MS * 1e6)), <, 1e9 / RATE + 2.0);
	g_assert_cmpfloat(fabs(off_ms(&b, first)), <, 1e-5);
	g_assert_cmpfloat(fabs(off_ms(&b, n * PACKET)), <, 1e-5);
	g_assert_cmpuint(b.underruns, ==, 2);	/* and one at the end */
	bench_finish(&b);
}

static void a_clock_that_is_off_walks_by_just_that(void)
{
	const enum speaker_model models[] = { SPEAKER_FIXED, SPEAKER_REBUFFER, SPEAKER_DEADBAND };
	const double ppms[] = { -250.0, 20.0, 60.0 };
	uint32_t m, p, n = packets_in(10);

	for (m = 0; m < G_N_ELEMENTS(models); m++) {
		for (p = 0; p < G_N_ELEMENTS(ppms); p++) {
			struct bench b;
			double want, got;

			bench_init(&b, models[m], ppms[p], 0.0, 1);
			arrive_until(&b, n);
			speaker_advance(b.speaker, llround(due(&b, n + 20)));
			want = -(n * PACKET - 1.0) * 1e3 / RATE * ppms[p] * 1e-6 / (1.0 + ppms[p] * 1e-6);
			got = off_ms(&b, n * PACKET);
			g_test_message("%s %g ppm: %.6f ms in 10 s, expected %.6f",
				       speaker_model_names[models[m]], ppms[p], got, want);
			g_assert_cmpfloat(fabs(got - want), <, 0.02);
			bench_finish(&b);
		}
	}
}

static void a_fifo_fills_up_again_after_it_ran_dry(void)
{
	const enum speaker_model models[] = { SPEAKER_REBUFFER, SPEAKER_DEADBAND, SPEAKER_PI };
	uint32_t m, k, held = packets_in(3), n = packets_in(5);

	for (m = 0; m < G_N_ELEMENTS(models); m++) {
		struct bench b;
		const double hole = 300e6;

		bench_init(&b, models[m], 0.0, 0.0, 1);
		arrive_until(&b, held);
		/* The stream goes on 300 ms later, as after a stall of the sender. */
		for (k = held; k < n; k++)
			arrive(&b, k, hole);
		speaker_advance(b.speaker, llround(due(&b, n + 40)));
		g_test_message("%s: %u underruns, then %.3f ms later than before",
			       speaker_model_names[models[m]], b.underruns, off_ms(&b, held * PACKET + 1));
		g_assert_cmpuint(b.underruns, ==, 2);	/* and one at the end */
		g_assert_cmpuint(b.rebuffers, ==, 1);
		/* From the packet's arrival it is the whole latency again. */
		g_assert_cmpfloat(fabs(off_ms(&b, held * PACKET + 1) - hole * 1e-6), <, 1e-5);
		g_assert_cmpfloat(fabs(off_ms(&b, held * PACKET) ), <, 1e-5);
		bench_finish(&b);
	}
}

static void a_lost_packet_shortens_a_fifo_at_once(void)
{
	struct bench b;
	uint32_t lost = packets_in(1), n = packets_in(2);

	bench_init(&b, SPEAKER_REBUFFER, 0.0, 0.0, 1);
	arrive_until(&b, lost);
	b.n_packets++;
	arrive_until(&b, n);
	speaker_advance(b.speaker, llround(due(&b, n)));
	g_test_message("%.6f ms", off_ms(&b, (lost + 1) * PACKET + 1));
	g_assert_cmpfloat(fabs(off_ms(&b, (lost + 1) * PACKET + 1) + PACKET_NS * 1e-6), <, 1e-5);
	g_assert_cmpuint(speaker_stats(b.speaker)->missing, ==, PACKET);
	bench_finish(&b);
}

static void deadband_leaves_its_band_alone_and_acts_outside(void)
{
	uint32_t start = packets_in(3), later = packets_in(8), end = packets_in(40);
	struct bench b;
	double off;

	bench_init(&b, SPEAKER_DEADBAND, 0.0, 0.0, 1);
	arrive_until(&b, start);
	b.n_packets++;			/* 14.5 ms: within */
	arrive_until(&b, later);
	g_assert_cmpfloat(speaker_turn_ppm(b.speaker), ==, 0.0);
	g_assert_cmpfloat(fabs(off_ms(&b, (later - 20) * PACKET) + PACKET_NS * 1e-6), <, 1e-5);
	b.n_packets += 3;		/* 58 ms in all: outside */
	arrive_until(&b, later + packets_in(3));
	g_assert_cmpfloat(fabs(speaker_turn_ppm(b.speaker) + 3900.0), <, 1e-6);
	arrive_until(&b, end);
	off = off_ms(&b, (end - 20) * PACKET);
	g_test_message("%.3f ms from where it began, at last", off);
	/* It stops at the band's edge; the average lags by half a second of 3.9 ms a second. */
	g_assert_cmpfloat(off, >, -29.0 - 0.1);
	g_assert_cmpfloat(off, <, -29.0 + 2.5);
	g_assert_cmpfloat(speaker_turn_ppm(b.speaker), ==, 0.0);
	bench_finish(&b);
}

static void pi_follows_the_sender_and_comes_back(void)
{
	struct bench b;
	uint32_t lost = packets_in(60), end = packets_in(140);

	bench_init(&b, SPEAKER_PI, 150.0, 0.0, 1);
	arrive_until(&b, lost);
	g_test_message("after 60 s: %.2f ppm, %.4f ms", speaker_turn_ppm(b.speaker),
		       off_ms(&b, (lost - 20) * PACKET));
	g_assert_cmpfloat(fabs(speaker_turn_ppm(b.speaker)), <, 2.0);
	g_assert_cmpfloat(fabs(off_ms(&b, (lost - 20) * PACKET)), <, 0.2);
	b.n_packets++;
	arrive_until(&b, lost + 20);
	g_assert_cmpfloat(off_ms(&b, (lost + 5) * PACKET), <, -10.0);
	arrive_until(&b, end);
	g_test_message("80 s after a lost packet: %.2f ppm, %.4f ms", speaker_turn_ppm(b.speaker),
		       off_ms(&b, (end - 20) * PACKET));
	g_assert_cmpfloat(fabs(off_ms(&b, (end - 20) * PACKET)), <, 0.2);
	bench_finish(&b);
}

static void starts_spread_as_told_and_repeat_with_the_seed(void)
{
	const double spread = 12.0;
	double low = INFINITY, high = -INFINITY, again = 0.0;
	int i;

	for (i = 0; i < 100; i++) {
		struct bench b;
		double off;

		bench_init(&b, SPEAKER_FIXED, 0.0, spread, i % 50);
		arrive_until(&b, 20);
		off = off_ms(&b, 1);
		if (i == 7)
			again = off;
		if (i == 57)
			g_assert_cmpfloat(off, ==, again);
		low = fmin(low, off);
		high = fmax(high, off);
		bench_finish(&b);
	}
	g_test_message("%.3f to %.3f ms", low, high);
	g_assert_cmpfloat(low, >, -spread - 1e-5);
	g_assert_cmpfloat(high, <, spread + 1e-5);
	g_assert_cmpfloat(high - low, >, spread);
}

static void another_latency_moves_what_follows(void)
{
	struct speaker_config config = { .model = SPEAKER_FIXED, .latency_ms = LATENCY_MS + 40.0,
		.gain = 1.0 };
	uint32_t at = packets_in(1), n = packets_in(3);
	struct bench b;

	bench_init(&b, SPEAKER_FIXED, 0.0, 0.0, 1);
	arrive_until(&b, at);
	speaker_configure(b.speaker, llround(due(&b, at)), &config);
	arrive_until(&b, 2 * at);
	g_assert_cmpfloat(fabs(off_ms(&b, (at + 5) * PACKET) - 40.0), <, 1e-5);
	config.latency_ms = LATENCY_MS - 30.0;
	speaker_configure(b.speaker, llround(due(&b, 2 * at)), &config);
	arrive_until(&b, n);
	g_assert_cmpfloat(fabs(off_ms(&b, (n - 20) * PACKET) + 30.0), <, 1e-5);
	bench_finish(&b);
}

/* By how much the latency has fallen by then, in ms */
static double decayed(const struct speaker_config *c, double s)
{
	return c->decay_ms * (1.0 - exp(-s / c->decay_s));
}

static void a_latency_that_decays_follows_its_law(void)
{
	const enum speaker_model models[] = { SPEAKER_FIXED, SPEAKER_REBUFFER, SPEAKER_DEADBAND, SPEAKER_PI };
	const struct speaker_config config = { .latency_ms = LATENCY_MS, .gain = 1.0, .decay_ms = 57.0, .decay_s = 30.0 };
	uint32_t n = packets_in(90);

	for (size_t m = 0; m < G_N_ELEMENTS(models); m++) {
		struct speaker_config c = config;
		double worst = 0.0;
		struct bench b;

		c.model = models[m];
		bench_init(&b, models[m], 0.0, 0.0, 1);
		speaker_configure(b.speaker, 0, &c);
		arrive_until(&b, n);
		for (uint32_t i = PACKET; i < (n - 20) * PACKET; i += PACKET) {
			double s = (b.sounded[i] - b.sounded[1]) * 1e-9;

			worst = fmax(worst, fabs(off_ms(&b, i) + decayed(&c, s)));
		}
		g_test_message("%s: %.6f ms from the law, %.3f ms in the end", speaker_model_names[models[m]], worst,
			off_ms(&b, (n - 20) * PACKET));
		/* a PI loop finds its target in the first second, in which the latency falls by 2 ms already */
		g_assert_cmpfloat(worst, <, models[m] == SPEAKER_PI ? 2.0 : 1e-3);
		g_assert_cmpuint(b.underruns, ==, 0);
		bench_finish(&b);
	}
}

static void a_decay_begins_anew_when_the_buffer_is_filled_anew(void)
{
	struct speaker_config c = { .model = SPEAKER_REBUFFER, .latency_ms = LATENCY_MS, .gain = 1.0, .decay_ms = 57.0,
		.decay_s = 5.0 };
	uint32_t held = packets_in(20), n = packets_in(30), first = held * PACKET + 1, later = first + 5 * RATE;
	const double hole = 300e6;
	struct bench b;

	bench_init(&b, c.model, 0.0, 0.0, 1);
	speaker_configure(b.speaker, 0, &c);
	arrive_until(&b, held);
	for (uint32_t k = held; k < n; k++)
		arrive(&b, k, hole);
	g_test_message("after a hole %.6f ms, 5 s later %.6f", off_ms(&b, first), off_ms(&b, later));
	g_assert_cmpfloat(fabs(off_ms(&b, first) - hole * 1e-6), <, 1e-5);
	g_assert_cmpfloat(fabs(off_ms(&b, later) - hole * 1e-6 +
			       decayed(&c, (b.sounded[later] - b.sounded[first]) * 1e-9)), <, 1e-3);
	bench_finish(&b);
}

/* Timelines */

struct tape {
	GArray *frames;
};

static int on_write(void *data, const float *frames, size_t n_frames)
{
	struct tape *tape = data;

	g_array_append_vals(tape->frames, frames, 2 * n_frames);
	return 0;
}

static float left(const struct tape *tape, int64_t n)
{
	return g_array_index(tape->frames, float, 2 * n);
}

#define TONE	1000.0	/* Hz */

/* A tone of n frames from t on, in blocks of odd sizes */
static void play_tone(struct timeline *tl, double t, double period, uint32_t n)
{
	struct random random = { .state = 3 };
	uint32_t done = 0, i;

	while (done < n) {
		float block[2 * 900];
		uint32_t l = 1 + random_next(&random) % 900;

		if (l > n - done)
			l = n - done;
		for (i = 0; i < l; i++)
			block[2 * i] = block[2 * i + 1] = 0.5 * sin(2.0 * M_PI * TONE * 1e-9 * (done + i) * period);
		g_assert_cmpint(timeline_add(tl, t + done * period, period, block, l), ==, 0);
		done += l;
	}
}

/* Where the tone lies, in ns after t: from its phase by correlation */
static double find_tone(const struct tape *tape, double t, int64_t from, int64_t to)
{
	double s = 0.0, c = 0.0;
	int64_t n;

	for (n = from; n < to; n++) {
		double phase = 2.0 * M_PI * TONE * (n / (double)TIMELINE_RATE - t * 1e-9);

		s += left(tape, n) * sin(phase);
		c += left(tape, n) * cos(phase);
	}
	return -atan2(c, s) / (2.0 * M_PI * TONE) * 1e9;
}

/* The same number of samples: less time at the higher rate */
static void what_a_processor_takes_depends_on_the_rate(void)
{
	static const uint32_t rates[] = { 44100, 48000 };

	for (size_t r = 0; r < G_N_ELEMENTS(rates); r++) {
		struct speaker_config config = { .latency_ms = LATENCY_MS, .start = SPEAKER_START_LEVEL, .gain = 1.0,
			.dsp_frames = 960.0 };
		struct bench b = { .sounded = g_new0(double, MAX_FRAMES + 1) };
		float frames[2 * PACKET];
		double expected = LATENCY_MS * 1e6 + (1000.0 + 960.0) * 1e9 / rates[r];

		b.speaker = speaker_new(&config, 1, &events, &b);
		speaker_start(b.speaker, 0, rates[r]);
		for (uint32_t k = 0; k < 20; k++) {
			for (uint32_t i = 0; i < PACKET; i++)
				frames[2 * i] = frames[2 * i + 1] = k * PACKET + i + 1;
			speaker_packet(b.speaker, (int64_t)(k * PACKET * 1e9 / rates[r]), k * PACKET, frames, PACKET);
		}
		speaker_advance(b.speaker, 1000000000);
		g_test_message("%u Hz: %.3f ms", rates[r], b.sounded[1001] * 1e-6);
		g_assert_cmpfloat(fabs(b.sounded[1001] - expected), <, 1e3);
		speaker_destroy(b.speaker);
		g_free(b.sounded);
	}
}

static void a_timeline_places_between_samples(void)
{
	const double rates[] = { 44100.0, 48000.0, 44100.0 * (1.0 + 60e-6), 48000.0 * (1.0 - 250e-6) };
	double worst = 0.0;
	uint32_t r, k;

	for (r = 0; r < G_N_ELEMENTS(rates); r++) {
		for (k = 0; k < 23; k++) {
			struct tape tape = { g_array_new(FALSE, FALSE, sizeof(float)) };
			struct timeline *tl = timeline_new(on_write, &tape);
			double t = 50e6 + k * 1e9 / TIMELINE_RATE / 23.0, off;

			play_tone(tl, t, 1e9 / rates[r], rates[r]);
			timeline_finish(tl, 1.2e9);
			/* Whole periods of the tone, and away from its ends */
			off = find_tone(&tape, t, 4800, 4800 + 38400);
			worst = fmax(worst, fabs(off));
			g_assert_cmpuint(tape.frames->len, ==, 2 * 57600);
			timeline_destroy(tl);
			g_array_unref(tape.frames);
		}
	}
	g_test_message("worst %.6f ms", worst * 1e-6);
	g_assert_cmpfloat(worst, <, 0.005e6);
}

static void a_timeline_is_silent_where_nothing_plays(void)
{
	struct tape tape = { g_array_new(FALSE, FALSE, sizeof(float)) };
	struct timeline *tl = timeline_new(on_write, &tape);
	const double period = 1e9 / 44100.0;
	/* 100-200 ms and 205-305 ms, and the kernel's half around them */
	const int64_t ring = 20, edges[] = { 0, 4800 - ring, 9600 + ring, 9840 - ring, 14640 + ring, 48000 };
	int64_t n;
	int i;

	play_tone(tl, 100e6, period, 4410);
	g_assert_cmpint(timeline_advance(tl, 203e6), ==, 0);
	play_tone(tl, 205e6, period, 4410);
	timeline_finish(tl, 1e9);
	g_assert_cmpuint(tape.frames->len, ==, 2 * 48000);
	for (i = 0; i < 6; i += 2)
		for (n = edges[i]; n < edges[i + 1]; n++)
			g_assert_cmpfloat(left(&tape, n), ==, 0.0f);
	g_assert_cmpfloat(fabs(find_tone(&tape, 205e6, 9840 + 96, 9840 + 96 + 3840)), <, 0.005e6);
	timeline_destroy(tl);
	g_array_unref(tape.frames);
}

static void a_timeline_refuses_what_begins_before_the_last_end(void)
{
	struct tape tape = { g_array_new(FALSE, FALSE, sizeof(float)) };
	struct timeline *tl = timeline_new(on_write, &tape);
	float block[200] = { 0.0f };

	g_assert_cmpint(timeline_add(tl, 1e6, 20000.0, block, 100), ==, 0);
	g_assert_cmpint(timeline_add(tl, 2e6, 20000.0, block, 100), ==, -EINVAL);
	g_assert_cmpint(timeline_add(tl, 3e6, 20000.0, block, 100), ==, 0);
	timeline_destroy(tl);
	g_array_unref(tape.frames);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/room/models/" #name, name)
	ADD(fixed_plays_each_sample_at_its_place);
	ADD(the_first_packet_matters_where_it_is_said_to);
	ADD(fixed_keeps_the_place_whatever_the_air_does);
	ADD(fixed_drops_what_comes_late);
	ADD(a_clock_that_is_off_walks_by_just_that);
	ADD(a_fifo_fills_up_again_after_it_ran_dry);
	ADD(a_lost_packet_shortens_a_fifo_at_once);
	ADD(deadband_leaves_its_band_alone_and_acts_outside);
	ADD(pi_follows_the_sender_and_comes_back);
	ADD(starts_spread_as_told_and_repeat_with_the_seed);
	ADD(another_latency_moves_what_follows);
	ADD(a_latency_that_decays_follows_its_law);
	ADD(a_decay_begins_anew_when_the_buffer_is_filled_anew);
	ADD(what_a_processor_takes_depends_on_the_rate);
	ADD(a_timeline_places_between_samples);
	ADD(a_timeline_is_silent_where_nothing_plays);
	ADD(a_timeline_refuses_what_begins_before_the_last_end);
	return g_test_run();
}
