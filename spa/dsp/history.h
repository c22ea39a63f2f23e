/* History ring */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_HISTORY_H
#define BLUEZ_COMBINE_HISTORY_H

#include <stdint.h>

#include "realtime.h"

/**
 * The past of all input channels, written once and read by any number of taps.
 *
 * A sample is named by its age: 1 is the newest, written last. What was never
 * written, or not since the last reset, is silence; so a ring that was just
 * made (or reset) costs no clearing, and a reader that asks too far back hears
 * nothing instead of something old.
 *
 * init, touch and finish are for the main loop, all else for the data loop.
 */
struct history {
	float *data;			/**< n_channels rings of capacity samples, one after the other */
	uint32_t n_channels;
	uint32_t capacity;		/**< room for one channel, in samples, a power of two */
	uint32_t mask;			/**< samples of it in use - 1 */
	uint32_t write;			/**< where the next sample goes, not masked */
	uint32_t filled;		/**< samples written since the reset, at most mask + 1 */
	uint64_t frame;			/**< all of them: the next sample's number */
};

/** Make room for \a samples of \a n_channels; all of it is in use.
 * \return 0, -EINVAL for nothing or too much, -ENOMEM */
int history_init(struct history *h, uint32_t n_channels, uint32_t samples);
void history_finish(struct history *h);

/** Have the system give the memory for \a samples per channel now: it takes its time for each page that is
 * written to for the first time, which is not for the data loop. Before anything is written. */
void history_touch(struct history *h, uint32_t samples);

/** Forget everything and use at least \a samples per channel, or what there is. */
void history_reset(struct history *h, uint32_t samples) REALTIME;

/** Samples of the past that the ring keeps. */
static inline uint32_t history_size(const struct history *h)
{
	return h->mask + 1;
}

/** The next \a n samples of channel \a c: \a n_src of them from \a src (may be
 * NULL), silence after that. Not readable before history_advance().
 * \a n is at most history_size(). */
void history_write(struct history *h, uint32_t c, const float *src, uint32_t n_src, uint32_t n)
	REALTIME;

/** All channels have got their next \a n samples. */
void history_advance(struct history *h, uint32_t n) REALTIME;

/** \a n samples of channel \a c, the first of them \a age samples old (\a age >= \a n). */
void history_read(const struct history *h, uint32_t c, uint32_t age, float *dst, uint32_t n)
	REALTIME;

#endif /* BLUEZ_COMBINE_HISTORY_H */
