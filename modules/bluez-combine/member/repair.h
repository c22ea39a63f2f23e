/* Who is started anew after cycles that came late, or not at all */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REPAIR_H
#define BLUEZ_COMBINE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "member/member.h"
#include "timing/stutter.h"

/*
 * A Bluetooth sink sends what it gets, when it gets it. A cycle that comes late is made up for:
 * the driver runs what it has missed one after the other. But only as many packets fit into the
 * socket as it has room for, the others are dropped without a word; and a speaker whose buffer
 * has run dry meanwhile begins anew, as late as it pleases. A cycle that does not come at all,
 * because another client was not ready in time, is missing in every speaker's buffer for good.
 *
 * Nobody tells which of this happened. So what may have happened is worked out from when the
 * cycles came (cycle.h, stutter.h), and a speaker that is out of step is started anew: its output is stopped until
 * the speaker's sink stands and has let go of its transport, and then started again. It comes
 * back as one that joins.
 *
 * One after the other: bluez5's Release blocks its main loop, which may be ours, until the device
 * has answered, and nobody could be started again meanwhile. Who needs long for it comes last.
 */
struct repair {
	struct stutter stutter;
	enum {
		REPAIR_NONE,
		REPAIR_STOPPING,	/**< an output stands until its speaker does */
		REPAIR_RESTING,		/**< not again for a while */
	} state;
	int64_t until_ns;		/**< the state's end, at the latest */
	int64_t since_ns;		/**< when the output was stopped */
	uint32_t n_stops;		/**< since the last rest */
	uint32_t n_out;			/**< members that were out of step when the first of those was stopped */
	int64_t took_ns;		/**< the longest that one stood, since the last rest */
	uint32_t n_restarts;		/**< of one or more speakers, in all: rounds */
};

/** Does a speaker stand to be started anew? What blocks the main loop had better wait. */
static inline bool repair_is_stopping(const struct repair *r)
{
	return r->state == REPAIR_STOPPING;
}

/** How many are so, of those that can be started anew? */
uint32_t repair_count(const struct member_list *all, enum stutter_step step);

/** What stalls have come to is put down to those that play. */
void repair_add(struct repair *r, const struct member_list *all, const struct stutter_event *event,
		int64_t now_ns);

/**
 * Time passes: who is out of step?
 *
 * \param quiet  nobody would hear it
 * Returns when to call again.
 */
int64_t repair_tick(struct repair *r, const struct member_list *all, bool quiet, int64_t now_ns);

enum repair_action {
	REPAIR_WAIT,			/**< until r->until_ns, if it stops or rests */
	REPAIR_HOLD,			/**< stop its output */
	REPAIR_SUSPEND,			/**< have its sink let go */
	REPAIR_RELEASE,			/**< let its output go on */
};

struct repair_now {
	int64_t now_ns;
	bool behind;			/**< missed cycles are being run */
	bool playing;			/**< somebody plays to the group */
	bool at_once;			/**< a sink may be suspended while it runs */
};

/**
 * What is to be done next, and to whom. To be carried out, and called again until it waits: one after the other,
 * none twice in a round, and then a rest.
 */
enum repair_action repair_next(struct repair *r, const struct member_list *all, const struct repair_now *now,
		struct member **member);

#endif /* BLUEZ_COMBINE_REPAIR_H */
