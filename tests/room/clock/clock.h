/* The room's time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_H
#define ROOM_CLOCK_H

#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * The one place where the room reads the time, and the one where its radio
 * waits. Everything else gets its time from here, in ns since the epoch of the
 * room, which is sample 0 of every timeline.
 *
 * Another kind of clock has its own ops and is otherwise used in the same way.
 */
#define ROOM_CLOCK_NEVER	INT64_MAX

struct room_clock;

struct room_clock_ops {
	int64_t (*now) (struct room_clock *clock);
	int (*wait) (struct room_clock *clock, struct pollfd *fds, unsigned n_fds, int64_t deadline);
	int64_t (*stamp) (struct room_clock *clock, struct msghdr *msg);
	void (*destroy) (struct room_clock *clock);
};

struct room_clock {
	const struct room_clock_ops *ops;
	int64_t epoch_ns;	/**< when the room began, in ns of the clock behind this one */
};

/** The machine's monotonic clock. NULL with errno on failure. */
struct room_clock *room_clock_new_real(void);
/** \a clock may be NULL */
void room_clock_destroy(struct room_clock *clock);

/** ns since the epoch. Any thread. */
static inline int64_t room_clock_now_ns(struct room_clock *clock)
{
	return clock->ops->now(clock);
}

/**
 * Wait until a descriptor is ready or \a deadline_ns has come. Radio thread.
 * \return how many are ready, 0 at the deadline, -errno on failure
 */
static inline int room_clock_wait(struct room_clock *clock, struct pollfd *fds, unsigned n_fds,
				  int64_t deadline_ns)
{
	return clock->ops->wait(clock, fds, n_fds, deadline_ns);
}

/**
 * When the packet that was read into \a msg was sent, in ns since the epoch.
 * The socket must have been given to room_clock_watch().
 */
static inline int64_t room_clock_stamp_ns(struct room_clock *clock, struct msghdr *msg)
{
	return clock->ops->stamp(clock, msg);
}

/** Bytes of control data that a msghdr needs for room_clock_stamp_ns() */
#define ROOM_CLOCK_CONTROL	CMSG_SPACE(64)

/** Let the packets of a socket carry their time of sending. */
int room_clock_watch(int fd);

#endif /* ROOM_CLOCK_H */
