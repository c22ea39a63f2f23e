/* Does measure find what is there, and nothing else? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <sbc/sbc.h>

#include "listen/measure.h"
#include "listen/sinc.h"
#include "random.h"

#define RATE		MEASURE_RATE
#define SECONDS		12
#define N		(SECONDS * RATE)
#define SKEW_TOLERANCE	0.02	/* ms: what the room promises */
#define STEP_TOLERANCE	0.05	/* ms */
#define SBC_DELAY	(73 * 1000.0 / RATE) /* ms, of the codec's filters */
#define PLACE_TOLERANCE	0.025	/* s: half a block, and a codec's filter */

static const double SKEWS[] = { 0.0, 0.1, 3.0, -40.0 };

enum material { NOISE, MUSIC, CHORDS };
static const char *const materials[] = { "noise", "music", "chords" };

static float *stereo_new(void)
{
	return g_malloc0_n(2 * N, sizeof(float));
}

static void make_noise(float *out, struct random *r)
{
	float low[2] = { 0.0f };

	for (int i = 0; i < 2 * N; i++) {
		/* a gentle slope: most of what is played has less treble than white noise */
		low[i % 2] += 0.3f * ((float)random_around(r, 1.0) - low[i % 2]);
		out[i] = 0.4f * low[i % 2];
	}
}

static void add_note(float *out, int at, double seconds, double hz, double level, double pan)
{
	int n = (int)(seconds * RATE);

	for (int i = 0; i < n && at + i < N; i++) {
		double t = (double)i / RATE, v = 0.0;
		double envelope = fmin(1.0, t / 0.004) * exp(-3.0 * t / seconds) *
			fmin(1.0, (seconds - t) / 0.02);

		for (int h = 1; h <= 12 && hz * h < 18000.0; h++)
			v += sin(2.0 * M_PI * hz * h * t) * exp(-0.25 * h * (1.0 + t)) / h;
		out[2 * (at + i)] += level * envelope * v * (1.0 - pan);
		out[2 * (at + i) + 1] += level * envelope * v * (1.0 + pan);
	}
}

/* A bass line and chords that repeat, a melody that does not, and a soft hi-hat */
static void make_music(float *out, struct random *r, bool drums)
{
	static const int roots[] = { 0, -4, 3, -2 };
	static const int scale[] = { 0, 2, 3, 5, 7, 8, 10, 12 };
	double beat = 0.5;

	for (int b = 0; b * beat < SECONDS; b++) {
		int at = (int)(b * beat * RATE), root = roots[b / 4 % 4];

		add_note(out, at, 0.45, 110.0 * pow(2.0, root / 12.0), 0.25, 0.0);
		if (b % 4 == 0)
			for (int k = 0; k < 3; k++)
				add_note(out, at, 2.0, 220.0 * pow(2.0, (root + 4 * k - k / 2) / 12.0),
					 0.12, 0.3 * (k - 1));
		if (drums && random_unit(r) < 0.8)
			add_note(out, at, 0.4, 440.0 * pow(2.0, (root +
				 scale[random_next(r) % 8]) / 12.0), 0.15, 0.2);
		for (int i = 0; drums && i < RATE / 20 && at + i < N; i++) {
			double v = 0.1 * exp(-i / 400.0) * random_around(r, 1.0);
			out[2 * (at + i)] += v;
			out[2 * (at + i) + 1] += v;
		}
	}
}

static float *material_new(enum material material)
{
	struct random r = { .state = 7 + material };
	float *out = stereo_new();

	switch (material) {
	case NOISE: make_noise(out, &r); break;
	case MUSIC: make_music(out, &r, true); break;
	case CHORDS: make_music(out, &r, false); break;
	}
	return out;
}

/* One speaker of the test, described: what happens to the source on its way */
struct way {
	double lag;		/* ms */
	double ppm;		/* the speaker's clock is slow by so much */
	double noise;		/* added, linear */
	double step_at, step;	/* s, ms: > 0 repeats, < 0 skips */
	int steps;		/* so many, a second apart */
	double gap_at, gap;	/* s, ms of zeros in place */
	double dither;		/* linear, in the gap instead of zeros */
	double slew_at, slew;	/* s, ms: the lag moves so much, */
	double slew_ppm;	/* so fast in the end */
	double start, end;	/* s, it plays between, 0: to the end */
	bool sbc;
};

/* Rate loops get going within some tenths of a second: a ramp, then straight */
static double slewed(double t, double rate)
{
	double ramp = 0.3;

	return t < ramp ? 0.5 * rate * t * t / ramp : rate * (t - 0.5 * ramp);
}

static double lag_of(const struct way *w, int i)
{
	double t = (double)i / RATE, lag = w->lag / 1000.0 * RATE + i * w->ppm * 1e-6;
	int steps = MAX(1, w->steps);

	for (int k = 0; k < steps; k++)
		if (w->step != 0.0 && t >= w->step_at + k)
			lag += w->step / 1000.0 * RATE;
	if (w->slew != 0.0 && t > w->slew_at)
		lag += copysign(fmin(fabs(w->slew) / 1000.0 * RATE,
				slewed(t - w->slew_at, w->slew_ppm * 1e-6) * RATE), w->slew);
	return lag;
}

static void through_sbc(float *data)
{
	sbc_t encoder, decoder;
	int16_t in[16 * 8 * 2], out[16 * 8 * 2];
	uint8_t frame[512];
	size_t block;

	sbc_init(&encoder, 0);
	sbc_init(&decoder, 0);
	encoder.frequency = decoder.frequency = SBC_FREQ_48000;
	encoder.mode = SBC_MODE_JOINT_STEREO;
	encoder.subbands = SBC_SB_8;
	encoder.blocks = SBC_BLK_16;
	encoder.allocation = SBC_AM_LOUDNESS;
	encoder.bitpool = 53;
	encoder.endian = SBC_LE;
	decoder.endian = SBC_LE;
	block = sizeof(in) / sizeof(in[0]);
	for (size_t at = 0; at + block <= 2 * N; at += block) {
		ssize_t wrote = 0;
		size_t got = 0;

		for (size_t i = 0; i < block; i++)
			in[i] = (int16_t)lrintf(CLAMP(data[at + i], -1.0f, 0.9999f) * 32767.0f);
		sbc_encode(&encoder, in, sizeof(in), frame, sizeof(frame), &wrote);
		sbc_decode(&decoder, frame, wrote, out, sizeof(out), &got);
		for (size_t i = 0; i < block; i++)
			data[at + i] = i < got / 2 ? out[i] / 32768.0f : 0.0f;
	}
	sbc_finish(&encoder);
	sbc_finish(&decoder);
}

static float *travel(const float *source, const struct way *w, unsigned seed)
{
	struct random r = { .state = 1000 + seed };
	float *out = stereo_new();

	sinc_init();
	for (int i = 0; i < N; i++) {
		double t = (double)i / RATE, at = i - lag_of(w, i);
		int base = (int)floor(at);

		if (t < w->start || (w->end > 0.0 && t >= w->end))
			continue;
		if (w->gap > 0.0 && t >= w->gap_at && t < w->gap_at + w->gap / 1000.0) {
			for (int c = 0; c < 2 && w->dither > 0.0; c++)
				out[2 * i + c] = (float)random_around(&r, w->dither);
			continue;
		}
		if (base - SINC_HALF + 1 < 0 || base + SINC_HALF >= N)
			continue;
		if (at - base < 1e-9)
			memcpy(&out[2 * i], &source[2 * base], 2 * sizeof(float));
		else
			sinc_stereo(&source[2 * (base - SINC_HALF + 1)], at - base, &out[2 * i]);
		for (int c = 0; c < 2 && w->noise > 0.0; c++)
			out[2 * i + c] += (float)random_around(&r, w->noise);
	}
	if (w->sbc)
		through_sbc(out);
	return out;
}

static void measure_ways(struct measure *m, const float *source, bool on_timeline,
			 const struct way *ways, int n)
{
	measure_init(m, NULL);
	for (int i = 0; i < n; i++) {
		float *data = travel(source, &ways[i], i);
		char name[16];

		g_snprintf(name, sizeof(name), "s%d", i);
		g_assert_cmpint(measure_add_speaker_samples(m, name, data, 2, N), ==, 0);
		g_free(data);
	}
	g_assert_cmpint(measure_set_source_samples(m, source, 2, N, on_timeline), ==, 0);
	g_assert_cmpint(measure_run(m), ==, 0);
}

static void assert_no_events(const struct measure *m, int i)
{
	const struct measure_speaker *s = &m->speakers[i];

	for (size_t k = 0; k < s->track.n_events; k++)
		g_test_message("%s: %s at %.4f s, %.3f ms", s->signal.name,
			event_kind_name(s->track.events[k].kind),
			s->track.events[k].time, s->track.events[k].size);
	g_assert_true(s->track.found);
	g_assert_cmpint(s->gaps + s->repeats + s->skips + s->absences, ==, 0);
}

static void check_skews(enum material material, const char *what, double noise, bool sbc)
{
	float *source = material_new(material);
	struct way ways[4] = { 0 };
	struct measure m;

	for (int i = 0; i < 4; i++)
		ways[i] = (struct way) { .lag = 60.0 + SKEWS[i], .noise = noise, .sbc = sbc };
	measure_ways(&m, source, true, ways, 4);
	g_assert_cmpint(m.reference, ==, 0);
	for (int i = 1; i < 4; i++) {
		struct measure_speaker *s = &m.speakers[i];
		double worst = 0.0;

		for (int w = 0; w < m.n_windows; w++)
			if (!isnan(s->skew[w]))
				worst = fmax(worst, fabs(s->skew[w] - SKEWS[i]));
		g_test_message("%s %s: %g ms found as %.5f, at most %.5f off, in %d of %d windows",
			materials[material], what, SKEWS[i], s->skew_median, worst,
			s->skew_abs.n, m.n_windows);
		g_assert_cmpfloat(worst, <, SKEW_TOLERANCE);
		g_assert_cmpint(s->skew_abs.n, >=, m.n_windows - 2);
	}
	g_assert_cmpfloat(fabs(m.spread_abs.median - 43.0), <, SKEW_TOLERANCE);
	for (int i = 0; i < 4; i++) {
		assert_no_events(&m, i);
		/* where the music fades into the noise nothing can be said */
		if (noise == 0.0)
			g_assert_cmpint(m.speakers[i].track.unsure, ==, 0);
	}
	measure_finish(&m);
	g_free(source);
}

static void known_skews_are_found(void)
{
	check_skews(NOISE, "as it is", 0.0, false);
	check_skews(MUSIC, "as it is", 0.0, false);
	check_skews(CHORDS, "as it is", 0.0, false);
}

static void known_skews_are_found_in_different_noise(void)
{
	check_skews(NOISE, "with noise", 0.01, false);
	check_skews(MUSIC, "with noise", 0.01, false);
}

static void known_skews_are_found_behind_sbc(void)
{
	check_skews(NOISE, "behind SBC", 0.0, true);
	check_skews(MUSIC, "behind SBC", 0.0, true);
	check_skews(CHORDS, "behind SBC", 0.0, true);
}

static void drift_is_followed_and_is_no_step(void)
{
	for (int material = NOISE; material <= MUSIC; material++) {
		float *source = material_new(material);
		const struct way ways[] = {
			{ .lag = 50.0, .ppm = 0.0, .sbc = true },
			{ .lag = 50.0, .ppm = 60.0, .sbc = true },
			{ .lag = 50.0, .ppm = -200.0, .sbc = true },
		};
		struct measure m;

		measure_ways(&m, source, true, ways, 3);
		for (int i = 0; i < 3; i++) {
			g_test_message("%s: %g ppm found as %.2f", materials[material],
				ways[i].ppm, m.speakers[i].drift);
			g_assert_cmpfloat(fabs(m.speakers[i].drift - ways[i].ppm), <, 2.0);
			assert_no_events(&m, i);
		}
		measure_finish(&m);
		g_free(source);
	}
}

/* As in the first seconds of an Echo, when PipeWire's decode buffer finds its level */
static void who_comes_back_while_all_are_moving_is_found_at_once(void)
{
	const double away = 4.0, ms = 1050.0;
	float *source = material_new(NOISE);
	const struct way ways[] = {
		{ .lag = 90.0, .slew_at = 1.0, .slew = -30.0, .slew_ppm = 3400.0, .noise = 0.03, .sbc = true },
		{ .lag = 90.0, .slew_at = 1.0, .slew = -30.0, .slew_ppm = 3400.0, .noise = 0.03, .sbc = true,
		  .gap_at = away, .gap = ms },
	};
	const struct playout *t;
	struct measure m;
	double blind = INFINITY;

	measure_ways(&m, source, true, ways, 2);
	t = &m.speakers[1].track;
	for (size_t i = 0; i < t->n_points; i++) {
		double s = (double)t->points[i].pos / RATE - away - ms / 1000.0;

		if (s >= 0.0)
			blind = fmin(blind, s);
	}
	g_test_message("found %.3f s after it came back", blind);
	g_assert_cmpfloat(blind, <, 0.1);
	g_assert_cmpint(m.speakers[1].absences, ==, 1);
	g_assert_cmpint(m.speakers[1].gaps + m.speakers[1].repeats + m.speakers[1].skips, ==, 0);
	assert_no_events(&m, 0);
	measure_finish(&m);
	g_free(source);
}

static void a_slow_move_is_no_step(void)
{
	for (int material = NOISE; material <= MUSIC; material++) {
		float *source = material_new(material);
		const struct way ways[] = {
			{ .lag = 50.0, .slew_at = 3.0, .slew = 2.0, .slew_ppm = 500.0, .sbc = true },
			{ .lag = 50.0, .slew_at = 3.0, .slew = -2.0, .slew_ppm = 500.0, .sbc = true },
			{ .lag = 90.0, .slew_at = 3.0, .slew = 20.0, .slew_ppm = 5000.0, .sbc = true },
			{ .lag = 90.0, .slew_at = 3.0, .slew = -20.0, .slew_ppm = 5000.0, .sbc = true },
		};
		struct measure m;

		measure_ways(&m, source, true, ways, 4);
		for (int i = 0; i < 4; i++) {
			size_t n = m.speakers[i].track.n_points;

			g_test_message("%s: %g ms at %g ppm: %.3f ms in the end, %d unsure",
				materials[material], ways[i].slew, ways[i].slew_ppm,
				m.speakers[i].track.points[n - 1].lag * 1000.0 / RATE - ways[i].lag,
				m.speakers[i].track.unsure);
			assert_no_events(&m, i);
			/* it arrives where it ought to, so it was not lost on the way */
			g_assert_cmpint(n, >, 500);
			g_assert_cmpfloat(fabs(m.speakers[i].track.points[n - 1].lag * 1000.0 / RATE -
				SBC_DELAY - ways[i].lag - ways[i].slew), <, STEP_TOLERANCE);
		}
		measure_finish(&m);
		g_free(source);
	}
}

static void latency_is_measured_on_a_common_timeline(void)
{
	float *source = material_new(MUSIC);
	const struct way ways[] = { { .lag = 50.0 }, { .lag = 333.3 }, { .lag = 1500.0 } };
	struct measure m;

	measure_ways(&m, source, true, ways, 3);
	for (int i = 0; i < 3; i++) {
		g_test_message("%g ms found as %.4f", ways[i].lag, m.speakers[i].latency);
		g_assert_cmpfloat(fabs(m.speakers[i].latency - ways[i].lag), <, SKEW_TOLERANCE);
		g_assert_cmpfloat(fabs(m.speakers[i].track.gain), <, 0.1);
	}
	measure_finish(&m);
	g_free(source);
}

static void check_step(enum material material, double at, double step, int steps, bool sbc)
{
	float *source = material_new(material);
	const struct way ways[] = {
		{ .lag = 30.0, .sbc = sbc },
		{ .lag = 45.0, .step_at = at, .step = step, .steps = steps, .sbc = sbc },
	};
	struct measure m;
	struct measure_speaker *s;

	measure_ways(&m, source, false, ways, 2);
	s = &m.speakers[1];
	g_test_message("%s: %d steps of %g ms: %d repeats, %d skips, %d gaps, %d unsure",
		materials[material], steps, step, s->repeats, s->skips, s->gaps, s->track.unsure);
	for (size_t k = 0; k < s->track.n_events; k++)
		g_test_message("  at %.4f s, %.4f ms", s->track.events[k].time,
			s->track.events[k].size);
	assert_no_events(&m, 0);
	g_assert_cmpint(s->repeats, ==, step > 0.0 ? steps : 0);
	g_assert_cmpint(s->skips, ==, step < 0.0 ? steps : 0);
	g_assert_cmpint(s->gaps + s->absences, ==, 0);
	for (int k = 0; k < steps; k++) {
		g_assert_cmpfloat(fabs(s->track.events[k].size - fabs(step)), <, STEP_TOLERANCE);
		g_assert_cmpfloat(fabs(s->track.events[k].time - at - k), <, PLACE_TOLERANCE);
	}
	measure_finish(&m);
	g_free(source);
}

static void a_dropped_packet_is_a_skip_of_its_length(void)
{
	check_step(NOISE, 2.1, -13.3333, 8, false);
	check_step(NOISE, 2.1, -13.3333, 8, true);
	check_step(MUSIC, 2.1, -13.3333, 8, false);
	check_step(MUSIC, 2.3, -13.3333, 8, true);
}

static void a_repeat_is_found_and_sized(void)
{
	check_step(NOISE, 2.1, 10.0, 8, true);
	check_step(MUSIC, 2.1, 10.0, 8, false);
	check_step(MUSIC, 2.2, 10.0, 8, true);
	check_step(MUSIC, 2.2, 213.0, 3, true);
}

static void a_step_of_31_samples_is_found(void)
{
	check_step(NOISE, 2.1, 31 * 1000.0 / RATE, 8, true);
	check_step(MUSIC, 2.1, 31 * 1000.0 / RATE, 8, true);
	check_step(MUSIC, 2.05, -31 * 1000.0 / RATE, 8, false);
}

static void check_gap(enum material material, double gap, bool sbc)
{
	float *source = material_new(material);
	const struct way ways[] = {
		{ .lag = 30.0, .sbc = sbc },
		{ .lag = 45.0, .gap_at = 5.2, .gap = gap, .sbc = sbc },
	};
	struct measure m;
	struct measure_speaker *s;

	measure_ways(&m, source, true, ways, 2);
	s = &m.speakers[1];
	g_test_message("%s: a gap of %g ms found as %.3f", materials[material], gap, s->largest_gap);
	assert_no_events(&m, 0);
	g_assert_cmpint(s->gaps, ==, 1);
	g_assert_cmpint(s->repeats + s->skips + s->absences, ==, 0);
	/* before SBC, its filter rings into both ends of the gap: 80 samples in all */
	g_assert_cmpfloat(fabs(s->largest_gap - gap), <, sbc ? 3.4 : 0.1);
	g_assert_cmpfloat(fabs(s->track.events[0].time - 5.2), <, 0.005);
	measure_finish(&m);
	g_free(source);
}

static void a_gap_is_found_and_sized(void)
{
	check_gap(NOISE, 5.0, false);
	check_gap(NOISE, 13.3333, true);
	check_gap(MUSIC, 5.0, false);
	check_gap(MUSIC, 13.3333, true);
	check_gap(MUSIC, 300.0, true);
}

/* What keeps speakers awake is no sound: four steps of 16 bits, as SBC makes of it */
static void dither_in_a_gap_does_not_hide_it(void)
{
	float *source = material_new(NOISE);
	const struct way ways[] = {
		{ .lag = 30.0 },
		{ .lag = 45.0, .gap_at = 5.2, .gap = 20.0, .dither = 4.0 / 32768.0 },
	};
	struct measure m;

	measure_ways(&m, source, true, ways, 2);
	assert_no_events(&m, 0);
	g_assert_cmpint(m.speakers[1].gaps, ==, 1);
	g_assert_cmpfloat(fabs(m.speakers[1].largest_gap - 20.0), <, 0.1);
	measure_finish(&m);
	g_free(source);
}

static void a_pause_for_lack_of_data_is_a_gap_and_a_repeat(void)
{
	float *source = material_new(MUSIC);
	const struct way ways[] = {
		{ .lag = 45.0, .step_at = 5.2, .step = 13.0, .gap_at = 5.2, .gap = 13.0 },
	};
	struct measure m;

	measure_ways(&m, source, true, ways, 1);
	g_assert_cmpint(m.speakers[0].gaps, ==, 1);
	g_assert_cmpint(m.speakers[0].repeats, ==, 1);
	g_assert_cmpint(m.speakers[0].skips, ==, 0);
	g_assert_cmpfloat(fabs(m.speakers[0].largest_step - 13.0), <, STEP_TOLERANCE);
	measure_finish(&m);
	g_free(source);
}

static void silence_of_the_source_is_no_gap(void)
{
	float *source = material_new(MUSIC);
	const struct way ways[] = { { .lag = 45.0, .sbc = true }, { .lag = 145.0, .sbc = true } };
	struct measure m;

	memset(&source[2 * 4 * RATE], 0, 2 * RATE / 2 * sizeof(float));
	memset(&source[2 * 6 * RATE], 0, 2 * RATE / 100 * sizeof(float));
	measure_ways(&m, source, true, ways, 2);
	assert_no_events(&m, 0);
	assert_no_events(&m, 1);
	measure_finish(&m);
	g_free(source);
}

static void an_absent_speaker_is_absent_not_gapless(void)
{
	float *source = material_new(NOISE);
	const struct way ways[] = {
		{ .lag = 45.0 },
		{ .lag = 45.0, .start = SECONDS },
		{ .lag = 45.0, .start = 3.0, .end = 9.0 },
		{ .lag = 45.0, .gap_at = 4.0, .gap = 2000.0 },
	};
	struct measure m;

	measure_ways(&m, source, true, ways, 4);
	assert_no_events(&m, 0);
	g_assert_cmpint(m.speakers[1].signal.first, ==, -1);
	g_assert_false(m.speakers[1].track.found);
	g_assert_cmpint(m.speakers[1].silent, ==, m.n_windows);
	g_assert_true(isnan(m.speakers[1].skew_median));
	assert_no_events(&m, 2);
	g_assert_cmpfloat(fabs((double)m.speakers[2].signal.first / RATE - 3.0), <, 0.001);
	g_assert_cmpfloat(fabs((double)m.speakers[2].signal.last / RATE - 9.0), <, 0.001);
	g_assert_cmpint(m.speakers[2].silent, >, 0);
	g_assert_cmpint(m.speakers[3].absences, ==, 1);
	g_assert_cmpint(m.speakers[3].gaps + m.speakers[3].repeats + m.speakers[3].skips, ==, 0);
	g_assert_cmpfloat(fabs(m.speakers[3].absent - 2.0), <, 0.001);
	measure_finish(&m);
	g_free(source);
}

static void a_tone_gives_no_figure_but_is_counted(void)
{
	float *source = stereo_new();
	const struct way ways[] = { { .lag = 40.0 }, { .lag = 43.3 } };
	struct measure m;

	for (int i = 0; i < 2 * N; i++)
		source[i] = 0.3f * sinf(2.0f * G_PI * 440.0f * (i / 2 % RATE) / RATE);
	measure_ways(&m, source, true, ways, 2);
	g_test_message("of %d windows %d ambiguous, %d weak", m.n_windows,
		m.speakers[1].ambiguous, m.speakers[1].weak);
	g_assert_cmpint(m.speakers[1].skew_abs.n, ==, 0);
	g_assert_cmpint(m.speakers[1].ambiguous, >=, m.n_windows - 2);
	g_assert_cmpint(m.speakers[1].repeats + m.speakers[1].skips, ==, 0);
	measure_finish(&m);
	g_free(source);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	/* In two halves, which meson runs at the same time */
#define ADD(half, test) g_test_add_func("/" #half "/" #test, test)
	ADD(skews, known_skews_are_found);
	ADD(skews, known_skews_are_found_in_different_noise);
	ADD(skews, known_skews_are_found_behind_sbc);
	ADD(skews, drift_is_followed_and_is_no_step);
	ADD(skews, a_slow_move_is_no_step);
	ADD(events, who_comes_back_while_all_are_moving_is_found_at_once);
	ADD(events, latency_is_measured_on_a_common_timeline);
	ADD(events, a_dropped_packet_is_a_skip_of_its_length);
	ADD(events, a_repeat_is_found_and_sized);
	ADD(events, a_step_of_31_samples_is_found);
	ADD(skews, a_gap_is_found_and_sized);
	ADD(events, dither_in_a_gap_does_not_hide_it);
	ADD(events, a_pause_for_lack_of_data_is_a_gap_and_a_repeat);
	ADD(events, silence_of_the_source_is_no_gap);
	ADD(events, an_absent_speaker_is_absent_not_gapless);
	ADD(events, a_tone_gives_no_figure_but_is_counted);
	return g_test_run();
}
