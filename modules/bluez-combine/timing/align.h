/* Alignment: which delay makes all speakers sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ALIGN_H
#define BLUEZ_COMBINE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/defs.h>

/*
 * Pure calculation: no threads, no audio, no clock of its own.
 *
 * A sound that is sent at time 0 with a delay d is heard at
 *
 *	d + L + c - t
 *
 * of L what the sink reports, c what it leaves out, t where the user wants the
 * speaker to be. All sound together when this is the same B for all:
 *
 *	d = B - L - c + t,	B = max(L + c - t) + headroom
 */

struct align_params {
	int64_t headroom_ns;		/**< added above the slowest member, >= 0: what a joiner or a
					  *  later report may be slower without moving anybody */
	int64_t creep_ns;		/**< how far B may creep in one call, see align_update(); 0: not now */
	int64_t max_delay_ns;		/**< the longest delay a member may get, >= headroom_ns */
};

struct align_member {
	/* in */
	int64_t latency_ns;		/**< L: what the sink reports, offset included */
	int64_t pending_ns;		/**< another L that may be believed soon; 0: none */
	int64_t correction_ns;		/**< c: learnt; positive: sounds late, send earlier */
	int64_t trim_ns;		/**< t: placement by the user; positive: plays later */
	bool tracked;			/**< c is what somebody hears all the time, and may go on as it does */
	bool settled;			/**< latency_ns may be believed */
	bool heard;			/**< it sounds now, with the delay of the last call */
	/* out */
	int64_t delay_ns;		/**< d = B - L - c + t, 0..max_delay_ns; 0 when not aligned */
	int64_t wait_ns;		/**< how much later than now delay_ns is to take effect, >= 0 */
	bool aligned;			/**< false: not settled, or left out of B */
};

struct align {
	int64_t total_ns;		/**< B; 0: nothing settled yet */
	int64_t last_ns;		/**< when the last member has sounded, >= B, and >= any delay */
	bool crept;			/**< the last call has let B creep, and not moved it */
	bool creeps;			/**< it is to go on */
};

/** The least delay that is left to a member that is tracked: a minute of what most of them wander, and some */
#define ALIGN_FLOOR_NS	(5 * SPA_NSEC_PER_MSEC)

/**
 * Work out B and every member's delay, and when the last of them sounds: who is placed later
 * by t > 0 does so after B. The struct align is zeroed at first and
 * keeps B between the calls.
 *
 * While \a playing B stays where it is, so that nobody hears another one come
 * or go, unless a member would need a negative delay; then it grows to
 * max(L + c - t) + headroom. Not playing, or while all that is on the way is
 * silence, it is worked out anew. Both leave room for all whose latency is
 * pending: those who ask for it one after the other move the group once, and a
 * group that starts keeps its headroom for others.
 *
 * What is sent now is heard L + c - t later, by each speaker at another time.
 * So that a move of the group is heard at one moment everywhere, it waits
 * max(L + c - t) - (L + c - t) over those that are heard. A move of one speaker
 * alone waits for nobody.
 *
 * A member that is tracked and wanders to be ever later would use up the headroom, and the group would move. So as soon as
 * its delay is below ALIGN_FLOOR_NS, B creeps: it grows by what is lacking, but no more than \a creep_ns in one call, so
 * little that all delays can slew by it together. How often it may is the caller's to say: what B has crept by is to be
 * slewed before more is. It begins with the call after the one that finds it: a member that has just been found to be so late is
 * perhaps crossfaded there, while the others slew. It does not creep beyond what the fastest can be delayed by.
 *
 * Members further apart than max_delay - headroom cannot all be aligned. The
 * largest group that can is, the faster one of two as large (a report that is
 * nonsense is usually a long one); while playing, the one that plays is kept
 * as long as it is as large. The others get aligned = false and delay 0.
 *
 * \return 1 when B or any member's delay or aligned changed, else 0
 */
int align_update(struct align *a, const struct align_params *p,
		struct align_member *m, uint32_t n, bool playing);

#endif /* BLUEZ_COMBINE_ALIGN_H */
