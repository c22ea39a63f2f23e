/* What cycles that came late, or not at all, did to the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REPAIR_H
#define BLUEZ_COMBINE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/node/io.h>

#include "realtime.h"

struct group;

/* Lateness of a loaded machine, below what any speaker's buffer has */
#define REPAIR_LATE_MIN_NS	(15 * (int64_t)SPA_NSEC_PER_MSEC)
/* The missed cycles are sent at once, and so many packets fit: bluez5 asks for four MTUs of room, and
 * the kernel makes eight of that, in which packets count with its own overhead. Measured with SBC at
 * bitpool 53: 5 packets at an MTU of 672, 67 ms; 4 at 895, 75 ms; 4 at 1005, 85 ms. */
#define REPAIR_LATE_MAX_NS	(60 * (int64_t)SPA_NSEC_PER_MSEC)

/*
 * A Bluetooth sink sends what it gets, when it gets it. A cycle that comes late is made up for:
 * the driver runs what it has missed one after the other. But only as many packets fit into the
 * socket as it has room for, the others are dropped without a word; and a speaker whose buffer
 * has run dry meanwhile begins anew, as late as it pleases. A cycle that does not come at all,
 * because another client was not ready in time, is missing in every speaker's buffer for good.
 *
 * Nobody tells which of this happened. So what may have happened is worked out from when the
 * cycles came, and a speaker that may be out of step is started anew: its output is stopped until
 * the speaker's sink stands and has let go of its transport, and then started again. It comes
 * back as one that joins.
 */
struct repair {
	/* data loop */
	int64_t due_ns;			/**< when the next cycle begins */
	int64_t asleep_ns;		/**< for how long the machine has slept, in all */

	/* atomic, from the data loop */
	int64_t late_ns;		/**< the worst lateness since the main loop looked, 0: none */
	int64_t lost_ns;		/**< time for which no cycle came, since then */
	bool behind;			/**< missed cycles are being run */
	/* atomic, to the data loop */
	bool fresh;			/**< what was before the next cycle does not matter */

	/* main loop */
	enum {
		REPAIR_NONE,
		REPAIR_STOPPING,	/**< some outputs stand until their speakers do */
		REPAIR_RESTING,		/**< not again for a while */
	} state;
	int64_t until_ns;		/**< the state's end, at the latest */
	uint32_t n_restarts;		/**< of one or more speakers, in all */
};

/** Before the first cycle, and when cycles have stopped because nobody plays. Main loop. */
void repair_reset(struct repair *r);

enum repair_cycle {
	REPAIR_TELL = 1 << 0,		/**< group_repair() is to be called */
	REPAIR_SKIP = 1 << 1,		/**< the speakers' sockets cannot take this cycle, too */
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

/** Start the speakers anew that may be out of step. Main loop. Returns when to call again. */
int64_t group_repair(struct group *group, int64_t now_ns);

#endif /* BLUEZ_COMBINE_REPAIR_H */
