/* A stream that plays a sound into a sink */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SOUND_STREAM_H
#define BLUEZ_COMBINE_SOUND_STREAM_H

#include <pipewire/pipewire.h>

#include "cli/sound.h"

#define SOUND_STREAM_RATE	48000

struct sound_stream {
	const char *command;		/**< whose it is, for what is said and for the stream's name */
	void (*over)(void *data);	/**< all of the sound was played: the stream is gone */
	void (*failed)(void *data);	/**< stderr has the reason */
	void *data;

	struct pw_stream *stream;	/**< NULL: nothing plays */
	struct spa_hook listener;
	struct sound sound;		/**< the data loop's, while the stream runs */
};

/** Play \a kind into the sink with the node.name \a target: in place of what plays. Returns 0 or -errno. */
int sound_stream_play(struct sound_stream *stream, struct pw_core *core, const char *target, enum sound_kind kind,
		double level_db, double seconds);

/** Nothing plays any more. A zeroed one is fine. */
void sound_stream_stop(struct sound_stream *stream);

#endif /* BLUEZ_COMBINE_SOUND_STREAM_H */
