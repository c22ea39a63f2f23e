/* Fan-out node: what is wanted of the outputs, from main loop to data loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "fanout/target.h"

#define NEWS	(1u << 2)	/* in fanout_targets.between: not read yet */
#define WHICH	(NEWS - 1)

/* -200 dB. What is softer is silence, and would make denormals of samples, which take the
 * processor a hundred times as long. */
#define GAIN_MIN	1e-10

void fanout_targets_init(struct fanout_targets *t)
{
	spa_zero(t->wishes);
	t->write = 0;
	t->read = 1;
	atomic_init(&t->between, 2);
}

void fanout_targets_publish(struct fanout_targets *t, const struct fanout_config *c)
{
	struct fanout_wish *w = &t->wishes[t->write];
	uint32_t i;

	w->slew_ppm = c->slew_ppm;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		w->outputs[i] = c->outputs[i].target;
		if (w->outputs[i].gain < GAIN_MIN)
			w->outputs[i].gain = 0.0;
	}
	t->write = atomic_exchange_explicit(&t->between, t->write | NEWS,
			memory_order_acq_rel) & WHICH;
}

const struct fanout_wish *fanout_targets_take(struct fanout_targets *t)
{
	if (atomic_load_explicit(&t->between, memory_order_relaxed) & NEWS)
		t->read = atomic_exchange_explicit(&t->between, t->read,
				memory_order_acq_rel) & WHICH;
	return &t->wishes[t->read];
}
