/* Tracking: when each of several speakers that play the same music is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_TRACK_H
#define BLUEZ_COMBINE_EAR_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "ear/reason.h"

/*
 * What each speaker was sent is known to the sample, and what a microphone heard is the sum of all of them, each by
 * its own way. In each frequency bin the known signals are solved against the microphone, which needs
 * that they differ: each delay line moves to and fro by a sample, in a code of its own
 * (docs/by-ear.md, "While music plays").
 *
 * Pure calculation, no clock of its own; a frame is one of the group's, and of one time for all that is pushed.
 */

#define EAR_TRACK_SPEAKERS	16	/**< at most */

struct ear_track_params {
	double rate;			/**< of the frames, in Hz, 14000 to 192000 */
	uint32_t n_speakers;		/**< 1 to EAR_TRACK_SPEAKERS */
	double window_sec;		/**< that is looked at; 0: ear_track_window() */
	double hop_sec;			/**< from one window to the next; 0: a quarter of a window */
	uint32_t max_lag_frames;	/**< a sound is heard so much after it was sent, at most; 0: 1 s */
};

/** What is known of a speaker before. Of one that was not heard yet the sigmas are INFINITY: then tau_s is by how much it is
 * later than others of that kind, to some 50 ms, as by the delays that they have; how late all of them are is found. */
struct ear_track_prior {
	uint64_t at;			/**< the frame for which tau_s holds, as heard */
	double tau_s;			/**< from sent to heard */
	double sigma_s;
	double rate;			/**< tau_s grows so much, in s per s */
	double rate_sigma;
};

/** What is heard of a speaker, for the middle of the window. */
struct ear_track_heard {
	enum ear_reason reason;		/**< EAR_HEARD: tau_s and rate are right; else they are a guess, or NaN */
	double tau_s;			/**< from sent to its first sound, if placed; else to its strongest */
	bool placed;			/**< stays what it is until ear_track_forget(), or EAR_MOVED */
	double sigma_s;
	double rate;			/**< s per s */
	double rate_sigma;		/**< INFINITY with all other reasons: it is to be looked for again */
	double level_db;		/**< against the loudest of the window */
	double confidence;		/**< 0 to 1 */
	double match;			/**< 0 to 1: how alike its response is to the one that is known of it; NaN: none is */
	bool jumped;			/**< by more than 3 ms from what was expected */
};

/** What is heard of a window as a whole. */
struct ear_track_window {
	uint64_t from, to;		/**< frames, as heard, since ear_track_new(); tau_s holds for the middle */
	double sent_db;			/**< of the loudest speaker's signal, in dBFS */
	double heard_db;		/**< of the microphone's */
	double residual_db;		/**< what no speaker explains, against what is heard */
	double usable;			/**< 0 to 1: of the window, without what is no number */
};

struct ear_track;

/** How long a window for \a n_speakers has to be, in s. */
double ear_track_window(uint32_t n_speakers);

/** \return NULL with errno: EINVAL, ENOMEM */
struct ear_track *ear_track_new(const struct ear_track_params *params);
void ear_track_destroy(struct ear_track *t);

/** Go on by \a n frames.
 * \param sent for each speaker what its output gave in these frames
 * \param heard what the microphone heard in them; NAN where that is not known */
void ear_track_push(struct ear_track *t, const float *const *sent, const float *heard, uint32_t n);

/** A piece of unknown length is missing: what was pushed before counts no more. What is known of the speakers stays. */
void ear_track_gap(struct ear_track *t);

/** Speaker \a i is another one now, or in another place: what is known of its response counts no more. */
void ear_track_forget(struct ear_track *t, uint32_t i);

/** Look at the newest window. Takes some 100 ms of a processor.
 * \param prior, heard for each speaker
 * \return 1, 0 if it is not time yet, or -ENOMEM */
int ear_track_analyse(struct ear_track *t, const struct ear_track_prior *prior, struct ear_track_heard *heard,
		struct ear_track_window *window);

#endif /* BLUEZ_COMBINE_EAR_TRACK_H */
