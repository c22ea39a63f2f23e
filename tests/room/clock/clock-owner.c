/* The owner of the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock/clock-owner.h"

#define REPORT_SEC	5.0

/* Slots */

static void free_loop(struct clock_owner *o, uint32_t i)
{
	if (o->loop_fds[i] >= 0)
		close(o->loop_fds[i]);
	o->loop_fds[i] = -1;
	atomic_store(&o->page->loops[i].state, CLOCK_LOOP_NEW);
	atomic_store(&o->page->loops[i].conn, 0);
	o->changed = true;
}

static void free_timer(struct clock_owner *o, uint32_t i)
{
	if (o->timer_fds[i] >= 0)
		close(o->timer_fds[i]);
	o->timer_fds[i] = -1;
	atomic_store(&o->page->timers[i].word, CLOCK_DISARMED);
	atomic_store(&o->page->timers[i].conn, 0);
}

/* Returns how many it had. */
static uint32_t free_all_of(struct clock_owner *o, uint32_t conn)
{
	uint32_t i, n = 0;

	for (i = 0; i < CLOCK_LOOPS_MAX; i++) {
		if (atomic_load(&o->page->loops[i].conn) == conn) {
			free_loop(o, i);
			n++;
		}
	}
	for (i = 0; i < CLOCK_TIMERS_MAX; i++) {
		if (atomic_load(&o->page->timers[i].conn) == conn) {
			free_timer(o, i);
			n++;
		}
	}
	return n;
}

bool clock_owner_excludes(struct clock_owner *o, int32_t pid)
{
	int i;

	for (i = 0; i < CLOCK_PIDS_MAX; i++)
		if (atomic_load(&o->page->excluded[i]) == pid)
			return true;
	return false;
}

/* Connections */

static bool send_hello(struct clock_owner *o, const struct conn *conn)
{
	struct clock_message m = { .type = CLOCK_MESSAGE_HELLO, .index = conn->id };
	int fds[2] = { o->mem_fd, o->kick_fd };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fds))];
	} control;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *cmsg;

	memset(&control, 0, sizeof(control));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	return sendmsg(conn->fd, &msg, MSG_NOSIGNAL) == sizeof(m);
}

static void accept_conn(struct clock_owner *o)
{
	int i, fd = accept4(o->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (i = 0; i < CONNS_MAX; i++)
		if (o->conns[i].fd < 0)
			break;
	if (i == CONNS_MAX) {
		close(fd);
		return;
	}
	o->conns[i].fd = fd;
	o->conns[i].id = ++o->last_conn;
	o->changed = true;
	if (!send_hello(o, &o->conns[i])) {
		close(fd);
		o->conns[i].fd = -1;
	}
}

static void drop_conn(struct clock_owner *o, struct conn *conn)
{
	if (free_all_of(o, conn->id) > 0)
		atomic_fetch_add(&o->page->reaped, 1);
	close(conn->fd);
	conn->fd = -1;
	o->changed = true;
}

static void handle(struct clock_owner *o, const struct conn *conn,
		const struct clock_message *m, int fd)
{
	bool is_loop = m->type == CLOCK_MESSAGE_LOOP || m->type == CLOCK_MESSAGE_LOOP_FREE;
	uint32_t owner;

	if (m->index >= (is_loop ? CLOCK_LOOPS_MAX : CLOCK_TIMERS_MAX))
		goto refuse;
	owner = is_loop ? atomic_load(&o->page->loops[m->index].conn) :
			atomic_load(&o->page->timers[m->index].conn);
	if (owner != conn->id)
		goto refuse;

	switch (m->type) {
	case CLOCK_MESSAGE_LOOP:
		o->loop_fds[m->index] = fd;
		o->changed = true;
		return;
	case CLOCK_MESSAGE_TIMER:
		o->timer_fds[m->index] = fd;
		return;
	case CLOCK_MESSAGE_LOOP_FREE:
		free_loop(o, m->index);
		break;
	case CLOCK_MESSAGE_TIMER_FREE:
		free_timer(o, m->index);
		break;
	}
refuse:
	if (fd >= 0)
		close(fd);
}

/* Returns false at the end of the connection. */
static bool receive(struct clock_owner *o, struct conn *conn)
{
	for (;;) {
		struct clock_message m;
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(sizeof(int))];
		} control;
		struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control.space),
		};
		struct cmsghdr *cmsg;
		ssize_t n = recvmsg(conn->fd, &msg, MSG_CMSG_CLOEXEC);
		int fd = -1;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n != sizeof(m))
			return false;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (cmsg && cmsg->cmsg_type == SCM_RIGHTS && cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
		handle(o, conn, &m, fd);
	}
}

void clock_owner_service(struct clock_owner *o)
{
	uint64_t count;
	uint32_t i, sockets = o->n_sockets;

	for (i = 0; i < sockets; i++) {
		int j, fd = o->pfds[i].fd;

		if (o->pfds[i].revents == 0)
			continue;
		if (fd == o->kick_fd) {
			if (read(fd, &count, sizeof(count)) < 0)
				continue;
		} else if (fd == o->listen_fd) {
			accept_conn(o);
		} else {
			for (j = 0; j < CONNS_MAX; j++)
				if (o->conns[j].fd == fd && !receive(o, &o->conns[j]))
					drop_conn(o, &o->conns[j]);
		}
	}
}

/* Life */

static int open_page(struct clock_owner *o)
{
	struct timespec ts;

	if ((o->mem_fd = memfd_create("room-clock", MFD_CLOEXEC)) < 0 ||
	    ftruncate(o->mem_fd, sizeof(*o->page)) < 0)
		return -errno;
	o->page = mmap(NULL, sizeof(*o->page), PROT_READ | PROT_WRITE, MAP_SHARED, o->mem_fd, 0);
	if (o->page == MAP_FAILED) {
		o->page = NULL;
		return -errno;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	o->page->magic = CLOCK_PAGE_MAGIC;
	o->page->version = CLOCK_PAGE_VERSION;
	o->page->now_ns = o->options.start_ns;
	o->page->realtime_offset_ns = ts.tv_sec * NSEC_PER_SEC - o->options.start_ns;
	o->page->paused = o->options.paused;
	o->page->cap_ns = CLOCK_SHM_NEVER;
	o->page->awaited = CLOCK_NOBODY;
	return 0;
}

static int open_socket(struct clock_owner *o, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >=
	    sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	o->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (o->listen_fd < 0 ||
	    bind(o->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if ((o->path = strdup(path)) == NULL ||
	    listen(o->listen_fd, CONNS_MAX) < 0)
		return -errno;
	return 0;
}

struct clock_owner *clock_owner_new(const char *path, const struct clock_owner_options *options)
{
	struct clock_owner *o = calloc(1, sizeof(*o));
	int i, res;

	if (o == NULL)
		return NULL;
	if (options)
		o->options = *options;
	if (o->options.start_ns == 0)
		o->options.start_ns = CLOCK_SHM_START_NS;
	if (o->options.report_sec <= 0.0)
		o->options.report_sec = REPORT_SEC;
	o->listen_fd = o->mem_fd = -1;
	for (i = 0; i < CONNS_MAX; i++)
		o->conns[i].fd = -1;
	for (i = 0; i < CLOCK_LOOPS_MAX; i++)
		o->loop_fds[i] = -1;
	for (i = 0; i < CLOCK_TIMERS_MAX; i++)
		o->timer_fds[i] = -1;
	clock_threads_init(&o->threads);
	o->changed = true;

	if ((o->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		res = -errno;
		goto error;
	}
	if ((res = open_page(o)) < 0 || (res = open_socket(o, path)) < 0)
		goto error;
	if ((res = -pthread_create(&o->thread, NULL, clock_ticker_run, o)) < 0) {
		o->thread = 0;
		goto error;
	}
	return o;

error:
	clock_owner_destroy(o);
	errno = -res;
	return NULL;
}

void clock_owner_destroy(struct clock_owner *o)
{
	uint64_t one = 1;
	int i;

	if (o == NULL)
		return;
	if (o->thread) {
		atomic_store(&o->quit, true);
		if (write(o->kick_fd, &one, sizeof(one)) < 0)
			return;
		pthread_join(o->thread, NULL);
	}
	for (i = 0; i < CONNS_MAX; i++)
		if (o->conns[i].fd >= 0)
			drop_conn(o, &o->conns[i]);
	clock_threads_finish(&o->threads);
	if (o->page)
		munmap(o->page, sizeof(*o->page));
	if (o->path)
		unlink(o->path);
	free(o->path);
	if (o->listen_fd >= 0)
		close(o->listen_fd);
	if (o->mem_fd >= 0)
		close(o->mem_fd);
	if (o->kick_fd >= 0)
		close(o->kick_fd);
	free(o);
}
