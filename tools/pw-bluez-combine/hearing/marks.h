/* Marks: what a stream's data loop tells of its cycles */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MARKS_H
#define BLUEZ_COMBINE_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/ringbuffer.h>

#include "hearing/timeline.h"

#define MARKS_MAX	512	/**< that nobody has taken yet; a power of two: 10 s of cycles */

/** From the data loop to the main loop. */
struct marks {
	struct spa_ringbuffer ring;	/**< in marks */
	struct timeline_mark marks[MARKS_MAX];
};

void marks_init(struct marks *m);

/** Data loop: what is known of this cycle. False if there is no room. */
bool marks_put(struct marks *m, const struct timeline_mark *mark);
/** The same of a stream's cycle of \a n frames, the first of which is \a frame. False, too, if there is no clock. */
bool marks_put_stream(struct marks *m, struct pw_stream *stream, uint64_t frame, uint32_t n);

/** The next one that was not taken yet; false if there is none. A cycle that there was no room for is in none: frames, or
 * ticks, tell. */
bool marks_take(struct marks *m, struct timeline_mark *mark);

#endif /* BLUEZ_COMBINE_MARKS_H */
