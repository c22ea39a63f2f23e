/* Noise for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_NOISE_H
#define ROOM_NOISE_H

#include <stdint.h>

/** A stereo WAV of noise with a gentle slope, which is what a correlation likes best. 0 or -errno. */
int noise_write(const char *path, double seconds, uint32_t rate, uint64_t seed);

/** The same without treble: nothing above CLICK_SOUND_HZ */
int noise_write_soft(const char *path, double seconds, uint32_t rate, uint64_t seed);

#endif /* ROOM_NOISE_H */
