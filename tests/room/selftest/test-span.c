/* Do figures of a span of time say what was in it, and nothing good of what is not known? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <glib.h>

#include "listen/measure-span.h"
#include "random.h"

#define RATE	MEASURE_RATE
#define SECONDS	8
#define N	(SECONDS * RATE)
#define LAG_MS	60

static float *make_noise(uint64_t seed)
{
	float *data = g_malloc0_n(2 * N, sizeof(float)), low[2] = { 0.0f };
	struct random r = { .state = seed };

	for (int i = 0; i < 2 * N; i++) {
		low[i % 2] += 0.5f * ((float)random_around(&r, 1.0) - low[i % 2]);
		data[i] = 0.3f * low[i % 2];
	}
	return data;
}

/** The source, later by LAG_MS and by ms[k] more from at[k] on; a NAN is silence */
struct move {
	double at, ms;
};

static void add(struct measure *m, const char *name, const float *source, const struct move *moves,
		int n)
{
	g_autofree float *data = g_malloc0_n(2 * N, sizeof(float));

	for (int i = 0; i < N; i++) {
		double lag = LAG_MS;
		int from;

		for (int k = 0; k < n; k++)
			if (i >= moves[k].at * RATE)
				lag = LAG_MS + moves[k].ms;
		from = isnan(lag) ? -1 : i - (int)lrint(lag * RATE / 1000.0);
		if (from >= 0)
			memcpy(&data[2 * i], &source[2 * from], 2 * sizeof(float));
	}
	g_assert_cmpint(measure_add_speaker_samples(m, name, data, 2, N), ==, 0);
}

static void run(struct measure *m, const char *changed, const struct move *moves, int n)
{
	const struct measure_options options = { .changed = changed };
	g_autofree float *source = make_noise(7);

	measure_init(m, &options);
	add(m, "a", source, moves, n);
	add(m, "b", source, NULL, 0);
	add(m, "c", source, NULL, 0);
	g_assert_cmpint(measure_set_source_samples(m, source, 2, N, true), ==, 0);
	g_assert_cmpint(measure_run(m), ==, 0);
}

static double together(const struct measure *m, double from, double to)
{
	double t = span_together(&m->speakers[0], &m->speakers[1], from, to, 1.0);

	g_test_message("within 1 ms from %.3f s on, of %.1f to %.1f", t, from, to);
	return t;
}

static void a_step_and_its_opposite_are_found_in_their_span(void)
{
	const struct move moves[] = { { 3.0, 5.0 }, { 3.7, 0.0 } };
	struct span_events e;
	struct measure m;

	run(&m, "a", moves, 2);
	g_assert_cmpint(span_find_speaker(&m, "a"), ==, 0);
	g_assert_cmpint(span_find_speaker(&m, "nobody"), ==, -1);
	g_assert_cmpint(m.reference, ==, 1);
	e = span_events(&m.speakers[0], 2.5, 5.0);
	g_assert_cmpint(e.repeats, ==, 1);
	g_assert_cmpint(e.skips, ==, 1);
	g_assert_cmpint(e.gaps + e.absences, ==, 0);
	g_assert_cmpfloat(fabs(e.first - 3.0), <, 0.03);
	g_assert_cmpfloat(fabs(e.last - 3.7), <, 0.03);
	g_assert_cmpfloat(fabs(e.largest_step - 5.0), <, 0.05);
	e = span_events(&m.speakers[0], 4.0, 7.0);
	g_assert_cmpint(e.repeats + e.skips + e.gaps + e.absences, ==, 0);
	g_assert_true(isnan(e.first) && isnan(e.last));
	g_assert_cmpfloat(fabs(together(&m, 2.9, 6.0) - 3.7), <, 0.04);
	g_assert_cmpfloat(together(&m, 4.0, 6.0), ==, 4.0);
	g_assert_cmpfloat(span_spread(&m, 4.2, 6.0), <, 0.001);
	g_assert_cmpfloat(fabs(span_lag(&m.speakers[0], 3.4) - LAG_MS - 5.0), <, 0.02);
	g_assert_cmpfloat(fabs(span_point(&m.speakers[0], 3.4, 0.02) - LAG_MS - 5.0), <, 0.02);
	measure_finish(&m);
}

static void who_stays_apart_is_never_together(void)
{
	const struct move moves[] = { { 3.0, 5.0 } };
	struct measure m;

	run(&m, "a", moves, 1);
	g_assert_true(isnan(together(&m, 2.9, 6.0)));
	g_assert_cmpfloat(fabs(span_spread(&m, 4.2, 6.0) - 5.0), <, 0.01);
	measure_finish(&m);
}

static void who_is_silent_is_never_together(void)
{
	const struct move moves[] = { { 3.0, NAN } };
	struct span_events e;
	struct measure m;

	run(&m, "a", moves, 1);
	g_assert_true(isnan(together(&m, 2.9, 6.0)));
	g_assert_true(isnan(span_lag(&m.speakers[0], 5.0)));
	g_assert_true(isnan(span_point(&m.speakers[0], 5.0, 0.1)));
	e = span_events(&m.speakers[0], 2.5, 7.0);
	g_assert_cmpint(e.gaps + e.repeats + e.skips + e.absences, ==, 0);
	measure_finish(&m);
}

static void a_gap_ends_being_together(void)
{
	const struct move moves[] = { { 3.0, NAN }, { 3.5, 0.0 } };
	struct span_events e;
	struct measure m;

	run(&m, "a", moves, 2);
	g_assert_cmpfloat(fabs(together(&m, 2.9, 6.0) - 3.5), <, 0.04);
	e = span_events(&m.speakers[0], 2.5, 7.0);
	g_assert_cmpint(e.gaps, ==, 1);
	g_assert_cmpfloat(fabs(e.largest_gap - 500.0), <, 1.0);
	measure_finish(&m);
}

static void nothing_is_said_of_what_is_not_there(void)
{
	struct measure m;

	run(&m, NULL, NULL, 0);
	g_assert_true(isnan(span_spread(&m, 3.0, 3.1)));
	g_assert_true(isnan(span_spread(&m, 20.0, 30.0)));
	g_assert_true(isnan(together(&m, 20.0, 30.0)));
	g_assert_true(isnan(together(&m, 6.0, 30.0)));
	g_assert_cmpfloat(together(&m, 1.0, 7.0), ==, 1.0);
	measure_finish(&m);
}

static void silence_to_the_end_is_silence(void)
{
	const struct move ends[] = { { 5.0, NAN } }, never[] = { { 0.0, NAN } },
		gap[] = { { 4.0, NAN }, { 4.5, 0.0 } };
	struct measure m;

	run(&m, "a", ends, 1);
	g_assert_cmpfloat(fabs(span_silence(&m.speakers[0].signal, 3.0) - 3000.0), <, 1.0);
	g_assert_cmpfloat(fabs(span_silence(&m.speakers[0].signal, 6.0) - 2000.0), <, 1.0);
	g_assert_cmpfloat(span_silence(&m.speakers[1].signal, 3.0), <, 2.0);
	measure_finish(&m);
	run(&m, "a", never, 1);
	g_assert_cmpfloat(fabs(span_silence(&m.speakers[0].signal, 3.0) - 5000.0), <, 1.0);
	measure_finish(&m);
	run(&m, "a", gap, 2);
	g_assert_cmpfloat(fabs(span_silence(&m.speakers[0].signal, 3.0) - 500.0), <, 1.0);
	g_assert_cmpfloat(span_silence(&m.speakers[0].signal, 5.0), <, 2.0);
	measure_finish(&m);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(test) g_test_add_func("/span/" #test, test)
	ADD(a_step_and_its_opposite_are_found_in_their_span);
	ADD(who_stays_apart_is_never_together);
	ADD(who_is_silent_is_never_together);
	ADD(a_gap_ends_being_together);
	ADD(nothing_is_said_of_what_is_not_there);
	ADD(silence_to_the_end_is_silence);
	return g_test_run();
}
