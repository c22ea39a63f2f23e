/* Fan-out node: what the process that hosts it asks of it, main loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "fanout/node.h"

static int check_target(const struct fanout_config *c, const struct fanout_output_target *o,
		struct fanout_error *error)
{
	const struct fanout_target *t = &o->target;
	char *text = error->text;
	size_t size = sizeof(error->text);

	if (o->output >= FANOUT_OUTPUTS_MAX || !c->outputs[o->output].present)
		snprintf(text, size, "there is no output %u", o->output);
	else if (t->delay_ns < 0 || t->delay_ns > c->max_delay_ns)
		snprintf(text, size, "a delay of %" PRIi64 " ns: not from 0 to %" PRIi64
				", the length of the history", t->delay_ns, c->max_delay_ns);
	else if (t->wait_ns < 0 || t->wait_ns > (int64_t)FANOUT_WAIT_NS_MAX)
		snprintf(text, size, "a wait of %" PRIi64 " ns: not from 0 to %" PRIi64,
				t->wait_ns, (int64_t)FANOUT_WAIT_NS_MAX);
	else if (t->dither.code > WOBBLE_CODES)
		snprintf(text, size, "a code of %u: not from 0 to %u", t->dither.code, WOBBLE_CODES);
	else if (t->dither.samples > WOBBLE_SAMPLES_MAX)
		snprintf(text, size, "a dither of %u samples: not from 0 to %u", t->dither.samples, WOBBLE_SAMPLES_MAX);
	else if (t->dither.chip_ns < 0 || t->dither.chip_ns > (int64_t)FANOUT_CHIP_NS_MAX)
		snprintf(text, size, "a chip of %" PRIi64 " ns: not from 0 to %" PRIi64,
				t->dither.chip_ns, (int64_t)FANOUT_CHIP_NS_MAX);
	else if (!(t->gain >= 0.0 && t->gain <= 1.0))
		snprintf(text, size, "a gain of %g: not from 0.0 to 1.0", t->gain);
	else if ((uint32_t)t->role >= ROLE_N)
		snprintf(text, size, "a role of %d: not from 0 to %d", t->role, ROLE_N - 1);
	else
		return 0;
	return -EINVAL;
}

static int set_targets(void *object, const struct fanout_output_target *targets, uint32_t n_targets)
{
	struct fanout *f = object;
	struct fanout_config config;
	struct fanout_error error;
	uint32_t i;
	int res;

	spa_return_val_if_fail(f != NULL, -EINVAL);
	spa_return_val_if_fail(targets != NULL || n_targets == 0, -EINVAL);

	config = f->config;
	fanout_config_begin(&config);
	for (i = 0; i < n_targets; i++) {
		if ((res = check_target(&config, &targets[i], &error)) < 0) {
			fanout_refuse(f, "targets", error.text);
			return res;
		}
		config.outputs[targets[i].output].target = targets[i].target;
	}
	fanout_config_end(&config, &f->config);
	return fanout_apply(f, &config);
}

static const struct fanout_control_methods control_methods = {
	FANOUT_VERSION_CONTROL_METHODS,
	.set_targets = set_targets,
};

void fanout_init_control(struct fanout *f)
{
	f->control.iface = SPA_INTERFACE_INIT(FANOUT_TYPE_CONTROL, FANOUT_VERSION_CONTROL_METHODS,
			&control_methods, f);
}
