/* The sink that a group presents */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/param/audio/format-utils.h>
#include <spa/param/latency-utils.h>
#include <spa/pod/builder.h>

#include "log.h"
#include "realtime.h"
#include "audio/sink.h"

static void stream_destroy(void *data)
{
	struct sink *sink = data;
	spa_hook_remove(&sink->listener);
	sink->stream = NULL;
}

static void stream_state_changed(void *data, enum pw_stream_state old,
		enum pw_stream_state state, const char *error)
{
	struct sink *sink = data;
	bool playing = state == PW_STREAM_STATE_STREAMING;

	if (sink->playing != playing) {
		sink->playing = playing;
		sink->events->playing(sink->data, playing);
	}
	switch (state) {
	case PW_STREAM_STATE_UNCONNECTED:
		if (old != PW_STREAM_STATE_UNCONNECTED)
			sink->events->failed(sink->data, error ? error : "its sink is gone");
		break;
	case PW_STREAM_STATE_ERROR:
		sink->events->failed(sink->data, error ? error : "unknown error");
		break;
	case PW_STREAM_STATE_PAUSED:
		if (sink->id == SPA_ID_INVALID) {
			sink->id = pw_stream_get_node_id(sink->stream);
			sink->events->bound(sink->data, sink->id);
		}
		break;
	default:
		break;
	}
}

static void stream_io_changed(void *data, uint32_t id, void *area, uint32_t size)
{
	struct sink *sink = data;
	if (id == SPA_IO_Position)
		sink->events->position(sink->data, area);
}

static void stream_process(void *data) REALTIME
{
	struct sink *sink = data;
	sink->events->process(sink->data);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.destroy = stream_destroy,
	.state_changed = stream_state_changed,
	.io_changed = stream_io_changed,
	.process = stream_process,
};

static struct pw_properties *make_properties(const struct args *args, struct pw_loop *data_loop)
{
	struct pw_properties *props = pw_properties_copy(args->sink_props);
	if (props == NULL)
		return NULL;

	properties_set_default(props, PW_KEY_MEDIA_CLASS, "Audio/Sink");
	properties_set_default(props, PW_KEY_NODE_VIRTUAL, "true");
	/* The session manager stores volumes under this name, per group */
	properties_set_default(props, PW_KEY_MEDIA_NAME, args_node_name(args));
	/* It must never become the default sink by itself */
	properties_set_default(props, PW_KEY_PRIORITY_SESSION, "1");
	pw_properties_set(props, PW_KEY_NODE_LOOP_NAME, data_loop->name);
	return props;
}

int sink_init(struct sink *sink, struct pw_core *core, struct pw_loop *data_loop,
		const struct args *args, const struct sink_events *events, void *data)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct pw_properties *props;
	int res;

	spa_zero(*sink);
	sink->events = events;
	sink->data = data;
	sink->id = SPA_ID_INVALID;
	sink->rate = args->rate;

	if ((props = make_properties(args, data_loop)) == NULL)
		return -errno;
	sink->stream = pw_stream_new(core, "bluez-combine sink", props);
	if (sink->stream == NULL)
		return -errno;
	pw_stream_add_listener(sink->stream, &sink->listener, &stream_events, sink);

	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &args->info);
	if ((res = pw_stream_connect(sink->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT |
			PW_STREAM_FLAG_MAP_BUFFERS |
			PW_STREAM_FLAG_RT_PROCESS,
			params, 1)) < 0) {
		sink_finish(sink);
		return res;
	}
	return 0;
}

void sink_finish(struct sink *sink)
{
	if (sink->stream) {
		struct pw_stream *stream = sink->stream;
		/* Its last words are not for us */
		spa_hook_remove(&sink->listener);
		pw_stream_destroy(stream);
	}
	spa_zero(*sink);
	sink->id = SPA_ID_INVALID;
}

void sink_set_latency(struct sink *sink, int64_t latency_ns)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_latency_info latency = SPA_LATENCY_INFO(SPA_DIRECTION_INPUT,
			.min_ns = latency_ns, .max_ns = latency_ns);
	const struct spa_pod *params[1];

	if (sink->stream == NULL || sink->latency_ns == latency_ns)
		return;
	sink->latency_ns = latency_ns;
	params[0] = spa_latency_build(&b, SPA_PARAM_Latency, &latency);
	pw_stream_update_params(sink->stream, params, 1);
}

void sink_set_quantum(struct sink *sink, uint32_t quantum)
{
	char str[16];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_FORCE_QUANTUM, str),
	};

	if (sink->stream == NULL || sink->quantum == quantum)
		return;
	sink->quantum = quantum;
	snprintf(str, sizeof(str), "%u", quantum);
	pw_stream_update_properties(sink->stream, &SPA_DICT_INIT_ARRAY(items));
}

void sink_keep_awake(struct sink *sink, bool awake, bool unseen)
{
	char latency[64];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_ALWAYS_PROCESS, awake ? "true" : "false"),
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_LATENCY, latency),
	};

	if (sink->stream == NULL || sink->awake == awake)
		return;
	sink->awake = awake;
	/* The graph is looked at anew when the wish for a latency changes. The group's quantum is
	 * forced, so the wish itself comes to nothing. */
	snprintf(latency, sizeof(latency), "%u/%u", sink->quantum - !awake, sink->rate);
	pw_stream_update_properties(sink->stream, &SPA_DICT_INIT(items, unseen ? 2 : 1));
}
