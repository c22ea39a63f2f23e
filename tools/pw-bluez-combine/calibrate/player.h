/* Player: a stream of silence, with sounds at given frames */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PLAYER_H
#define BLUEZ_COMBINE_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/ringbuffer.h>

#include "hearing/marks.h"

#define PLAYER_SOUNDS		8	/**< that can wait; a power of two */

/** One time that the sound is played. */
struct player_sound {
	uint64_t at;			/**< frame at which it begins */
	float gain;			/**< linear */
};

/** An error of the stream, in the words of whoever has sent it. */
typedef void (*player_failed_t)(void *data, const char *error);

struct player {
	struct pw_stream *stream;	/**< NULL: there is none */
	struct spa_hook listener;
	player_failed_t failed;
	void *data;
	bool streaming;

	const float *sound;		/**< the caller's */
	uint32_t length;		/**< in frames */

	/* the data loop's, while the stream runs */
	uint64_t frame;			/**< the next one to be given */
	struct player_sound current;
	bool sounding;

	/* main -> data: */
	struct spa_ringbuffer sounds_ring;	/**< in sounds */
	struct player_sound sounds[PLAYER_SOUNDS];
	/* data -> main: */
	struct marks marks;
	uint32_t missed;		/**< sounds that were asked for too late; atomic */
};

/**
 * Play silence into the node \a target, both channels the same.
 *
 * \param rate in Hz
 * \param sound \a length frames, which stay valid
 * Returns 0 or -errno; player_finish() in both cases.
 */
int player_init(struct player *p, struct pw_core *core, const char *target, uint32_t rate,
		const float *sound, uint32_t length, player_failed_t failed, void *data);

/** A zeroed one is fine. */
void player_finish(struct player *p);

/** Play the sound once more: sounds follow each other, and do not overlap. Returns 0, or -ENOSPC if too many wait. */
int player_play(struct player *p, uint64_t at, double level_db);

/** How many sounds were asked for too late, and not played, since the beginning. */
uint32_t player_missed(struct player *p);

#endif /* BLUEZ_COMBINE_PLAYER_H */
