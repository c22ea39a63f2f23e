/* Fan-out node: ports, the main loop's half */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include <spa/buffer/meta.h>
#include <spa/node/utils.h>
#include <spa/param/audio/dsp-utils.h>
#include <spa/param/audio/format.h>
#include <spa/param/audio/raw-types.h>
#include <spa/param/buffers.h>
#include <spa/pod/filter.h>
#include <spa/utils/keys.h>

#include "fanout/node.h"
#include "fanout/pod-check.h"

static void init_props(struct port *p, const struct fanout *f, uint32_t output)
{
	snprintf(p->channel_name, sizeof(p->channel_name), "%s",
		spa_type_audio_channel_to_short_name(f->args.position[p->channel]));
	if (p->direction == SPA_DIRECTION_INPUT)
		snprintf(p->group, sizeof(p->group), "input");
	else
		snprintf(p->group, sizeof(p->group), "output_%u", output);
	snprintf(p->name, sizeof(p->name), "%s_%s", p->group, p->channel_name);

	p->items[0] = SPA_DICT_ITEM_INIT("format.dsp", "32 bit float mono audio");
	p->items[1] = SPA_DICT_ITEM_INIT("audio.channel", p->channel_name);
	p->items[2] = SPA_DICT_ITEM_INIT("port.name", p->name);
	p->items[3] = SPA_DICT_ITEM_INIT("port.group", p->group);
	p->dict = SPA_DICT_INIT_ARRAY(p->items);
}

void port_init(struct port *p, const struct fanout *f, enum spa_direction direction,
		uint32_t id, uint32_t output)
{
	spa_zero(*p);
	p->direction = direction;
	p->id = id;
	p->channel = id % f->n_channels;
	init_props(p, f, output);

	p->info = SPA_PORT_INFO_INIT();
	if (direction == SPA_DIRECTION_INPUT)
		p->info.flags = SPA_PORT_FLAG_NO_REF | SPA_PORT_FLAG_DYNAMIC_DATA;
	else
		p->info.flags = SPA_PORT_FLAG_REMOVABLE | SPA_PORT_FLAG_OPTIONAL;
	p->info.props = &p->dict;

	p->params[PORT_EnumFormat] = SPA_PARAM_INFO(SPA_PARAM_EnumFormat, SPA_PARAM_INFO_READ);
	p->params[PORT_Meta] = SPA_PARAM_INFO(SPA_PARAM_Meta, SPA_PARAM_INFO_READ);
	p->params[PORT_IO] = SPA_PARAM_INFO(SPA_PARAM_IO, SPA_PARAM_INFO_READ);
	p->params[PORT_Format] = SPA_PARAM_INFO(SPA_PARAM_Format, SPA_PARAM_INFO_WRITE);
	p->params[PORT_Buffers] = SPA_PARAM_INFO(SPA_PARAM_Buffers, 0);
	p->params[PORT_Latency] = SPA_PARAM_INFO(SPA_PARAM_Latency, SPA_PARAM_INFO_READWRITE);
	p->info.params = p->params;
	p->info.n_params = PORT_N_PARAMS;

	p->latency[SPA_DIRECTION_INPUT] = SPA_LATENCY_INFO(SPA_DIRECTION_INPUT);
	p->latency[SPA_DIRECTION_OUTPUT] = SPA_LATENCY_INFO(SPA_DIRECTION_OUTPUT);
}

void port_emit_info(struct port *p, struct fanout *f, bool full)
{
	uint64_t old = full ? p->info.change_mask : 0;

	if (full)
		p->info.change_mask = SPA_PORT_CHANGE_MASK_FLAGS | SPA_PORT_CHANGE_MASK_PROPS |
			SPA_PORT_CHANGE_MASK_PARAMS;
	if (p->info.change_mask == 0)
		return;
	spa_node_emit_port_info(&f->hooks, p->direction, p->id, &p->info);
	p->info.change_mask = old;
}

static struct spa_pod *build_format(struct spa_pod_builder *b, uint32_t id)
{
	return spa_format_audio_dsp_build(b, id, &SPA_AUDIO_INFO_DSP_INIT(
				.format = SPA_AUDIO_FORMAT_DSP_F32));
}

static struct spa_pod *build_buffers(struct spa_pod_builder *b, uint32_t id)
{
	return spa_pod_builder_add_object(b,
		SPA_TYPE_OBJECT_ParamBuffers, id,
		SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(1, 1, FANOUT_BUFFERS_MAX),
		SPA_PARAM_BUFFERS_blocks,  SPA_POD_Int(1),
		SPA_PARAM_BUFFERS_size,    SPA_POD_CHOICE_RANGE_Int(
						FANOUT_BLOCK_MAX * sizeof(float),
						16 * sizeof(float), INT32_MAX),
		SPA_PARAM_BUFFERS_stride,  SPA_POD_Int(sizeof(float)));
}

static struct spa_pod *build_io(struct spa_pod_builder *b, uint32_t id, uint32_t index)
{
	static const struct { uint32_t id, size; } areas[] = {
		{ SPA_IO_Buffers, sizeof(struct spa_io_buffers) },
		{ SPA_IO_AsyncBuffers, sizeof(struct spa_io_async_buffers) },
	};

	if (index >= SPA_N_ELEMENTS(areas))
		return NULL;
	return spa_pod_builder_add_object(b,
		SPA_TYPE_OBJECT_ParamIO, id,
		SPA_PARAM_IO_id,   SPA_POD_Id(areas[index].id),
		SPA_PARAM_IO_size, SPA_POD_Int(areas[index].size));
}

/* p is NULL when a port that may be added is meant.
 * Returns 1 with the param, 0 when there are no more, or an error */
static int build_param(struct port *p, uint32_t id, uint32_t index, struct spa_pod_builder *b,
		struct spa_pod **param)
{
	*param = NULL;
	switch (id) {
	case SPA_PARAM_EnumFormat:
		if (index == 0)
			*param = build_format(b, id);
		break;
	case SPA_PARAM_Format:
		if (p == NULL || !p->have_format)
			return -EIO;
		if (index == 0)
			*param = build_format(b, id);
		break;
	case SPA_PARAM_Buffers:
		if (p == NULL || !p->have_format)
			return -EIO;
		if (index == 0)
			*param = build_buffers(b, id);
		break;
	case SPA_PARAM_Meta:
		if (index == 0)
			*param = spa_pod_builder_add_object(b,
				SPA_TYPE_OBJECT_ParamMeta, id,
				SPA_PARAM_META_type, SPA_POD_Id(SPA_META_Header),
				SPA_PARAM_META_size, SPA_POD_Int(sizeof(struct spa_meta_header)));
		break;
	case SPA_PARAM_IO:
		*param = build_io(b, id, index);
		break;
	case SPA_PARAM_Latency:
		if (p != NULL && index < SPA_N_ELEMENTS(p->latency))
			*param = spa_latency_build(b, id, &p->latency[index]);
		break;
	default:
		return -ENOENT;
	}
	return *param != NULL;
}

int port_enum_params(struct port *p, struct fanout *f, int seq, uint32_t id,
		uint32_t start, uint32_t num, const struct spa_pod *filter)
{
	struct spa_result_node_params result = { .id = id, .next = start };
	struct spa_pod_builder b;
	struct spa_pod *param;
	uint8_t buffer[1024];
	uint32_t count = 0;
	int res;

	if (!pod_is_whole(filter))
		return -EINVAL;
	while (count < num) {
		result.index = result.next++;
		spa_pod_builder_init(&b, buffer, sizeof(buffer));
		if ((res = build_param(p, id, result.index, &b, &param)) <= 0)
			return res;
		if (spa_pod_filter(&b, &result.param, param, filter) < 0)
			continue;
		spa_node_emit_result(&f->hooks, seq, 0, SPA_RESULT_TYPE_NODE_PARAMS, &result);
		count++;
	}
	return 0;
}

/* A host may change buffers and io while the node runs: they belong to the data loop */
struct use_args {
	struct port *port;
	struct port_buffers use;
};

static int do_use_buffers(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct use_args *args = user_data;

	args->port->use = args->use;
	return 0;
}

int port_use_buffers(struct port *p, struct fanout *f, struct spa_buffer **buffers,
		uint32_t n_buffers)
{
	struct use_args args = { .port = p };
	uint32_t i;

	if (n_buffers > 0 && !p->have_format)
		return -EIO;
	if (n_buffers > FANOUT_BUFFERS_MAX)
		return -ENOSPC;

	for (i = 0; i < n_buffers; i++) {
		if (buffers[i]->n_datas < 1 || buffers[i]->datas[0].chunk == NULL) {
			spa_log_error(f->log, "%p: %s: buffer %u has no data block", f, p->name, i);
			return -EINVAL;
		}
		args.use.buffers[i] = buffers[i];
	}
	args.use.n_buffers = n_buffers;
	if (p->direction == SPA_DIRECTION_OUTPUT && n_buffers > 0)
		args.use.free = UINT32_MAX >> (32 - n_buffers);

	spa_log_debug(f->log, "%p: %s: %u buffers", f, p->name, n_buffers);
	return fanout_invoke(f, do_use_buffers, &args);
}

struct io_args {
	struct port *port;
	struct spa_io_buffers *io[2];
};

static int do_set_io(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct io_args *args = user_data;

	args->port->io[0] = args->io[0];
	args->port->io[1] = args->io[1];
	return 0;
}

int port_set_io(struct port *p, struct fanout *f, uint32_t id, void *data, size_t size)
{
	struct io_args args = { .port = p };

	switch (id) {
	case SPA_IO_Buffers:
		if (data && size < sizeof(struct spa_io_buffers))
			return -ENOSPC;
		args.io[0] = args.io[1] = data;
		break;
	case SPA_IO_AsyncBuffers:
		if (data && size < sizeof(struct spa_io_async_buffers))
			return -ENOSPC;
		if (data) {
			struct spa_io_async_buffers *ab = data;

			args.io[0] = &ab->buffers[p->direction];
			args.io[1] = &ab->buffers[SPA_DIRECTION_REVERSE(p->direction)];
		}
		break;
	default:
		return -ENOENT;
	}
	return fanout_invoke(f, do_set_io, &args);
}

static int check_format(const struct spa_pod *format)
{
	struct spa_audio_info info = { 0 };
	int res;

	if ((res = spa_format_parse(format, &info.media_type, &info.media_subtype)) < 0)
		return res;
	if (info.media_type != SPA_MEDIA_TYPE_audio ||
	    info.media_subtype != SPA_MEDIA_SUBTYPE_dsp)
		return -EINVAL;
	if (spa_format_audio_dsp_parse(format, &info.info.dsp) < 0 ||
	    info.info.dsp.format != SPA_AUDIO_FORMAT_DSP_F32)
		return -EINVAL;
	return 0;
}

static int set_format(struct port *p, struct fanout *f, uint32_t flags, const struct spa_pod *format)
{
	int res;

	if (format != NULL && (res = check_format(format)) < 0) {
		fanout_refuse(f, p->name, "only 32 bit float mono (audio/dsp F32P) is possible");
		return res;
	}
	if (SPA_FLAG_IS_SET(flags, SPA_NODE_PARAM_FLAG_TEST_ONLY))
		return 0;

	if (format == NULL && (res = port_use_buffers(p, f, NULL, 0)) < 0)
		return res;
	p->have_format = format != NULL;

	p->params[PORT_Format] = SPA_PARAM_INFO(SPA_PARAM_Format,
			format ? SPA_PARAM_INFO_READWRITE : SPA_PARAM_INFO_WRITE);
	p->params[PORT_Buffers] = SPA_PARAM_INFO(SPA_PARAM_Buffers,
			format ? SPA_PARAM_INFO_READ : 0);
	p->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
	port_emit_info(p, f, false);
	return 0;
}

int port_set_param(struct port *p, struct fanout *f, uint32_t id, uint32_t flags,
		const struct spa_pod *param)
{
	if (!pod_is_whole(param)) {
		fanout_refuse(f, p->name, "a param that breaks off in the middle");
		return -EINVAL;
	}
	switch (id) {
	case SPA_PARAM_Format:
		return set_format(p, f, flags, param);
	case SPA_PARAM_Latency:
		return port_set_latency(p, f, param);
	default:
		return -ENOENT;
	}
}
