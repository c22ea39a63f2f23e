/* When the cycles of the graph came, and when they ought to have come */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <spa/utils/atomic.h>

#include "timing/cycle.h"

void cycle_reset(struct cycle *c)
{
	SPA_ATOMIC_STORE(c->behind, false);
	SPA_ATOMIC_STORE(c->late_ns, 0);
	SPA_ATOMIC_STORE(c->lost_ns, 0);
	SPA_ATOMIC_STORE(c->fresh, true);
}

static int64_t period_ns(const struct spa_io_clock *clock)
{
	if (clock->rate.denom == 0)
		return 0;
	return (int64_t)(clock->duration * clock->rate.num * SPA_NSEC_PER_SEC / clock->rate.denom);
}

unsigned cycle_begin(struct cycle *c, const struct spa_io_clock *clock, int64_t now_ns,
		int64_t asleep_ns)
{
	int64_t period = period_ns(clock), begin = (int64_t)clock->nsec;
	int64_t late = now_ns - begin, lost = 0, slept, worst;
	bool behind;

	if (period == 0)
		return 0;
	SPA_ATOMIC_STORE(c->period_ns, period);
	/* Between its two readings the thread may have been away: it is never more than that */
	slept = asleep_ns - c->asleep_ns;
	c->asleep_ns = SPA_MAX(c->asleep_ns, asleep_ns);
	if (SPA_ATOMIC_XCHG(c->fresh, false)) {
		c->due_ns = begin + period;
		return 0;
	}
	/* Another driver's first cycle may come early: then the buffers are fuller for good */
	if (llabs(begin - c->due_ns) >= period / 2)
		lost = llabs(begin - c->due_ns);
	c->due_ns = begin + period;
	/* Meanwhile the speakers went on, and what they are linked by stood still */
	if (slept >= CYCLE_LATE_MIN_NS)
		lost += slept;
	if (late < CYCLE_LATE_MIN_NS)
		late = 0;
	behind = SPA_ATOMIC_XCHG(c->behind, late > 0);
	if (late == 0 && lost == 0)
		return behind ? CYCLE_TELL : 0;
	/* What the main loop takes in between is not told twice */
	worst = SPA_ATOMIC_LOAD(c->late_ns);
	if (late > worst && !SPA_ATOMIC_CAS(c->late_ns, worst, late))
		SPA_ATOMIC_STORE(c->late_ns, late);
	__atomic_add_fetch(&c->lost_ns, lost, __ATOMIC_SEQ_CST);
	return late > SPA_ATOMIC_LOAD(c->late_max_ns) ? CYCLE_TELL | CYCLE_SKIP : CYCLE_TELL;
}

bool cycle_take(struct cycle *c, struct stutter_event *event)
{
	*event = (struct stutter_event) {
		.late_ns = SPA_ATOMIC_XCHG(c->late_ns, 0),
		.lost_ns = SPA_ATOMIC_XCHG(c->lost_ns, 0),
		.period_ns = SPA_ATOMIC_LOAD(c->period_ns),
		/* The stall may begin or end a stutter: it was played by what held before */
		.late_max_ns = SPA_ATOMIC_LOAD(c->late_max_ns),
	};
	return event->late_ns > 0 || event->lost_ns > 0;
}
