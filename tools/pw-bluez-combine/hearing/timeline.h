/* Timeline: which frame of a stream belongs to which time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TIMELINE_H
#define BLUEZ_COMBINE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation. A stream has frames, its graph a clock that counts ticks, and the machine one that counts ns. Two
 * streams have the last one in common. Where frames and ticks do not go on alike a cycle was lost, and with it a
 * piece of what was played or recorded.
 */

/** What a stream knows at the beginning of a cycle. */
struct timeline_mark {
	uint64_t frame;			/**< of the stream: the first of this cycle */
	uint32_t n;			/**< frames in it */
	uint64_t ticks;			/**< of the graph's clock */
	uint32_t tick_rate;		/**< in Hz */
	int64_t now_ns;			/**< of the machine's */
};

struct timeline {
	double rate;			/**< of the stream, in Hz */
	bool begun;
	struct timeline_mark last;
};

void timeline_init(struct timeline *t, double rate);

/** Go on to \a mark. Returns false if something is missing between the last one and this. */
bool timeline_add(struct timeline *t, const struct timeline_mark *mark);

/** The time of a frame, and the frame of a time, by the last mark; after the first one. */
double timeline_ns(const struct timeline *t, double frame);
double timeline_frame(const struct timeline *t, double ns);

#endif /* BLUEZ_COMBINE_TIMELINE_H */
