/* Time as a loop has it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_LOOP_TIME_H
#define BLUEZ_COMBINE_LOOP_TIME_H

#include <stdint.h>

#include <pipewire/loop.h>

#include "realtime.h"

/** "now" of the loop's clock, in ns. Any thread. */
int64_t loop_now_ns(struct pw_loop *loop) REALTIME;

/** For how long the machine has slept since it was started, in ns. Any thread. */
int64_t loop_asleep_ns(struct pw_loop *loop) REALTIME;

/**
 * Let a timer of the loop expire once, in \a wait_ns, at once if that is over;
 * INT64_MAX: not at all. The loop's thread. Never expires inside this call.
 */
void loop_set_timer(struct pw_loop *loop, struct spa_source *timer, int64_t wait_ns);

#endif /* BLUEZ_COMBINE_LOOP_TIME_H */
