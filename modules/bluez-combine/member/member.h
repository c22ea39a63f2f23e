/* What a member does */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_H
#define BLUEZ_COMBINE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "member/backoff.h"
#include "member/kind.h"
#include "timing/stutter.h"

/*
 * Pure: events and facts in, decisions out, with the caller's clock. Nothing is done here, and nothing that is done
 * elsewhere is decided there.
 *
 *	WAITING --added--> IDLE --streams--> STARTING --sent--> SENDING
 *	   ^                 ^                   |                 |
 *	   |                 +----- stopped -----+-----------------+
 *	LETTING_GO                               |      hold       |
 *	   ^                                     v                 v
 *	   |                RETURNING <--release-- SUSPENDING <-- STOPPING
 *	 dropped               |
 *	(of any)               +--streams--> STARTING
 */
enum member_state {
	MEMBER_WAITING,		/**< has no output, until backoff.until_ns at least */
	MEMBER_LETTING_GO,	/**< the same, and its node is to be suspended once it rests */
	MEMBER_IDLE,		/**< has an output that does not stream */
	MEMBER_STARTING,	/**< streams; as far as its reports tell its sink has sent nothing yet */
	MEMBER_SENDING,		/**< streams, and its sink sends */
	MEMBER_STOPPING,	/**< held, so that it can be started anew: its sink runs on */
	MEMBER_SUSPENDING,	/**< held, and its sink has been told to let go */
	MEMBER_RETURNING,	/**< held no longer, and does not stream yet */
};

/** Its part in what is heard of the group. None while nobody is heard. */
enum member_part {
	MEMBER_NO_PART,		/**< nothing is known to come from it: others do not move for it */
	MEMBER_COMES,		/**< the same, and it came while others played: it is to be faded in */
	MEMBER_AWAY,		/**< it has sent something, and is not there or has just come back: it is to be faded in */
	MEMBER_TAKES_PART,	/**< it began with the others, or has sent something since */
};

/** What its latency is worth. */
enum member_belief {
	MEMBER_NO_LATENCY,
	MEMBER_EARLY,		/**< not settled; but in a start nobody plays yet, and so it may */
	MEMBER_SETTLED,		/**< for good, whatever it then is */
};

/** Whose cycles its sink began with, since it was suspended last. */
enum member_clock {
	MEMBER_CLOCK_UNKNOWN,
	MEMBER_CLOCK_OURS,
	MEMBER_CLOCK_FOREIGN,	/**< its packets leave at places of their own within our cycle: it is to be started anew */
};

/** Its speaker's node. */
enum member_node {
	MEMBER_NODE_IDLE,
	MEMBER_NODE_RUNNING,	/**< the graph runs it */
	MEMBER_NODE_SUSPENDED,	/**< it holds no transport and no format */
};

/** Why its output has to go. */
enum member_fault {
	MEMBER_NO_FAULT,
	MEMBER_ENDED,		/**< somebody has ended its stream */
	MEMBER_ERROR,		/**< its node is in error, for longer than a start takes */
	MEMBER_STUCK,		/**< its sink runs, but takes nothing */
	MEMBER_REFUSED,		/**< its sink does not start, however often the graph is made to look */
};

struct member {
	const struct kind *kind;	/**< valid once it has had an output */
	enum member_state state;
	enum member_part part;
	enum member_belief belief;
	enum member_clock clock;
	enum member_fault fault;
	struct backoff backoff;

	/* of its node */
	enum member_node node;
	int64_t running_since_ns;	/**< valid while running */
	int64_t woken_ns;		/**< when it ran first since it was suspended, 0: it has not; 1: before we came */
	int64_t error_ns;		/**< since when it is in error, 0: it is not */

	/* of its output */
	bool streaming;			/**< linked to something, and the graph runs it: a held one may for a moment */
	int64_t streaming_since_ns;	/**< valid while streaming */
	bool linked;			/**< to its own node, and not to a recorder */
	bool shared;			/**< somebody else plays to its node, too */
	bool unsent;			/**< since it streams: valid while it does */
	bool has_packet;		/**< its last report has one in it, of a former start perhaps */
	uint32_t n_reports;		/**< that differed from the one before, while streaming */
	int64_t latency_ns;		/**< settled, or what it reports, 0: nothing */
	bool sure;			/**< what was known from before is what it reports again, or the latest is believed */
	int64_t there_since_ns;		/**< since when its stream reaches its speaker, 0: it does not */
	uint32_t n_wakes;		/**< since it is streaming */

	/* of stalls */
	enum stutter_step step;		/**< what they have done to its speaker */
	int64_t lost_ns;		/**< of cycles that did not come: so much its speaker's buffer lacks */
	uint32_t round;			/**< repair.n_restarts in which it was started anew last */
	bool kept;			/**< it was to be started anew, and somebody else played to it */
	int64_t let_go_ns;		/**< how long its speaker took to let go when it was last started anew */

	/* what the group decided */
	bool aligned;			/**< its latency is within what the group can make up for */
	bool audible;
	bool silenced;			/**< it would be heard, but for a lease */

	/* of who listens to it all the time */
	int64_t tracked_ns;		/**< of its latency, more than it reports: stays when nobody listens any more, until its
					  *  stream begins anew */
	bool tracking;			/**< somebody does */
};

/** The members of a group that have an output. */
struct member_list {
	struct member *const *members;
	uint32_t n;
};

enum member_event {
	MEMBER_STREAMS,		/**< its output does from now on */
	MEMBER_STOPPED,		/**< or no longer */
	MEMBER_STREAM_ENDED,	/**< somebody has destroyed it, or it failed */
	MEMBER_NODE_ERROR,
	MEMBER_HOLD,		/**< its output is stopped, to start its speaker anew */
	MEMBER_TOLD,		/**< its sink has been told to let go */
	MEMBER_RELEASE,		/**< its output may go on */
	MEMBER_GROUP_STARTED,	/**< somebody plays to the group */
	MEMBER_GROUP_STOPPED,	/**< nobody does any more: there is nothing to come back to */
	MEMBER_LET_GO,		/**< one that was LETTING_GO has been told to */
	MEMBER_REMOVED,		/**< its output is gone, and no fault of it */
};

/** It has an output. \param audible  others are heard */
void member_added(struct member *m, const struct kind *kind, bool audible);

void member_event(struct member *m, enum member_event event, int64_t now_ns);

/** \param first  it is the first that is heard of it. Returns whether it is news. */
bool member_node(struct member *m, enum member_node node, bool first, int64_t now_ns);

/** Its output or its node has failed, as \a fault says: there is no output any more. Waits. */
void member_dropped(struct member *m, int64_t now_ns);

/** What its output is linked to, and who else is linked to its node. */
void member_links(struct member *m, bool linked, bool shared);

struct member_report {
	int64_t latency_ns;
	bool settled;
	bool sure;
	bool unsent;
	bool has_packet;
	uint32_t n_reports;
};

/** What its reports mean now. */
void member_report(struct member *m, const struct member_report *report);

/** Which faults PipeWire has. */
enum member_quirk {
	MEMBER_CAN_STICK = 1 << 0,
	MEMBER_CAN_BE_REFUSED = 1 << 1,
	MEMBER_SUSPEND_UNDONE = 1 << 2,
};

enum member_action {
	MEMBER_NOTHING,
	MEMBER_WAKE,		/**< make the graph look at its output */
	MEMBER_DROP,		/**< for \a fault */
};

/**
 * Time passes for one that has an output.
 *
 * A sink that takes nothing has sent no packet though it runs. With nobody else linked it was started under our
 * driver, and does send, unless it had failed before; who has failed is given the time that a device may take. One that
 * had to be woken never does. The way out is to let go of it, and to come back a while later.
 *
 * \param quirks  enum member_quirk
 * \param next_ns  lowered to when to ask again
 */
enum member_action member_tick(struct member *m, unsigned quirks, int64_t now_ns, int64_t *next_ns);

/** Is it to be started anew at once, as it plays by another clock? Only said once. \param busy  another one stands */
bool member_takes_our_clock(struct member *m, bool busy);

/** Is its node to be suspended, before it gets an output again? */
bool member_lets_go(const struct member *m, unsigned quirks);

/** When one that waits gets an output. \param busy  another one stands to be started anew */
int64_t member_wait_until(const struct member *m, bool busy, int64_t now_ns);

/**
 * Its part in the group, now that \a audible somebody is heard.
 *
 * \param next_ns  lowered to when to ask again
 */
void member_update_part(struct member *m, bool audible, int64_t now_ns, int64_t *next_ns);

/** The group begins to be heard. */
void member_begin(struct member *m);

static inline bool member_has_output(const struct member *m)
{
	return m->state != MEMBER_WAITING && m->state != MEMBER_LETTING_GO;
}

static inline bool member_is_held(const struct member *m)
{
	return m->state == MEMBER_STOPPING || m->state == MEMBER_SUSPENDING;
}

/** Does what it plays reach its speaker? */
static inline bool member_is_there(const struct member *m)
{
	return m->streaming && m->linked;
}

/** Does it not only because it is being started anew? */
static inline bool member_is_coming_back(const struct member *m)
{
	return m->linked && (member_is_held(m) || m->state == MEMBER_RETURNING);
}

static inline bool member_has_latency(const struct member *m)
{
	return m->belief == MEMBER_SETTLED || m->latency_ns > 0;
}

/** Does its latency count for the group's? Who comes while others play moves nobody before there is something of it to
 * be heard: that may never be. */
bool member_counts(const struct member *m, bool audible);

/** May it be heard? Not one that is muted until its latency is known or its first packet is sent, or that will be faded in. */
bool member_may_be_heard(const struct member *m, bool audible);

/** It sounds now. */
static inline bool member_is_heard(const struct member *m)
{
	return m->streaming && m->audible && !m->unsent;
}

/** Can it be out of step, and started anew? One that is suspended has an empty buffer. */
bool member_is_repairable(const struct member *m);

/** `state` of its status. \param warm  speakers are kept awake, and only that goes on */
const char *member_state_name(const struct member *m, bool warm);

const char *member_fault_text(enum member_fault fault);

#endif /* BLUEZ_COMBINE_MEMBER_H */
