/* The room's own clock, as the runner uses it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stage/stack-clock.h"
#include "stage/watchdog.h"

#define NSEC_PER_MSEC	1000000

static void on_alarm(void *data, int fd, uint32_t mask)
{
	struct stack_clock *c = data;

	c->rang |= clock_alarm_take(c->alarm);
}

int stack_clock_init(struct stack_clock *c, const char *path, struct pw_loop *loop)
{
	int res;

	*c = (struct stack_clock) { .loop = loop };
	if ((c->shm = clock_shm_open(path)) == NULL)
		return -errno;
	if ((c->alarm = clock_alarm_new(c->shm)) == NULL) {
		res = -errno;
		goto error;
	}
	c->source = pw_loop_add_io(loop, clock_alarm_fd(c->alarm), SPA_IO_IN, false, on_alarm, c);
	if ((res = clock_shm_watch(c->shm, getpid(), true)) < 0)
		goto error;
	clock_shm_set_paused(c->shm, false);
	return 0;
error:
	stack_clock_finish(c);
	return res;
}

void stack_clock_finish(struct stack_clock *c)
{
	if (c->source != NULL)
		pw_loop_destroy_source(c->loop, c->source);
	clock_alarm_destroy(c->alarm);
	if (c->shm != NULL) {
		clock_shm_set_fast(c->shm, false);
		clock_shm_watch(c->shm, getpid(), false);
	}
	clock_shm_close(c->shm);
	c->source = NULL;
	c->alarm = NULL;
	c->shm = NULL;
}

void stack_clock_watch(struct stack_clock *c, pid_t pid, bool watch)
{
	if (c->shm != NULL)
		clock_shm_watch(c->shm, pid, watch);
}

void stack_clock_set_fast(struct stack_clock *c, bool fast)
{
	int sign = fast ? -1 : 1;

	c->wall_ns += sign * watchdog_now();
	c->passed_ns += sign * stack_clock_now(c);
	if (c->shm != NULL)
		clock_shm_set_fast(c->shm, fast);
}

int64_t stack_clock_now(const struct stack_clock *c)
{
	return c->shm != NULL ? clock_shm_now_ns(c->shm) : watchdog_now();
}

void stack_clock_iterate(struct stack_clock *c, struct pw_loop *loop, int64_t deadline_ns)
{
	int64_t left = (deadline_ns - stack_clock_now(c) + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;

	if (c->shm == NULL) {
		pw_loop_iterate(loop, left > 0 ? (int)left : 0);
		return;
	}
	clock_alarm_set(c->alarm, deadline_ns);
	pw_loop_iterate(loop, -1);
	clock_alarm_set(c->alarm, CLOCK_SHM_NEVER);
}
