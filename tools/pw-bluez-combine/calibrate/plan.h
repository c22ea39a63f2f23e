/* Plan: what is played and listened to next, and what follows from what was heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PLAN_H
#define BLUEZ_COMBINE_PLAN_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "ear/reason.h"

/*
 * Pure: a state machine that is asked for a round, and told what was heard in it.
 *
 *	level	all together, so low at first that it annoys nobody, then louder until it is heard: that tells which
 *		level is heard well
 *	coarse	each alone, and the first one again; arrivals may be anywhere
 *	fine	with the corrections that follow: each alone, there and back (A B C C B A), so that what drifts
 *		cancels out. Who is still off, or was not heard, is corrected and asked once more, between two of the reference
 *		(A C C A). What was heard last of each is the proof.
 *
 * Who is not heard is asked again, louder, and at last left as it is. Every way through it ends.
 */

#define PLAN_SPEAKERS_MAX	64	/**< as many as a group has */
#define PLAN_LEVELS_MAX		4
#define PLAN_COARSE_MAX		3	/**< rounds */
#define PLAN_FINE_MAX		3
#define PLAN_SLOTS_MAX		(2 * PLAN_SPEAKERS_MAX)
#define PLAN_ALL		UINT32_MAX

/** What is good enough, in ms: nobody hears 0.1, and delays are whole samples of 0.02. */
#define PLAN_CLOSE_MS		0.1
/** What a proof may show where nothing better can be had. 95 % of listeners hear one place up to 0.22. */
#define PLAN_PROVEN_MS		0.3

/** How far all together have to stand out from the room, by level.h, for that to be a figure; */
#define PLAN_LEVEL_HEARD_DB	0.0
/** and where it is loud enough for each alone: one in the corner is 17 dB weaker than one that is near, has to stand out by
 * 24 to be heard, and deconvolution gains 30. */
#define PLAN_LEVEL_WANTED_DB	14.0

enum plan_state {
	PLAN_LEVEL,
	PLAN_COARSE,
	PLAN_FINE,
	PLAN_PROVEN,			/**< over: the corrections are right */
	PLAN_FAILED,			/**< over: nothing is to be kept */
};

enum plan_failure {
	PLAN_NO_FAILURE,
	PLAN_NOBODY,			/**< is heard: reason tells why */
	PLAN_ONE,			/**< speaker is heard: there is nothing to compare it with */
	PLAN_WORSE,			/**< somebody was heard worse in place than before */
	PLAN_UNSURE,			/**< what was heard does not come to rest */
};

enum plan_place {
	PLAN_IN,
	PLAN_UNHEARD,			/**< left as it is: reason tells why */
	PLAN_LEFT,			/**< it is not there any more */
};

struct plan_speaker {
	/* in, before plan_init() */
	double latency_ms;		/**< what the group counts, the offset included */
	double correction_ms;		/**< what the user's entry adds to that */
	double trim_ms;			/**< where the user wants it; positive: later */
	double distance_ms;		/**< what its sound takes to the microphone, if that is to count; else 0 */

	/* out */
	enum plan_place place;
	enum ear_reason reason;		/**< of the last round */
	double level_db;		/**< of its next sweep's peak, in dBFS */
	double faint_db, clipped_db;	/**< of those that it was not heard at the loudest; of those that clipped the least */
	double snr_db;			/**< with which it is expected at level_db; 0: it was not asked yet */
	double change_ms;		/**< of its latency: what the lease is to correct, and then its offset */
	double before_ms;		/**< how much later than the reference it was heard, but for what is wanted */
	double after_ms;		/**< the same in the last round */
	double sigma_ms;		/**< of after_ms */
	bool heard;			/**< before_ms is known */
	bool asked;			/**< in this round, or the last one */
};

struct plan_slot {
	uint32_t speaker;		/**< PLAN_ALL: all */
	double level_db;
};

struct plan_round {
	enum plan_state kind;		/**< level, coarse or fine */
	struct plan_slot slots[PLAN_SLOTS_MAX];
	uint32_t n_slots;
};

/** What was heard of a speaker in a round. */
struct plan_result {
	enum ear_reason reason;		/**< EAR_HEARD: the others mean something */
	double late_ms;			/**< later than any one speaker, the same for all results */
	double sigma_ms;
	double snr_db;			/**< how far it stood out, at the level of its first sweep */
};

struct plan {
	enum plan_state state;
	enum plan_failure failure;
	enum ear_reason reason;		/**< with PLAN_NOBODY */

	struct plan_speaker speakers[PLAN_SPEAKERS_MAX];
	uint32_t n_speakers;
	uint32_t reference;		/**< what all are compared with; PLAN_ALL: none yet */
	uint32_t witness;		/**< of the last coarse round: if it is not heard at both ends nobody's time is believed */

	double level_db;		/**< of the next level round, then of all */
	uint32_t levels, coarse, fine;	/**< rounds so far */
	bool corrected;			/**< change_ms are others than in the last round */
};

/** \a speakers with what is in filled in, at most PLAN_SPEAKERS_MAX. */
void plan_init(struct plan *plan, const struct plan_speaker *speakers, uint32_t n);

/** What to play now. False when it is over. */
bool plan_round(struct plan *plan, struct plan_round *round);

/** How all together were heard: EAR_HEARD is PLAN_LEVEL_HEARD_DB or more. */
void plan_heard_all(struct plan *plan, enum ear_reason reason, double snr_db);

/** How each was heard in a coarse or fine round, by its index; who was not asked is not looked at. */
void plan_heard(struct plan *plan, const struct plan_result *results);

/** A speaker is not there any more. */
void plan_leave(struct plan *plan, uint32_t speaker);

/** Of who was heard, or not, in a fine round: has it to be asked again? */
static inline bool plan_is_off(const struct plan_speaker *speaker)
{
	return speaker->reason != EAR_HEARD || fabs(speaker->after_ms) > PLAN_CLOSE_MS / 2.0;
}

/** What remains between the earliest and the latest that are heard, in ms. */
double plan_spread(const struct plan *plan, bool before);

/** How many are heard. */
uint32_t plan_count(const struct plan *plan);

#endif /* BLUEZ_COMBINE_PLAN_H */
