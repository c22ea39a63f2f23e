/* Fan-out node: the params of the node itself, main loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <time.h>

#include <spa/node/utils.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/dynamic.h>
#include <spa/pod/filter.h>
#include <spa/pod/iter.h>

#include "fanout/node.h"
#include "fanout/pod-check.h"

void fanout_refuse(struct fanout *f, const char *what, const char *why)
{
	struct timespec now;
	int missed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	missed = spa_ratelimit_test(&f->ratelimit, SPA_TIMESPEC_TO_NSEC(&now));
	if (missed > 0)
		spa_log_error(f->log, "%p: %d more wrong params", f, missed);
	if (missed >= 0)
		spa_log_error(f->log, "%p: %s: %s", f, what, why);
}

static int set_props(struct fanout *f, const struct spa_pod *param)
{
	struct fanout_config config = f->config;
	struct fanout_error error;
	const struct spa_pod_prop *prop;
	uint32_t i;
	int res;

	if (param == NULL) {
		config.slew_ppm = f->args.slew_ppm;
		for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
			fanout_output_config_init(&config.outputs[i]);
			config.outputs[i].present = f->config.outputs[i].present;
		}
		return fanout_apply(f, &config);
	}
	if (!spa_pod_is_object_type(param, SPA_TYPE_OBJECT_Props)) {
		fanout_refuse(f, "Props", "not an object of this type");
		return -EINVAL;
	}
	fanout_config_begin(&config);
	SPA_POD_OBJECT_FOREACH((const struct spa_pod_object *)param, prop) {
		if (prop->key != SPA_PROP_params)
			continue;
		if ((res = fanout_config_parse(&config, &prop->value, &error)) < 0) {
			fanout_refuse(f, "Props", error.text);
			return res;
		}
	}
	fanout_config_end(&config, &f->config);
	return fanout_apply(f, &config);
}

int fanout_set_param(void *object, uint32_t id, uint32_t flags,
		const struct spa_pod *param)
{
	struct fanout *f = object;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	if (!pod_is_whole(param)) {
		fanout_refuse(f, "a param", "it breaks off in the middle");
		return -EINVAL;
	}

	switch (id) {
	case SPA_PARAM_Props:
		return set_props(f, param);
	default:
		return -ENOENT;
	}
}

static struct spa_pod *build_node_io(struct spa_pod_builder *b, uint32_t id, uint32_t index)
{
	switch (index) {
	case 0:
		return spa_pod_builder_add_object(b,
			SPA_TYPE_OBJECT_ParamIO, id,
			SPA_PARAM_IO_id,   SPA_POD_Id(SPA_IO_Position),
			SPA_PARAM_IO_size, SPA_POD_Int(sizeof(struct spa_io_position)));
	default:
		return NULL;
	}
}

static int build_node_param(struct fanout *f, uint32_t id, uint32_t index,
		struct spa_pod_builder *b, struct spa_pod **param)
{
	*param = NULL;
	switch (id) {
	case SPA_PARAM_PropInfo:
		return fanout_config_build_info(&f->config, index, b, param);
	case SPA_PARAM_Props:
		if (index == 0)
			*param = fanout_config_build(&f->config, b);
		break;
	case SPA_PARAM_IO:
		*param = build_node_io(b, id, index);
		break;
	default:
		return -ENOENT;
	}
	return *param != NULL;
}

int fanout_enum_params(void *object, int seq, uint32_t id, uint32_t start, uint32_t num,
		const struct spa_pod *filter)
{
	struct fanout *f = object;
	struct spa_result_node_params result = { .id = id, .next = start };
	struct spa_pod_dynamic_builder b;
	struct spa_pod_builder_state state;
	struct spa_pod *param;
	uint8_t buffer[4096];
	uint32_t count = 0;
	int res = 0;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	spa_return_val_if_fail(num != 0, -EINVAL);
	if (!pod_is_whole(filter))
		return -EINVAL;

	/* 64 outputs do not fit on the stack */
	spa_pod_dynamic_builder_init(&b, buffer, sizeof(buffer), 4096);
	spa_pod_builder_get_state(&b.b, &state);

	while (count < num) {
		result.index = result.next++;
		spa_pod_builder_reset(&b.b, &state);
		if ((res = build_node_param(f, id, result.index, &b.b, &param)) <= 0)
			break;
		if (spa_pod_filter(&b.b, &result.param, param, filter) < 0)
			continue;
		spa_node_emit_result(&f->hooks, seq, 0, SPA_RESULT_TYPE_NODE_PARAMS, &result);
		count++;
	}
	spa_pod_dynamic_builder_clean(&b);
	return SPA_MIN(res, 0);
}
