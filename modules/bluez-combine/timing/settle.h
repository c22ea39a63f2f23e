/* Settling: when a reported latency is to be believed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SETTLE_H
#define BLUEZ_COMBINE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation, with the caller's clock.
 *
 * A Bluetooth sink reports 0 before its first play, then the delay report
 * alone, then that plus packet and codec, within two seconds. Each of the steps
 * would move a speaker, or the whole group. So a report has to stand still
 * first; one known from an earlier time is used until then.
 *
 * Later a change is somebody at the latency offset, a speaker that learnt more
 * about itself, or one that can't make up its mind. The first two are to be
 * followed at once, the last one not at all:
 *
 *	change            has to stand still for
 *	below 1 ms        0.15 s: it is slewed, which hurts nobody
 *	beyond            0.3 s: longer than the pauses of a hand at a slider, so
 *	                  that a drag is one move
 *
 * Each change back, against the direction of the one before, doubles these
 * times, up to 2.4 s; each 3 s in which nothing changed halve them again. So a
 * report that turns around again and again within 2.4 s is followed five times
 * at most and then no more; one that stands still for longer is believed after
 * 2.4 s at the latest, and after 0.3 s if it seldom turns around. Standing still
 * is to stay within 1 ms.
 */

#define SETTLE_SMALL_NS		1000000		/**< what is slewed; what standing still may vary by */

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
	int64_t anchor_ns;		/**< the report that it stands still around */
	int64_t first_ns;		/**< when the first report came */
	int64_t since_ns;		/**< since when it stands still: also of the settled one */
	int direction;			/**< of the last change: -1, 0: none yet, 1 */
	uint32_t doubt;			/**< how often the time to stand still is doubled */
};

/** \param known_ns the last settled latency of this speaker and codec, or -1 */
void settle_init(struct settle *s, int64_t known_ns);

/** It starts to play anew: its reports come in steps again. What is settled is
 * used until they stand still. */
void settle_restart(struct settle *s);

/** A new report at \a now_ns (any monotonic clock). 0 and less is no report.
 * \return true when settled or the settled value changed */
bool settle_report(struct settle *s, int64_t now_ns, int64_t latency_ns);

/** What is reported is where it has settled before: after a start that need not stand still.
 * \return true when settled or the settled value changed */
bool settle_recognize(struct settle *s, int64_t now_ns);

/** Time passes.
 * \param next_ns when to call again, absolute; INT64_MAX: not before the next report
 * \return true when settled or the settled value changed */
bool settle_tick(struct settle *s, int64_t now_ns, int64_t *next_ns);

/** What is reported and may be believed soon, or 0. */
int64_t settle_pending(const struct settle *s);

#endif /* BLUEZ_COMBINE_SETTLE_H */
