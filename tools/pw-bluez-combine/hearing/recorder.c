/* Recorder: what a microphone hears, unbroken */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "hearing/recorder.h"
#include "cli/stereo-stream.h"

#define NODE_NAME	"pw-bluez-combine.listen"
/* Of a mono microphone both are the same */
#define CHANNELS	STEREO_STREAM_CHANNELS

/* Data loop */
static void put_samples(struct recorder *r, const float *samples, uint32_t n)
{
	uint32_t index, i;

	if (spa_ringbuffer_get_write_index(&r->samples_ring, &index) + (int64_t)n > RECORDER_RING ||
	    !marks_put_stream(&r->marks, r->stream, r->frame, n))
		return;
	for (i = 0; i < n; i++)
		r->ring[(index + i) % RECORDER_RING] = samples[i * CHANNELS];
	spa_ringbuffer_write_update(&r->samples_ring, index + n);
	r->frame += n;
}

/* Data loop */
static void on_process(void *data)
{
	struct recorder *r = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(r->stream);
	const struct spa_data *d;

	if (b == NULL)
		return;
	d = &b->buffer->datas[0];
	if (d->data) {
		uint32_t offset = SPA_MIN(d->chunk->offset, d->maxsize);

		put_samples(r, SPA_PTROFF(d->data, offset, const float),
				SPA_MIN(d->chunk->size, d->maxsize - offset) / (CHANNELS * sizeof(float)));
	}
	pw_stream_queue_buffer(r->stream, b);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state, const char *error)
{
	struct recorder *r = data;

	r->streaming = state == PW_STREAM_STATE_STREAMING;
	if (state == PW_STREAM_STATE_ERROR)
		r->failed(r->data, error ? error : "");
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
	.state_changed = on_state,
};

int recorder_init(struct recorder *r, struct pw_core *core, const char *target, uint32_t rate,
		const char *description, recorder_failed_t failed, void *data)
{
	const struct stereo_stream what = {
		.name = NODE_NAME,
		.description = description,
		.media = NODE_NAME,
		.direction = PW_DIRECTION_INPUT,
		.target = target,
		.rate = rate,
		.stays = true,
	};

	*r = (struct recorder) { .failed = failed, .data = data };
	spa_ringbuffer_init(&r->samples_ring);
	marks_init(&r->marks);
	if ((r->ring = calloc(RECORDER_RING, sizeof(*r->ring))) == NULL)
		return -errno;
	return stereo_stream_connect(&r->stream, &r->listener, core, &what, &stream_events, r);
}

void recorder_finish(struct recorder *r)
{
	if (r->stream) {
		spa_hook_remove(&r->listener);
		pw_stream_destroy(r->stream);
	}
	free(r->ring);
	free(r->samples);
	*r = (struct recorder) { 0 };
}

static int reserve(struct recorder *r, size_t n)
{
	size_t allocated = r->allocated ? r->allocated : RECORDER_RING;
	float *samples;

	while (allocated < n)
		allocated *= 2;
	if (allocated == r->allocated)
		return 0;
	if ((samples = realloc(r->samples, allocated * sizeof(*samples))) == NULL)
		return -ENOMEM;
	r->samples = samples;
	r->allocated = allocated;
	return 0;
}

int recorder_take(struct recorder *r)
{
	uint32_t index;
	int32_t i, n = spa_ringbuffer_get_read_index(&r->samples_ring, &index);
	int res;

	if (n <= 0)
		return 0;
	if ((res = reserve(r, r->n + n)) == 0) {
		for (i = 0; i < n; i++)
			r->samples[r->n + i] = r->ring[(index + i) % RECORDER_RING];
		r->n += n;
	}
	spa_ringbuffer_read_update(&r->samples_ring, index + n);
	return res;
}

void recorder_drop(struct recorder *r)
{
	r->first += r->n;
	r->n = 0;
}

void recorder_forget(struct recorder *r)
{
	recorder_take(r);
	recorder_drop(r);
}
