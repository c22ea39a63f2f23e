/* The sink that a group presents */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SINK_H
#define BLUEZ_COMBINE_SINK_H

#include <pipewire/pipewire.h>

#include "args.h"

struct sink_events {
	/** A cycle of the graph. Data loop. */
	void (*process)(void *data);
	/** The graph's clock, or NULL. Main loop. */
	void (*position)(void *data, struct spa_io_position *position);
	/** It began or ceased to play. Main loop. */
	void (*playing)(void *data, bool playing);
	/** The node has its id in the graph. Main loop. */
	void (*bound)(void *data, uint32_t id);
	/** It is gone and will not come back; destroy it from the main loop later. */
	void (*failed)(void *data, const char *error);
};

struct sink {
	struct pw_stream *stream;
	struct spa_hook listener;
	const struct sink_events *events;
	void *data;
	uint32_t id;			/**< in the graph, or SPA_ID_INVALID */
	bool playing;
	int64_t latency_ns;		/**< what upstream was told last */
	bool awake;			/**< it runs also when nobody is linked to it */
	uint32_t quantum;		/**< samples in a cycle, that the graph is asked for; 0: none yet */
	uint32_t rate;			/**< of the group */
};

/** Make the sink. Main loop. Returns 0 or -errno; sink_finish() undoes it. */
int sink_init(struct sink *sink, struct pw_core *core, struct pw_loop *data_loop,
		const struct args *args, const struct sink_events *events, void *data);
void sink_finish(struct sink *sink);

/** Tell upstream how long it takes until what it sends is heard. Main loop. */
void sink_set_latency(struct sink *sink, int64_t latency_ns);

/** Pin the quantum of the whole group. Main loop. */
void sink_set_quantum(struct sink *sink, uint32_t quantum);

/**
 * Run it, and what it plays to, whether or not somebody is linked to it. Main loop.
 *
 * \param unseen  PipeWire would not notice: QUIRK_AWAKE_UNSEEN
 */
void sink_keep_awake(struct sink *sink, bool awake, bool unseen);

#endif /* BLUEZ_COMBINE_SINK_H */
