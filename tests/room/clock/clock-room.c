/* The room's time from a clock of its own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock/clock-room.h"
#include "clock/clock-shm.h"

struct own {
	struct room_clock this;
	struct clock_owner *owner;
	struct clock_shm *shm;
	struct clock_participant *radio;
};

static int64_t own_now(struct room_clock *clock)
{
	struct own *own = (struct own *)clock;

	return clock_shm_now_ns(own->shm) - clock->epoch_ns;
}

static int own_wait(struct room_clock *clock, struct pollfd *fds, unsigned n_fds, int64_t deadline)
{
	struct own *own = (struct own *)clock;

	return clock_participant_poll(own->radio, deadline == ROOM_CLOCK_NEVER ? CLOCK_SHM_NEVER :
				      deadline + clock->epoch_ns, fds, n_fds);
}

/* Time does not move on while a packet is unread: it was sent now. */
static int64_t own_stamp(struct room_clock *clock, struct msghdr *msg)
{
	return own_now(clock);
}

static void own_destroy(struct room_clock *clock)
{
	struct own *own = (struct own *)clock;

	clock_participant_destroy(own->radio);
	clock_shm_close(own->shm);
	clock_owner_destroy(own->owner);
	free(own);
}

static const struct room_clock_ops own_ops = {
	.now = own_now,
	.wait = own_wait,
	.stamp = own_stamp,
	.destroy = own_destroy,
};

struct room_clock *room_clock_new_own(const char *path)
{
	const struct clock_owner_options options = { .paused = true };
	struct own *own = calloc(1, sizeof(*own));
	int res;

	if (own == NULL)
		return NULL;
	own->this.ops = &own_ops;
	own->this.epoch_ns = CLOCK_SHM_START_NS;
	if ((own->owner = clock_owner_new(path, &options)) == NULL ||
	    (own->shm = clock_shm_open(path)) == NULL ||
	    (own->radio = clock_participant_new(own->shm, "radio")) == NULL) {
		res = errno;
		own_destroy(&own->this);
		errno = res;
		return NULL;
	}
	if ((res = clock_shm_watch(own->shm, getpid(), true)) < 0) {
		own_destroy(&own->this);
		errno = -res;
		return NULL;
	}
	return &own->this;
}
