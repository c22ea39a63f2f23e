/* Trouble for the room: busy processors, and processes that stand still */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stage/trouble.h"

#define CHILDREN_MAX	128
#define STOP_PRIORITY	97	/* below the watchdog's */
#define BUSY_PRIORITY	96

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	return pid;
}

int trouble_add_hogs(struct trouble *t)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	while (t->n_hogs < n && t->n_hogs < 64) {
		pid_t pid = fork_child();

		if (pid < 0)
			return -errno;
		while (pid == 0)
			;
		t->hogs[t->n_hogs++] = pid;
	}
	return 0;
}

/* All children of the process but this one: who has just been started is among them. */
static int list_children(pid_t parent, pid_t but, pid_t *pids)
{
	char path[64], text[4096], *at = text, *end;
	int fd, n = 0;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	while (n < CHILDREN_MAX) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at)
			break;
		at = end;
		if (pid != getpid() && pid != but)
			pids[n++] = pid;
	}
	return n;
}

/* 0: as any program. One that may not do this is as fast as the machine is busy. */
static void set_priority(pid_t pid, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	sched_setscheduler(pid, priority > 0 ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* All but \a but, which runs; 0: all */
static void stop_all(pid_t parent, int ms, pid_t but)
{
	pid_t pids[CHILDREN_MAX];
	int n;

	/* that it uses the processor is what is staged: other programs are not to have it */
	if (but != 0)
		set_priority(but, BUSY_PRIORITY);
	/*
	 * A process stands still only when its main thread has taken the signal, which on a
	 * busy machine may be after the end of the stop.
	 */
	set_priority(parent, STOP_PRIORITY);
	/* first the one that starts the others, so that the list stays true */
	kill(parent, SIGSTOP);
	n = list_children(parent, but, pids);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGSTOP);
	sleep_ms(ms);
	set_priority(parent, 0);
	if (but != 0)
		set_priority(but, 0);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGCONT);
	kill(parent, SIGCONT);
}

/* Runs in a child, which tells how often it did its work by its status. */
static pid_t fork_stopper(struct trouble *t)
{
	int fds[2];
	pid_t pid;

	if (t->stopper != 0)
		return -EBUSY;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork_child();
	if (pid == 0) {
		close(fds[1]);
		t->fd = fds[0];
		/* busy processors are not to hold up the stops */
		set_priority(0, STOP_PRIORITY);
		return 0;
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -errno;
	}
	t->fd = fds[1];
	t->stopper = pid;
	return pid;
}

int trouble_add_stops(struct trouble *t, int pause_ms, uint64_t seed)
{
	pid_t parent = getpid(), pid = fork_stopper(t);
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	unsigned state = (unsigned)seed;
	int n = 0;

	if (pid != 0)
		return pid < 0 ? pid : 0;
	while (poll(&p, 1, 1 + rand_r(&state) % pause_ms) == 0) {
		stop_all(parent, TROUBLE_STOP_MS, 0);
		n++;
	}
	_exit(n < 255 ? n : 255);
}

int trouble_add_stop(struct trouble *t, int after_ms, int ms, pid_t but)
{
	pid_t parent = getpid(), pid = fork_stopper(t);
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	if (pid != 0)
		return pid < 0 ? pid : 0;
	if (poll(&p, 1, after_ms) != 0)
		_exit(0);
	stop_all(parent, ms, but);
	_exit(1);
}

int trouble_finish(struct trouble *t)
{
	int status = 0, n = 0;

	if (t->stopper > 0) {
		close(t->fd);
		while (waitpid(t->stopper, &status, 0) < 0 && errno == EINTR)
			;
		n = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	}
	for (int i = 0; i < t->n_hogs; i++) {
		kill(t->hogs[i], SIGKILL);
		waitpid(t->hogs[i], NULL, 0);
	}
	*t = (struct trouble) { 0 };
	return n;
}
