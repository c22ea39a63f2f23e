/* A machine that stands still again and again */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_STUTTER_H
#define BLUEZ_COMBINE_STUTTER_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/defs.h>

/** What is told of is the time until now of this length */
#define STUTTER_SPAN_NS		(60 * (int64_t)SPA_NSEC_PER_SEC)
/** So many stalls within it are a stutter, */
#define STUTTER_MIN		3
/** which is over after twice the longest time between two of them, within these limits. */
#define STUTTER_CALM_MIN_NS	(5 * (int64_t)SPA_NSEC_PER_SEC)
#define STUTTER_CALM_MAX_NS	(30 * (int64_t)SPA_NSEC_PER_SEC)

/** What is told within a moment of the last stall is the same one: it is told in parts while it is made up for. */
#define STUTTER_SAME_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)
#define STUTTER_STALLS_MAX	(STUTTER_SPAN_NS / STUTTER_SAME_NS + 1)
/** A machine that stood for longer was put to sleep */
#define STUTTER_LONGEST_NS	(10 * (int64_t)SPA_NSEC_PER_SEC)

/**
 * Pure: when the machine stood still, and what that means for a speaker. No threads, no clock of its
 * own.
 *
 * To start a speaker anew is the only thing that helps every kind of speaker that is out of step, and
 * costs a silence of its own, up to its whole latency and what it needs to start. That pays where
 * stalls are rare: whoever may be out of step is started anew. Where they come again and again it
 * would be most of what is heard. Then only those are who have surely run dry, and so are silent
 * anyway; of all others the best is believed, that they have as much in their buffers as they report.
 * If that is not so they are apart until nobody hears it, or until the stutter is over.
 */
struct stutter {
	struct stall {
		int64_t at_ns;		/**< when it was told of: its end */
		int64_t length_ns;
	} stalls[STUTTER_STALLS_MAX];	/**< of STUTTER_SPAN_NS, the oldest first */
	uint32_t n_stalls;
	bool on;			/**< the machine stutters */
};

/** Time has passed, or may have. Returns when to call again, INT64_MAX: not by itself. */
int64_t stutter_tick(struct stutter *s, int64_t now_ns);

/** In all, and the longest, of STUTTER_SPAN_NS */
int64_t stutter_sum_ns(const struct stutter *s);
int64_t stutter_longest_ns(const struct stutter *s);

/** What was told at once */
struct stutter_event {
	int64_t late_ns;	/**< the worst lateness of a cycle, 0: none. It was, or is being, made up for */
	int64_t lost_ns;	/**< time for which there was no cycle, and will not be */
	int64_t period_ns;	/**< of a cycle */
	int64_t late_max_ns;	/**< what was later was not made up for: stutter_late_max_ns() then */
};

/** A stall has ended, or some of it has been made up for. */
void stutter_add(struct stutter *s, int64_t now_ns, const struct stutter_event *e);

enum stutter_step {
	STUTTER_IN_STEP,
	STUTTER_DOUBTFUL,	/**< it may be apart: to be started anew when that costs nothing */
	STUTTER_OUT_OF_STEP,	/**< to be started anew */
};

/**
 * Where one speaker is after that.
 *
 * \param e  has been added
 * \param latency_ns  what it reports, or is known of it: packet and codec are in it
 * \param lost_ns  what its buffer lacks of cycles that were lost, \a e's as well
 */
enum stutter_step stutter_judge(const struct stutter *s, const struct stutter_event *e,
		int64_t latency_ns, int64_t lost_ns);

/** Is a buffer that lacks \a lost_ns apart from the one of the group that lacks least? */
bool stutter_is_apart(int64_t lost_ns, int64_t least_ns);

/** A cycle that is later than this leaves nobody in step, however much he has in his buffer. */
int64_t stutter_late_max_ns(const struct stutter *s);

/** How long nobody is started anew after some have been, of whom one stood for \a took_ns. */
int64_t stutter_rest_ns(int64_t took_ns);

#endif /* BLUEZ_COMBINE_STUTTER_H */
