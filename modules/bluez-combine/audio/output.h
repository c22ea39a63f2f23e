/* One speaker's stream */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_OUTPUT_H
#define BLUEZ_COMBINE_OUTPUT_H

#include <pipewire/pipewire.h>
#include <spa/param/latency-utils.h>

#include "timing/align.h"
#include "audio/fanout-host.h"
#include "graph/members.h"
#include "timing/stutter.h"

struct output;

struct output_events {
	/** Its speaker reports another latency. */
	void (*changed)(void *data, struct output *output);
	/** What has become of its stream. */
	void (*event)(void *data, struct output *output, enum member_event event);
};

/** The way to one speaker. Main loop, but for what the fan-out does with the stream. */
struct output {
	struct spa_list link;		/**< group.outputs */
	struct speaker *speaker;
	struct fanout_host *host;
	int slot;			/**< in the host, or -errno */
	struct pw_stream *stream;
	struct spa_hook listener;
	const struct output_events *events;
	void *data;

	bool started;			/**< it has buffers, and its node may be triggered */
	bool has_latency;
	struct spa_latency_info latency;	/**< what the speaker's sink reports */

	/* what the group decided */
	int64_t placed_ns;		/**< the latency that counts while a lease places it, 0: none does */
	int64_t lease_ns;		/**< the lease's correction */
	struct fanout_dither dither;	/**< the lease's */
	int64_t delay_ns;
	struct fanout_target told;	/**< what the fan-out knows of that */
};

/**
 * Make the stream of a member and have the host fill it.
 * Returns NULL with errno set on failure.
 */
struct output *output_new(struct speaker *speaker, struct pw_core *core,
		struct pw_loop *data_loop, struct fanout_host *host, const struct args *args,
		const struct output_events *events, void *data);
void output_destroy(struct output *output);

/** The latency in ns that the last report means at this quantum and rate. */
int64_t output_latency_ns(const struct output *output, uint32_t quantum, uint32_t rate);

/** The global id of its stream's node, or SPA_ID_INVALID. */
uint32_t output_node_id(const struct output *output);

/** Is it linked to its speaker? Others may be linked to it, too: a recorder. */
bool output_is_linked(const struct output *output);

/** Does somebody else play to its speaker, too? */
bool output_is_shared(const struct output *output);

/**
 * Decide what it plays.
 *
 * \param wait_ns  stream time until a change of the delay begins
 * Returns whether that is new to the fan-out, which is to get \a target then.
 */
bool output_decide(struct output *output, int64_t delay_ns, int64_t wait_ns, bool audible,
		struct fanout_output_target *target);

/**
 * Stop the stream, as if the speaker were not there, or let it go on, as its member is held or not. Once the
 * speaker's sink stands, its transport is released, and it starts anew with the next cycle that it gets.
 */
void output_hold(struct output *output);

/**
 * Have PipeWire look at the stream again: QUIRK_START_REFUSED.
 *
 * After an error of a node the next start that succeeds is taken for a failure, and the node stays
 * suspended until the graph is looked at for another reason. After three errors within six
 * seconds each the bluez5 plugin refuses to start it for as long (TRANSPORT_ERROR_TIMEOUT): then nothing but waiting helps.
 */
void output_wake(struct output *output);

const char *output_codec(const struct output *output);

#endif /* BLUEZ_COMBINE_OUTPUT_H */
