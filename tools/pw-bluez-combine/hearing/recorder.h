/* Recorder: what a microphone hears, unbroken */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_RECORDER_H
#define BLUEZ_COMBINE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/ringbuffer.h>

#include "hearing/marks.h"

#define RECORDER_RING		(1u << 18)	/**< samples on their way: 5 s at 48 kHz */

/** An error of the stream, in the words of whoever has sent it. */
typedef void (*recorder_failed_t)(void *data, const char *error);

struct recorder {
	struct pw_stream *stream;	/**< NULL: there is none */
	struct spa_hook listener;
	recorder_failed_t failed;
	void *data;
	bool streaming;

	/* main loop: */
	float *samples;			/**< what is kept */
	size_t n, allocated;
	uint64_t first;			/**< frame of samples[0] */

	/* the data loop's, while the stream runs */
	uint64_t frame;			/**< the next one */

	/* data -> main: */
	float *ring;			/**< RECORDER_RING */
	struct spa_ringbuffer samples_ring;	/**< in samples */
	struct marks marks;
};

/**
 * Record from the node \a target, and never from another: its first channel, as several microphones mixed
 * are at no one place. \a description is what people see that recording by.
 * Returns 0 or -errno; recorder_finish() in both cases.
 */
int recorder_init(struct recorder *r, struct pw_core *core, const char *target, uint32_t rate,
		const char *description, recorder_failed_t failed, void *data);

/** A zeroed one is fine. */
void recorder_finish(struct recorder *r);

/** Take over what has come. Returns 0, or -ENOMEM: what has come is gone. */
int recorder_take(struct recorder *r);

/** What was taken over is not kept any longer. What has come since is still to be taken. */
void recorder_drop(struct recorder *r);

/** Keep nothing of what has come so far. */
void recorder_forget(struct recorder *r);

#endif /* BLUEZ_COMBINE_RECORDER_H */
