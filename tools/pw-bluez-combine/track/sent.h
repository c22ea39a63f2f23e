/* Sent: what each speaker is really sent, to the sample */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SENT_H
#define BLUEZ_COMBINE_SENT_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/ringbuffer.h>

#include "client/client.h"
#include "hearing/marks.h"

/*
 * A node of ours has a port for each speaker, and that speaker's output is linked to it beside the speaker itself: what
 * comes there are the very samples that the speaker gets, in the same cycle of the same graph, so that all speakers'
 * are of the same frames.
 *
 * Nobody waits for it. It is scheduled asynchronously (node.async): it reads in each cycle what was sent in the one
 * before, and a cycle ends without it. So whatever this program does, or does not, the speakers play. What it has
 * missed is missing here, and shows in the frames.
 *
 * Threads: the main loop's, which is the client's, but for what says otherwise.
 */

#define SENT_SPEAKERS_MAX	16
#define SENT_CHANNELS_MAX	8
#define SENT_BLOCK_MAX		8192		/**< frames of a cycle: PipeWire has no longer ones */
#define SENT_RING		(1u << 17)	/**< frames on their way: 2.7 s at 48 kHz */

/** One speaker. */
struct sent_speaker {
	const char *address;		/**< "": nobody */
	const char *target;		/**< node.name of its sink */
};

/** One cycle. */
struct sent_block {
	struct timeline_mark mark;	/**< frame: by the group's clock. now_ns: when that one was sent */
	uint32_t present;		/**< bit i: something came from speaker i; others have silence */
};

struct sent_link {
	struct pw_proxy *proxy;		/**< NULL: none */
	struct spa_hook listener;
	uint32_t port;			/**< id of the output's */
};

struct sent_slot {
	char address[64];		/**< "": free */
	void *port;			/**< the filter's; NULL: not made yet */
	struct sent_link links[SENT_CHANNELS_MAX];
};

/** An error, in the words of whoever has sent it. */
typedef void (*sent_failed_t)(void *data, const char *error);

struct sent {
	struct client *client;
	struct pw_filter *filter;	/**< NULL: there is none */
	struct spa_hook listener;
	sent_failed_t failed;
	void *data;

	/* main loop: */
	struct sent_slot slots[SENT_SPEAKERS_MAX];

	/* main -> data: */
	uint32_t n_ports;		/**< that there are; atomic */

	/* the data loop's, while the filter runs */
	uint64_t position;		/**< of the last cycle that was read */
	uint32_t duration;		/**< its frames; 0: there was none */

	/* data -> main: */
	float *ring;			/**< SENT_RING of each slot, one slot after the other */
	struct spa_ringbuffer frames;	/**< in the ring */
	uint32_t present[MARKS_MAX];	/**< of each mark */
	struct marks marks;
};

/** Returns 0 or -errno; sent_finish() in both cases. The client has CLIENT_PORTS and CLIENT_NODES. */
int sent_init(struct sent *sent, struct client *client, sent_failed_t failed, void *data);

/** A zeroed one is fine. */
void sent_finish(struct sent *sent);

/**
 * Listen to the outputs of these speakers, each by its number: to be called from the client's event changed.
 *
 * \param sink  id of the group's sink: what another client than the sink's plays to a speaker is none of its outputs
 * \param n  SENT_SPEAKERS_MAX at most, and always the same
 */
void sent_follow(struct sent *sent, uint32_t sink, const struct sent_speaker *speakers, uint32_t n);

/**
 * Take over the next cycle.
 *
 * \param samples  SENT_SPEAKERS_MAX times room for SENT_BLOCK_MAX. All channels of a speaker, added
 * Returns whether there was one. Where frames do not go on, something was missed.
 */
bool sent_take(struct sent *sent, struct sent_block *block, float *const *samples);

#endif /* BLUEZ_COMBINE_SENT_H */
