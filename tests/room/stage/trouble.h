/* Trouble for the room: busy processors, and processes that stand still */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_TROUBLE_H
#define ROOM_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TROUBLE_STOP_MS	50	/* of a random stop */

struct trouble {
	pid_t hogs[64];		/**< a busy loop for each processor */
	int n_hogs;
	pid_t stopper;		/**< 0: none */
	int fd;			/**< closing it ends the stopper */
};

/** Busy loops at normal priority, as many as there are processors. 0 or -errno. */
int trouble_add_hogs(struct trouble *t);
/**
 * This process and all its children stand still for TROUBLE_STOP_MS, again and again, at random
 * intervals of up to \a pause_ms. 0 or -errno.
 */
int trouble_add_stops(struct trouble *t, int pause_ms, uint64_t seed);
/** The same once, for \a ms, after \a after_ms. \a but keeps running, 0: nobody does. */
int trouble_add_stop(struct trouble *t, int after_ms, int ms, pid_t but);
/** End all of it. \return how often everybody was stopped. A zeroed one is fine. */
int trouble_finish(struct trouble *t);

#endif /* ROOM_TROUBLE_H */
