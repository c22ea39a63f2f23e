/* Clicks and dips in a recording of sound without treble */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MEASURE_CLICK_H
#define ROOM_MEASURE_CLICK_H

#include "listen/wav.h"

/*
 * A step in a waveform has energy at all frequencies, a crossfade and a bend of pitch next to none
 * above those of the music. So if nothing is sent above CLICK_SOUND_HZ, what is heard above
 * CLICK_HZ is a click, or the codec's noise, which is some 50 dB softer.
 */
#define CLICK_SOUND_HZ	4000.0
#define CLICK_HZ	10000.0

struct click {
	double level;	/**< dB, of the loudest sample above CLICK_HZ, over the rms of all; NAN: no sound */
	double time;	/**< s, of that sample */
};

/** Of from..to, in s; \a w has MEASURE_RATE */
struct click click_find(const struct wav *w, double from, double to);

/*
 * Of any sound: its second difference, x[n-1] - 2 x[n] + x[n+1], is as small before and after a click as in it,
 * while a step is as large as it is. What is told is the largest, over the rms of all within 25 ms of it; a single
 * step is at 31 dB. Of music it is what the sharpest of its own sounds are: compare with what was sent.
 */
struct click bend_find(const struct wav *w, double from, double to);

struct level_range {
	double low, high;	/**< dB over the median; NAN: no sound */
};

/** Of blocks of \a block s within from..to */
struct level_range level_range_find(const struct wav *w, double from, double to, double block);

#endif /* ROOM_MEASURE_CLICK_H */
