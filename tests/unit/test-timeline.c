/* Which frame of a stream belongs to which time, and whether one is missing */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "hearing/timeline.h"
#include "harness.h"

#define RATE	48000.0

static struct timeline_mark mark(uint64_t frame, uint32_t n, uint64_t ticks, uint32_t tick_rate)
{
	double now_ns = tick_rate ? 1e9 * (double)ticks / tick_rate : 0.0;

	return (struct timeline_mark) { frame, n, ticks, tick_rate, (int64_t)now_ns };
}

static bool add(struct timeline *t, uint64_t frame, uint32_t n, uint64_t ticks, uint32_t tick_rate)
{
	struct timeline_mark m = mark(frame, n, ticks, tick_rate);

	return timeline_add(t, &m);
}

static void cycles_that_follow_each_other_are_whole(void)
{
	struct timeline t;
	uint32_t i;

	timeline_init(&t, RATE);
	for (i = 0; i < 1000; i++)
		check(add(&t, 1024 * i, 1024, 77 + 1024 * i, 48000));
}

static void a_resampler_gives_a_frame_more_or_less(void)
{
	static const uint32_t n[] = { 1115, 1114, 1115, 1114, 1114 };
	struct timeline t;
	uint64_t frame = 0;
	uint32_t i;

	timeline_init(&t, RATE);
	for (i = 0; i < 1000; i++) {
		check(add(&t, frame, n[i % 5], 1024 * i, 44100));
		frame += n[i % 5];
	}
}

static void a_cycle_that_is_missing_is_seen_once(void)
{
	struct timeline t;

	timeline_init(&t, RATE);
	check(add(&t, 0, 1024, 0, 48000));
	check(!add(&t, 1024, 1024, 2048, 48000));	/* nothing was asked of the stream */
	check(add(&t, 2048, 1024, 3072, 48000));
	check(!add(&t, 4096, 1024, 5120, 48000));	/* nobody has told of it */
	check(add(&t, 5120, 1024, 6144, 48000));
	check(!add(&t, 6144, 1024, 100, 48000));	/* another clock */
	check(!add(&t, 7168, 1024, 100 + 1024, 44100));	/* another rate */
	check(!add(&t, 8192, 1024, 100 + 2048, 0));	/* none */
}

static void frames_and_times_belong_together(void)
{
	struct timeline t;

	timeline_init(&t, RATE);
	add(&t, 48000, 1024, 96000, 48000);
	check(timeline_ns(&t, 48000.0) == 2e9);
	check(timeline_frame(&t, 2.5e9) == 72000.0);
	check(fabs(timeline_frame(&t, timeline_ns(&t, 12345.5)) - 12345.5) < 1e-3);
}

int main(void)
{
	run(cycles_that_follow_each_other_are_whole);
	run(a_resampler_gives_a_frame_more_or_less);
	run(a_cycle_that_is_missing_is_seen_once);
	run(frames_and_times_belong_together);
	return harness_finish();
}
