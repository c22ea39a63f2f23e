/* A stereo stream to one node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_STEREO_STREAM_H
#define BLUEZ_COMBINE_STEREO_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>

#define STEREO_STREAM_CHANNELS	2	/**< FL FR, interleaved floats */

struct stereo_stream {
	const char *name;		/**< node.name */
	const char *description;
	const char *media;		/**< what it plays, or records */
	enum pw_direction direction;
	const char *target;		/**< node.name of where it goes */
	uint32_t rate;			/**< in Hz */
	bool stays;			/**< it never goes to another node, not even when its own is gone */
};

/**
 * A new stream, with its process() in the data loop, that is connected to no other node in place of its own; nothing
 * of it is kept by the session manager.
 *
 * \param stream  the caller's, also on failure: NULL, or to be destroyed
 * \param events, data  of \a listener; valid as long as the stream
 * Returns 0 or -errno.
 */
int stereo_stream_connect(struct pw_stream **stream, struct spa_hook *listener, struct pw_core *core,
		const struct stereo_stream *what, const struct pw_stream_events *events, void *data);

#endif /* BLUEZ_COMBINE_STEREO_STREAM_H */
