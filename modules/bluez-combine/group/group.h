/* A group: the sink, its speakers, and the delays that make them one */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_H
#define BLUEZ_COMBINE_GROUP_H

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

#include "timing/align.h"
#include "args.h"
#include "audio/driver.h"
#include "audio/fanout-host.h"
#include "timing/keep-warm.h"
#include "graph/members.h"
#include "audio/output.h"
#include "group/lease.h"
#include "group/memory.h"
#include "member/ensemble.h"
#include "member/repair.h"
#include "timing/cycle.h"
#include "quirks.h"
#include "graph/rivals.h"
#include "audio/sink.h"
#include "graph/source-wake.h"
#include "graph/status-lines.h"

struct group {
	const struct args *args;
	struct quirks quirks;		/**< of this PipeWire */
	struct pw_context *context;
	struct pw_core *core;
	struct pw_loop *main_loop;
	struct pw_loop *data_loop;
	void (*failed)(void *data, const char *why);
	void *failed_data;

	struct driver driver;
	bool driver_lost;		/**< somebody has destroyed it: another one is to be made */
	struct sink sink;
	struct fanout_host host;
	struct members members;
	struct status_lines lines;
	struct cycle cycle;
	struct repair repair;
	struct rivals rivals;
	struct source_wake wake;

	/* main loop */
	struct spa_list outputs;	/**< struct output.link */
	struct spa_list known;		/**< struct known.link: latencies of former times */
	struct memory memory;		/**< of these */
	struct spa_list calibrations;	/**< struct calibration.link: what was found of speakers by listening */
	int64_t retry_ns;		/**< when those without an output are tried again, or INT64_MAX */
	uint32_t quantum_wanted;	/**< samples in a cycle, that the graph is asked for */
	bool overruled;			/**< and does not run with; said in the log */
	int64_t packet_ns;		/**< the longest packet of a member, 0: has none */
	struct align align;
	int64_t moving_until_ns;	/**< the group crossfades to another B until then */
	int64_t crept_ns;		/**< when B last crept */
	struct ensemble ensemble;	/**< who is heard of it, and since when */
	struct group_lease lease;	/**< a client's */
	struct keep_warm keep_warm;
	bool warm;			/**< speakers are kept awake, and only that goes on */
	struct spa_source *timer;	/**< for what settles by standing still */
	struct spa_source *update_event;	/**< something changed, here or in the data loop */

	/* data loop */
	uint32_t quantum;		/**< of the last cycle, in samples; atomic */
	uint32_t rate;			/**< of the last cycle, in Hz; atomic */
};

/**
 * Main loop, like all of this. Nothing appears in the graph yet.
 *
 * \param failed  the group can't go on: finish it later, not from this call
 */
void group_init(struct group *group, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, struct pw_loop *data_loop, const struct args *args,
		void (*failed)(void *data, const char *why), void *data);

/**
 * Make the driver and the sink: the graph has no other group of this name.
 * Returns 0 or -errno; group_finish() undoes it, also when it failed.
 */
int group_start(struct group *group);

/** The graph is known: find the members. */
void group_activate(struct group *group);

/**
 * Look at all of it soon. Changes come in bursts (a stream's latency port by port, all members of a
 * group that starts): the burst is acted on as a whole.
 */
void group_schedule_update(struct group *group);

/** Those that have an output, in the order of group.outputs. */
struct member_list group_list_members(const struct group *group, struct member *members[FANOUT_HOST_OUTPUTS_MAX]);

void group_finish(struct group *group);

#endif /* BLUEZ_COMBINE_GROUP_H */
