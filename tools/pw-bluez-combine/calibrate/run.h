/* The run of a calibration, from the command to the proof */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_RUN_H
#define BLUEZ_COMBINE_RUN_H

#include <stdint.h>

#include "calibrate/calibrate.h"

/** Look whether the state can be left. From the timer, and when something has changed. */
void run_step(struct calibrate *c);
void run_tick(void *data, uint64_t expirations);

void run_enter(struct calibrate *c, enum calibrate_state state);

/** The plan has come to its end: what it has found is kept, or told. */
void run_finish_plan(struct calibrate *c);

/** Put back what was written: its end is the run's. */
void run_undo(struct calibrate *c);

/** Undo what was written, say why, and end. \a why stays valid; \a res: -errno, or 0. */
void run_give_up(struct calibrate *c, const char *why, int res);

void run_end(struct calibrate *c, int result);

#endif /* BLUEZ_COMBINE_RUN_H */
