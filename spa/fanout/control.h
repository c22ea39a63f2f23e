/* Fan-out node: what the process that hosts it asks of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_FANOUT_CONTROL_H
#define BLUEZ_COMBINE_FANOUT_CONTROL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/hook.h>
#include <spa/utils/type.h>

#include "dsp/role.h"
#include "dsp/wobble.h"

/** How a delay goes to and fro: all of these at 0, or any, is not at all. */
struct fanout_dither {
	uint32_t code;			/**< which way when, 0 to WOBBLE_CODES */
	uint32_t samples;		/**< how far, 0 to WOBBLE_SAMPLES_MAX */
	int64_t chip_ns;		/**< how long it stays at one end at least, 0 to 10 s */
};

/** What an output plays. */
struct fanout_target {
	int64_t delay_ns;		/**< before the newest sample, 0 to the length of the history */
	int64_t wait_ns;		/**< if the delay changes: stream time until that begins, 0 to 10 s */
	bool at_once;			/**< and it then crossfades, where a small change would slew for seconds */
	struct fanout_dither dither;	/**< added to the delay */
	double gain;			/**< linear, 0.0 to 1.0 */
	enum role role;
};

/** Do they ask for the same? A wait, and at_once, are of a change of the delay, and nothing by themselves. Any thread. */
static inline bool fanout_target_equal(const struct fanout_target *a, const struct fanout_target *b)
{
	return a->delay_ns == b->delay_ns && a->gain == b->gain && a->role == b->role &&
		a->dither.code == b->dither.code && a->dither.samples == b->dither.samples &&
		a->dither.chip_ns == b->dither.chip_ns;
}

/** And which output it is for. */
struct fanout_output_target {
	uint32_t output;
	struct fanout_target target;
};

/*
 * An interface of the node's handle, beside that of the node: for who loads the plugin into a process of its own. It
 * does what Props do, which is for those who have the node in a graph: the same bounds, the same effect, and
 * what is set here is to be read there.
 */
#define FANOUT_TYPE_CONTROL	SPA_TYPE_INFO_INTERFACE_BASE "BluezCombine:FanoutControl"

struct fanout_control { struct spa_interface iface; };

struct fanout_control_methods {
#define FANOUT_VERSION_CONTROL_METHODS	0
	uint32_t version;

	/**
	 * Set what \a n_targets outputs play: all of them in the same cycle, the next one. What changes what is
	 * being heard slews or crossfades. Main loop.
	 *
	 * A delay that is the same as before moves nothing, and leaves alone a change to it that still
	 * waits; another one takes the place of a change that still waits.
	 * \return 0, or -EINVAL: an output that is not there, or a value beyond its bounds. Nothing is changed then
	 */
	int (*set_targets) (void *object, const struct fanout_output_target *targets, uint32_t n_targets);
};

static inline int fanout_control_set_targets(struct fanout_control *control,
		const struct fanout_output_target *targets, uint32_t n_targets)
{
	int res = -ENOTSUP;

	spa_interface_call_res(&control->iface, struct fanout_control_methods, res, set_targets, 0,
			targets, n_targets);
	return res;
}

#endif /* BLUEZ_COMBINE_FANOUT_CONTROL_H */
