/* A stream that plays a sound into a sink */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "cli/i18n.h"
#include "cli/sound-stream.h"
#include "cli/stereo-stream.h"
#include "cli/text.h"

static void on_process(void *data)
{
	struct sound_stream *out = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(out->stream);
	struct spa_data *d;
	uint32_t n;

	if (b == NULL)
		return;
	d = &b->buffer->datas[0];
	n = d->maxsize / (STEREO_STREAM_CHANNELS * sizeof(float));
	if (b->requested)
		n = SPA_MIN(n, (uint32_t)b->requested);
	if (d->data) {
		sound_fill(&out->sound, d->data, n);
		d->chunk->offset = 0;
		d->chunk->stride = STEREO_STREAM_CHANNELS * sizeof(float);
		d->chunk->size = n * d->chunk->stride;
	}
	pw_stream_queue_buffer(out->stream, b);
	if (sound_is_over(&out->sound))
		pw_stream_flush(out->stream, true);
}

static void on_drained(void *data)
{
	struct sound_stream *out = data;

	pw_stream_disconnect(out->stream);
	out->over(out->data);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state, const char *error)
{
	struct sound_stream *out = data;
	char text[256];

	if (state != PW_STREAM_STATE_ERROR)
		return;
	/* Any client may send an error, in its own words */
	text_copy(text, sizeof(text), error ? error : "", TEXT_ANY_WIDTH);
	fprintf(stderr, _("pw-bluez-combine %s: can't play: %s\n"), out->command, text);
	out->failed(out->data);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
	.drained = on_drained,
	.state_changed = on_state,
};

int sound_stream_play(struct sound_stream *out, struct pw_core *core, const char *target, enum sound_kind kind,
		double level_db, double seconds)
{
	char name[64], description[64];
	const struct stereo_stream what = {
		.name = name,
		.description = description,
		.media = out->command,
		.direction = PW_DIRECTION_OUTPUT,
		.target = target,
		.rate = SOUND_STREAM_RATE,
	};

	sound_stream_stop(out);
	snprintf(name, sizeof(name), "pw-bluez-combine.%s", out->command);
	snprintf(description, sizeof(description), "pw-bluez-combine %s", out->command);
	sound_init(&out->sound, kind, SOUND_STREAM_RATE, level_db, seconds);
	return stereo_stream_connect(&out->stream, &out->listener, core, &what, &stream_events, out);
}

void sound_stream_stop(struct sound_stream *out)
{
	spa_clear_ptr(out->stream, pw_stream_destroy);
}
