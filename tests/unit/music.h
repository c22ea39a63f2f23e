/* Music of several kinds, made up from a seed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_MUSIC_H
#define TESTS_MUSIC_H

#include <stddef.h>

#include "random.h"

enum music {
	MUSIC_NOISE,		/**< 1/f, in beats: dense */
	MUSIC_POP,		/**< drums, a bass, chords */
	MUSIC_PIANO,		/**< single notes that decay, with rests */
	MUSIC_SPEECH,		/**< a voice that pauses for some seconds now and then */
};

/** At AIR_RATE, -20 dBFS where there is sound. */
void music_fill(enum music kind, float *x, size_t n, struct random *r);

#endif /* TESTS_MUSIC_H */
