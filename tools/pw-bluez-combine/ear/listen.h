/* Listening: which slot was heard when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_LISTEN_H
#define BLUEZ_COMBINE_EAR_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ear/reason.h"
#include "ear/sweep.h"

/*
 * One unbroken recording in which several sweeps were played, one after the other.
 * Pure calculation; a frame is one of the recording's.
 *
 * All slots of one call are looked at in the same band of frequencies, the widest in which
 * every speaker is heard: what a band does to an arrival is then the same for all, and goes
 * out of the differences. So the speakers that are compared belong into one call.
 */

/** Of a slot in which several speakers play at once: what counts is whether, and how loud. */
#define EAR_EVERYBODY	UINT32_MAX

/** Where a sweep is expected. Windows of different slots must not overlap; the sweeps'
 * own sounds may. */
struct ear_slot {
	uint32_t speaker;	/**< any number; the same for the same speaker; or EAR_EVERYBODY */
	double expected;	/**< where the sweep's first frame should be heard */
	double before, after;	/**< how many frames earlier and later than that it may be */
	double level_db;	/**< at which it was played: of the sweep's peak, in dBFS */
	bool spoilt;		/**< the caller knows that something was lost here */
};

struct ear_heard {
	enum ear_reason reason;	/**< EAR_HEARD: the others mean something */
	double arrival;		/**< where the sweep's first frame was heard, in frames */
	double sigma;		/**< of arrival, in frames */
	double snr_db;		/**< the strongest peak of the response above what is ahead of the first */
	double level_db;	/**< of what was heard: 0 is a sweep of full scale. Told also with EAR_CLIPPED */
};

/** The response of what lies between the two ends, in the common band. */
struct ear_response {
	const float *envelope;	/**< 1 is a path that neither amplifies nor weakens */
	uint32_t n;
	double first;		/**< place of envelope[0] in the recording, in frames */
	double step;		/**< from one to the next, in frames */
};

struct ear_listener;

/** \param rate_hz of the recordings, 8000 to 192000
 * \return NULL with errno: EINVAL, ENOMEM */
struct ear_listener *ear_listener_new(const struct ear_sweep *sweep, double rate_hz);

void ear_listener_destroy(struct ear_listener *l);

/** \param heard \a n
 * \return how many of the \a n slots were heard, or -ENOMEM */
int ear_listen(struct ear_listener *l, const float *recording, size_t n_frames,
		const struct ear_slot *slots, uint32_t n, struct ear_heard *heard);

/** Of a slot of the last ear_listen(), until the next.
 * \return false where there is none, as nothing was heard */
bool ear_listener_response(const struct ear_listener *l, uint32_t slot, struct ear_response *r);

/** The band that the last ear_listen() looked at, in Hz. */
void ear_listener_band(const struct ear_listener *l, double *from_hz, double *to_hz);

/** By how much later than its start a sweep's arrival is taken, in seconds: to an arrival
 * belongs the time of its playing plus this when clocks are compared. ear_fit() wants that. */
double ear_listener_instant(const struct ear_listener *l);

#endif /* BLUEZ_COMBINE_EAR_LISTEN_H */
