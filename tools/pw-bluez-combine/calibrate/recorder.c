/* Recorder: what a microphone hears, unbroken */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include <spa/param/audio/format-utils.h>

#include "calibrate/recorder.h"

#define NODE_NAME	"pw-bluez-combine.listen"
/* Of a mono microphone both are the same */
#define CHANNELS	2

/* Data loop */
static bool put_mark(struct recorder *r, uint32_t n)
{
	struct pw_time time = { 0 };
	uint32_t index;

	if (spa_ringbuffer_get_write_index(&r->marks_ring, &index) >= RECORDER_MARKS ||
	    pw_stream_get_time_n(r->stream, &time, sizeof(time)) < 0)
		return false;
	r->marks[index % RECORDER_MARKS] = (struct timeline_mark) {
		.frame = r->frame,
		.n = n,
		.ticks = time.ticks,
		.tick_rate = time.rate.denom,
		.now_ns = time.now,
	};
	spa_ringbuffer_write_update(&r->marks_ring, index + 1);
	return true;
}

/* Data loop */
static void put_samples(struct recorder *r, const float *samples, uint32_t n)
{
	uint32_t index, i;

	if (spa_ringbuffer_get_write_index(&r->samples_ring, &index) + (int64_t)n > RECORDER_RING || !put_mark(r, n))
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

static int connect_stream(struct recorder *r, struct pw_core *core, const char *target, uint32_t rate)
{
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32, .rate = rate, .channels = CHANNELS,
		.position = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR },
	};
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct pw_properties *props = pw_properties_new(
			PW_KEY_NODE_NAME, NODE_NAME,
			PW_KEY_NODE_DESCRIPTION, "pw-bluez-combine calibrate",
			PW_KEY_MEDIA_TYPE, "Audio",
			PW_KEY_MEDIA_CATEGORY, "Capture",
			PW_KEY_MEDIA_ROLE, "Test",
			PW_KEY_TARGET_OBJECT, target,
			PW_KEY_NODE_DONT_RECONNECT, "true",
			"node.dont-fallback", "true",
			"state.restore-props", "false",
			"state.restore-target", "false",
			NULL);

	if (props == NULL || (r->stream = pw_stream_new(core, NODE_NAME, props)) == NULL)
		return -errno;
	pw_stream_add_listener(r->stream, &r->listener, &stream_events, r);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	return pw_stream_connect(r->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
			params, 1);
}

int recorder_init(struct recorder *r, struct pw_core *core, const char *target, uint32_t rate,
		recorder_failed_t failed, void *data)
{
	*r = (struct recorder) { .failed = failed, .data = data };
	spa_ringbuffer_init(&r->samples_ring);
	spa_ringbuffer_init(&r->marks_ring);
	if ((r->ring = calloc(RECORDER_RING, sizeof(*r->ring))) == NULL)
		return -errno;
	return connect_stream(r, core, target, rate);
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

void recorder_forget(struct recorder *r)
{
	recorder_take(r);
	r->first += r->n;
	r->n = 0;
}

bool recorder_take_mark(struct recorder *r, struct timeline_mark *mark)
{
	uint32_t index;

	if (spa_ringbuffer_get_read_index(&r->marks_ring, &index) <= 0)
		return false;
	*mark = r->marks[index % RECORDER_MARKS];
	spa_ringbuffer_read_update(&r->marks_ring, index + 1);
	return true;
}
