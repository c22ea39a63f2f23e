/* When the machine stood still */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_WATCHDOG_H
#define ROOM_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

/*
 * One thread per CPU at SCHED_FIFO wants to wake every millisecond, and notes
 * when it could not: nothing but the machine itself keeps it from that. One
 * more at normal priority sees when others take the CPU.
 *
 * The machine itself, or what the kernel does for somebody. So each notes, too, how
 * much of the processors the processes that are looked after used meanwhile.
 */
#define STALL_MIN_NS	1000000		/* what is noted */
#define STALL_OWN	0.5		/* they ran for more than this of it */
#define WATCHDOG_PIDS_MAX 8

struct stall {
	int64_t t_ns;		/**< CLOCK_MONOTONIC, when it should have run */
	int64_t late_ns;
	int64_t used_ns;	/**< by the processes that are looked after, on all processors */
	int cpu;		/**< -1: the thread at normal priority */
};

struct stalls {
	int count;		/**< of the SCHED_FIFO threads */
	int64_t worst_ns, worst_t_ns;
	int own;		/**< of them, those in which the processes ran */
	int64_t worst_own_ns;
	int64_t lost_ns;	/**< in all of them together */
	int64_t lost_own_ns;	/**< in those in which the processes ran */
	int starved;		/**< of the normal one */
	int64_t worst_starved_ns;
	int64_t worst_starved_by_others_ns;	/**< of them, where the processes did not run */
};

struct watchdog;

/** NULL with errno on failure */
struct watchdog *watchdog_new(void);
void watchdog_destroy(struct watchdog *w);
/** Whose use of the processor is noted from now on */
void watchdog_look_after(struct watchdog *w, const pid_t *pids, int n);
/** Are the threads really at SCHED_FIFO? */
bool watchdog_realtime(const struct watchdog *w);
/** What was seen between two points of CLOCK_MONOTONIC */
struct stalls watchdog_stalls(struct watchdog *w, int64_t from_ns, int64_t to_ns);
/** The n-th stall that overlaps from..to, false when there are no more */
bool watchdog_stall(struct watchdog *w, int64_t from_ns, int64_t to_ns, int n,
		    struct stall *stall);
int64_t watchdog_now(void);

#endif /* ROOM_WATCHDOG_H */
