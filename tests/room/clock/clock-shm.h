/* A clock of the room's own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_SHM_H
#define ROOM_CLOCK_SHM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/types.h>

/*
 * One process owns the clock: it listens on a socket whose path all others
 * get in the environment as ROOM_CLOCK. Time moves on only when nobody who
 * takes part has anything to do; then it jumps to the earliest deadline.
 */
#define CLOCK_SHM_ENV		"ROOM_CLOCK"
/* "data": every loop of the process counts as a data loop, main loops too */
#define CLOCK_SHM_ENV_LOOPS	"ROOM_CLOCK_LOOPS"

#define CLOCK_SHM_NEVER		INT64_MAX
#define CLOCK_SHM_START_NS	(INT64_C(1000) * 1000000000)

/* The owner */

struct clock_owner;

struct clock_owner_options {
	int64_t start_ns;	/**< first `now`, 0: CLOCK_SHM_START_NS */
	bool paused;		/**< from the start, so that whoever takes part can be there before time is */
	double report_sec;	/**< time standing for so long in real seconds is reported, 0: 5 */
	void (*report)(void *data, const char *text);	/**< NULL: one line on stderr; from the clock's thread */
	void *data;
	FILE *trace;		/**< gets a line for every timer that fires; NULL: none. For comparing two runs */
};

/** Opens the socket and starts the clock's thread, at real speed. NULL and errno on failure. */
struct clock_owner *clock_owner_new(const char *path, const struct clock_owner_options *options);
void clock_owner_destroy(struct clock_owner *owner);

/* Users; all of this works in any process, the owner's included, and in any thread. */

struct clock_shm;

struct clock_shm *clock_shm_open(const char *path);
void clock_shm_close(struct clock_shm *c);

int64_t clock_shm_now_ns(const struct clock_shm *c);

/** As fast as possible, or at real speed: never ahead of the wall clock, no catching up after a stall. */
void clock_shm_set_fast(struct clock_shm *c, bool fast);
void clock_shm_set_paused(struct clock_shm *c, bool paused);
/** Time stops here until the cap is raised; CLOCK_SHM_NEVER: no cap. */
void clock_shm_set_cap_ns(struct clock_shm *c, int64_t cap_ns);
/** Whether time goes on while main loops and watched processes are busy; false at first. */
void clock_shm_set_pass(struct clock_shm *c, bool pass);

/** A process that is stalled on purpose does not hold up time. 0, -ENOSPC or -ENOENT. */
int clock_shm_exclude(struct clock_shm *c, pid_t pid, bool exclude);
/**
 * Stages a stall: stops the process, returns when it stands, and time goes on without it; the caller
 * holds time meanwhile. `false` ends it: time waits for the process again. 0 or -errno.
 */
int clock_shm_stall(struct clock_shm *c, pid_t pid, bool stall);
/** The machine has slept for so long: CLOCK_BOOTTIME, of which `now` knows nothing, jumps */
void clock_shm_sleep(struct clock_shm *c, int64_t ns);
/**
 * Time waits until all threads of the process sleep: for dbus-daemon, which has no plugin, and for
 * any process from its first instruction to the point where it has come to the clock by itself.
 */
int clock_shm_watch(struct clock_shm *c, pid_t pid, bool watch);

struct clock_shm_stats {
	uint64_t fired;		/**< timers fired since the start */
	uint64_t reaped;	/**< users that went without saying so */
	int64_t stood_ns;	/**< real time dropped at real speed because of stalls */
	int64_t stood_max_ns;	/**< longest single one */
};
void clock_shm_get_stats(const struct clock_shm *c, struct clock_shm_stats *stats);

/*
 * A thread of the room that takes part: a virtual radio, the runner. From
 * `new` on time stands, except while the thread is in `wait`, or away.
 */
struct clock_participant;

struct clock_participant *clock_participant_new(struct clock_shm *c, const char *name);
void clock_participant_destroy(struct clock_participant *p);

/**
 * The thread's epoll set: add descriptors that `wait` shall return. Their data must not be UINT64_MAX.
 * No signalfds: the owner asks for what is ready, and a signalfd shows each process its own signals.
 */
int clock_participant_epoll_fd(const struct clock_participant *p);

/**
 * Until a descriptor is ready or `now` has reached the deadline, whichever is
 * first. Descriptors come first: time does not move while one of them is ready.
 * Returns the number of events, 0 when the deadline is reached, -errno.
 */
int clock_participant_wait(struct clock_participant *p, int64_t deadline_ns,
		struct epoll_event *events, int n_events);

/**
 * Until nobody has anything to do and nothing is due any more, without time
 * moving on: what has been set off, in other processes too, has come to rest.
 * 0 or -errno.
 */
int clock_participant_settle(struct clock_participant *p);

struct pollfd;
/** The same with poll()'s array in place of the epoll set; use one or the other. */
int clock_participant_poll(struct clock_participant *p, int64_t deadline_ns,
		struct pollfd *fds, unsigned int n_fds);

/** Lets time go on while the thread waits for something real; `back` before it touches the room again. */
void clock_participant_away(struct clock_participant *p);
void clock_participant_back(struct clock_participant *p);

/*
 * The other way to take part, for a thread with a main loop of its own: watch
 * its process, so that time stands while it is awake, and give the main loop
 * an alarm to poll.
 */
struct clock_alarm;

struct clock_alarm *clock_alarm_new(struct clock_shm *c);
void clock_alarm_destroy(struct clock_alarm *a);

/** Becomes readable at the deadline. */
int clock_alarm_fd(const struct clock_alarm *a);
/** CLOCK_SHM_NEVER: off. Takes back a deadline that has passed. */
void clock_alarm_set(struct clock_alarm *a, int64_t deadline_ns);
/** Whether it has gone off since it was set; makes the descriptor unreadable. */
bool clock_alarm_take(struct clock_alarm *a);

#endif /* ROOM_CLOCK_SHM_H */
