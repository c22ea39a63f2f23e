/* Player: a stream of silence, with sounds at given frames */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/atomic.h>

#include "calibrate/player.h"
#include "cli/stereo-stream.h"

#define NODE_NAME	"pw-bluez-combine.calibrate"
#define CHANNELS	STEREO_STREAM_CHANNELS

/* Data loop. The next sound that begins before \a end; what should have begun already is left out */
static bool next_sound(struct player *p, uint64_t end)
{
	uint32_t index;

	while (spa_ringbuffer_get_read_index(&p->sounds_ring, &index) > 0) {
		struct player_sound sound = p->sounds[index % PLAYER_SOUNDS];

		if (sound.at >= end)
			return false;
		spa_ringbuffer_read_update(&p->sounds_ring, index + 1);
		if (sound.at >= p->frame) {
			p->current = sound;
			p->sounding = true;
			return true;
		}
		SPA_ATOMIC_INC(p->missed);
	}
	return false;
}

/* Data loop. What of the current sound falls into this cycle */
static void add_sound(struct player *p, float *dst, uint32_t n)
{
	uint64_t from = SPA_MAX(p->current.at, p->frame), to = SPA_MIN(p->current.at + p->length, p->frame + n), i;
	uint32_t c;

	for (i = from; i < to; i++)
		for (c = 0; c < CHANNELS; c++)
			dst[(i - p->frame) * CHANNELS + c] = p->current.gain * p->sound[i - p->current.at];
	if (p->current.at + p->length <= p->frame + n)
		p->sounding = false;
}

/* Data loop */
static void on_process(void *data)
{
	struct player *p = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(p->stream);
	struct spa_data *d;
	uint32_t n;

	if (b == NULL)
		return;
	d = &b->buffer->datas[0];
	n = d->maxsize / (CHANNELS * sizeof(float));
	if (b->requested)
		n = SPA_MIN(n, (uint32_t)b->requested);
	if (d->data) {
		memset(d->data, 0, n * CHANNELS * sizeof(float));
		marks_put_stream(&p->marks, p->stream, p->frame, n);
		if (p->sounding || next_sound(p, p->frame + n))
			add_sound(p, d->data, n);
		d->chunk->offset = 0;
		d->chunk->stride = CHANNELS * sizeof(float);
		d->chunk->size = n * d->chunk->stride;
		p->frame += n;
	}
	pw_stream_queue_buffer(p->stream, b);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state, const char *error)
{
	struct player *p = data;

	p->streaming = state == PW_STREAM_STATE_STREAMING;
	if (state == PW_STREAM_STATE_ERROR)
		p->failed(p->data, error ? error : "");
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
	.state_changed = on_state,
};

int player_init(struct player *p, struct pw_core *core, const char *target, uint32_t rate,
		const float *sound, uint32_t length, player_failed_t failed, void *data)
{
	const struct stereo_stream what = {
		.name = NODE_NAME,
		.description = "pw-bluez-combine calibrate",
		.media = NODE_NAME,
		.direction = PW_DIRECTION_OUTPUT,
		.target = target,
		.rate = rate,
		.stays = true,
	};

	*p = (struct player) { .sound = sound, .length = length, .failed = failed, .data = data };
	spa_ringbuffer_init(&p->sounds_ring);
	marks_init(&p->marks);
	return stereo_stream_connect(&p->stream, &p->listener, core, &what, &stream_events, p);
}

void player_finish(struct player *p)
{
	if (p->stream) {
		spa_hook_remove(&p->listener);
		pw_stream_destroy(p->stream);
	}
	p->stream = NULL;
}

int player_play(struct player *p, uint64_t at, double level_db)
{
	uint32_t index;

	if (spa_ringbuffer_get_write_index(&p->sounds_ring, &index) >= PLAYER_SOUNDS)
		return -ENOSPC;
	p->sounds[index % PLAYER_SOUNDS] = (struct player_sound) { at, (float)pow(10.0, level_db / 20.0) };
	spa_ringbuffer_write_update(&p->sounds_ring, index + 1);
	return 0;
}

uint32_t player_missed(struct player *p)
{
	return SPA_ATOMIC_LOAD(p->missed);
}
