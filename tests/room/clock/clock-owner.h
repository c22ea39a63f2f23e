/* Inside the owner of the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_OWNER_H
#define ROOM_CLOCK_OWNER_H

#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "clock/clock-page.h"
#include "clock/clock-shm.h"
#include "clock/clock-threads.h"

#define NSEC_PER_MSEC	INT64_C(1000000)
#define NSEC_PER_SEC	INT64_C(1000000000)

#define CONNS_MAX	128

struct conn {
	int fd;				/**< -1: free */
	uint32_t id;
};

struct clock_owner {
	char *path;
	struct clock_owner_options options;
	pthread_t thread;
	int32_t tid;			/**< the thread's */
	_Atomic bool quit;

	int listen_fd;
	int kick_fd;			/**< users wake us */
	int mem_fd;
	struct clock_page *page;

	struct conn conns[CONNS_MAX];
	uint32_t last_conn;		/**< number given to the newest connection */
	int loop_fds[CLOCK_LOOPS_MAX];		/**< ours of the users' epoll descriptors, -1: none */
	int timer_fds[CLOCK_TIMERS_MAX];	/**< ours of the users' eventfds, -1: none */

	/* quiet.c */
	struct pollfd pfds[2 + CONNS_MAX + CLOCK_LOOPS_MAX];	/**< kick, listen, connections, loops */
	uint32_t n_sockets;		/**< of them at the front: kick, listen, connections */
	uint32_t n_pfds;
	uint32_t pfd_loop[2 + CONNS_MAX + CLOCK_LOOPS_MAX];	/**< loop slot of each, from n_sockets on */
	bool changed;			/**< pfds have to be collected anew */
	uint32_t counts[CLOCK_LOOPS_MAX];
	struct clock_threads threads;

	/* ticker.c */
	int64_t base_real_ns;		/**< at real speed: now = base_now + (wall clock - base_real) at most */
	int64_t base_now_ns;
	bool real;			/**< the two above hold */
	int64_t busy_since_ns;		/**< wall clock, 0: quiet */
	int64_t report_ns;		/**< wall clock of the next report */
};

/* What somebody is busy with, for the wait and for the report. */
struct clock_busy {
	uint32_t loop;			/**< slot that will wait again, CLOCK_NOBODY: look again later */
	char text[CLOCK_NAME_MAX + 64];
};

static inline int64_t clock_wall_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* clock-owner.c */
void clock_owner_service(struct clock_owner *o);
bool clock_owner_excludes(struct clock_owner *o, int32_t pid);

/* clock-quiet.c */
/** Which descriptors there are, after `changed`. */
void clock_quiet_collect(struct clock_owner *o);
bool clock_quiet(struct clock_owner *o, struct clock_busy *busy);
/** Whether no loop's thread has come back since clock_quiet(). */
bool clock_quiet_still(struct clock_owner *o, struct clock_busy *busy);
/** The same of one loop. */
bool clock_quiet_unchanged(struct clock_owner *o, uint32_t loop);
/** Gives up loops whose thread has ended. */
void clock_quiet_reap(struct clock_owner *o);

/* clock-ticker.c */
void *clock_ticker_run(void *data);

#endif /* ROOM_CLOCK_OWNER_H */
