/* Noise for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_NOISE_H
#define ROOM_NOISE_H

#include <stdint.h>

/** A stereo WAV of noise with a gentle slope, which is what a correlation likes best. 0 or -errno. */
int noise_write(const char *path, double seconds, uint32_t rate, uint64_t seed);

/** The same, but the channels have most in common, as in music: one of them, and the mean of both, is still
 * recognised in the other. Their difference is NOISE_ALIKE_DB softer than each. */
int noise_write_alike(const char *path, double seconds, uint32_t rate, uint64_t seed);
#define NOISE_ALIKE_DB	10.97

/** The same without treble: nothing above CLICK_SOUND_HZ */
int noise_write_soft(const char *path, double seconds, uint32_t rate, uint64_t seed);

/** The same as the first, but after NOISE_BOTH_S only the left channel sounds for NOISE_ALONE_S,
 * then only the right one, and so on: what a speaker plays then tells from where it has it. */
int noise_write_turns(const char *path, double seconds, uint32_t rate, uint64_t seed);
#define NOISE_BOTH_S	0.5
#define NOISE_ALONE_S	0.25

#endif /* ROOM_NOISE_H */
