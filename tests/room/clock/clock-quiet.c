/* Whether nobody in the room has anything to do */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock-owner.h"

/*
 * A loop has nothing to do while its thread is in its wait and none of its
 * descriptors is ready. Descriptors stay ready until the thread has come back
 * and counted that, so the order
 *
 *	counts, states, readiness of all, counts again
 *
 * with equal counts means that at the moment of the readiness check all were
 * waiting and none had a reason to come back. What one loop sends to another
 * - through an eventfd, a socket, a pipe - makes the receiver's descriptor
 * ready before the sender waits: nothing in flight is missed.
 */

void clock_quiet_collect(struct clock_owner *o)
{
	uint32_t i, n = 0;

	o->pfds[n++] = (struct pollfd){ .fd = o->kick_fd, .events = POLLIN };
	o->pfds[n++] = (struct pollfd){ .fd = o->listen_fd, .events = POLLIN };
	for (i = 0; i < CONNS_MAX; i++)
		if (o->conns[i].fd >= 0)
			o->pfds[n++] = (struct pollfd){ .fd = o->conns[i].fd, .events = POLLIN };
	o->n_sockets = n;
	for (i = 0; i < CLOCK_LOOPS_MAX; i++) {
		if (o->loop_fds[i] < 0)
			continue;
		o->pfd_loop[n] = i;
		o->pfds[n++] = (struct pollfd){ .fd = o->loop_fds[i], .events = POLLIN };
	}
	o->n_pfds = n;
	o->changed = false;
}

static bool takes_part(struct clock_owner *o, const struct clock_loop_slot *slot)
{
	uint32_t state = atomic_load(&slot->state);

	if (state == CLOCK_LOOP_NEW || state == CLOCK_LOOP_AWAY)
		return false;
	if (slot->klass == CLOCK_CLASS_CONTROL && atomic_load(&o->page->pass))
		return false;
	return !clock_owner_excludes(o, slot->pid);
}

static bool loops_wait(struct clock_owner *o, struct clock_busy *busy)
{
	uint32_t i, n = atomic_load(&o->page->n_loops);

	for (i = 0; i < n; i++) {
		struct clock_loop_slot *slot = &o->page->loops[i];

		if (atomic_load(&slot->conn) == 0)
			continue;
		o->counts[i] = atomic_load(&slot->count);
		if (takes_part(o, slot) && atomic_load(&slot->state) == CLOCK_LOOP_RUNNING) {
			busy->loop = i;
			snprintf(busy->text, sizeof(busy->text), "%s is running", slot->name);
			return false;
		}
	}
	return true;
}

static bool loops_have_nothing_ready(struct clock_owner *o, struct clock_busy *busy)
{
	const struct timespec at_once = { 0 };
	uint32_t i;

	if (o->changed)
		clock_quiet_collect(o);
	if (ppoll(o->pfds, o->n_pfds, &at_once, NULL) <= 0)
		return true;
	for (i = 0; i < o->n_sockets; i++) {
		if (o->pfds[i].revents == 0)
			continue;
		busy->loop = CLOCK_NOBODY;
		snprintf(busy->text, sizeof(busy->text), "somebody comes or goes");
		clock_owner_service(o);
		return false;
	}
	for (; i < o->n_pfds; i++) {
		struct clock_loop_slot *slot = &o->page->loops[o->pfd_loop[i]];

		if (o->pfds[i].revents == 0 || !takes_part(o, slot))
			continue;
		busy->loop = atomic_load(&slot->state) == CLOCK_LOOP_POLLED ?
				CLOCK_NOBODY : o->pfd_loop[i];
		snprintf(busy->text, sizeof(busy->text), "%s does not look at what is ready",
				slot->name);
		return false;
	}
	return true;
}

bool clock_quiet_unchanged(struct clock_owner *o, uint32_t loop)
{
	return atomic_load(&o->page->loops[loop].count) == o->counts[loop];
}

bool clock_quiet_still(struct clock_owner *o, struct clock_busy *busy)
{
	uint32_t i, n = atomic_load(&o->page->n_loops);

	for (i = 0; i < n; i++) {
		struct clock_loop_slot *slot = &o->page->loops[i];

		if (atomic_load(&slot->conn) == 0 || clock_quiet_unchanged(o, i))
			continue;
		busy->loop = i;
		snprintf(busy->text, sizeof(busy->text), "%s has just run", slot->name);
		return false;
	}
	return true;
}

/* Threads of which the page tells; the clock's own is one of the owner's process. */
static bool is_known(void *data, int32_t pid, int32_t tid)
{
	struct clock_owner *o = data;
	uint32_t i, n = atomic_load(&o->page->n_loops);

	if (tid == o->tid)
		return true;
	for (i = 0; i < n; i++) {
		struct clock_loop_slot *slot = &o->page->loops[i];
		uint32_t state = atomic_load(&slot->state);

		if (atomic_load(&slot->conn) != 0 && slot->pid == pid &&
		    atomic_load(&slot->tid) == tid &&
		    (state == CLOCK_LOOP_WAITING || state == CLOCK_LOOP_RUNNING))
			return true;
	}
	return false;
}

static uint32_t add_pid(struct clock_owner *o, int32_t *pids, uint32_t n, uint32_t max, int32_t pid)
{
	uint32_t i;

	if (pid == 0 || n == max || clock_owner_excludes(o, pid))
		return n;
	for (i = 0; i < n; i++)
		if (pids[i] == pid)
			return n;
	pids[n] = pid;
	return n + 1;
}

/* Processes whose main loop is not SPA's, and those that the room names. */
static void find_processes(struct clock_owner *o)
{
	struct clock_page *page = o->page;
	int32_t pids[CLOCK_PIDS_MAX + 16];
	uint32_t i, n = 0, n_loops = atomic_load(&page->n_loops);

	if (!atomic_load(&page->pass)) {
		for (i = 0; i < n_loops; i++) {
			struct clock_loop_slot *slot = &page->loops[i];
			if (atomic_load(&slot->conn) != 0 &&
			    atomic_load(&slot->state) == CLOCK_LOOP_POLLED)
				n = add_pid(o, pids, n, CLOCK_PIDS_MAX + 16, slot->pid);
		}
		for (i = 0; i < CLOCK_PIDS_MAX; i++)
			n = add_pid(o, pids, n, CLOCK_PIDS_MAX + 16, atomic_load(&page->watched[i]));
	}
	clock_threads_set(&o->threads, pids, n);
}

bool clock_quiet(struct clock_owner *o, struct clock_busy *busy)
{
	if (!loops_wait(o, busy))
		return false;
	find_processes(o);
	busy->loop = CLOCK_NOBODY;
	if (!clock_threads_look(&o->threads, is_known, o, busy->text, sizeof(busy->text)))
		return false;
	/* This is the moment at which all of it is true. */
	if (!loops_have_nothing_ready(o, busy) || !clock_quiet_still(o, busy))
		return false;
	busy->loop = CLOCK_NOBODY;
	return clock_threads_still(&o->threads, busy->text, sizeof(busy->text));
}

void clock_quiet_reap(struct clock_owner *o)
{
	uint32_t i, n = atomic_load(&o->page->n_loops);

	for (i = 0; i < n; i++) {
		struct clock_loop_slot *slot = &o->page->loops[i];
		int32_t tid = atomic_load(&slot->tid);
		char path[64];

		if (atomic_load(&slot->conn) == 0 || tid == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d", slot->pid, tid);
		if (access(path, F_OK) == 0)
			continue;
		atomic_store(&slot->tid, 0);
		atomic_store(&slot->state, CLOCK_LOOP_NEW);
	}
}
