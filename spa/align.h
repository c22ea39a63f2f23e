/* Alignment: which delay makes all speakers sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ALIGN_H
#define BLUEZ_COMBINE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

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
	int64_t max_delay_ns;		/**< the longest delay a member may get, >= headroom_ns */
};

struct align_member {
	/* in */
	int64_t latency_ns;		/**< L: what the sink reports, offset included */
	int64_t correction_ns;		/**< c: learnt; positive: sounds late, send earlier */
	int64_t trim_ns;		/**< t: placement by the user; positive: plays later */
	bool settled;			/**< latency_ns may be believed */
	/* out */
	int64_t delay_ns;		/**< d = B - L - c + t, 0..max_delay_ns; 0 when not aligned */
	bool aligned;			/**< false: not settled, or left out of B */
};

struct align {
	int64_t total_ns;		/**< B; 0: nothing settled yet */
};

/**
 * Work out B and every member's delay. The struct align is zeroed at first and
 * keeps B between the calls.
 *
 * While \a playing B stays where it is, so that nobody hears another one come
 * or go, unless a member would need a negative delay; then it grows to
 * max(L + c - t) + headroom. Not playing, it is worked out anew.
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

/*
 * Settling: when is a reported latency to be believed?
 *
 * A Bluetooth sink reports 0 before its first play, then the delay report
 * alone, then that plus packet and codec, within two seconds. Each of the steps
 * would move the whole group. So a report has to stand still first; one
 * known from an earlier time is used until then.
 */

enum settle_state {
	SETTLE_WAITING,			/**< nothing reported yet; settled if the latency is known */
	SETTLE_MOVING,			/**< reported, and not standing still for long enough */
	SETTLE_SETTLED,			/**< believed */
	SETTLE_CHANGING,		/**< believed, and something else reported since */
};

struct settle {
	bool settled;			/**< latency_ns may be believed */
	int64_t latency_ns;		/**< the settled one */

	enum settle_state state;
	int64_t candidate_ns;		/**< the latest report, when it is not the settled one */
	int64_t first_ns;		/**< when the first report came */
	int64_t since_ns;		/**< since when candidate_ns stands still */
};

/** \param known_ns the last settled latency of this speaker and codec, or -1 */
void settle_init(struct settle *s, int64_t known_ns);

/** A new report at \a now_ns (any monotonic clock). 0 and less is no report.
 * \return true when settled or the settled value changed */
bool settle_report(struct settle *s, int64_t now_ns, int64_t latency_ns);

/** Time passes.
 * \param next_ns when to call again, absolute; INT64_MAX: not before the next report
 * \return true when settled or the settled value changed */
bool settle_tick(struct settle *s, int64_t now_ns, int64_t *next_ns);

#endif /* BLUEZ_COMBINE_ALIGN_H */
