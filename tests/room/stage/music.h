/* Music for the room's sources, of several kinds */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MUSIC_H
#define ROOM_MUSIC_H

#include <stdint.h>

/* What speakers are told apart by is in the music: a little in a piano's, nothing in a pause. */
enum music_kind {
	MUSIC_POP,	/**< drums, a bass, chords: dense, and loud all the time */
	MUSIC_PIANO,	/**< few notes that fade: little else at a time than some partials */
	MUSIC_SPEECH,	/**< one voice, with breath between its phrases */
	MUSIC_PODCAST,	/**< two voices in turn, and pauses of up to three seconds */
	MUSIC_N_KINDS,
};

extern const char *const music_kind_names[MUSIC_N_KINDS];

struct music_part {
	enum music_kind kind;
	double seconds;
};

/** A stereo WAV of \a n parts, one after the other. Another seed is another piece. 0 or -errno, having said why */
int music_write(const char *path, const struct music_part *parts, int n, uint32_t rate, uint64_t seed);

#endif /* ROOM_MUSIC_H */
