/* Fan-out node: what the peers report, combined and passed on */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/defs.h>

#include "fanout/node.h"

/* An hour: anybody can report anything, and sums must not overflow */
#define LATENCY_NS_MAX		((int64_t)(3600 * SPA_NSEC_PER_SEC))

int port_set_latency(struct port *p, struct fanout *f, const struct spa_pod *param)
{
	enum spa_direction other = SPA_DIRECTION_REVERSE(p->direction);
	struct spa_latency_info info = SPA_LATENCY_INFO(other);
	int res;

	if (param != NULL) {
		if ((res = spa_latency_parse(param, &info)) < 0)
			return res;
		if (info.direction != other)
			return -EINVAL;
	}
	p->have_latency = param != NULL;
	if (spa_latency_info_compare(&p->latency[other], &info) != 0) {
		p->latency[other] = info;
		p->params[PORT_Latency].flags ^= SPA_PARAM_INFO_SERIAL;
		p->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
	}
	fanout_update_latency(f);
	port_emit_info(p, f, false);
	return 0;
}

static void add_delay(struct spa_latency_info *info, int64_t delay_ns)
{
	info->min_ns = SPA_CLAMP(info->min_ns, -LATENCY_NS_MAX, LATENCY_NS_MAX) + delay_ns;
	info->max_ns = SPA_CLAMP(info->max_ns, -LATENCY_NS_MAX, LATENCY_NS_MAX) + delay_ns;
}

static void report(struct port *p, struct fanout *f, struct spa_latency_info *info)
{
	if (spa_latency_info_compare(&p->latency[p->direction], info) == 0)
		return;
	p->latency[p->direction] = *info;
	p->params[PORT_Latency].flags ^= SPA_PARAM_INFO_SERIAL;
	p->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
	port_emit_info(p, f, false);
}

/* How long until an input's channel is heard: of all outputs that play it */
static void update_input(struct port *in, struct fanout *f)
{
	struct spa_latency_info info, part;
	uint32_t i, c;

	spa_latency_info_combine_start(&info, SPA_DIRECTION_INPUT);
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		const struct fanout_output_config *config = &f->config.outputs[i];
		const struct role_map *map = &f->maps[config->target.role];
		struct fanout_output *o = f->outputs[i];

		if (o == NULL || config->target.gain == 0.0)
			continue;
		for (c = 0; c < f->n_channels; c++) {
			if (!o->ports[c].have_latency || map->weight[c][in->channel] == 0.0f)
				continue;
			part = o->ports[c].latency[SPA_DIRECTION_INPUT];
			add_delay(&part, config->target.delay_ns);
			spa_latency_info_combine(&info, &part);
		}
	}
	spa_latency_info_combine_finish(&info);
	report(in, f, &info);
}

/* How old what an output plays is: of all inputs that it plays */
static void update_output(struct port *out, struct fanout *f,
		const struct fanout_output_config *config)
{
	const struct role_map *map = &f->maps[config->target.role];
	struct spa_latency_info info;
	uint32_t c;

	spa_latency_info_combine_start(&info, SPA_DIRECTION_OUTPUT);
	for (c = 0; c < f->n_channels; c++) {
		const struct port *in = &f->inputs[c];

		if (in->have_latency && map->weight[out->channel][c] != 0.0f)
			spa_latency_info_combine(&info, &in->latency[SPA_DIRECTION_OUTPUT]);
	}
	spa_latency_info_combine_finish(&info);
	add_delay(&info, config->target.delay_ns);
	report(out, f, &info);
}

void fanout_update_latency(struct fanout *f)
{
	uint32_t i, c;

	for (c = 0; c < f->n_channels; c++)
		update_input(&f->inputs[c], f);
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		if (f->outputs[i] == NULL)
			continue;
		for (c = 0; c < f->n_channels; c++)
			update_output(&f->outputs[i]->ports[c], f, &f->config.outputs[i]);
	}
}
