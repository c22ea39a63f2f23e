/* What the room's clock and its users share */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_PAGE_H
#define ROOM_CLOCK_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * The page is a memfd that the owner hands to everyone who connects, together
 * with the eventfd that wakes it. A user takes a slot by putting the number of
 * its connection into it and passes the slot's file descriptor over the
 * connection; only the owner gives slots back. So a user that dies at any
 * point leaves nothing behind: its connection hangs up and the owner clears
 * whatever carries its number.
 */
#define CLOCK_PAGE_MAGIC	0x4b434c43	/* "CLCK" */
#define CLOCK_PAGE_VERSION	2

#define CLOCK_LOOPS_MAX		256
#define CLOCK_TIMERS_MAX	2048
#define CLOCK_PIDS_MAX		32
#define CLOCK_NAME_MAX		64
#define CLOCK_PROCESS_MAX	16

#define CLOCK_DISARMED		INT64_C(0)
#define CLOCK_EXPIRED		INT64_C(-1)
#define CLOCK_NOBODY		UINT32_MAX
#define CLOCK_ANYBODY		(UINT32_MAX - 1)

enum clock_loop_state {
	CLOCK_LOOP_NEW,		/**< nobody has waited on it yet, or its thread has ended */
	CLOCK_LOOP_WAITING,	/**< its thread is in the kernel until something is ready */
	CLOCK_LOOP_RUNNING,	/**< its thread does something: time stands */
	CLOCK_LOOP_POLLED,	/**< polled by another main loop (GLib): look at the thread */
	CLOCK_LOOP_AWAY,	/**< a participant that lets time pass without it */
};

/* Fired in this order where deadlines are equal. */
enum clock_class {
	CLOCK_CLASS_PARTICIPANT,	/**< the room's own: radios, microphone, runner */
	CLOCK_CLASS_DATA,		/**< data loops */
	CLOCK_CLASS_CONTROL,		/**< main loops */
	CLOCK_CLASS_SETTLED,		/**< a participant that wants all of the above to be done */
};

struct clock_loop_slot {
	_Atomic uint32_t conn;		/**< number of the connection, 0: free */
	_Atomic uint32_t state;		/**< enum clock_loop_state */
	_Atomic uint32_t count;		/**< rises whenever the thread leaves or enters its wait */
	uint32_t klass;			/**< enum clock_class */
	int32_t pid;
	_Atomic int32_t tid;		/**< 0 until somebody has waited */
	char name[CLOCK_NAME_MAX];
};

struct clock_timer_slot {
	_Atomic uint32_t conn;		/**< number of the connection, 0: free */
	_Atomic uint32_t klass;		/**< enum clock_class, of the loop that made it */
	_Atomic uint32_t loop;		/**< that is away until this fires, else CLOCK_NOBODY */
	uint32_t ordinal;		/**< n-th timer of its process */
	char process[CLOCK_PROCESS_MAX];
	_Atomic int64_t word;		/**< deadline in ns, CLOCK_DISARMED or CLOCK_EXPIRED */
	_Atomic int64_t interval_ns;	/**< 0: fires once */
	_Atomic int64_t fired_ns;	/**< deadline at which it last fired */
};

struct clock_page {
	uint32_t magic;
	uint32_t version;
	int64_t realtime_offset_ns;	/**< CLOCK_REALTIME = now + this */
	_Atomic int64_t now_ns;
	_Atomic int64_t asleep_ns;	/**< CLOCK_BOOTTIME = now + this */

	_Atomic uint32_t awaited;	/**< loop whose next wait the owner wants to hear of, or CLOCK_NOBODY, _ANYBODY */

	_Atomic uint32_t fast;		/**< as fast as possible instead of at real speed */
	_Atomic uint32_t paused;
	_Atomic uint32_t pass;		/**< main loops do not hold up time */
	_Atomic int64_t cap_ns;		/**< time does not pass this */
	_Atomic int32_t excluded[CLOCK_PIDS_MAX];	/**< processes stalled on purpose, 0: free */
	_Atomic int32_t watched[CLOCK_PIDS_MAX];	/**< processes whose threads must all sleep, 0: free */

	_Atomic uint32_t n_loops;	/**< slots in use are below this */
	_Atomic uint32_t n_timers;	/**< slots in use are below this */
	struct clock_loop_slot loops[CLOCK_LOOPS_MAX];
	struct clock_timer_slot timers[CLOCK_TIMERS_MAX];

	_Atomic uint64_t fired;		/**< timers fired since the start */
	_Atomic uint64_t reaped;	/**< users that went without saying so */
	_Atomic int64_t stood_ns;	/**< real time dropped at real speed: stalls */
	_Atomic int64_t stood_max_ns;	/**< longest single one */
};

/* One message on the connection; the descriptor travels beside it. */
enum clock_message_type {
	CLOCK_MESSAGE_HELLO,		/**< owner: page and kick eventfd, index = number of the connection */
	CLOCK_MESSAGE_LOOP,		/**< user: epoll descriptor of loop slot `index` */
	CLOCK_MESSAGE_TIMER,		/**< user: eventfd of timer slot `index` */
	CLOCK_MESSAGE_LOOP_FREE,
	CLOCK_MESSAGE_TIMER_FREE,
};

struct clock_message {
	uint32_t type;
	uint32_t index;
};

#endif /* ROOM_CLOCK_PAGE_H */
