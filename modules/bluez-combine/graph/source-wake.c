/* Bluetooth sources that read no more after a pause */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <pipewire/impl.h>
#include <spa/node/command.h>
#include <spa/node/io.h>
#include <spa/node/utils.h>
#include <spa/param/param.h>
#include <spa/pod/builder.h>
#include <spa/pod/filter.h>
#include <spa/pod/iter.h>
#include <spa/utils/keys.h>
#include <spa/utils/names.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "log.h"
#include "graph/source-wake.h"
#include "spa-handle.h"

#define LIBRARY		"bluez5/libspa-bluez5"

/* One sample of all channels in any format: nobody fills it */
#define BUFFER_SIZE	1024

struct source {
	struct spa_list link;		/**< source_wake.sources */
	struct source_wake *wake;
	struct pw_impl_node *node;
	struct spa_hook listener;
	bool ran;			/**< so that this is not its first start */
	bool due;			/**< it has just been started again */
};

/* Nothing is processed: it takes a format and a buffer to be started at all */
struct second {
	struct spa_handle *handle;
	struct spa_node *node;
	struct spa_io_clock clock;
	struct spa_io_position position;
	struct spa_chunk chunk;
	struct spa_data data;
	struct spa_buffer buffer;
	uint8_t memory[BUFFER_SIZE];
};

static int second_start(struct second *s)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_buffer *buffers[] = { &s->buffer };
	struct spa_pod *format;
	uint32_t index = 0;
	int res;

	/* Of another driver: it has no clock of its own to run */
	s->clock.id = 1;
	s->position.clock.id = 2;
	spa_node_set_io(s->node, SPA_IO_Clock, &s->clock, sizeof(s->clock));
	spa_node_set_io(s->node, SPA_IO_Position, &s->position, sizeof(s->position));

	if ((res = spa_node_port_enum_params_sync(s->node, SPA_DIRECTION_OUTPUT, 0,
			SPA_PARAM_EnumFormat, &index, NULL, &format, &b)) != 1)
		return res < 0 ? res : -ENOENT;
	spa_pod_fixate(format);
	SPA_POD_OBJECT_ID(format) = SPA_PARAM_Format;
	if ((res = spa_node_port_set_param(s->node, SPA_DIRECTION_OUTPUT, 0,
			SPA_PARAM_Format, 0, format)) < 0)
		return res;

	s->data = (struct spa_data) {
		.type = SPA_DATA_MemPtr,
		.maxsize = sizeof(s->memory),
		.data = s->memory,
		.chunk = &s->chunk,
	};
	s->buffer = (struct spa_buffer) { .n_datas = 1, .datas = &s->data };
	if ((res = spa_node_port_use_buffers(s->node, SPA_DIRECTION_OUTPUT, 0, 0, buffers, 1)) < 0)
		return res;
	return spa_node_send_command(s->node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start));
}

static void second_stop(struct second *s)
{
	spa_node_send_command(s->node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend));
	spa_node_port_use_buffers(s->node, SPA_DIRECTION_OUTPUT, 0, 0, NULL, 0);
}

static int wake_source(struct source_wake *wake, const struct pw_properties *props)
{
	struct second s = { 0 };
	void *node;
	int res;

	s.handle = spa_handle_load(wake->context, wake->data_loop, LIBRARY,
			pw_properties_get(props, "factory.name"), &props->dict);
	if (s.handle == NULL)
		return -errno;
	if ((res = spa_handle_get_interface(s.handle, SPA_TYPE_INTERFACE_Node, &node)) >= 0) {
		s.node = node;
		res = second_start(&s);
		second_stop(&s);
	}
	pw_unload_spa_handle(s.handle);
	return res;
}

static void on_event(void *data, uint64_t count)
{
	struct source_wake *wake = data;
	struct source *s;
	int res;

	spa_list_for_each(s, &wake->sources, link) {
		const struct pw_properties *props = pw_impl_node_get_properties(s->node);
		const char *name = pw_properties_get(props, PW_KEY_NODE_NAME);

		if (!s->due)
			continue;
		s->due = false;
		/* One that has stopped again holds no transport that a second one could share */
		if (pw_impl_node_get_info(s->node)->state != PW_NODE_STATE_RUNNING)
			continue;
		if ((res = wake_source(wake, props)) < 0)
			pw_log_warn("%s may be silent until it pauses: %s", name, spa_strerror(res));
		else
			pw_log_info("%s was started anew: it is to read again", name);
	}
}

static void node_state_changed(void *data, enum pw_node_state old, enum pw_node_state state,
		const char *error)
{
	struct source *s = data;

	if (state != PW_NODE_STATE_RUNNING || old == state)
		return;
	/* Not from here: it is in the midst of its own start */
	if (s->ran) {
		s->due = true;
		pw_loop_signal_event(pw_context_get_main_loop(s->wake->context), s->wake->event);
	}
	s->ran = true;
}

static void source_free(struct source *s)
{
	spa_hook_remove(&s->listener);
	spa_list_remove(&s->link);
	free(s);
}

static void node_destroy(void *data)
{
	source_free(data);
}

static const struct pw_impl_node_events node_events = {
	PW_VERSION_IMPL_NODE_EVENTS,
	.destroy = node_destroy,
	.state_changed = node_state_changed,
};

/* What another process has made shows no transport: a pointer crosses no socket */
static bool is_source(const struct pw_properties *props)
{
	const char *factory = pw_properties_get(props, "factory.name");
	const char *transport = pw_properties_get(props, SPA_KEY_API_BLUEZ5_TRANSPORT);

	return (spa_streq(factory, SPA_NAME_API_BLUEZ5_A2DP_SOURCE) ||
		spa_streq(factory, SPA_NAME_API_BLUEZ5_MEDIA_SOURCE)) &&
		transport && spa_strstartswith(transport, "pointer:");
}

static void global_added(void *data, struct pw_global *global)
{
	struct source_wake *wake = data;
	struct pw_impl_node *node;
	struct source *s;

	if (!pw_global_is_type(global, PW_TYPE_INTERFACE_Node))
		return;
	node = pw_global_get_object(global);
	if (!is_source(pw_impl_node_get_properties(node)) || (s = calloc(1, sizeof(*s))) == NULL)
		return;
	s->wake = wake;
	s->node = node;
	s->ran = pw_impl_node_get_info(node)->state == PW_NODE_STATE_RUNNING;
	spa_list_append(&wake->sources, &s->link);
	pw_impl_node_add_listener(node, &s->listener, &node_events, s);
}

static int add_global(void *data, struct pw_global *global)
{
	global_added(data, global);
	return 0;
}

static const struct pw_context_events context_events = {
	PW_VERSION_CONTEXT_EVENTS,
	.global_added = global_added,
};

int source_wake_init(struct source_wake *wake, struct pw_context *context,
		struct pw_loop *data_loop)
{
	spa_zero(*wake);
	wake->event = pw_loop_add_event(pw_context_get_main_loop(context), on_event, wake);
	if (wake->event == NULL)
		return -errno;
	wake->context = context;
	wake->data_loop = data_loop;
	spa_list_init(&wake->sources);
	pw_context_for_each_global(context, add_global, wake);
	pw_context_add_listener(context, &wake->listener, &context_events, wake);
	return 0;
}

void source_wake_finish(struct source_wake *wake)
{
	struct source *s;

	if (wake->context == NULL)
		return;
	spa_hook_remove(&wake->listener);
	spa_list_consume(s, &wake->sources, link)
		source_free(s);
	pw_loop_destroy_source(pw_context_get_main_loop(wake->context), wake->event);
	spa_zero(*wake);
}
