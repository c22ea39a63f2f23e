/* Samples, placed at the time at which they sound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_TIMELINE_H
#define ROOM_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMELINE_RATE	48000	/* frames a second of what comes out */

/*
 * Blocks of stereo samples come in, each with the time of its first sample and
 * the time between its samples, in any rate near or below TIMELINE_RATE. A
 * stream of TIMELINE_RATE goes out in which each sample is where it belongs,
 * between the output's samples too. Where nothing plays there is exact zero,
 * but for the SINC_HALF samples in which the interpolation rings at an edge.
 */
typedef int (*timeline_write_t) (void *data, const float *frames, size_t n_frames);

struct timeline;

/** \a write gets the rendered frames, in order and without a hole */
struct timeline *timeline_new(timeline_write_t write, void *data);
void timeline_destroy(struct timeline *timeline);

/**
 * Place a block after those that were placed before.
 * \param t_ns when its first frame sounds, in ns since frame 0
 * \param period_ns from one frame to the next
 * \return 0, -EINVAL for a block that begins before the last one's end,
 *         or what write returned
 */
int timeline_add(struct timeline *timeline, double t_ns, double period_ns, const float *frames,
		 size_t n_frames);

/** Nothing that is still to come begins before \a t_ns: write out what is known. */
int timeline_advance(struct timeline *timeline, double t_ns);

/** Close the last block and fill up to \a t_ns. */
int timeline_finish(struct timeline *timeline, double t_ns);

#endif /* ROOM_TIMELINE_H */
