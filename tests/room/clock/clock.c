/* The room's time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock/clock.h"

#define NSEC	1000000000LL
/* A packet that was stamped this much earlier says that the wall clock was set. */
#define AGE_MAX	(10 * NSEC)

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static int64_t real_now(struct room_clock *clock)
{
	return read_ns(CLOCK_MONOTONIC) - clock->epoch_ns;
}

static int real_wait(struct room_clock *clock, struct pollfd *fds, unsigned n_fds, int64_t deadline)
{
	struct timespec ts, *timeout = NULL;
	int res;

	if (deadline != ROOM_CLOCK_NEVER) {
		int64_t left = deadline - real_now(clock);

		if (left < 0)
			left = 0;
		ts = (struct timespec) { .tv_sec = left / NSEC, .tv_nsec = left % NSEC };
		timeout = &ts;
	}
	res = ppoll(fds, n_fds, timeout, NULL);
	return res < 0 && errno != EINTR ? -errno : res < 0 ? 0 : res;
}

/*
 * The kernel notes the wall clock when a packet is sent. Its age is therefore
 * known however late this thread comes to read it, and a busy machine does not
 * appear in the time of arrival.
 */
static int64_t real_stamp(struct room_clock *clock, struct msghdr *msg)
{
	struct cmsghdr *c;
	int64_t now = real_now(clock), age = 0;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		age = read_ns(CLOCK_REALTIME) - (ts.tv_sec * NSEC + ts.tv_nsec);
	}
	if (age < 0 || age > AGE_MAX)
		age = 0;
	return now - age;
}

static void real_destroy(struct room_clock *clock)
{
	free(clock);
}

static const struct room_clock_ops real_ops = {
	.now = real_now,
	.wait = real_wait,
	.stamp = real_stamp,
	.destroy = real_destroy,
};

struct room_clock *room_clock_new_real(void)
{
	struct room_clock *clock;

	clock = calloc(1, sizeof(*clock));
	if (clock == NULL)
		return NULL;
	clock->ops = &real_ops;
	clock->epoch_ns = read_ns(CLOCK_MONOTONIC);
	return clock;
}

void room_clock_destroy(struct room_clock *clock)
{
	if (clock != NULL)
		clock->ops->destroy(clock);
}

int room_clock_watch(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ? -errno : 0;
}
