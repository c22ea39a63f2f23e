/* Loops and timers on the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock/clock-user.h"

static int send_message(struct clock_shm *c, uint32_t type, uint32_t index, int fd)
{
	struct clock_message m = { .type = type, .index = index };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t res;

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	do {
		res = sendmsg(c->sock, &msg, MSG_NOSIGNAL);
	} while (res < 0 && errno == EINTR);
	return res < 0 ? -errno : 0;
}

static void kick(struct clock_shm *c)
{
	uint64_t one = 1;
	/* The eventfd is only ever full when the owner is already awake. */
	if (write(c->kick_fd, &one, sizeof(one)) < 0)
		return;
}

static void kick_if_awaited(struct clock_shm *c, uint32_t loop)
{
	uint32_t awaited = atomic_load(&c->page->awaited);
	if (awaited == loop || awaited == CLOCK_ANYBODY)
		kick(c);
}

static void raise_to(_Atomic uint32_t *mark, uint32_t n)
{
	uint32_t old = atomic_load(mark);
	while (old < n && !atomic_compare_exchange_weak(mark, &old, n))
		;
}

/* Loops */

int clock_loop_add(struct clock_shm *c, int poll_fd, enum clock_class klass, const char *name)
{
	struct clock_page *page = c->page;
	uint32_t i;
	int res;

	for (i = 0; i < CLOCK_LOOPS_MAX; i++) {
		uint32_t none = 0;
		if (atomic_compare_exchange_strong(&page->loops[i].conn, &none, c->conn))
			break;
	}
	if (i == CLOCK_LOOPS_MAX)
		return -ENOSPC;

	struct clock_loop_slot *slot = &page->loops[i];
	slot->klass = klass;
	slot->pid = getpid();
	atomic_store(&slot->tid, 0);
	atomic_store(&slot->count, 0);
	atomic_store(&slot->state, CLOCK_LOOP_NEW);
	snprintf(slot->name, sizeof(slot->name), "%s[%d] %s",
			program_invocation_short_name, (int)getpid(), name);
	raise_to(&page->n_loops, i + 1);

	if ((res = send_message(c, CLOCK_MESSAGE_LOOP, i, poll_fd)) < 0)
		return res;
	return (int)i;
}

void clock_loop_remove(struct clock_shm *c, int loop)
{
	atomic_store(&c->page->loops[loop].state, CLOCK_LOOP_NEW);
	send_message(c, CLOCK_MESSAGE_LOOP_FREE, loop, -1);
}

/*
 * The state changes before the count does. The owner reads them the other way
 * round, so that a count which has not moved means that the state was true
 * all the time.
 */
void clock_loop_enter_wait(struct clock_shm *c, int loop, enum clock_loop_state state)
{
	struct clock_loop_slot *slot = &c->page->loops[loop];

	if (atomic_load_explicit(&slot->tid, memory_order_relaxed) == 0)
		atomic_store(&slot->tid, gettid());
	atomic_store(&slot->state, state);
	atomic_fetch_add(&slot->count, 1);
	kick_if_awaited(c, loop);
}

void clock_loop_leave_wait(struct clock_shm *c, int loop)
{
	struct clock_loop_slot *slot = &c->page->loops[loop];

	atomic_store(&slot->state, CLOCK_LOOP_RUNNING);
	atomic_fetch_add(&slot->count, 1);
}

/* Timers */

int clock_timer_add(struct clock_shm *c, int event_fd, enum clock_class klass)
{
	struct clock_page *page = c->page;
	uint32_t i;
	int res;

	for (i = 0; i < CLOCK_TIMERS_MAX; i++) {
		uint32_t none = 0;
		if (atomic_compare_exchange_strong(&page->timers[i].conn, &none, c->conn))
			break;
	}
	if (i == CLOCK_TIMERS_MAX)
		return -ENOSPC;

	struct clock_timer_slot *slot = &page->timers[i];
	slot->klass = klass;
	atomic_store(&slot->loop, CLOCK_NOBODY);
	slot->ordinal = atomic_fetch_add(&c->n_timers, 1);
	snprintf(slot->process, sizeof(slot->process), "%s", program_invocation_short_name);
	atomic_store(&slot->word, CLOCK_DISARMED);
	atomic_store(&slot->interval_ns, 0);
	atomic_store(&slot->fired_ns, 0);
	raise_to(&page->n_timers, i + 1);

	if ((res = send_message(c, CLOCK_MESSAGE_TIMER, i, event_fd)) < 0)
		return res;
	return (int)i;
}

void clock_timer_remove(struct clock_shm *c, int timer)
{
	atomic_store(&c->page->timers[timer].word, CLOCK_DISARMED);
	send_message(c, CLOCK_MESSAGE_TIMER_FREE, timer, -1);
}

/*
 * The word tells armed from expired, the eventfd only wakes. Where the owner
 * fires just as somebody else sets the timer anew, a wake-up without an
 * expiration is left over, and `take` says that there is none.
 */
void clock_timer_set(struct clock_shm *c, int timer, int event_fd,
		int64_t deadline_ns, int64_t interval_ns)
{
	struct clock_timer_slot *slot = &c->page->timers[timer];
	uint64_t count;
	ssize_t res;

	atomic_store(&slot->word, CLOCK_DISARMED);
	do {
		res = read(event_fd, &count, sizeof(count));
	} while (res < 0 && errno == EINTR);
	atomic_store(&slot->interval_ns, interval_ns);
	atomic_store(&slot->word, deadline_ns);
	kick_if_awaited(c, CLOCK_ANYBODY);
}

int64_t clock_timer_remaining_ns(struct clock_shm *c, int timer)
{
	struct clock_timer_slot *slot = &c->page->timers[timer];
	int64_t word = atomic_load(&slot->word);

	if (word == CLOCK_EXPIRED)
		return atomic_load(&slot->interval_ns);
	if (word == CLOCK_DISARMED)
		return 0;
	word -= atomic_load(&c->page->now_ns);
	return word > 1 ? word : 1;
}

uint64_t clock_timer_take(struct clock_shm *c, int timer)
{
	struct clock_timer_slot *slot = &c->page->timers[timer];
	int64_t expired = CLOCK_EXPIRED, next = CLOCK_DISARMED;
	int64_t interval = atomic_load(&slot->interval_ns);
	uint64_t n = 1;

	if (interval > 0) {
		int64_t fired = atomic_load(&slot->fired_ns);
		n += (atomic_load(&c->page->now_ns) - fired) / interval;
		next = fired + (int64_t)n * interval;
	}
	if (!atomic_compare_exchange_strong(&slot->word, &expired, next))
		return 0;
	return n;
}
