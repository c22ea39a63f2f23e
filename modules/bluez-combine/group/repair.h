/* What cycles that came late, or not at all, did to the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REPAIR_H
#define BLUEZ_COMBINE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/node/io.h>

#include "realtime.h"
#include "timing/stutter.h"

struct group;
struct output;

/* Lateness of a loaded machine, below what any speaker's buffer has */
#define REPAIR_LATE_MIN_NS	(15 * (int64_t)SPA_NSEC_PER_MSEC)

/*
 * A Bluetooth sink sends what it gets, when it gets it. A cycle that comes late is made up for:
 * the driver runs what it has missed one after the other. But only as many packets fit into the
 * socket as it has room for, the others are dropped without a word; and a speaker whose buffer
 * has run dry meanwhile begins anew, as late as it pleases. A cycle that does not come at all,
 * because another client was not ready in time, is missing in every speaker's buffer for good.
 *
 * Nobody tells which of this happened. So what may have happened is worked out from when the
 * cycles came (stutter.h), and a speaker that is out of step is started anew: its output is stopped until
 * the speaker's sink stands and has let go of its transport, and then started again. It comes
 * back as one that joins.
 *
 * One after the other: bluez5's Release blocks its main loop, which may be ours, until the device
 * has answered, and nobody could be started again meanwhile. Who needs long for it comes last.
 */
struct repair {
	/* data loop */
	int64_t due_ns;			/**< when the next cycle begins */
	int64_t asleep_ns;		/**< for how long the machine has slept, in all */

	/* atomic, from the data loop */
	int64_t late_ns;		/**< the worst lateness since the main loop looked, 0: none */
	int64_t lost_ns;		/**< time for which no cycle came, since then */
	bool behind;			/**< missed cycles are being run */
	int64_t period_ns;		/**< of a cycle */
	/* atomic, to the data loop */
	int64_t late_max_ns;		/**< what is later is not made up for */
	bool fresh;			/**< what was before the next cycle does not matter */

	/* main loop */
	struct stutter stutter;
	enum {
		REPAIR_NONE,
		REPAIR_STOPPING,	/**< an output stands until its speaker does */
		REPAIR_RESTING,		/**< not again for a while */
	} state;
	int64_t until_ns;		/**< the state's end, at the latest */
	int64_t since_ns;		/**< when the output was stopped */
	uint32_t n_stops;		/**< since the last rest */
	int64_t took_ns;		/**< the longest that one stood, since the last rest */
	uint32_t n_restarts;		/**< of one or more speakers, in all */
};

/** Once. Main loop. */
void repair_init(struct repair *r);

/** Before the first cycle, and when cycles have stopped because nobody plays. Main loop. */
void repair_reset(struct repair *r);

/** Does a speaker stand to be started anew? What blocks the main loop had better wait. */
static inline bool repair_is_stopping(const struct repair *r)
{
	return r->state == REPAIR_STOPPING;
}

enum repair_cycle {
	REPAIR_TELL = 1 << 0,		/**< group_repair() is to be called */
	REPAIR_SKIP = 1 << 1,		/**< so late that all are started anew: it is not worth keeping */
};

/**
 * A cycle begins.
 *
 * \param now_ns     CLOCK_MONOTONIC
 * \param asleep_ns  by how much CLOCK_BOOTTIME is ahead of it
 * Data loop. Returns flags of enum repair_cycle.
 */
unsigned repair_cycle(struct repair *r, const struct spa_io_clock *clock, int64_t now_ns,
		int64_t asleep_ns) REALTIME;

/** What has been told until now is put down to those that play. Main loop. */
void group_take_stock(struct group *group, int64_t now_ns);

/** A speaker's sink has let go of its transport, for whatever reason: it will begin with an empty buffer. */
void group_rested(struct group *group, struct output *output);

/** Start the speakers anew that are out of step. Main loop. Returns when to call again. */
int64_t group_repair(struct group *group, int64_t now_ns);

#endif /* BLUEZ_COMBINE_REPAIR_H */
