/* Worker: a thread that finds out when each speaker is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_WORKER_H
#define BLUEZ_COMBINE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>

#include "ear/track.h"
#include "hearing/timeline.h"

/*
 * To look at a window takes some 100 ms, in which the main loop has to answer PipeWire, and to renew a lease. So that
 * is done by a thread of its own. It is given all that was sent and heard, weaves it, and hands back what it has found.
 *
 * Everything here is called by the thread of the main loop.
 */

#define WORKER_BLOCK_MAX	8192	/**< frames of a cycle: PipeWire has no longer ones */

/** What is known of a speaker, of a moment of the main loop's clock. */
struct worker_prior {
	double at_sec;
	double tau_sec, sigma_sec;	/**< sigma INFINITY: nothing is known */
	double rate, rate_sigma;
};

struct worker_result {
	double at_sec;			/**< the middle of the window, by the main loop's clock */
	struct ear_track_window window;
	struct ear_track_heard heard[EAR_TRACK_SPEAKERS];
	uint32_t n_speakers;
};

struct worker_events {
	void (*heard)(void *data, const struct worker_result *result);
	/** It can't go on: -ENOMEM. */
	void (*failed)(void *data, int res);
};

struct worker;

/** NULL with errno on failure. \a events stay valid; \a loop is the main loop. */
struct worker *worker_new(struct pw_loop *loop, double rate, uint32_t n_speakers,
		const struct worker_events *events, void *data);
/** Waits for what it is doing. NULL is fine. */
void worker_destroy(struct worker *worker);

/** All of these return 0 or -ENOMEM. */

/** A cycle of the group: for each speaker its samples. */
int worker_sent(struct worker *worker, const struct timeline_mark *mark, const float *const *samples);
/** The microphone has begun a cycle; and what it heard next. */
int worker_heard_cycle(struct worker *worker, const struct timeline_mark *mark);
int worker_heard(struct worker *worker, const float *samples, uint32_t n);
/** What was known of the response of the speaker \a i counts no more: it is another one. */
int worker_forget(struct worker *worker, uint32_t i);

/** What is known of each, from now on. */
void worker_set_priors(struct worker *worker, const struct worker_prior *priors);

#endif /* BLUEZ_COMBINE_WORKER_H */
