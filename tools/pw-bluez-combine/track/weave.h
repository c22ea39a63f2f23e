/* Weave: what a microphone heard, in the frames of what was sent */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_WEAVE_H
#define BLUEZ_COMBINE_WEAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "ear/resample.h"
#include "hearing/timeline.h"

/*
 * Pure calculation. The group has frames, the microphone has others, of a clock of its own, and each tells at which time
 * of the machine a cycle of it began. So a frame of the group is a time, that is a place between two of the microphone's,
 * and what was heard there follows. Where something is missing nothing is.
 */

struct weave_stream {
	struct timeline timeline;
	struct ear_clock clock;
};

struct weave {
	struct weave_stream group, microphone;
	struct ear_resampler *resampler;
	uint64_t whole_from;		/**< the microphone's frame: before it something is missing, or around it */
};

/** Returns 0 or -errno; weave_finish() in both cases. \a rate: of both, in Hz, nearly. */
int weave_init(struct weave *weave, double rate);
void weave_finish(struct weave *weave);

/** The group has come to this cycle. Returns false if something is missing between the last one and this. */
bool weave_sent(struct weave *weave, const struct timeline_mark *mark);

/** The microphone has: before what was heard in it. */
void weave_heard(struct weave *weave, const struct timeline_mark *mark);

/** What it heard next. */
void weave_samples(struct weave *weave, const float *samples, uint32_t n);

/**
 * What was heard at the times of the group's frames from \a frame on; NAN where that is not known.
 *
 * \param late  there is nothing to wait for
 * Returns false if it is yet to come.
 */
bool weave_take(const struct weave *weave, uint64_t frame, float *samples, uint32_t n, bool late);

#endif /* BLUEZ_COMBINE_WEAVE_H */
