/* Fan-out node: what is wanted of the outputs, from main loop to data loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_FANOUT_TARGET_H
#define BLUEZ_COMBINE_FANOUT_TARGET_H

#include <stdatomic.h>
#include <stdint.h>

#include "fanout/config.h"
#include "realtime.h"

/** What is wanted of all outputs, at one time. */
struct fanout_wish {
	double slew_ppm;
	struct fanout_target outputs[FANOUT_OUTPUTS_MAX];
};

/**
 * The crossing: a triple buffer. One wish is the main loop's to write, one the
 * data loop's to read, and the third is in between; each loop swaps its own
 * with the one in between by one atomic exchange. Nobody waits or tries again,
 * the data loop never sees half of a change, and what is set for several
 * outputs at once reaches all of them in the same cycle.
 */
struct fanout_targets {
	struct fanout_wish wishes[3];
	_Atomic uint32_t between;	/**< which one, and whether it is news */
	uint32_t write;			/**< main loop */
	uint32_t read;			/**< data loop */
};

/** Before anybody else knows of it. */
void fanout_targets_init(struct fanout_targets *t);

/** Main loop: this is what is wanted from now on. */
void fanout_targets_publish(struct fanout_targets *t, const struct fanout_config *c);

/** Data loop: the latest that was published, valid until the next call. */
const struct fanout_wish *fanout_targets_take(struct fanout_targets *t) REALTIME;

#endif /* BLUEZ_COMBINE_FANOUT_TARGET_H */
