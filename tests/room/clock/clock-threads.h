/* Whether the threads of some processes sleep */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_THREADS_H
#define ROOM_CLOCK_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_THREADS_MAX	256

/*
 * For what does not wait through SPA: GLib main loops, dbus-daemon. /proc
 * tells of each thread whether it sleeps and how often it has gone to sleep.
 * When two looks in a row find it asleep and the number has not changed, it
 * slept from the one look to the other; when that is so of all threads, there
 * was a moment in between at which all slept. A thread that somebody wakes is
 * "running" from that very moment, even if it has to wait for a processor.
 */
struct clock_thread {
	int32_t pid;
	int32_t tid;
	int fd;				/**< /proc/<pid>/task/<tid>/status */
	unsigned long long sleeps;	/**< times that it has gone to sleep, at the last look */
};

struct clock_threads {
	struct clock_thread threads[CLOCK_THREADS_MAX];
	uint32_t n_threads;
	int32_t pids[64];		/**< processes listed at present */
	uint32_t n_pids;
};

void clock_threads_init(struct clock_threads *t);
void clock_threads_finish(struct clock_threads *t);

/** Sets the processes; cheap when nothing has changed. */
void clock_threads_set(struct clock_threads *t, const int32_t *pids, uint32_t n_pids);

/**
 * One look. True when all sleep, and (`again`) have not stirred since the look before.
 * `skip` leaves out threads that are known otherwise. On false `text` names the first that does not sleep.
 */
bool clock_threads_look(struct clock_threads *t, bool again,
		bool (*skip)(void *data, int32_t pid, int32_t tid), void *data,
		char *text, uint32_t size);

#endif /* ROOM_CLOCK_THREADS_H */
