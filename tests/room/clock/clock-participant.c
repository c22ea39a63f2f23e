/* Threads of the room that take part in its clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock/clock-user.h"

#define TIMER_EVENT	UINT64_MAX	/* a value that no pointer or descriptor has */

struct clock_participant {
	struct clock_shm *c;
	int poll_fd;
	int event_fd;			/**< the timer's */
	int loop;			/**< slot, -1: none */
	int timer;			/**< slot, -1: none */

	int *polled;			/**< descriptors of the last poll that are in the set */
	unsigned int n_polled;
};

struct clock_alarm {
	struct clock_shm *c;
	int event_fd;
	int timer;			/**< slot, -1: none */
};

struct clock_participant *clock_participant_new(struct clock_shm *c, const char *name)
{
	struct clock_participant *p = calloc(1, sizeof(*p));
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = TIMER_EVENT };
	int res;

	if (p == NULL)
		return NULL;
	p->c = c;
	p->loop = p->timer = p->event_fd = -1;
	if ((p->poll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 ||
	    epoll_ctl(p->poll_fd, EPOLL_CTL_ADD, p->event_fd, &ev) < 0) {
		res = -errno;
		goto error;
	}
	if ((res = clock_timer_add(c, p->event_fd, CLOCK_CLASS_PARTICIPANT)) < 0)
		goto error;
	p->timer = res;
	if ((res = clock_loop_add(c, p->poll_fd, CLOCK_CLASS_PARTICIPANT, name)) < 0)
		goto error;
	p->loop = res;
	clock_loop_leave_wait(c, p->loop);
	return p;

error:
	clock_participant_destroy(p);
	errno = -res;
	return NULL;
}

void clock_participant_destroy(struct clock_participant *p)
{
	if (p == NULL)
		return;
	if (p->loop >= 0)
		clock_loop_remove(p->c, p->loop);
	if (p->timer >= 0)
		clock_timer_remove(p->c, p->timer);
	if (p->event_fd >= 0)
		close(p->event_fd);
	if (p->poll_fd >= 0)
		close(p->poll_fd);
	free(p->polled);
	free(p);
}

int clock_participant_epoll_fd(const struct clock_participant *p)
{
	return p->poll_fd;
}

/* Takes the timer's own event out. Returns what is left. */
static int without_timer(struct epoll_event *events, int n)
{
	int i, left = 0;

	for (i = 0; i < n; i++)
		if (events[i].data.u64 != TIMER_EVENT)
			events[left++] = events[i];
	return left;
}

/* Returns the number of the caller's events, -errno. */
static int wait_once(struct clock_participant *p, int64_t deadline_ns,
		struct epoll_event *events, int n_events)
{
	int n, error;

	clock_timer_set(p->c, p->timer, p->event_fd, deadline_ns, 0);
	clock_loop_enter_wait(p->c, p->loop, CLOCK_LOOP_WAITING);
	n = epoll_wait(p->poll_fd, events, n_events, -1);
	error = -errno;
	clock_loop_leave_wait(p->c, p->loop);
	if (n < 0)
		return error == -EINTR ? 0 : error;
	return without_timer(events, n);
}

int clock_participant_settle(struct clock_participant *p)
{
	struct clock_timer_slot *slot = &p->c->page->timers[p->timer];
	struct pollfd fd = { .fd = p->event_fd, .events = POLLIN };
	int res;

	atomic_store(&slot->klass, CLOCK_CLASS_SETTLED);
	atomic_store(&slot->loop, p->loop);
	clock_timer_set(p->c, p->timer, p->event_fd, clock_shm_now_ns(p->c), 0);
	clock_loop_enter_wait(p->c, p->loop, CLOCK_LOOP_AWAY);
	do {
		res = poll(&fd, 1, -1);
	} while (res < 0 && errno == EINTR);
	res = res < 0 ? -errno : 0;
	clock_loop_leave_wait(p->c, p->loop);
	clock_timer_set(p->c, p->timer, p->event_fd, CLOCK_DISARMED, 0);
	atomic_store(&slot->loop, CLOCK_NOBODY);
	atomic_store(&slot->klass, CLOCK_CLASS_PARTICIPANT);
	return res;
}

int clock_participant_wait(struct clock_participant *p, int64_t deadline_ns,
		struct epoll_event *events, int n_events)
{
	struct clock_shm *c = p->c;
	int n = 0;

	if (n_events < 1)
		return -EINVAL;
	while (n == 0 && deadline_ns > clock_shm_now_ns(c))
		n = wait_once(p, deadline_ns == CLOCK_SHM_NEVER ? CLOCK_DISARMED : deadline_ns,
				events, n_events);
	if (n == 0) {
		clock_timer_set(c, p->timer, p->event_fd, CLOCK_DISARMED, 0);
		n = epoll_wait(p->poll_fd, events, n_events, 0);
		n = n < 0 ? -errno : without_timer(events, n);
	}
	return n;
}

/*
 * A number may have come to mean another file since the last time, so the set
 * is gone through every time: a few hundred ns for each descriptor.
 */
static int set_polled(struct clock_participant *p, const struct pollfd *fds, unsigned int n_fds)
{
	unsigned int i, j;
	int *polled;

	for (i = 0; i < p->n_polled; i++) {
		for (j = 0; j < n_fds; j++)
			if (fds[j].fd == p->polled[i])
				break;
		if (j == n_fds)
			epoll_ctl(p->poll_fd, EPOLL_CTL_DEL, p->polled[i], NULL);
	}
	p->n_polled = 0;
	if ((polled = realloc(p->polled, (n_fds + 1) * sizeof(*polled))) == NULL)
		return -errno;
	p->polled = polled;
	for (i = 0; i < n_fds; i++) {
		/* The bits of poll() and epoll are the same. */
		struct epoll_event ev = { .events = fds[i].events, .data.u64 = i };

		if (fds[i].fd < 0)
			continue;
		if (epoll_ctl(p->poll_fd, EPOLL_CTL_MOD, fds[i].fd, &ev) < 0 &&
		    (errno != ENOENT || epoll_ctl(p->poll_fd, EPOLL_CTL_ADD, fds[i].fd, &ev) < 0))
			return -errno;
		p->polled[p->n_polled++] = fds[i].fd;
	}
	return 0;
}

int clock_participant_poll(struct clock_participant *p, int64_t deadline_ns,
		struct pollfd *fds, unsigned int n_fds)
{
	struct epoll_event events[32];
	unsigned int i;
	int n, res;

	if ((res = set_polled(p, fds, n_fds)) < 0)
		return res;
	for (i = 0; i < n_fds; i++)
		fds[i].revents = 0;
	n = clock_participant_wait(p, deadline_ns, events, 32);
	for (res = 0; res < n; res++)
		fds[events[res].data.u64].revents = events[res].events;
	return n;
}

void clock_participant_away(struct clock_participant *p)
{
	clock_loop_enter_wait(p->c, p->loop, CLOCK_LOOP_AWAY);
}

void clock_participant_back(struct clock_participant *p)
{
	clock_loop_leave_wait(p->c, p->loop);
}

/* Alarms */

struct clock_alarm *clock_alarm_new(struct clock_shm *c)
{
	struct clock_alarm *a = calloc(1, sizeof(*a));
	int res;

	if (a == NULL)
		return NULL;
	a->c = c;
	a->timer = -1;
	if ((a->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		res = -errno;
	else
		res = a->timer = clock_timer_add(c, a->event_fd, CLOCK_CLASS_PARTICIPANT);
	if (res < 0) {
		clock_alarm_destroy(a);
		errno = -res;
		return NULL;
	}
	return a;
}

void clock_alarm_destroy(struct clock_alarm *a)
{
	if (a == NULL)
		return;
	if (a->timer >= 0)
		clock_timer_remove(a->c, a->timer);
	if (a->event_fd >= 0)
		close(a->event_fd);
	free(a);
}

int clock_alarm_fd(const struct clock_alarm *a)
{
	return a->event_fd;
}

void clock_alarm_set(struct clock_alarm *a, int64_t deadline_ns)
{
	clock_timer_set(a->c, a->timer, a->event_fd,
			deadline_ns == CLOCK_SHM_NEVER ? CLOCK_DISARMED : deadline_ns, 0);
}

bool clock_alarm_take(struct clock_alarm *a)
{
	uint64_t count;

	if (read(a->event_fd, &count, sizeof(count)) != sizeof(count))
		return false;
	return clock_timer_take(a->c, a->timer) > 0;
}
