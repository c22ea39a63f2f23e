/* A data loop that runs cycles back to back */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_SPA_CYCLES_H
#define TESTS_SPA_CYCLES_H

#include <stdint.h>

#include <spa/support/loop.h>

/**
 * Start a thread that calls \a cycle in turn with what it is asked to do by
 * spa_loop_invoke(), which must block. A loop of our own: in PipeWire's the
 * thread sanitizer does not see the order. One at a time.
 */
struct spa_loop *cycles_start(void (*cycle)(void *data), void *data);
void cycles_stop(void);

/** Let \a n more calls of it end. */
void cycles_wait(uint32_t n);

/** How many have ended. */
uint32_t cycles_count(void);

#endif /* TESTS_SPA_CYCLES_H */
