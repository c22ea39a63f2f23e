/* Fan-out node: one stream in, the same past out to many, each with a delay */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * Input port c is channel c; output port n * channels + c is channel c of
 * output n. All ports are 32 bit float mono.
 *
 * Outputs come and go as a whole: add_port() of any port of an output makes all
 * of its ports, remove_port() of any takes all of them away, and so does the
 * number fanout.outputs in Props (outputs 0 to that number - 1 exist). Input
 * ports are fixed. A new output has delay 0, gain 1 and role stereo; it fades
 * in from silence when its first port gets buffers and io, into the same past
 * that the others play.
 *
 * The history starts empty with every Start command.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/param.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "fanout/node.h"
#include "names.h"

SPA_LOG_TOPIC_DEFINE(fanout_log_topic, BLUEZ_COMBINE_TOPIC_SPA);

void fanout_emit_info(struct fanout *f, bool full)
{
	uint64_t old = full ? f->info.change_mask : 0;

	if (full)
		f->info.change_mask = SPA_NODE_CHANGE_MASK_FLAGS | SPA_NODE_CHANGE_MASK_PARAMS;
	if (f->info.change_mask == 0)
		return;
	spa_node_emit_info(&f->hooks, &f->info);
	f->info.change_mask = old;
}

/*
 * Outputs: any port stands for its output
 */

static int impl_node_add_port(void *object, enum spa_direction direction, uint32_t port_id,
		const struct spa_dict *props)
{
	struct fanout *f = object;
	struct fanout_config config;
	uint32_t n;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	n = port_id / f->n_channels;
	spa_return_val_if_fail(direction == SPA_DIRECTION_OUTPUT && n < FANOUT_OUTPUTS_MAX, -EINVAL);

	if (f->config.outputs[n].present)
		return -EEXIST;
	config = f->config;
	fanout_output_config_init(&config.outputs[n]);
	config.outputs[n].present = true;
	return fanout_apply(f, &config);
}

static int impl_node_remove_port(void *object, enum spa_direction direction, uint32_t port_id)
{
	struct fanout *f = object;
	struct fanout_config config;
	uint32_t n;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	n = port_id / f->n_channels;
	spa_return_val_if_fail(direction == SPA_DIRECTION_OUTPUT &&
			fanout_find_port(f, direction, port_id) != NULL, -EINVAL);

	if (!f->config.outputs[n].present)
		return 0;		/* on its way out: asked again by a listener */
	config = f->config;
	fanout_output_config_init(&config.outputs[n]);
	return fanout_apply(f, &config);
}

/*
 * Commands and io of the node
 */

static int do_reset(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	fanout_reset(user_data);
	return 0;
}

static int impl_node_send_command(void *object, const struct spa_command *command)
{
	struct fanout *f = object;
	int res = 0;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	spa_return_val_if_fail(command != NULL, -EINVAL);

	switch (SPA_NODE_COMMAND_ID(command)) {
	case SPA_NODE_COMMAND_Start:
		/* what was not played before the pause is not for now */
		if (!f->started)
			res = fanout_invoke(f, do_reset, f);
		f->started = true;
		break;
	case SPA_NODE_COMMAND_Suspend:
	case SPA_NODE_COMMAND_Pause:
		f->started = false;
		break;
	case SPA_NODE_COMMAND_Flush:
		res = fanout_invoke(f, do_reset, f);
		break;
	default:
		return -ENOTSUP;
	}
	return res;
}

struct position_args {
	struct fanout *f;
	struct spa_io_position *position;
};

static int do_set_position(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct position_args *args = user_data;

	args->f->position = args->position;
	return 0;
}

static int impl_node_set_io(void *object, uint32_t id, void *data, size_t size)
{
	struct fanout *f = object;

	spa_return_val_if_fail(f != NULL, -EINVAL);

	switch (id) {
	case SPA_IO_Position:
		if (data && size < sizeof(struct spa_io_position))
			return -ENOSPC;
		return fanout_invoke(f, do_set_position,
				&(struct position_args) { .f = f, .position = data });
	case SPA_IO_Clock:
		return 0;		/* never a driver: the position's clock is enough */
	default:
		return -ENOENT;
	}
}

/*
 * Ports, handed on to fanout-port.c
 */

static int impl_node_port_enum_params(void *object, int seq,
		enum spa_direction direction, uint32_t port_id,
		uint32_t id, uint32_t start, uint32_t num, const struct spa_pod *filter)
{
	struct fanout *f = object;
	struct port *p;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	spa_return_val_if_fail(num != 0, -EINVAL);

	/* SPA_ID_INVALID: what a port that may be added would have */
	p = fanout_find_port(f, direction, port_id);
	spa_return_val_if_fail(p != NULL || port_id == SPA_ID_INVALID, -EINVAL);

	return port_enum_params(p, f, seq, id, start, num, filter);
}

static int impl_node_port_set_param(void *object,
		enum spa_direction direction, uint32_t port_id,
		uint32_t id, uint32_t flags, const struct spa_pod *param)
{
	struct fanout *f = object;
	struct port *p;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	p = fanout_find_port(f, direction, port_id);
	spa_return_val_if_fail(p != NULL, -EINVAL);

	return port_set_param(p, f, id, flags, param);
}

static int impl_node_port_use_buffers(void *object,
		enum spa_direction direction, uint32_t port_id, uint32_t flags,
		struct spa_buffer **buffers, uint32_t n_buffers)
{
	struct fanout *f = object;
	struct port *p;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	p = fanout_find_port(f, direction, port_id);
	spa_return_val_if_fail(p != NULL, -EINVAL);
	if (SPA_FLAG_IS_SET(flags, SPA_NODE_BUFFERS_FLAG_ALLOC))
		return -ENOTSUP;

	return port_use_buffers(p, f, buffers, n_buffers);
}

static int impl_node_port_set_io(void *object,
		enum spa_direction direction, uint32_t port_id,
		uint32_t id, void *data, size_t size)
{
	struct fanout *f = object;
	struct port *p;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	p = fanout_find_port(f, direction, port_id);
	spa_return_val_if_fail(p != NULL, -EINVAL);

	return port_set_io(p, f, id, data, size);
}

/* data loop */
static int impl_node_port_reuse_buffer(void *object, uint32_t port_id, uint32_t buffer_id)
{
	struct fanout *f = object;
	uint32_t n;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	n = port_id / f->n_channels;
	spa_return_val_if_fail(n < FANOUT_OUTPUTS_MAX && f->playing[n] != NULL, -EINVAL);

	return fanout_reuse_buffer(f, &f->playing[n]->ports[port_id % f->n_channels], buffer_id);
}

/* data loop */
static int impl_node_process(void *object)
{
	return fanout_process(object);
}

static int impl_node_add_listener(void *object, struct spa_hook *listener,
		const struct spa_node_events *events, void *data)
{
	struct fanout *f = object;
	struct spa_hook_list save;
	uint32_t i, c;

	spa_return_val_if_fail(f != NULL, -EINVAL);

	spa_hook_list_isolate(&f->hooks, &save, listener, events, data);
	fanout_emit_info(f, true);
	for (c = 0; c < f->n_channels; c++)
		port_emit_info(&f->inputs[c], f, true);
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++)
		for (c = 0; f->outputs[i] && c < f->n_channels; c++)
			port_emit_info(&f->outputs[i]->ports[c], f, true);
	spa_hook_list_join(&f->hooks, &save);
	return 0;
}

static int impl_node_set_callbacks(void *object,
		const struct spa_node_callbacks *callbacks, void *user_data)
{
	return 0;			/* never ready by itself, and keeps no input buffers */
}

static const struct spa_node_methods impl_node = {
	SPA_VERSION_NODE_METHODS,
	.add_listener = impl_node_add_listener,
	.set_callbacks = impl_node_set_callbacks,
	.enum_params = fanout_enum_params,
	.set_param = fanout_set_param,
	.set_io = impl_node_set_io,
	.send_command = impl_node_send_command,
	.add_port = impl_node_add_port,
	.remove_port = impl_node_remove_port,
	.port_enum_params = impl_node_port_enum_params,
	.port_set_param = impl_node_port_set_param,
	.port_use_buffers = impl_node_port_use_buffers,
	.port_set_io = impl_node_port_set_io,
	.port_reuse_buffer = impl_node_port_reuse_buffer,
	.process = impl_node_process,
};

/*
 * Handle
 */

static int impl_get_interface(struct spa_handle *handle, const char *type, void **interface)
{
	struct fanout *f = (struct fanout *)handle;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	spa_return_val_if_fail(interface != NULL, -EINVAL);

	if (spa_streq(type, SPA_TYPE_INTERFACE_Node))
		*interface = &f->node;
	else if (spa_streq(type, FANOUT_TYPE_CONTROL))
		*interface = &f->control;
	else
		return -ENOENT;
	return 0;
}

static int impl_clear(struct spa_handle *handle)
{
	struct fanout *f = (struct fanout *)handle;
	uint32_t i;

	spa_return_val_if_fail(f != NULL, -EINVAL);

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		free(f->outputs[i]);
		f->outputs[i] = f->playing[i] = NULL;
	}
	history_finish(&f->history);
	return 0;
}

static size_t impl_get_size(const struct spa_handle_factory *factory, const struct spa_dict *params)
{
	return sizeof(struct fanout);
}

static void init_info(struct fanout *f)
{
	f->params[NODE_PropInfo] = SPA_PARAM_INFO(SPA_PARAM_PropInfo, SPA_PARAM_INFO_READ);
	f->params[NODE_Props] = SPA_PARAM_INFO(SPA_PARAM_Props, SPA_PARAM_INFO_READWRITE);
	f->params[NODE_IO] = SPA_PARAM_INFO(SPA_PARAM_IO, SPA_PARAM_INFO_READ);

	f->info = SPA_NODE_INFO_INIT();
	f->info.max_input_ports = f->n_channels;
	f->info.max_output_ports = FANOUT_OUTPUTS_MAX * f->n_channels;
	f->info.flags = SPA_NODE_FLAG_RT | SPA_NODE_FLAG_OUT_DYNAMIC_PORTS;
	f->info.params = f->params;
	f->info.n_params = SPA_N_ELEMENTS(f->params);
}

static int init_fanout(struct fanout *f)
{
	struct fanout_config config;
	uint32_t i;
	int res;

	f->n_channels = f->args.n_channels;
	f->rate = f->args.rate;
	for (i = 0; i < ROLE_N; i++)
		role_map_init(&f->maps[i], i, f->args.position, f->n_channels);

	/* For the fastest clock: the system gives no memory for what is not written to. A clock that turns
	 * out faster than was said makes process() wait for it, page by page. */
	if ((res = history_init(&f->history, f->n_channels, fanout_history_samples(
				f->args.history_msec, FANOUT_RATE_MAX))) < 0) {
		spa_log_error(f->log, "%p: no room for %u ms of history: %s", f,
				f->args.history_msec, strerror(-res));
		return res;
	}
	history_touch(&f->history, fanout_history_samples(f->args.history_msec, f->rate));
	fanout_targets_init(&f->targets);
	f->tap_params.interpolator = interpolator_get();
	fanout_reset(f);

	for (i = 0; i < f->n_channels; i++)
		port_init(&f->inputs[i], f, SPA_DIRECTION_INPUT, i, 0);
	init_info(f);

	f->config.max_delay_ns = f->args.history_msec * SPA_NSEC_PER_MSEC;
	f->config.slew_ppm = f->args.slew_ppm;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++)
		fanout_output_config_init(&f->config.outputs[i]);
	config = f->config;
	fanout_config_set_n_outputs(&config, f->args.n_outputs);
	return fanout_apply(f, &config);
}

static int impl_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		const struct spa_dict *info, const struct spa_support *support, uint32_t n_support)
{
	struct fanout *f = (struct fanout *)handle;
	struct fanout_error error;
	int res;

	spa_return_val_if_fail(factory != NULL, -EINVAL);
	spa_return_val_if_fail(handle != NULL, -EINVAL);

	spa_zero(*f);
	f->handle.version = SPA_VERSION_HANDLE;
	f->handle.get_interface = impl_get_interface;
	f->handle.clear = impl_clear;

	f->log = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log);
	spa_log_topic_init(f->log, &fanout_log_topic);
	f->data_loop = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_DataLoop);

	spa_hook_list_init(&f->hooks);
	f->ratelimit = (struct spa_ratelimit) { .interval = 10 * SPA_NSEC_PER_SEC, .burst = 30 };
	f->node.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Node, SPA_VERSION_NODE,
			&impl_node, f);
	fanout_init_control(f);

	if ((res = fanout_args_parse(&f->args, info, &error)) < 0) {
		spa_log_error(f->log, "%p: %s", f, error.text);
		return res;
	}
	if ((res = init_fanout(f)) < 0)
		impl_clear(handle);
	return res;
}

static const struct spa_interface_info impl_interfaces[] = {
	{ SPA_TYPE_INTERFACE_Node, },
	{ FANOUT_TYPE_CONTROL, },
};

static int impl_enum_interface_info(const struct spa_handle_factory *factory,
		const struct spa_interface_info **info, uint32_t *index)
{
	spa_return_val_if_fail(factory != NULL, -EINVAL);
	spa_return_val_if_fail(info != NULL, -EINVAL);
	spa_return_val_if_fail(index != NULL, -EINVAL);

	if (*index >= SPA_N_ELEMENTS(impl_interfaces))
		return 0;
	*info = &impl_interfaces[(*index)++];
	return 1;
}

extern const struct spa_handle_factory bluez_combine_fanout_factory;

const struct spa_handle_factory bluez_combine_fanout_factory = {
	SPA_VERSION_HANDLE_FACTORY,
	BLUEZ_COMBINE_FACTORY_FANOUT,
	NULL,
	impl_get_size,
	impl_init,
	impl_enum_interface_info,
};
