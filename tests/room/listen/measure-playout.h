/* One speaker's playout followed against the source */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MEASURE_PLAYOUT_H
#define ROOM_MEASURE_PLAYOUT_H

#include "listen/measure-lag.h"

enum event_kind {
	EVENT_GAP,	/**< size: ms of silence where the source is not silent */
	EVENT_REPEAT,	/**< size: ms by which playout stepped back */
	EVENT_SKIP,	/**< size: ms that were left out */
	EVENT_ABSENT,	/**< as a gap, of ABSENT_MIN and more: not playing at all */
};

#define ABSENT_MIN	MEASURE_RATE	/* 1 s */
#define STEP_MIN	(MEASURE_RATE / 2000)	/* 0.5 ms */

struct event {
	enum event_kind kind;
	double time;	/**< s on the speaker's timeline */
	double size;	/**< ms, > 0 */
};

struct playout_point {
	int64_t pos;	/**< in the speaker's recording */
	double lag;	/**< of the speaker after the source, samples */
};

struct playout {
	bool found;		/**< the source was recognised at all */
	struct event *events;	/**< in the order of time */
	size_t n_events;
	struct playout_point *points; /**< one for each block that matched */
	size_t n_points;
	double gain;		/**< dB, of the speaker over the source */
	double rho;		/**< median correlation of the blocks, 0..1 */
	int disturbed;		/**< blocks that match the source nowhere better than in place */
	int unsure;		/**< blocks in which a step can neither be seen nor excluded */
};

const char *event_kind_name(enum event_kind kind);

/** Follow the sound of speaker in source. min and max bound the lag at the start,
 * in samples. 0 or -errno; not recognising it is no error. */
int playout_init(struct playout *t, struct lag_finder *f, const struct signal *speaker,
		const struct signal *source, int64_t min, int64_t max);
void playout_finish(struct playout *t);

#endif /* ROOM_MEASURE_PLAYOUT_H */
