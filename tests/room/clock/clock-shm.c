/* Users of the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock/clock-user.h"

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

/* A stop is not instant: threads that sleep have to wake for it. 1, 0 or -errno. */
static int is_stopped(pid_t pid)
{
	char path[64], text[512], *p;
	struct dirent *entry;
	int fd, stopped = 1;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if ((dir = opendir(path)) == NULL)
		return -ESRCH;
	while (stopped && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", (int)pid, entry->d_name);
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		p = strrchr(text, ')');
		stopped = p == NULL || strchr("TZX", p[2]) != NULL;
	}
	closedir(dir);
	return stopped;
}

int clock_shm_stall(struct clock_shm *c, pid_t pid, bool stall)
{
	const struct timespec look = { .tv_nsec = 100000 };
	int res;

	if (!stall) {
		res = clock_shm_exclude(c, pid, false);
		return kill(pid, SIGCONT) < 0 ? -errno : res;
	}
	if (kill(pid, SIGSTOP) < 0)
		return -errno;
	while ((res = is_stopped(pid)) == 0)
		nanosleep(&look, NULL);
	return res < 0 ? res : clock_shm_exclude(c, pid, true);
}

void clock_shm_sleep(struct clock_shm *c, int64_t ns)
{
	atomic_fetch_add(&c->page->asleep_ns, ns);
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
