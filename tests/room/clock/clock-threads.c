/* Whether the threads of some processes sleep */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock-threads.h"

struct thread_stat {
	char state;			/**< as in /proc: S sleeps, R runs, T is stopped, ... */
	uint32_t n_threads;		/**< of the process */
};

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
	t->n_groups = 0;
}

void clock_threads_finish(struct clock_threads *t)
{
	forget(t);
	t->n_pids = 0;
}

/* False when the thread is there no more, or has ended and nobody has reaped it. */
static bool read_stat(const struct clock_thread *thread, struct thread_stat *s)
{
	char text[1024], *p;
	ssize_t n = pread(thread->fd, text, sizeof(text) - 1, 0);
	int field;

	if (n <= 0)
		return false;
	text[n] = '\0';
	/* pid (name) state ...; the name may contain anything, the rest does not. */
	if ((p = strrchr(text, ')')) == NULL)
		return false;
	s->state = p[2];
	for (field = 2; p && field < 20; field++)
		p = strchr(p + 1, ' ');
	s->n_threads = p ? strtoul(p, NULL, 10) : 0;
	return s->state != 'X' && s->state != 'Z';
}

static bool open_thread(struct clock_thread *thread, int32_t pid, int32_t tid)
{
	struct thread_stat s;
	char path[64];

	thread->pid = pid;
	thread->tid = tid;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if ((thread->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	/* What has ended does nothing any more. */
	if (read_stat(thread, &s))
		return true;
	close(thread->fd);
	return false;
}

/* The processor time of a single thread is only to be had of one's own process. */
static clockid_t thread_clock(int32_t tid)
{
	return (clockid_t)(~(uint32_t)tid << 3 | 6);	/* as pthread_getcpuclockid() */
}

static void list_threads(struct clock_threads *t, int32_t pid)
{
	bool own = pid == getpid();
	uint32_t i, first = t->n_groups, n_all = 0;
	struct clock_group group = { .pid = pid };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if (clock_getcpuclockid(pid, &group.clock) != 0 || (dir = opendir(path)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL && t->n_threads < CLOCK_THREADS_MAX) {
		int32_t tid = atoi(entry->d_name);

		if (tid == 0 || !open_thread(&t->threads[t->n_threads], pid, tid))
			continue;
		t->n_threads++;
		n_all++;
		if (own)
			group.clock = thread_clock(tid);
		if (own || n_all == 1)
			t->groups[t->n_groups++] = group;
		t->groups[t->n_groups - 1].n_threads++;
	}
	closedir(dir);
	for (i = first; i < t->n_groups; i++)
		t->groups[i].n_all = n_all;
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
	if (n_pids > CLOCK_PROCESSES_MAX)
		n_pids = CLOCK_PROCESSES_MAX;
	if (n_pids == t->n_pids && memcmp(t->pids, pids, n_pids * sizeof(*pids)) == 0)
		return;
	memcpy(t->pids, pids, n_pids * sizeof(*pids));
	t->n_pids = n_pids;
	list_all(t);
}

static bool changed(struct clock_threads *t, int32_t pid, char *text, uint32_t size)
{
	snprintf(text, size, "process %d has just made or ended a thread", pid);
	list_all(t);
	return false;
}

bool clock_threads_look(struct clock_threads *t,
		bool (*skip)(void *data, int32_t pid, int32_t tid), void *data,
		char *text, uint32_t size)
{
	struct clock_thread *thread = t->threads;
	uint32_t i, j;

	for (i = 0; i < t->n_groups; i++) {
		struct clock_group *group = &t->groups[i];

		group->looked = false;
		if (clock_gettime(group->clock, &group->used) < 0)
			return changed(t, group->pid, text, size);
		for (j = 0; j < group->n_threads; j++, thread++) {
			struct thread_stat s = { 0 };

			if (skip(data, thread->pid, thread->tid))
				continue;
			group->looked = true;
			if (!read_stat(thread, &s) || s.n_threads != group->n_all)
				return changed(t, group->pid, text, size);
			if (s.state == 'S')
				continue;
			snprintf(text, size, "thread %d of process %d is busy (state %c)",
					thread->tid, thread->pid, s.state);
			return false;
		}
	}
	return true;
}

bool clock_threads_still(struct clock_threads *t, char *text, uint32_t size)
{
	struct timespec used;
	uint32_t i;

	for (i = 0; i < t->n_groups; i++) {
		struct clock_group *group = &t->groups[i];

		if (!group->looked)
			continue;
		if (clock_gettime(group->clock, &used) == 0 &&
		    used.tv_sec == group->used.tv_sec && used.tv_nsec == group->used.tv_nsec)
			continue;
		snprintf(text, size, "process %d has just run", group->pid);
		return false;
	}
	return true;
}
