/* Loops and timers on the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_USER_H
#define ROOM_CLOCK_USER_H

#include "clock/clock-page.h"
#include "clock/clock-shm.h"

/* What the SPA plugin and the participants are made of. */

struct clock_shm {
	int sock;
	int kick_fd;			/**< wakes the owner */
	uint32_t conn;			/**< number that the owner gave us */
	_Atomic uint32_t n_timers;	/**< made so far in this process */
	struct clock_page *page;
};

/** Returns the slot, or -errno. The descriptors stay the caller's. */
int clock_loop_add(struct clock_shm *c, int poll_fd, enum clock_class klass, const char *name);
void clock_loop_remove(struct clock_shm *c, int loop);
void clock_loop_enter_wait(struct clock_shm *c, int loop, enum clock_loop_state state);
void clock_loop_leave_wait(struct clock_shm *c, int loop);

int clock_timer_add(struct clock_shm *c, int event_fd, enum clock_class klass);
void clock_timer_remove(struct clock_shm *c, int timer);
/** 0 disarms. Empties the eventfd. */
void clock_timer_set(struct clock_shm *c, int timer, int event_fd,
		int64_t deadline_ns, int64_t interval_ns);
/** Time until the next expiry, 0: disarmed. */
int64_t clock_timer_remaining_ns(struct clock_shm *c, int timer);
/** Expirations since the last call, 0: none. */
uint64_t clock_timer_take(struct clock_shm *c, int timer);

#endif /* ROOM_CLOCK_USER_H */
