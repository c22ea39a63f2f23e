/* The run of a tracking, from the command to its end */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_RUN_H
#define BLUEZ_COMBINE_TRACK_RUN_H

#include <stdint.h>

struct track;

/** Something has changed; \a data is the struct track. The first time it begins. */
void track_changed(void *data);
void track_tick(void *data, uint64_t expirations);
/** Ctrl-C and its like */
void track_signal(void *data, int number);

/** It can't go on. \a res: -errno. */
void track_fail(struct track *t, const char *why, int res);

#endif /* BLUEZ_COMBINE_TRACK_RUN_H */
