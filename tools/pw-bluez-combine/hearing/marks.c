/* Marks: what a stream's data loop tells of its cycles */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "hearing/marks.h"

void marks_init(struct marks *m)
{
	spa_ringbuffer_init(&m->ring);
}

bool marks_put(struct marks *m, const struct timeline_mark *mark)
{
	uint32_t index;

	if (spa_ringbuffer_get_write_index(&m->ring, &index) >= MARKS_MAX)
		return false;
	m->marks[index % MARKS_MAX] = *mark;
	spa_ringbuffer_write_update(&m->ring, index + 1);
	return true;
}

bool marks_put_stream(struct marks *m, struct pw_stream *stream, uint64_t frame, uint32_t n)
{
	struct pw_time time = { 0 };

	return pw_stream_get_time_n(stream, &time, sizeof(time)) >= 0 &&
		marks_put(m, &(struct timeline_mark) {
			.frame = frame,
			.n = n,
			.ticks = time.ticks,
			.tick_rate = time.rate.denom,
			.now_ns = time.now,
		});
}

bool marks_take(struct marks *m, struct timeline_mark *mark)
{
	uint32_t index;

	if (spa_ringbuffer_get_read_index(&m->ring, &index) <= 0)
		return false;
	*mark = m->marks[index % MARKS_MAX];
	spa_ringbuffer_read_update(&m->ring, index + 1);
	return true;
}
