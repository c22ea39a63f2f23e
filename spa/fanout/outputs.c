/* Fan-out node: outputs come and go, main loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/param.h>

#include "fanout/node.h"

int fanout_invoke(struct fanout *f, spa_invoke_func_t func, void *user_data)
{
	if (f->data_loop == NULL)
		return func(NULL, false, SPA_ID_INVALID, NULL, 0, user_data);
	return spa_loop_invoke(f->data_loop, func, SPA_ID_INVALID, NULL, 0, true, user_data);
}

struct port *fanout_find_port(struct fanout *f, enum spa_direction direction, uint32_t id)
{
	uint32_t n = id / f->n_channels;

	if (direction == SPA_DIRECTION_INPUT)
		return id < f->n_channels ? &f->inputs[id] : NULL;
	if (n >= FANOUT_OUTPUTS_MAX || f->outputs[n] == NULL)
		return NULL;
	return &f->outputs[n]->ports[id % f->n_channels];
}

static struct fanout_output *fanout_output_new(struct fanout *f, uint32_t id)
{
	struct fanout_output *o = calloc(1, sizeof(*o));
	uint32_t c;

	if (o == NULL)
		return NULL;
	o->id = id;
	for (c = 0; c < f->n_channels; c++)
		port_init(&o->ports[c], f, SPA_DIRECTION_OUTPUT, id * f->n_channels + c, id);
	return o;
}

struct play_args {
	struct fanout *f;
	struct fanout_output *outputs[FANOUT_OUTPUTS_MAX];
};

static int do_play(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct play_args *args = user_data;
	struct fanout *f = args->f;
	uint32_t i;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		if (f->playing[i] == args->outputs[i])
			continue;
		f->playing[i] = args->outputs[i];
		if (f->playing[i])
			fanout_output_restart(f->playing[i], f);
	}
	return 0;
}

/* The host may still clean up ports that it hears are gone: free them after that */
static void drop_outputs(struct fanout *f)
{
	uint32_t i, c;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		struct fanout_output *o = f->outputs[i];

		if (o == NULL || f->config.outputs[i].present)
			continue;
		for (c = 0; c < f->n_channels; c++)
			spa_node_emit_port_info(&f->hooks, SPA_DIRECTION_OUTPUT,
					o->ports[c].id, NULL);
		f->outputs[i] = NULL;
		free(o);
	}
}

static int make_outputs(struct fanout *f, const struct fanout_config *config,
		struct play_args *args)
{
	uint32_t i;

	args->f = f;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		args->outputs[i] = NULL;
		if (!config->outputs[i].present)
			continue;
		args->outputs[i] = f->outputs[i] ? f->outputs[i] : fanout_output_new(f, i);
		if (args->outputs[i] == NULL)
			goto error;
	}
	return 0;
error:
	while (i-- > 0)
		if (args->outputs[i] != f->outputs[i])
			free(args->outputs[i]);
	return -ENOMEM;
}

int fanout_apply(struct fanout *f, const struct fanout_config *config)
{
	struct play_args args;
	bool other_outputs;
	uint32_t i, c;
	int res;

	if (fanout_config_equal(config, &f->config))
		return 0;
	if ((res = make_outputs(f, config, &args)) < 0)
		return res;
	fanout_targets_publish(&f->targets, config);
	other_outputs = memcmp(args.outputs, f->outputs, sizeof(args.outputs)) != 0;
	if (other_outputs)
		fanout_invoke(f, do_play, &args);

	f->config = *config;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		if (f->outputs[i] != NULL || args.outputs[i] == NULL)
			continue;
		spa_log_debug(f->log, "%p: new output %u", f, i);
		f->outputs[i] = args.outputs[i];
		for (c = 0; c < f->n_channels; c++)
			port_emit_info(&f->outputs[i]->ports[c], f, true);
	}
	drop_outputs(f);
	fanout_update_latency(f);

	f->params[NODE_Props].flags ^= SPA_PARAM_INFO_SERIAL;
	if (other_outputs)
		f->params[NODE_PropInfo].flags ^= SPA_PARAM_INFO_SERIAL;
	f->info.change_mask |= SPA_NODE_CHANGE_MASK_PARAMS;
	fanout_emit_info(f, false);
	return 0;
}
