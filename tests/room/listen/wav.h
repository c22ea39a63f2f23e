/* Sound files, whole and as float */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_WAV_H
#define ROOM_WAV_H

#include <stddef.h>
#include <stdint.h>

struct wav {
	uint32_t rate;		/**< in Hz */
	uint32_t channels;	/**< interleaved in data */
	size_t frames;
	float *data;		/**< full scale is 1.0; owned */
};

/** Read any file that libsndfile knows. 0 or -errno, with a line on stderr. */
int wav_read(struct wav *wav, const char *path);
/** Write as 32 bit float. 0 or -errno. */
int wav_write(const struct wav *wav, const char *path);
/** Band-limited conversion to rate, in place. Delays nothing. 0 or -errno. */
int wav_resample(struct wav *wav, uint32_t rate);
/** Free the samples; a zeroed or failed wav is fine. */
void wav_finish(struct wav *wav);

#endif /* ROOM_WAV_H */
