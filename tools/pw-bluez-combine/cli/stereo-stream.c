/* A stereo stream to one node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/param/audio/format-utils.h>

#include "cli/stereo-stream.h"

static struct pw_properties *make_properties(const struct stereo_stream *what)
{
	struct pw_properties *props = pw_properties_new(
			PW_KEY_NODE_NAME, what->name,
			PW_KEY_NODE_DESCRIPTION, what->description,
			PW_KEY_MEDIA_TYPE, "Audio",
			PW_KEY_MEDIA_CATEGORY, what->direction == PW_DIRECTION_OUTPUT ? "Playback" : "Capture",
			PW_KEY_MEDIA_ROLE, "Test",
			PW_KEY_TARGET_OBJECT, what->target,
			"node.dont-fallback", "true",
			"state.restore-props", "false",
			"state.restore-target", "false",
			NULL);

	if (props && what->stays)
		pw_properties_set(props, PW_KEY_NODE_DONT_RECONNECT, "true");
	return props;
}

int stereo_stream_connect(struct pw_stream **stream, struct spa_hook *listener, struct pw_core *core,
		const struct stereo_stream *what, const struct pw_stream_events *events, void *data)
{
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32, .rate = what->rate, .channels = STEREO_STREAM_CHANNELS,
		.position = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR },
	};
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct pw_properties *props = make_properties(what);

	if (props == NULL || (*stream = pw_stream_new(core, what->media, props)) == NULL)
		return -errno;
	pw_stream_add_listener(*stream, listener, events, data);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	return pw_stream_connect(*stream, what->direction, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
			params, 1);
}
