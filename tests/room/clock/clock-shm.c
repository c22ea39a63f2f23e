/* Users of the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock-user.h"

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

/* Connection */

static int receive_hello(struct clock_shm *c, int *mem_fd)
{
	struct clock_message m;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *cmsg;
	int fds[2];
	ssize_t res;

	do {
		res = recvmsg(c->sock, &msg, MSG_CMSG_CLOEXEC);
	} while (res < 0 && errno == EINTR);
	if (res < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (res != sizeof(m) || m.type != CLOCK_MESSAGE_HELLO || cmsg == NULL ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(fds)))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(cmsg), sizeof(fds));
	*mem_fd = fds[0];
	c->kick_fd = fds[1];
	c->conn = m.index;
	return 0;
}

static int connect_to(struct clock_shm *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int mem_fd = -1, res;

	if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >=
	    sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	if ((c->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) < 0)
		return -errno;
	if (connect(c->sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if ((res = receive_hello(c, &mem_fd)) < 0)
		return res;

	c->page = mmap(NULL, sizeof(*c->page), PROT_READ | PROT_WRITE, MAP_SHARED, mem_fd, 0);
	res = -errno;
	close(mem_fd);
	if (c->page == MAP_FAILED) {
		c->page = NULL;
		return res;
	}
	if (c->page->magic != CLOCK_PAGE_MAGIC || c->page->version != CLOCK_PAGE_VERSION)
		return -EPROTO;
	return 0;
}

struct clock_shm *clock_shm_open(const char *path)
{
	struct clock_shm *c = calloc(1, sizeof(*c));
	int res;

	if (c == NULL)
		return NULL;
	c->sock = c->kick_fd = -1;
	if ((res = connect_to(c, path)) < 0) {
		clock_shm_close(c);
		errno = -res;
		return NULL;
	}
	return c;
}

void clock_shm_close(struct clock_shm *c)
{
	if (c == NULL)
		return;
	if (c->page != NULL)
		munmap(c->page, sizeof(*c->page));
	if (c->kick_fd >= 0)
		close(c->kick_fd);
	if (c->sock >= 0)
		close(c->sock);
	free(c);
}

/* Control */

static void kick(struct clock_shm *c)
{
	uint64_t one = 1;
	if (write(c->kick_fd, &one, sizeof(one)) < 0)
		return;
}

int64_t clock_shm_now_ns(const struct clock_shm *c)
{
	return atomic_load(&c->page->now_ns);
}

void clock_shm_set_fast(struct clock_shm *c, bool fast)
{
	atomic_store(&c->page->fast, fast);
	kick(c);
}

void clock_shm_set_paused(struct clock_shm *c, bool paused)
{
	atomic_store(&c->page->paused, paused);
	kick(c);
}

void clock_shm_set_cap_ns(struct clock_shm *c, int64_t cap_ns)
{
	atomic_store(&c->page->cap_ns, cap_ns);
	kick(c);
}

void clock_shm_set_pass(struct clock_shm *c, bool pass)
{
	atomic_store(&c->page->pass, pass);
	kick(c);
}

static int set_pid(struct clock_shm *c, _Atomic int32_t *pids, pid_t pid, bool on)
{
	int i, from = 0, to = pid;

	for (i = 0; i < CLOCK_PIDS_MAX; i++) {
		if (atomic_load(&pids[i]) == pid) {
			if (!on)
				atomic_store(&pids[i], 0);
			kick(c);
			return 0;
		}
	}
	if (!on)
		return -ENOENT;
	for (i = 0; i < CLOCK_PIDS_MAX; i++) {
		from = 0;
		if (atomic_compare_exchange_strong(&pids[i], &from, to)) {
			kick(c);
			return 0;
		}
	}
	return -ENOSPC;
}

int clock_shm_exclude(struct clock_shm *c, pid_t pid, bool exclude)
{
	return set_pid(c, c->page->excluded, pid, exclude);
}

int clock_shm_watch(struct clock_shm *c, pid_t pid, bool watch)
{
	return set_pid(c, c->page->watched, pid, watch);
}

void clock_shm_get_stats(const struct clock_shm *c, struct clock_shm_stats *stats)
{
	stats->fired = atomic_load(&c->page->fired);
	stats->reaped = atomic_load(&c->page->reaped);
	stats->stood_ns = atomic_load(&c->page->stood_ns);
	stats->stood_max_ns = atomic_load(&c->page->stood_max_ns);
}

/* Participants */

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
