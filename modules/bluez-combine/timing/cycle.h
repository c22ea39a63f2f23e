/* When the cycles of the graph came, and when they ought to have come */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CYCLE_H
#define BLUEZ_COMBINE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/node/io.h>

#include "realtime.h"
#include "timing/stutter.h"

/* Lateness of a loaded machine, below what any speaker's buffer has */
#define CYCLE_LATE_MIN_NS	(15 * (int64_t)SPA_NSEC_PER_MSEC)

/** From the data loop, which is told of each cycle, to the main loop, which takes what it came to. */
struct cycle {
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
};

/** Before the first cycle, and when cycles have stopped because nobody plays. Main loop. */
void cycle_reset(struct cycle *c);

enum cycle_flags {
	CYCLE_TELL = 1 << 0,		/**< the main loop is to look */
	CYCLE_SKIP = 1 << 1,		/**< so late that all are started anew: it is not worth keeping */
};

/**
 * A cycle begins.
 *
 * \param now_ns     CLOCK_MONOTONIC
 * \param asleep_ns  by how much CLOCK_BOOTTIME is ahead of it
 * Data loop. Returns flags of enum cycle_flags.
 */
unsigned cycle_begin(struct cycle *c, const struct spa_io_clock *clock, int64_t now_ns,
		int64_t asleep_ns) REALTIME;

/** What it came to since the last call. Main loop. Returns whether it is anything. */
bool cycle_take(struct cycle *c, struct stutter_event *event);

#endif /* BLUEZ_COMBINE_CYCLE_H */
