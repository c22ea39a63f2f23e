/* The run of a calibration, from the command to the proof */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_RUN_H
#define BLUEZ_COMBINE_RUN_H

#include <stdint.h>

/** Events of the session, of the timer, and of what ends it; \a data is the struct calibrate. */
void run_changed(void *data);
void run_signal(void *data, int number);
void run_tick(void *data, uint64_t expirations);

#endif /* BLUEZ_COMBINE_RUN_H */
