/* One speaker's stream */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/node/command.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/string.h>

#include "log.h"
#include "audio/output.h"

/* An hour: far beyond anything that sounds together */
#define LATENCY_MAX_NS		(3600.0 * SPA_NSEC_PER_SEC)

static void stream_destroy(void *data)
{
	struct output *output = data;
	spa_hook_remove(&output->listener);
	output->stream = NULL;
}

static void stream_state_changed(void *data, enum pw_stream_state old,
		enum pw_stream_state state, const char *error)
{
	struct output *output = data;
	bool streaming = state == PW_STREAM_STATE_STREAMING;

	if (state == PW_STREAM_STATE_ERROR)
		pw_log_warn("%s: stream failed: %s", speaker_address(output->speaker), error);
	if (state == PW_STREAM_STATE_ERROR ||
	    (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED))
		output->events->event(output->data, output, MEMBER_STREAM_ENDED);
	if (streaming != output->speaker->member.streaming)
		output->events->event(output->data, output, streaming ? MEMBER_STREAMS : MEMBER_STOPPED);
}

/*
 * A node with a process() of its own stops that in time. But the fan-out uses these streams in the
 * sink's cycles, of which PipeWire knows nothing: it frees the buffers, and unmaps what the node is
 * triggered by. So the fan-out has a stream from when it is started, and has buffers, until
 * it is told to stop, and no longer.
 */
static void update_run(struct output *output)
{
	bool running = output->started && !member_is_held(&output->speaker->member);

	fanout_host_run(output->host, output->slot, running ? output->stream : NULL);
}

static void stream_command(void *data, const struct spa_command *command)
{
	struct output *output = data;

	switch (SPA_NODE_COMMAND_ID(command)) {
	case SPA_NODE_COMMAND_Start:
		output->started = true;
		update_run(output);
		break;
	case SPA_NODE_COMMAND_Pause:
	case SPA_NODE_COMMAND_Suspend:
		output->started = false;
		update_run(output);
		break;
	default:
		break;
	}
}

static void stream_param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
	struct output *output = data;
	struct spa_latency_info latency = { 0 };

	if (id != SPA_PARAM_Latency)
		return;
	/* What lies downstream is told in the direction of an input */
	if (param && (spa_latency_parse(param, &latency) < 0 ||
	    latency.direction != SPA_DIRECTION_INPUT))
		return;
	output->has_latency = param != NULL;
	output->latency = latency;
	output->events->changed(output->data, output);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.destroy = stream_destroy,
	.state_changed = stream_state_changed,
	.param_changed = stream_param_changed,
	.command = stream_command,
};

static struct pw_properties *make_properties(const struct speaker *speaker,
		const struct args *args, struct pw_loop *data_loop)
{
	const char *description = pw_properties_get(speaker->props, PW_KEY_NODE_DESCRIPTION);
	struct pw_properties *props = pw_properties_copy(args->stream_props);
	char name[512];

	if (props == NULL)
		return NULL;
	pw_properties_update(props, &speaker->rule_props->dict);

	snprintf(name, sizeof(name), "%s.output.%s", args_node_name(args), speaker_address(speaker));
	for (char *c = name; *c; c++)
		if (*c == ':')
			*c = '_';
	properties_set_default(props, PW_KEY_NODE_NAME, name);
	properties_set_default(props, PW_KEY_MEDIA_NAME, name);
	if (pw_properties_get(props, PW_KEY_NODE_DESCRIPTION) == NULL)
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "%s (combined)",
				description ? description : speaker_name(speaker));

	properties_set_default(props, PW_KEY_NODE_VIRTUAL, "true");
	pw_properties_set(props, PW_KEY_NODE_LOOP_NAME, data_loop->name);
	/* By what it alone has: any other node can have its name, and come first */
	pw_properties_set(props, PW_KEY_TARGET_OBJECT,
			speaker->serial ? speaker->serial : speaker_name(speaker));
	/* An output alone does not keep a speaker awake, */
	properties_set_default(props, PW_KEY_NODE_PASSIVE, "true");
	/* goes to its speaker or nowhere, and is not destroyed for being nowhere. */
	pw_properties_set(props, "node.dont-fallback", "true");
	pw_properties_set(props, "node.linger", "true");
	pw_properties_set(props, "node.dont-move", "true");
	/* A stored volume or target of a former output would put speakers apart */
	pw_properties_set(props, "state.restore-props", "false");
	pw_properties_set(props, "state.restore-target", "false");
	return props;
}

struct output *output_new(struct speaker *speaker, struct pw_core *core,
		struct pw_loop *data_loop, struct fanout_host *host, const struct args *args,
		const struct output_events *events, void *data)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct pw_properties *props;
	struct output *output;
	int res;

	if ((output = calloc(1, sizeof(*output))) == NULL)
		return NULL;
	output->speaker = speaker;
	output->host = host;
	output->slot = -1;
	output->events = events;
	output->data = data;

	if ((res = output->slot = fanout_host_add(host)) < 0)
		goto error;
	if ((props = make_properties(speaker, args, data_loop)) == NULL ||
	    (output->stream = pw_stream_new(core, "bluez-combine output", props)) == NULL) {
		res = -errno;
		goto error;
	}
	pw_stream_add_listener(output->stream, &output->listener, &stream_events, output);

	/* RT_PROCESS with TRIGGER and ASYNC: it is filled and let go in the
	 * sink's cycle, and costs no quantum of its own. */
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &args->info);
	if ((res = pw_stream_connect(output->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT |
			PW_STREAM_FLAG_MAP_BUFFERS |
			PW_STREAM_FLAG_RT_PROCESS |
			PW_STREAM_FLAG_TRIGGER |
			PW_STREAM_FLAG_ASYNC,
			params, 1)) < 0)
		goto error;

	return output;

error:
	output_destroy(output);
	errno = -res;
	return NULL;
}

void output_destroy(struct output *output)
{
	if (output->slot >= 0)
		fanout_host_remove(output->host, output->slot);
	if (output->stream) {
		struct pw_stream *stream = output->stream;
		spa_hook_remove(&output->listener);
		pw_stream_destroy(stream);
	}
	free(output);
}

int64_t output_latency_ns(const struct output *output, uint32_t quantum, uint32_t rate)
{
	const struct spa_latency_info *l = &output->latency;
	double samples, ns;

	if (!output->has_latency || rate == 0)
		return 0;
	/* As pw_stream_get_time_n(): the middle of each range */
	samples = (l->min_quantum + l->max_quantum) / 2.0 * quantum +
		((int64_t)l->min_rate + l->max_rate) / 2;
	ns = (double)(l->min_ns / 2 + l->max_ns / 2) + samples * SPA_NSEC_PER_SEC / rate;
	/* Any client can set any latency: nan is none, and sums must not overflow */
	return ns > 0.0 ? (int64_t)SPA_MIN(ns, LATENCY_MAX_NS) : 0;
}

uint32_t output_node_id(const struct output *output)
{
	return output->stream ? pw_stream_get_node_id(output->stream) : SPA_ID_INVALID;
}

bool output_is_linked(const struct output *output)
{
	return output->stream && links_has(&output->speaker->members->links,
			output_node_id(output), output->speaker->id);
}

bool output_is_shared(const struct output *output)
{
	return links_has_other(&output->speaker->members->links, output->speaker->id, output_node_id(output));
}

bool output_decide(struct output *output, int64_t delay_ns, int64_t wait_ns, bool audible,
		struct fanout_output_target *target)
{
	const struct member_config *config = &output->speaker->config;

	output->delay_ns = delay_ns;
	output->speaker->member.audible = audible;
	*target = (struct fanout_output_target) {
		.output = output->slot,
		.target = {
			.delay_ns = delay_ns,
			.wait_ns = wait_ns,
			.at_once = output->placed_ns > 0,
			.dither = output->dither,
			.gain = audible && !output->speaker->member.silenced ? config->gain : 0.0,
			.role = config->role,
		},
	};
	return !fanout_target_equal(&target->target, &output->told);
}

void output_hold(struct output *output)
{
	bool held = member_is_held(&output->speaker->member);

	if (output->stream)
		pw_stream_set_active(output->stream, !held);
	update_run(output);
	/* What waits in it would be played first, and all that follows later */
	if (output->stream && held)
		pw_stream_flush(output->stream, false);
}

void output_wake(struct output *output)
{
	char latency[64];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_LATENCY, latency),
	};

	if (output->stream == NULL)
		return;
	/* Another wish for a latency makes it look. The driver's quantum is forced, so the
	 * wish itself comes to nothing. */
	snprintf(latency, sizeof(latency), "%u/48000", 8192 - output->speaker->member.n_wakes % 2);
	pw_stream_update_properties(output->stream, &SPA_DICT_INIT_ARRAY(items));
}

const char *output_codec(const struct output *output)
{
	const char *str = pw_properties_get(output->speaker->props, "api.bluez5.codec");
	return str ? str : "";
}
