/* A lease: what one client may say of a group for as long as it is there */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_LEASE_H
#define BLUEZ_COMBINE_MEMBER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/defs.h>

#include "graph/owners.h"

/*
 * Pure: what is written, and by whom, in; what counts, out; with the caller's clock.
 *
 * Who may write an entry may have a lease: it can do no more, and what it does is gone with its client. Which
 * client has written something the metadata does not tell. So one could speak for another, and then nobody renews it.
 */

/** A program that stands still has to get out of the way: it renews its lease every two seconds. */
#define LEASE_LIFE_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
/** Speakers that one can name: more than a group can have */
#define LEASE_SPEAKERS_MAX	256u

/** A delay that moves to and fro, to be told from others' by how it does. */
struct lease_dither {
	uint32_t code;			/**< which way it goes when, LEASE_CODE_MIN to _MAX; 0: it stands */
	uint32_t samples;		/**< how far, LEASE_SAMPLES_MIN to _MAX */
	int64_t chip_ns;		/**< how long it stays at one end, LEASE_CHIP_MSEC_MIN to _MAX */
};

#define LEASE_CODE_MIN		1
#define LEASE_CODE_MAX		63
#define LEASE_SAMPLES_MIN	1
#define LEASE_SAMPLES_MAX	4
#define LEASE_CHIP_MSEC_MIN	100
#define LEASE_CHIP_MSEC_MAX	10000

struct lease_speaker {
	char *address;
	bool heard;			/**< it is among those that are, if the lease says who is */
	bool placed;			/**< it has a correction of the lease's: */
	int64_t correction_ns;		/**< positive: sounds late, is sent to earlier */
	enum {
		LEASE_TRACK_UNSAID,	/**< what was tracked of it stays */
		LEASE_TRACK_FORGET,
		LEASE_TRACK,		/**< it is, and found to be: */
	} track;
	int64_t tracked_ns;		/**< positive as above */
	uint32_t code;			/**< of its dither, 0: none */
};

/** Nobody has one where client is SPA_ID_INVALID: lease_init(). */
struct lease {
	uint32_t client;		/**< global id */
	uint32_t count;			/**< the client's, of what it last wrote */
	int64_t until_ns;		/**< when it ends, unless it is written again */
	bool solo;			/**< only those are heard of which it says so */
	bool firm;			/**< it says that, or places somebody: without it gives way to one that does */
	struct lease_dither dither;	/**< of all that have a code */
	struct lease_speaker *speakers;
	uint32_t n_speakers;
};

/** What became of something that was written. */
enum lease_result {
	LEASE_UNCHANGED,
	LEASE_TAKEN,			/**< it counts from now on */
	LEASE_ENDED,
	LEASE_REFUSED,			/**< nothing is changed: */
};

struct lease_refusal {
	uint32_t client;		/**< SPA_ID_INVALID: nobody was refused */
	uint32_t count;			/**< 0 if it could not be read */
	char why[384];
};

void lease_init(struct lease *lease);

/** Ends it. */
void lease_clear(struct lease *lease);

/**
 * A client has written this, or so it is said; NULL: it is cleared, or the client is gone.
 *
 * \param owner  what it may do: OWNER_RESTRICTED also if it is not there
 * \param refusal  filled in if it is refused, and else as it was
 */
enum lease_result lease_write(struct lease *lease, uint32_t client, enum owner owner, const char *json,
		int64_t now_ns, struct lease_refusal *refusal);

/**
 * Time passes. Returns whether it ended by that.
 *
 * \param next_ns  lowered to when to ask again
 */
bool lease_tick(struct lease *lease, int64_t now_ns, int64_t *next_ns);

static inline bool lease_is_held(const struct lease *lease)
{
	return lease->client != SPA_ID_INVALID;
}

/** Does it keep the speaker with this address silent? */
bool lease_silences(const struct lease *lease, const char *address);

/** Does it place the speaker with this address? \a correction_ns is 0 if not. */
bool lease_places(const struct lease *lease, const char *address, int64_t *correction_ns);

/**
 * Does it track the speaker with this address?
 *
 * \param tracked_ns  what is tracked of it, which is not the lease's alone, but stays: changed if the lease says so
 */
bool lease_tracks(const struct lease *lease, const char *address, int64_t *tracked_ns);

/** How the delay of the speaker with this address moves to and fro. */
struct lease_dither lease_dither(const struct lease *lease, const char *address);

#endif /* BLUEZ_COMBINE_MEMBER_LEASE_H */
