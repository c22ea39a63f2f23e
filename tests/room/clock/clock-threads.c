/* Whether the threads of some processes sleep */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock-threads.h"

void clock_threads_init(struct clock_threads *t)
{
	memset(t, 0, sizeof(*t));
}

static void forget(struct clock_threads *t)
{
	uint32_t i;

	for (i = 0; i < t->n_threads; i++)
		close(t->threads[i].fd);
	t->n_threads = 0;
}

void clock_threads_finish(struct clock_threads *t)
{
	forget(t);
	t->n_pids = 0;
}

struct status {
	char name[64];
	char state;
	uint32_t n_threads;		/**< of the process */
	unsigned long long sleeps;
};

static bool read_status(const struct clock_thread *thread, struct status *s)
{
	char text[4096], *p;
	ssize_t n = pread(thread->fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	sscanf(text, "Name:\t%63[^\n]", s->name);
	s->state = (p = strstr(text, "\nState:\t")) ? p[8] : 'X';
	s->n_threads = (p = strstr(text, "\nThreads:\t")) ? strtoul(p + 10, NULL, 10) : 0;
	s->sleeps = (p = strstr(text, "\nvoluntary_ctxt_switches:\t")) ?
			strtoull(p + 26, NULL, 10) : 0;
	return s->state != 'X' && s->state != 'Z';
}

static void list_threads(struct clock_threads *t, int32_t pid)
{
	char path[64];
	struct dirent *entry;
	struct status status;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if ((dir = opendir(path)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL && t->n_threads < CLOCK_THREADS_MAX) {
		struct clock_thread *thread = &t->threads[t->n_threads];

		if (entry->d_name[0] == '.')
			continue;
		thread->pid = pid;
		thread->tid = atoi(entry->d_name);
		thread->sleeps = 0;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread->tid);
		if ((thread->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		/* What has ended and is not reaped does nothing any more. */
		if (read_status(thread, &status))
			t->n_threads++;
		else
			close(thread->fd);
	}
	closedir(dir);
}

static void list_all(struct clock_threads *t)
{
	uint32_t i;

	forget(t);
	for (i = 0; i < t->n_pids; i++)
		list_threads(t, t->pids[i]);
}

void clock_threads_set(struct clock_threads *t, const int32_t *pids, uint32_t n_pids)
{
	if (n_pids > sizeof(t->pids) / sizeof(t->pids[0]))
		n_pids = sizeof(t->pids) / sizeof(t->pids[0]);
	if (n_pids == t->n_pids && memcmp(t->pids, pids, n_pids * sizeof(*pids)) == 0)
		return;
	memcpy(t->pids, pids, n_pids * sizeof(*pids));
	t->n_pids = n_pids;
	list_all(t);
}

static uint32_t threads_of(const struct clock_threads *t, int32_t pid)
{
	uint32_t i, n = 0;

	for (i = 0; i < t->n_threads; i++)
		if (t->threads[i].pid == pid)
			n++;
	return n;
}

bool clock_threads_look(struct clock_threads *t, bool again,
		bool (*skip)(void *data, int32_t pid, int32_t tid), void *data,
		char *text, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < t->n_threads; i++) {
		struct clock_thread *thread = &t->threads[i];
		struct status s = { .name = "" };

		if (skip(data, thread->pid, thread->tid))
			continue;
		if (!read_status(thread, &s)) {
			/* It has ended, or its process has. */
			snprintf(text, size, "thread %d of process %d has just ended",
					thread->tid, thread->pid);
			list_all(t);
			return false;
		}
		if (s.n_threads != threads_of(t, thread->pid)) {
			snprintf(text, size, "process %d has just made or ended a thread",
					thread->pid);
			list_all(t);
			return false;
		}
		if (s.state != 'S' || (again && s.sleeps != thread->sleeps)) {
			snprintf(text, size, "%.15s[%d] thread %d is busy (state %c)",
					s.name, thread->pid, thread->tid, s.state);
			return false;
		}
		thread->sleeps = s.sleeps;
	}
	return true;
}
