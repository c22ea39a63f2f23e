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
#include "timing/settle.h"
#include "timing/stutter.h"

struct output;

struct output_events {
	/** Its speaker reports another latency, or it stops, or has just started. */
	void (*changed)(void *data, struct output *output, bool started);
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
	bool streaming;			/**< linked, and the graph runs it */
	int64_t streaming_since_ns;	/**< the owner's; valid while streaming */
	const char *failed;		/**< why it has to be destroyed, NULL: it does not */
	bool stuck;			/**< that is output_is_stuck() */
	int64_t error_ns;		/**< the owner's: since when its speaker's node is in error, 0: it is not */
	bool foreign;			/**< that was output_is_foreign(): nothing has been done about it */
	uint32_t n_wakes;		/**< since it is streaming: output_wake() */
	enum stutter_step step;		/**< what stalls have done to its speaker */
	int64_t lost_ns;		/**< of cycles that did not come: so much its speaker's buffer lacks */
	int64_t let_go_ns;		/**< how long its speaker took to let go when it was last started anew */
	bool shared;			/**< it could not be, as somebody else plays to it; said in the log */
	bool held;			/**< stopped, so that its speaker is started anew */
	bool returning;			/**< no longer, and it does not stream yet */
	bool suspending;		/**< and the speaker's sink has been told to let go */
	bool has_latency;
	struct spa_latency_info latency;	/**< what the speaker's sink reports */
	int64_t raw_ns;			/**< the same, in the graph's present quantum and rate */
	int64_t reported_ns;		/**< without what packets have become longer by since the stream began */
	int64_t packet_ns;		/**< how long a packet of its speaker is now, 0: not known */
	int64_t no_report_ns;		/**< the owner's: since when it reports 0 after something else, 0: it does not */
	uint32_t n_reports;		/**< that differed from the one before, while streaming */
	bool silent;			/**< it tells no latency, though it has told one before, */
	int64_t silent_since_ns;	/**< since then, 0: it is not so */
	int64_t own_ns;			/**< what it has settled at, without the offset of that time, 0: not known */
	int64_t before_ns, changed_ns;	/**< the same before the last change while it played, and when that was */
	bool unsent;			/**< as far as that tells, nothing was sent since it is streaming */
	struct settle settle;		/**< when that is to be believed */

	/* what the group decided */
	bool early;			/**< unsettled, but nobody plays yet: it may start */
	bool begun;			/**< it began with the group, or has sent something since: others move for it */
	bool left;			/**< others play, and it is not there or has just come back */
	int64_t there_since_ns;		/**< since when its stream reaches its speaker, 0: it does not */
	bool aligned;
	bool audible;
	int64_t delay_ns;
	struct fanout_target told;	/**< what the fan-out knows of that */
};

/**
 * Make the stream of a member and have the host fill it.
 *
 * \param known_ns  latency that this speaker settled at before, or -1
 * Returns NULL with errno set on failure.
 */
struct output *output_new(struct speaker *speaker, struct pw_core *core,
		struct pw_loop *data_loop, struct fanout_host *host, const struct args *args,
		int64_t known_ns, const struct output_events *events, void *data);
void output_destroy(struct output *output);

/** The latency in ns that the last report means at this quantum and rate. */
int64_t output_latency_ns(const struct output *output, uint32_t quantum, uint32_t rate);

/** Does what it plays reach its speaker? */
bool output_is_there(const struct output *output);

/** Does it not only because it is being started anew? */
bool output_is_returning(const struct output *output);

/** Has its speaker's sink sent a packet, as far as what it reports tells? Of a former start of the node one may be in there, too. */
bool output_has_sent(const struct output *output);

/** It begins to play: what its speaker reports is waited for anew. */
void output_started(struct output *output, int64_t now_ns);

/**
 * Decide what it plays.
 *
 * \param wait_ns  stream time until a change of the delay begins
 * Returns whether that is new to the fan-out, which is to get \a target then.
 */
bool output_decide(struct output *output, int64_t delay_ns, int64_t wait_ns, bool audible,
		struct fanout_output_target *target);

/**
 * Stop the stream, as if the speaker were not there, or let it go on. Once the speaker's sink stands,
 * its transport is released, and it starts anew with the next cycle that it gets.
 */
void output_hold(struct output *output, bool held);

/**
 * Does the speaker's sink run, but take nothing? Says so in the log if so; the
 * way out is to destroy the output and to make it again a while later. Where it had failed
 * before it is given the time that a device may take to start its stream.
 *
 * That is so after another stream has started it as the driver, and it has come under our
 * driver before its transport was acquired (QUIRK_SINK_STUCK). Once we are gone its own
 * timer runs again, and empties its input.
 *
 * \param next_ns  lowered to when to ask again
 */
bool output_is_stuck(struct output *output, int64_t now_ns, int64_t *next_ns);

/**
 * Has the speaker's sink been running before this, by another driver's clock? Then its packets leave
 * at places of their own within our cycle, and it stays late or early by up to a cycle until
 * it is started anew.
 */
bool output_is_foreign(const struct output *output);

/**
 * Have PipeWire try again to start the speaker's sink, if it has not for a moment.
 *
 * After an error of a node the next start that succeeds is taken for a failure, and the node stays
 * suspended until the graph is looked at for another reason (QUIRK_START_REFUSED). After three errors within six
 * seconds each the bluez5 plugin refuses to start it for as long (TRANSPORT_ERROR_TIMEOUT): then nothing but waiting helps.
 *
 * \param next_ns  lowered to when to ask again
 * Returns false when it has been tried often enough: the output has failed.
 */
bool output_wake(struct output *output, int64_t now_ns, int64_t *next_ns);

const char *output_codec(const struct output *output);

#endif /* BLUEZ_COMBINE_OUTPUT_H */
