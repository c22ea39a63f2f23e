/* How the room's clock moves on */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock/clock-owner.h"

/* At real speed `now` follows the wall clock in such steps while nothing is due. */
#define STEP_NS		(5 * NSEC_PER_MSEC)
/* Lateness of ordinary wake-ups is made up for; more than this is a stall, and time has stood. */
#define LATE_MAX_NS	(2 * NSEC_PER_MSEC)
/* Threads without a place in the page do not tell when they fall asleep. */
#define LOOK_NS		(INT64_C(50) * 1000)
/* So long after it last ran, a loop's thread may be gone. */
#define REAP_NS		(20 * NSEC_PER_MSEC)

static void wait_real(struct clock_owner *o, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

	if (o->changed)
		clock_quiet_collect(o);
	if (ppoll(o->pfds, o->n_sockets, ns < 0 ? NULL : &ts, NULL) > 0)
		clock_owner_service(o);
}

/* Somebody is busy */

static void report(struct clock_owner *o, const char *what, int64_t for_ns)
{
	char text[256];

	snprintf(text, sizeof(text), "time has stood for %.1f s: %s",
			for_ns / (double)NSEC_PER_SEC, what);
	if (o->options.report)
		o->options.report(o->options.data, text);
	else
		fprintf(stderr, "room clock: %s\n", text);
}

static void wait_for(struct clock_owner *o, const struct clock_busy *busy)
{
	int64_t now = clock_wall_ns(), ns;

	if (o->busy_since_ns == 0) {
		o->busy_since_ns = now;
		o->report_ns = now + (int64_t)(o->options.report_sec * NSEC_PER_SEC);
	} else if (now >= o->report_ns) {
		report(o, busy->text, now - o->busy_since_ns);
		o->report_ns = now + 2 * (now - o->busy_since_ns);
	}

	if (busy->loop == CLOCK_NOBODY) {
		/* The longer it takes, the less it matters when exactly it ends. */
		ns = (now - o->busy_since_ns) / 8;
		wait_real(o, ns < LOOK_NS ? LOOK_NS : ns > NSEC_PER_MSEC ? NSEC_PER_MSEC : ns);
		return;
	}
	atomic_store(&o->page->awaited, busy->loop);
	if (clock_quiet_unchanged(o, busy->loop))
		wait_real(o, REAP_NS);
	atomic_store(&o->page->awaited, CLOCK_NOBODY);
	if (clock_wall_ns() - now >= REAP_NS)
		clock_quiet_reap(o);
}

/* Nobody is busy */

static int rank(const struct clock_timer_slot *a, const struct clock_timer_slot *b)
{
	int res;

	if (a->klass != b->klass)
		return a->klass < b->klass ? -1 : 1;
	if ((res = strcmp(a->process, b->process)) != 0)
		return res;
	return a->ordinal < b->ordinal ? -1 : 1;
}

/* One at a time, so that what follows from the one is done before the next. */
static struct clock_timer_slot *find_earliest(struct clock_owner *o, int64_t *deadline_ns)
{
	struct clock_page *page = o->page;
	struct clock_timer_slot *best = NULL;
	uint32_t i, n = atomic_load(&page->n_timers);

	*deadline_ns = CLOCK_SHM_NEVER;
	for (i = 0; i < n; i++) {
		struct clock_timer_slot *slot = &page->timers[i];
		int64_t word = atomic_load(&slot->word);

		if (word <= 0 || o->timer_fds[i] < 0 || word > *deadline_ns)
			continue;
		if (best && word == *deadline_ns && rank(best, slot) < 0)
			continue;
		best = slot;
		*deadline_ns = word;
	}
	return best;
}

static void fire(struct clock_owner *o, struct clock_timer_slot *slot, int64_t deadline_ns)
{
	struct clock_page *page = o->page;
	uint64_t one = 1;
	uint32_t loop;

	if (deadline_ns > atomic_load(&page->now_ns))
		atomic_store(&page->now_ns, deadline_ns);
	atomic_store(&slot->fired_ns, deadline_ns);
	/* Set anew by somebody who does not take part: look again. */
	if (!atomic_compare_exchange_strong(&slot->word, &deadline_ns, CLOCK_EXPIRED))
		return;
	loop = atomic_load(&slot->loop);
	if (loop < CLOCK_LOOPS_MAX) {
		/* It is back from now on, however long it takes to notice. */
		atomic_store(&page->loops[loop].state, CLOCK_LOOP_RUNNING);
		atomic_fetch_add(&page->loops[loop].count, 1);
	}
	if (write(o->timer_fds[slot - page->timers], &one, sizeof(one)) < 0)
		return;
	atomic_fetch_add(&page->fired, 1);
	if (o->options.trace)
		fprintf(o->options.trace, "%" PRId64 " %s timer %u\n", deadline_ns,
				slot->process, slot->ordinal);
}

static void stood(struct clock_owner *o, int64_t ns)
{
	atomic_fetch_add(&o->page->stood_ns, ns);
	if (ns > atomic_load(&o->page->stood_max_ns))
		atomic_store(&o->page->stood_max_ns, ns);
}

static void set_base(struct clock_owner *o, int64_t wall_ns, int64_t now_ns)
{
	o->base_real_ns = wall_ns;
	o->base_now_ns = now_ns;
	o->real = true;
}

/* At real speed. True when the wall clock has come as far as `deadline_ns`. */
static bool wall_has_reached(struct clock_owner *o, int64_t deadline_ns)
{
	int64_t wall = clock_wall_ns(), now = atomic_load(&o->page->now_ns);
	int64_t at, next;

	if (!o->real)
		set_base(o, wall, now);
	at = o->base_now_ns + (wall - o->base_real_ns);
	/* Where `now` should have been set by now; later than that is a stall. */
	next = deadline_ns - now > STEP_NS ? now + STEP_NS : deadline_ns;
	if (at - next > LATE_MAX_NS) {
		stood(o, at - next);
		set_base(o, wall, next);
		at = next;
	}
	if (at >= deadline_ns)
		return true;
	if (at >= next) {
		atomic_store(&o->page->now_ns, next);
		next = deadline_ns - next > STEP_NS ? next + STEP_NS : deadline_ns;
	}
	wait_real(o, next - at);
	return false;
}

/* Returns the timer to fire, or NULL after a wait: whoever does something meanwhile ends it. */
static struct clock_timer_slot *wait_for_earliest(struct clock_owner *o, int64_t *deadline_ns)
{
	struct clock_page *page = o->page;
	struct clock_timer_slot *slot;
	int64_t now = atomic_load(&page->now_ns);
	int64_t limit = atomic_load(&page->paused) ? now : atomic_load(&page->cap_ns);

	slot = find_earliest(o, deadline_ns);
	if (*deadline_ns > limit) {
		slot = NULL;
		*deadline_ns = limit;
	}
	if (slot == NULL && limit <= now) {
		o->real = false;
		wait_real(o, -1);
		return NULL;
	}
	if (!atomic_load(&page->fast))
		return wall_has_reached(o, *deadline_ns) ? slot : NULL;

	o->real = false;
	if (slot == NULL) {
		if (limit != CLOCK_SHM_NEVER)
			atomic_store(&page->now_ns, limit);
		wait_real(o, -1);
	}
	return slot;
}

static void move_on(struct clock_owner *o)
{
	struct clock_timer_slot *slot = NULL;
	struct clock_busy busy;
	int64_t deadline_ns;

	o->busy_since_ns = 0;
	atomic_store(&o->page->awaited, CLOCK_ANYBODY);
	if (clock_quiet_still(o, &busy))
		slot = wait_for_earliest(o, &deadline_ns);
	atomic_store(&o->page->awaited, CLOCK_NOBODY);
	if (slot)
		fire(o, slot, deadline_ns);
}

void *clock_ticker_run(void *data)
{
	struct clock_owner *o = data;
	struct sched_param param = { .sched_priority = 1 };

	/* The clock waits for everybody: a late wake-up costs speed and nothing else. */
	o->tid = gettid();
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
	prctl(PR_SET_TIMERSLACK, 1UL);

	while (!atomic_load(&o->quit)) {
		struct clock_busy busy;

		if (clock_quiet(o, &busy))
			move_on(o);
		else
			wait_for(o, &busy);
	}
	return NULL;
}
