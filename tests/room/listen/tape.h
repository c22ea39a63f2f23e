/* A recording that is still being written */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_TAPE_H
#define ROOM_TAPE_H

#include <stdint.h>

/** The WAV of a track of roomd: stereo float at TIMELINE_RATE, its header not yet true */
struct tape {
	int fd;
	int64_t offset;		/**< of sample 0, in bytes; 0: not known yet */
};

/** 0 or -errno; tape_close() of a zeroed one is fine. */
int tape_open(struct tape *t, const char *path);
void tape_close(struct tape *t);
/** Frames from..to into \a frames, silence where nothing is. 0 or -errno. */
int tape_read(struct tape *t, int64_t from, int64_t to, float *frames);
/** Give back the disk space of what is before a frame. It reads as silence then. */
void tape_forget(struct tape *t, int64_t before);

#endif /* ROOM_TAPE_H */
