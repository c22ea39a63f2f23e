/* What was heard, in the frames of what was sent, against the formula */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "track/weave.h"

#define RATE	48000
#define CYCLE	1024
#define HZ	1000.0

/* A tone in the time of the machine, that a microphone hears by its own clock, and tells the time of with jitter */
struct world {
	double ppm;			/* of the microphone's clock */
	double jitter_ns;
	int64_t heard_ns;		/* the microphone's frame 0 */
	uint64_t heard, sent;		/* frames so far */
	uint64_t lost;			/* of the microphone's: its clock has counted them */
	uint32_t seed;
};

static double tone(double ns)
{
	return sin(2.0 * M_PI * HZ * ns / 1e9);
}

static void hear(struct weave *w, struct world *world)
{
	float samples[CYCLE];
	double period_ns = 1e9 / (RATE * (1.0 + world->ppm / 1e6));
	struct timeline_mark mark = {
		.frame = world->heard, .n = CYCLE, .ticks = world->heard + world->lost, .tick_rate = RATE,
		.now_ns = world->heard_ns + llrint(world->heard * period_ns + world->jitter_ns * harness_noise(&world->seed)),
	};

	for (uint32_t i = 0; i < CYCLE; i++)
		samples[i] = tone((double)world->heard_ns + (world->heard + i) * period_ns);
	weave_heard(w, &mark);
	weave_samples(w, samples, CYCLE);
	world->heard += CYCLE;
}

static struct timeline_mark send(struct weave *w, struct world *world)
{
	struct timeline_mark mark = {
		.frame = world->sent, .n = CYCLE, .ticks = world->sent, .tick_rate = RATE,
		.now_ns = llrint(world->sent * 1e9 / RATE),
	};

	check(weave_sent(w, &mark));
	world->sent += CYCLE;
	return mark;
}

/* The largest error of the tone, as a time, in us: near 0 it rises by 2 pi HZ in a second. -1: something is not known */
static double error_us(const struct timeline_mark *mark, const float *samples)
{
	double most = 0.0;

	for (uint32_t i = 0; i < mark->n; i++) {
		double error = samples[i] - tone((double)mark->now_ns + i * 1e9 / RATE);

		if (isnan(samples[i]))
			return -1.0;
		most = fmax(most, fabs(error) / (2.0 * M_PI * HZ) * 1e6);
	}
	return most;
}

/* The largest error after \a settle_sec, in us */
static double worst_us(struct world world, double sec, double settle_sec)
{
	struct weave w;
	float samples[CYCLE];
	double most = 0.0;

	check_int(weave_init(&w, RATE), 0);
	while (world.sent < sec * RATE) {
		struct timeline_mark mark = send(&w, &world);

		while (!weave_take(&w, mark.frame, samples, CYCLE, false))
			hear(&w, &world);
		if (world.sent > settle_sec * RATE)
			most = fmax(most, error_us(&mark, samples));
	}
	weave_finish(&w);
	return most;
}

static void clocks_that_are_one_are_exact(void)
{
	double us = worst_us((struct world) { 0 }, 3.0, 0.1);

	note("%.4f us", us);
	check(us < 0.01);
}

static void between_two_frames_is_what_was_there(void)
{
	double us = worst_us((struct world) { .heard_ns = -1234567 }, 3.0, 0.1);

	note("%.4f us", us);
	check(us < 0.05);
}

static void a_microphone_whose_clock_is_off_is_followed(void)
{
	double us = worst_us((struct world) { .ppm = 150.0, .heard_ns = -5000 }, 40.0, 20.0);

	note("150 ppm: %.3f us", us);
	check(us < 0.5);
}

static void times_that_jitter_are_smoothed(void)
{
	/* 58 us rms. At 30 s the loop has 0.067 Hz, w = 0.009 in each cycle, and lets through sqrt(w): 5.5 us; four sigma */
	double us = worst_us((struct world) { .ppm = -80.0, .jitter_ns = 100e3, .seed = 1 }, 60.0, 30.0);

	note("+-100 us: %.2f us", us);
	check(us < 22.0);
}

static void what_is_lost_is_no_number(void)
{
	struct world world = { .heard_ns = -100000000 };
	struct timeline_mark mark;
	struct weave w;
	float samples[CYCLE];
	uint32_t i, unknown = 0;

	check_int(weave_init(&w, RATE), 0);
	for (i = 0; i < 4; i++)
		hear(&w, &world);
	/* what comes then begins with the group's frame 5 * CYCLE: a cycle later than without the loss */
	world.heard_ns = llrint((5.0 * CYCLE - world.heard) * 1e9 / RATE);
	world.lost = CYCLE;
	for (i = 0; i < 8; i++)
		hear(&w, &world);
	for (i = 0; i < 8; i++) {
		mark = send(&w, &world);
		check(weave_take(&w, mark.frame, samples, CYCLE, false));
		unknown += error_us(&mark, samples) < 0.0;
	}
	check_int(unknown, 6);
	check(error_us(&mark, samples) < 0.1);
	weave_finish(&w);
}

static void a_hole_in_what_was_sent_is_told(void)
{
	struct world world = { 0 };
	struct weave w;
	struct timeline_mark mark;

	check_int(weave_init(&w, RATE), 0);
	mark = send(&w, &world);
	mark.frame += 2 * CYCLE;
	mark.ticks += 2 * CYCLE;
	check(!weave_sent(&w, &mark));
	weave_finish(&w);
}

static void who_is_late_is_not_waited_for(void)
{
	struct world world = { 0 };
	struct weave w;
	float samples[CYCLE];
	struct timeline_mark mark;

	check_int(weave_init(&w, RATE), 0);
	mark = send(&w, &world);
	check(!weave_take(&w, mark.frame, samples, CYCLE, false));
	check(weave_take(&w, mark.frame, samples, CYCLE, true));
	check(isnan(samples[0]) && isnan(samples[CYCLE - 1]));
	weave_finish(&w);
}

int main(void)
{
	run(clocks_that_are_one_are_exact);
	run(between_two_frames_is_what_was_there);
	run(a_microphone_whose_clock_is_off_is_followed);
	run(times_that_jitter_are_smoothed);
	run(what_is_lost_is_no_number);
	run(a_hole_in_what_was_sent_is_told);
	run(who_is_late_is_not_waited_for);
	return harness_finish();
}
