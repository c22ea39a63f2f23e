/* Whether the threads of some processes sleep */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_THREADS_H
#define ROOM_CLOCK_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_THREADS_MAX	256
#define CLOCK_PROCESSES_MAX	64

/*
 * For what does not wait through SPA: GLib main loops, dbus-daemon. /proc
 * tells of each thread whether it sleeps, and the processor time of its
 * process, in ns, whether it has run from one moment to another:
 *
 *	note the time; look at every thread; whatever else is to be checked; compare the time
 *
 * Where all slept and none ran, all slept at the moment of what else was
 * checked. A thread that somebody wakes is "running" from that very moment,
 * even if it has to wait for a processor.
 */
struct clock_thread {
	int32_t pid;
	int32_t tid;
	int fd;				/**< /proc/<pid>/task/<tid>/stat */
};

/* Threads whose processor time is counted together: all of a process, but one by one of our own. */
struct clock_group {
	int32_t pid;
	uint32_t n_threads;
	uint32_t n_all;			/**< threads of the whole process */
	bool looked;			/**< has threads that the last look was at */
	clockid_t clock;		/**< their processor time */
	struct timespec used;
};

struct clock_threads {
	struct clock_thread threads[CLOCK_THREADS_MAX];
	uint32_t n_threads;
	struct clock_group groups[CLOCK_THREADS_MAX];
	uint32_t n_groups;
	int32_t pids[CLOCK_PROCESSES_MAX];	/**< as set */
	uint32_t n_pids;
};

void clock_threads_init(struct clock_threads *t);
void clock_threads_finish(struct clock_threads *t);

/** Sets the processes; cheap when nothing has changed. */
void clock_threads_set(struct clock_threads *t, const int32_t *pids, uint32_t n_pids);

/**
 * Whether all threads sleep. `skip` leaves out those that are known otherwise.
 * If not, `text` names the first that does not.
 */
bool clock_threads_look(struct clock_threads *t,
		bool (*skip)(void *data, int32_t pid, int32_t tid), void *data,
		char *text, uint32_t size);

/** Whether none of them has run since before the look. */
bool clock_threads_still(struct clock_threads *t, char *text, uint32_t size);

#endif /* ROOM_CLOCK_THREADS_H */
