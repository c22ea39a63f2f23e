/* The run of a calibration, from the command to the proof */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_RUN_H
#define BLUEZ_COMBINE_RUN_H

#include <stdint.h>

/** Events of the session and of the timer; \a data is the struct calibrate. */
void run_changed(void *data);
void run_tick(void *data, uint64_t expirations);

#endif /* BLUEZ_COMBINE_RUN_H */
