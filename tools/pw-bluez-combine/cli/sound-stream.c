/* A stream that plays a sound into a sink */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include <spa/param/audio/format-utils.h>

#include "cli/i18n.h"
#include "cli/sound-stream.h"
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
	n = d->maxsize / (2 * sizeof(float));
	if (b->requested)
		n = SPA_MIN(n, (uint32_t)b->requested);
	if (d->data) {
		sound_fill(&out->sound, d->data, n);
		d->chunk->offset = 0;
		d->chunk->stride = 2 * sizeof(float);
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

static struct pw_properties *make_properties(const char *command, const char *target)
{
	struct pw_properties *props = pw_properties_new(
			PW_KEY_MEDIA_TYPE, "Audio",
			PW_KEY_MEDIA_CATEGORY, "Playback",
			PW_KEY_MEDIA_ROLE, "Test",
			PW_KEY_TARGET_OBJECT, target,
			"node.dont-fallback", "true",
			"state.restore-props", "false",
			"state.restore-target", "false",
			NULL);

	if (props) {
		pw_properties_setf(props, PW_KEY_NODE_NAME, "pw-bluez-combine.%s", command);
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "pw-bluez-combine %s", command);
	}
	return props;
}

int sound_stream_play(struct sound_stream *out, struct pw_core *core, const char *target, enum sound_kind kind,
		double level_db, double seconds)
{
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32, .rate = SOUND_STREAM_RATE, .channels = 2,
		.position = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR },
	};
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct pw_properties *props = make_properties(out->command, target);

	sound_stream_stop(out);
	if (props == NULL || (out->stream = pw_stream_new(core, out->command, props)) == NULL)
		return -errno;
	pw_stream_add_listener(out->stream, &out->listener, &stream_events, out);
	sound_init(&out->sound, kind, SOUND_STREAM_RATE, level_db, seconds);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	return pw_stream_connect(out->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
			params, 1);
}

void sound_stream_stop(struct sound_stream *out)
{
	spa_clear_ptr(out->stream, pw_stream_destroy);
}
