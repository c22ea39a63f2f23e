/* A SPA host for one node, in a test */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/audio/dsp-utils.h>
#include <spa/param/audio/format.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "host.h"

static const struct spa_handle_factory *factory;

void host_load(const char *path)
{
	spa_handle_factory_enum_func_t enum_func;
	uint32_t index = 0;
	void *lib = dlopen(path, RTLD_NOW);

	if (lib == NULL) {
		printf("Bail out! %s\n", dlerror());
		exit(1);
	}
	enum_func = (spa_handle_factory_enum_func_t)dlsym(lib, SPA_HANDLE_FACTORY_ENUM_FUNC_NAME);
	check(enum_func != NULL);
	check_int(enum_func(&factory, &index), 1);
	check_int(index, 1);
}

void host_use_factory(const struct spa_handle_factory *f)
{
	factory = f;
}

const struct spa_handle_factory *host_factory(void)
{
	return factory;
}

/*
 * Log
 */

static void on_logtv(void *object, enum spa_log_level level, const struct spa_log_topic *topic,
		const char *file, int line, const char *func, const char *fmt, va_list args)
{
	struct host *h = object;

	if (level != SPA_LOG_LEVEL_ERROR)
		return;
	vsnprintf(h->error, sizeof(h->error), fmt, args);
	h->topic = topic ? topic->topic : NULL;
}

static void on_logt(void *object, enum spa_log_level level, const struct spa_log_topic *topic,
		const char *file, int line, const char *func, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	on_logtv(object, level, topic, file, line, func, fmt, args);
	va_end(args);
}

static const struct spa_log_methods log_methods = {
	SPA_VERSION_LOG_METHODS,
	.logt = on_logt,
	.logtv = on_logtv,
};

/*
 * Events
 */

static void copy_item(char *dst, size_t size, const struct spa_dict *dict, const char *key)
{
	const char *str = spa_dict_lookup(dict, key);

	snprintf(dst, size, "%s", str ? str : "");
}

static void on_info(void *data, const struct spa_node_info *info)
{
	struct host *h = data;

	h->n_node_infos++;
	h->node_flags = info->flags;
}

static void on_port_info(void *data, enum spa_direction direction, uint32_t id,
		const struct spa_port_info *info)
{
	struct host *h = data;
	struct host_port *p = &h->ports[direction][id];

	check(id < HOST_PORTS_MAX);
	p->present = info != NULL;
	if (info == NULL)
		return;
	p->n_infos++;
	p->flags = info->flags;
	if (info->change_mask & SPA_PORT_CHANGE_MASK_PROPS) {
		copy_item(p->name, sizeof(p->name), info->props, "port.name");
		copy_item(p->group, sizeof(p->group), info->props, "port.group");
		copy_item(p->channel, sizeof(p->channel), info->props, "audio.channel");
		copy_item(p->format, sizeof(p->format), info->props, "format.dsp");
	}
}

static void on_result(void *data, int seq, int res, uint32_t type, const void *result)
{
	struct host *h = data;
	const struct spa_result_node_params *r = result;

	check_int(type, SPA_RESULT_TYPE_NODE_PARAMS);
	free(h->result);
	h->result = spa_pod_copy(r->param);
	h->n_results++;
}

static const struct spa_node_events events = {
	SPA_VERSION_NODE_EVENTS,
	.info = on_info,
	.port_info = on_port_info,
	.result = on_result,
};

int host_open(struct host *h, ...)
{
	struct spa_loop *loop = h->data_loop;
	struct spa_dict_item items[16];
	struct spa_support support[2];
	uint32_t n_items = 0, n_support = 0;
	const char *key;
	void *iface;
	va_list args;
	int res;

	spa_zero(*h);
	h->data_loop = loop;
	h->log.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Log, SPA_VERSION_LOG, &log_methods, h);
	h->log.level = SPA_LOG_LEVEL_WARN;
	support[n_support++] = SPA_SUPPORT_INIT(SPA_TYPE_INTERFACE_Log, &h->log);
	if (loop)
		support[n_support++] = SPA_SUPPORT_INIT(SPA_TYPE_INTERFACE_DataLoop, loop);

	va_start(args, h);
	while ((key = va_arg(args, const char *)) != NULL)
		items[n_items++] = SPA_DICT_ITEM_INIT(key, va_arg(args, const char *));
	va_end(args);

	h->handle = calloc(1, spa_handle_factory_get_size(factory, NULL));
	res = spa_handle_factory_init(factory, h->handle, &SPA_DICT_INIT(items, n_items),
			support, n_support);
	if (res < 0) {
		free(h->handle);
		h->handle = NULL;
		return res;
	}
	check_int(spa_handle_get_interface(h->handle, SPA_TYPE_INTERFACE_Node, &iface), 0);
	h->node = iface;
	check_int(spa_node_add_listener(h->node, &h->listener, &events, h), 0);
	while (h->ports[SPA_DIRECTION_INPUT][h->n_channels].present)
		h->n_channels++;
	return res;
}

void host_close(struct host *h)
{
	uint32_t i;

	spa_hook_remove(&h->listener);
	check_int(spa_handle_clear(h->handle), 0);
	free(h->handle);
	free(h->result);
	for (i = 0; i < HOST_PORTS_MAX; i++) {
		free(h->ports[0][i].memory);
		free(h->ports[1][i].memory);
	}
	spa_zero(*h);
}

/*
 * Ports
 */

int host_set_format(struct host *h, enum spa_direction direction, uint32_t id, uint32_t format)
{
	uint8_t buffer[256];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

	return spa_node_port_set_param(h->node, direction, id, SPA_PARAM_Format, 0,
			spa_format_audio_dsp_build(&b, SPA_PARAM_Format,
				&SPA_AUDIO_INFO_DSP_INIT(.format = format)));
}

void host_use_port(struct host *h, enum spa_direction direction, uint32_t id,
		uint32_t n_buffers, uint32_t max_samples)
{
	struct host_port *p = &h->ports[direction][id];
	uint32_t i;

	check_int(spa_node_port_set_io(h->node, direction, id, SPA_IO_Buffers, NULL, 0), 0);
	check_int(host_set_format(h, direction, id, SPA_AUDIO_FORMAT_DSP_F32), 0);
	check_int(spa_node_port_use_buffers(h->node, direction, id, 0, NULL, 0), 0);
	free(p->memory);
	p->memory = calloc((size_t)n_buffers * max_samples, sizeof(float));
	for (i = 0; i < n_buffers; i++) {
		p->chunks[i] = (struct spa_chunk) { 0 };
		p->datas[i] = (struct spa_data) {
			.type = SPA_DATA_MemPtr,
			.maxsize = max_samples * sizeof(float),
			.data = p->memory + (size_t)i * max_samples,
			.chunk = &p->chunks[i],
		};
		p->buffers[i] = (struct spa_buffer) { .n_datas = 1, .datas = &p->datas[i] };
		p->list[i] = &p->buffers[i];
	}
	check_int(spa_node_port_use_buffers(h->node, direction, id, 0, p->list, n_buffers), 0);
	p->io = SPA_IO_BUFFERS_INIT;
	check_int(spa_node_port_set_io(h->node, direction, id, SPA_IO_Buffers,
				&p->io, sizeof(p->io)), 0);
}

void host_use_all(struct host *h)
{
	uint32_t d, i;

	for (d = 0; d < 2; d++)
		for (i = 0; i < HOST_PORTS_MAX; i++)
			if (h->ports[d][i].present && h->ports[d][i].memory == NULL)
				host_use_port(h, d, i, 1, HOST_SAMPLES_MAX);
}

void host_feed(struct host *h, uint32_t channel, const float *src, uint32_t n)
{
	struct host_port *p = &h->ports[SPA_DIRECTION_INPUT][channel];

	check(n * sizeof(float) <= p->datas[0].maxsize);
	if (src)
		memcpy(p->datas[0].data, src, n * sizeof(float));
	p->chunks[0] = (struct spa_chunk) {
		.size = n * sizeof(float),
		.stride = sizeof(float),
		.flags = src ? 0 : SPA_CHUNK_FLAG_EMPTY,
	};
	p->io.buffer_id = 0;
	p->io.status = SPA_STATUS_HAVE_DATA;
}

int host_process(struct host *h)
{
	return spa_node_process(h->node);
}

const float *host_take(struct host *h, uint32_t id, uint32_t *n)
{
	struct host_port *p = &h->ports[SPA_DIRECTION_OUTPUT][id];
	struct spa_chunk *chunk;

	if (p->io.status != SPA_STATUS_HAVE_DATA)
		return NULL;
	p->io.status = SPA_STATUS_NEED_DATA;
	check(p->io.buffer_id < HOST_BUFFERS_MAX);
	chunk = &p->chunks[p->io.buffer_id];
	check_int(chunk->offset, 0);
	check_int(chunk->stride, sizeof(float));
	if (n)
		*n = chunk->size / sizeof(float);
	return p->datas[p->io.buffer_id].data;
}

/*
 * Params
 */

static int set_value(struct host *h, const char *key, uint32_t type, const void *value)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];

	h->error[0] = '\0';
	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &f[1]);
	spa_pod_builder_string(&b, key);
	switch (type) {
	case SPA_TYPE_Int: spa_pod_builder_int(&b, *(const int32_t *)value); break;
	case SPA_TYPE_Long: spa_pod_builder_long(&b, *(const int64_t *)value); break;
	case SPA_TYPE_Float: spa_pod_builder_float(&b, *(const float *)value); break;
	case SPA_TYPE_Bool: spa_pod_builder_bool(&b, *(const bool *)value); break;
	case SPA_TYPE_Double: spa_pod_builder_double(&b, *(const double *)value); break;
	default: spa_pod_builder_string(&b, value); break;
	}
	spa_pod_builder_pop(&b, &f[1]);
	return spa_node_set_param(h->node, SPA_PARAM_Props, 0, spa_pod_builder_pop(&b, &f[0]));
}

int host_set_int(struct host *h, const char *key, int32_t value)
{
	return set_value(h, key, SPA_TYPE_Int, &value);
}

int host_set_long(struct host *h, const char *key, int64_t value)
{
	return set_value(h, key, SPA_TYPE_Long, &value);
}

int host_set_float(struct host *h, const char *key, float value)
{
	return set_value(h, key, SPA_TYPE_Float, &value);
}

int host_set_double(struct host *h, const char *key, double value)
{
	return set_value(h, key, SPA_TYPE_Double, &value);
}

int host_set_bool(struct host *h, const char *key, bool value)
{
	return set_value(h, key, SPA_TYPE_Bool, &value);
}

int host_set_string(struct host *h, const char *key, const char *value)
{
	return set_value(h, key, SPA_TYPE_String, value);
}

int host_enum(struct host *h, uint32_t id, uint32_t start, uint32_t num)
{
	h->n_results = 0;
	return spa_node_enum_params(h->node, 0, id, start, num, NULL);
}

int host_enum_port(struct host *h, enum spa_direction direction, uint32_t port,
		uint32_t id, uint32_t start, uint32_t num)
{
	h->n_results = 0;
	return spa_node_port_enum_params(h->node, 0, direction, port, id, start, num, NULL);
}

const struct spa_pod *host_get(struct host *h, const char *key)
{
	const struct spa_pod_prop *prop;
	struct spa_pod_parser prs;
	struct spa_pod_frame f;
	struct spa_pod *value;
	const char *name;

	check_int(host_enum(h, SPA_PARAM_Props, 0, 1), 0);
	check_int(h->n_results, 1);
	prop = spa_pod_find_prop(h->result, NULL, SPA_PROP_params);
	check(prop != NULL);
	spa_pod_parser_pod(&prs, &prop->value);
	check(spa_pod_parser_push_struct(&prs, &f) == 0);
	while (spa_pod_parser_get_string(&prs, &name) == 0) {
		check(spa_pod_parser_get_pod(&prs, &value) == 0);
		if (spa_streq(name, key))
			return value;
	}
	return NULL;
}

int host_set_latency(struct host *h, enum spa_direction direction, uint32_t port,
		const struct spa_latency_info *info)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

	return spa_node_port_set_param(h->node, direction, port, SPA_PARAM_Latency, 0,
			info ? spa_latency_build(&b, SPA_PARAM_Latency, info) : NULL);
}

struct spa_latency_info host_get_latency(struct host *h, enum spa_direction direction,
		uint32_t port, enum spa_direction which)
{
	struct spa_latency_info info;

	check_int(host_enum_port(h, direction, port, SPA_PARAM_Latency, which, 1), 0);
	check_int(h->n_results, 1);
	check(spa_latency_parse(h->result, &info) >= 0);
	check_int(info.direction, which);
	return info;
}
