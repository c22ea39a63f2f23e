/* Time as a loop has it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <time.h>

#include <spa/support/system.h>
#include <spa/utils/defs.h>

#include "loop-time.h"

int64_t loop_now_ns(struct pw_loop *loop)
{
	struct timespec now = { 0 };
	spa_system_clock_gettime(loop->system, CLOCK_MONOTONIC, &now);
	return SPA_TIMESPEC_TO_NSEC(&now);
}

int64_t loop_asleep_ns(struct pw_loop *loop)
{
	struct timespec now = { 0 };
	spa_system_clock_gettime(loop->system, CLOCK_BOOTTIME, &now);
	return SPA_TIMESPEC_TO_NSEC(&now) - loop_now_ns(loop);
}

void loop_set_timer(struct pw_loop *loop, struct spa_source *timer, int64_t wait_ns)
{
	struct timespec value = { 0 };

	/* A value of 0 would disarm it */
	if (wait_ns != INT64_MAX) {
		wait_ns = SPA_MAX(wait_ns, 1);
		value.tv_sec = wait_ns / SPA_NSEC_PER_SEC;
		value.tv_nsec = wait_ns % SPA_NSEC_PER_SEC;
	}
	pw_loop_update_timer(loop, timer, &value, NULL, false);
}
