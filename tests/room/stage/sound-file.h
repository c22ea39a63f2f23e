/* Files for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SOUND_FILE_H
#define ROOM_SOUND_FILE_H

#include <stdint.h>

/** The next frame, of two channels */
typedef void (*sound_next_t)(void *data, float *frame);

/** A stereo WAV of what \a next gives, the same bits for the same sound. 0 or -errno, having said why */
int sound_file_write(const char *path, double seconds, uint32_t rate, sound_next_t next, void *data);

#endif /* ROOM_SOUND_FILE_H */
