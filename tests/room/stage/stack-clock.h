/* The room's own clock, as the runner uses it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_STACK_CLOCK_H
#define ROOM_STACK_CLOCK_H

#include <pipewire/pipewire.h>

#include "clock/clock-shm.h"

/*
 * The runner has a main loop of its own, so its process is watched: time stands
 * while it is awake. It sleeps until an alarm, or until something happens.
 */
struct stack_clock {
	struct clock_shm *shm;		/**< NULL: the machine's clock */
	struct clock_alarm *alarm;
	struct pw_loop *loop;
	struct spa_source *source;	/**< of the alarm */
	bool rang;
	int64_t wall_ns, passed_ns;	/**< spent and gone by while time went fast */
};

/** Come to the clock at \a path, which stands, and let it go at real speed. 0 or -errno. */
int stack_clock_init(struct stack_clock *c, const char *path, struct pw_loop *loop);
/** From here on nobody waits for this process. A zeroed one is fine. */
void stack_clock_finish(struct stack_clock *c);

/** Time waits for a child. Without the room's clock nothing happens, as in all that follows. */
void stack_clock_watch(struct stack_clock *c, pid_t pid, bool watch);
/** As fast as the machine can, or at real speed */
void stack_clock_set_fast(struct stack_clock *c, bool fast);

/** CLOCK_MONOTONIC or the room's own, in ns */
int64_t stack_clock_now(const struct stack_clock *c);
/** Let the loop run once, until something happens or that time has come. */
void stack_clock_iterate(struct stack_clock *c, struct pw_loop *loop, int64_t deadline_ns);

#endif /* ROOM_STACK_CLOCK_H */
