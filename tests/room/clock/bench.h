/* Daemons on the room's clock, for its tests */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_BENCH_H
#define ROOM_CLOCK_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "clock/clock-shm.h"

#define BENCH_PROCESSES_MAX	16

/*
 * A clock, a private directory, and PipeWire with a driver and two null sinks.
 * The runner takes part: time stands except in bench_run().
 */
struct bench {
	char dir[64];
	struct clock_owner *owner;
	struct clock_shm *clock;
	struct clock_participant *runner;
	pid_t pids[BENCH_PROCESSES_MAX];	/**< that still run */
	int n_pids;
	_Atomic int n_reports;			/**< of time standing */
	char report[256];			/**< the last one */
};

/** Why the daemons cannot load the plugin as it was built, NULL: they can. */
const char *bench_hindrance(void);
/** Exits with a message on failure. */
void bench_init(struct bench *b, double report_sec);
void bench_finish(struct bench *b);

/** Returns its pid; its stdout through `out_fd` if not NULL. */
pid_t bench_start(struct bench *b, int *out_fd, char *const argv[]);
/** Sends the signal and waits for the end. Returns the exit status, 128 + n for a signal. */
int bench_end(struct bench *b, pid_t pid, int signal);
/** The daemon, ready for clients. */
pid_t bench_start_pipewire(struct bench *b);
/** The ramp through two sinks into `file`, linked. */
pid_t bench_start_peer(struct bench *b, const char *file, int seconds);
void bench_run(struct bench *b, double seconds);

/** Whether the kept ramp rises by one step a sample from its first to its last. Says where not. */
bool bench_ramp_is_whole(const char *file, uint32_t *first, uint32_t *last, uint64_t *hash);

#endif /* ROOM_CLOCK_BENCH_H */
