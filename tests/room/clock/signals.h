/* Signals for loops that another process looks at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_SIGNALS_H
#define ROOM_CLOCK_SIGNALS_H

#include <stdbool.h>

/**
 * Blocks the signal in this thread and returns a descriptor that gives its
 * number, an int, whenever it comes; -errno on failure. Ends when it is closed.
 */
int clock_signal_open(int signal, bool cloexec, bool nonblock);

#endif /* ROOM_CLOCK_SIGNALS_H */
