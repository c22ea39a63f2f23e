/* The loop: what is to be corrected, by what is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_LOOP_H
#define BLUEZ_COMBINE_TRACK_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "ear/track.h"
#include "track/drift.h"
#include "track/guess.h"
#include "track/pattern.h"

/*
 * Pure calculation, in s of one clock that does not jump.
 *
 * tau is how long it takes from what an output sent to its sound in the microphone. Its own delay is not in it: what
 * the loop moves, it does not hear, and there is no feedback. Of tau the group takes into account
 * the latency L and the correction c, of which t is tracked. All sound as they should where
 *
 *	tau - L - c = p + common
 *
 * p is the pattern (pattern.h), common the same for all: it is chosen so that the slowest speaker's correction stays, and with it
 * when all are heard. So what the others are corrected by follows from x = tau - L, which a window tells and
 * drift.h follows until now. Between windows it goes on by its rate.
 *
 * Who is heard elsewhere is not believed at once (guess.h, moved.h). Who is not heard is held: its correction goes
 * on for as long as its place is known to LOOP_HOLD_SIGMA_S, at most LOOP_HOLD_SEC, then stays what it is.
 */

#define LOOP_SPEAKERS_MAX	EAR_TRACK_SPEAKERS

/** For how long a rate is believed that nobody has heard since, in s; and until it may have led so far away. */
#define LOOP_HOLD_SEC		60.0
#define LOOP_HOLD_SIGMA_S	0.3e-3

/** Corrections, in s: a lease has room for that much either way. */
#define LOOP_TRACKED_MAX_S	2.0

/** What is corrected by in one second, at most, but for a jump: the group's delays move by 500 ppm. */
#define LOOP_SLEW		0.4e-3
/** Less is not worth moving: half a sample */
#define LOOP_STEP_S		10e-6

enum loop_state {
	LOOP_LEARNING,			/**< it is not known yet where it is */
	LOOP_TRACKING,
	LOOP_HOLDING,			/**< it was not heard, or elsewhere: it goes on as before */
	LOOP_LOST,			/**< for so long that it stays as it is */
	LOOP_SILENT,			/**< it does not play */
	LOOP_STATES
};

/** For JSON: "learning", "tracking"... */
const char *loop_state_name(enum loop_state state);

/** What the group says of a speaker. */
struct loop_facts {
	double latency_s;		/**< L, as status.<address> has it, but for the offset that the user has given it, */
	double correction_s;		/**< which is in here: c, as it is in force, with what is tracked, */
	double tracked_s;		/**< which is this. Both count when it comes */
	double trim_s;
	double arrival_s;		/**< what calibrate left it at, with this microphone; NAN: there is no such record */
	bool plays;			/**< something is sent to it, or could be */
};

#define LOOP_PAST		64	/* ticks */

struct loop_speaker {
	/* out */
	enum loop_state state;
	enum ear_reason reason;		/**< holding, lost: why */
	double since_s;			/**< of the state */
	double tracked_s;		/**< t: what it is to be corrected by */
	double skew_s;			/**< so much later than it should be it was last heard; NAN: not yet */
	double sigma_s;			/**< how sure its place is now; NAN: not known */
	uint32_t windows;		/**< in which it was heard where it was expected, in a row */
	uint32_t jumps;			/**< how often it was elsewhere at once, */
	double jump_s;			/**< and by how much later the last time */

	bool here;
	bool plays;
	double latency_s, latency_before_s, latency_since_s;
	double trim_s, arrival_s;
	double base_s;			/**< c without t, with its offset */

	bool by_hand;			/**< somebody else has corrected it since: what a record says of it is over */
	bool placed;			/**< it has a place in the pattern: */
	double place_s;			/**< p */
	bool known;			/**< where it is: */
	struct drift drift;		/**< x, less what is the microphone's */
	struct guess guess;		/**< where else it may be */
	double heard_s;			/**< the clock when it was last heard where it was expected */
	double window_s;		/**< the middle of that window */
	bool absolute;			/**< it is told when its first sound is heard, and not only by how much that changes */
	bool altered;			/**< it sounds otherwise than where it was last known to be */
	bool stepped;			/**< it is known to be elsewhere, and may be moved at once */
	double past[LOOP_PAST];		/**< t at the last ticks */
};

#define LOOP_NOBODY	UINT32_MAX

struct loop {
	/* out */
	uint32_t reference;		/**< whose correction stays; LOOP_NOBODY: nobody is known */
	bool moved;			/**< the microphone was: nobody is corrected until loop_learn() */

	struct loop_speaker speakers[LOOP_SPEAKERS_MAX];	/**< by the caller's numbers, the estimator's, too */
	struct pattern pattern;
	double microphone_s;		/**< what is the microphone's of each x */
	bool interrupted;		/**< and is not known any more */
	double altered_s;		/**< the middle of the first window since when most sound otherwise; NAN: they do not */
	double window_sec;		/**< how long the last window was */
	double past_s[LOOP_PAST];	/**< when the last ticks were */
	uint32_t n_past;
	double now_s;			/**< of the last tick */
};

/** Where a window was in time, by the clock that ticks go by. */
struct loop_window {
	double from_s, to_s;		/**< tau holds for the middle */
};

/** \a here: the pattern is how it sounds now, whatever records say */
void loop_init(struct loop *loop, bool here);

/** What the group says of speaker \a i, at first and later: a new one begins with the first. A figure that is none is as it was. */
void loop_facts(struct loop *loop, uint32_t i, double now_s, const struct loop_facts *facts);
/** Its stream began anew, so it may be anywhere: its place in the pattern stays. */
void loop_restart(struct loop *loop, uint32_t i);
/** Somebody else has it corrected by so much more: as it sounds with that is how it is to be kept. */
void loop_move(struct loop *loop, uint32_t i, double by_s);
/** It is not there any more. */
void loop_leave(struct loop *loop, uint32_t i);
/** Another one has its number from now on. */
void loop_free(struct loop *loop, uint32_t i);
/** A piece of what the microphone heard is missing, or it is another stream of it. */
void loop_gap(struct loop *loop);

/** What is expected of speaker \a i at a time; at is the caller's. */
void loop_prior(const struct loop *loop, uint32_t i, double at_s, struct ear_track_prior *prior);

/** What was heard in a window: LOOP_SPEAKERS_MAX, or \a n of the first. */
void loop_heard(struct loop *loop, double now_s, const struct loop_window *window,
		const struct ear_track_heard *heard, uint32_t n);

/** About once a second: what each is to be corrected by now, and its state. */
void loop_tick(struct loop *loop, double now_s);

/** The pattern is how it sounds now, with the corrections that are in force. */
void loop_learn(struct loop *loop);

#endif /* BLUEZ_COMBINE_TRACK_LOOP_H */
