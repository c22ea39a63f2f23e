/* The room's time from a clock of its own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_ROOM_H
#define ROOM_CLOCK_ROOM_H

#include "clock/clock.h"

/**
 * Opens a clock at \a path and owns it. Everybody who gets ROOM_CLOCK=path and
 * the support plugin is on it; time stands until somebody calls clock_shm_set_paused(false).
 * This process is watched: what its other threads do takes no time.
 * NULL with errno on failure.
 */
struct room_clock *room_clock_new_own(const char *path);

#endif /* ROOM_CLOCK_ROOM_H */
