/* When the cycles of the graph came, and when they ought to have come */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <spa/utils/atomic.h>

#include "group/repair.h"

void repair_init(struct repair *r)
{
	r->late_max_ns = stutter_late_max_ns(&r->stutter);
}

void repair_reset(struct repair *r)
{
	SPA_ATOMIC_STORE(r->behind, false);
	SPA_ATOMIC_STORE(r->late_ns, 0);
	SPA_ATOMIC_STORE(r->lost_ns, 0);
	SPA_ATOMIC_STORE(r->fresh, true);
}

static int64_t period_ns(const struct spa_io_clock *clock)
{
	if (clock->rate.denom == 0)
		return 0;
	return (int64_t)(clock->duration * clock->rate.num * SPA_NSEC_PER_SEC / clock->rate.denom);
}

unsigned repair_cycle(struct repair *r, const struct spa_io_clock *clock, int64_t now_ns,
		int64_t asleep_ns)
{
	int64_t period = period_ns(clock), begin = (int64_t)clock->nsec;
	int64_t late = now_ns - begin, lost = 0, slept, worst;
	bool behind;

	if (period == 0)
		return 0;
	SPA_ATOMIC_STORE(r->period_ns, period);
	/* Between its two readings the thread may have been away: it is never more than that */
	slept = asleep_ns - r->asleep_ns;
	r->asleep_ns = SPA_MAX(r->asleep_ns, asleep_ns);
	if (SPA_ATOMIC_XCHG(r->fresh, false)) {
		r->due_ns = begin + period;
		return 0;
	}
	/* Another driver's first cycle may come early: then the buffers are fuller for good */
	if (llabs(begin - r->due_ns) >= period / 2)
		lost = llabs(begin - r->due_ns);
	r->due_ns = begin + period;
	/* Meanwhile the speakers went on, and what they are linked by stood still */
	if (slept >= REPAIR_LATE_MIN_NS)
		lost += slept;
	if (late < REPAIR_LATE_MIN_NS)
		late = 0;
	behind = SPA_ATOMIC_XCHG(r->behind, late > 0);
	if (late == 0 && lost == 0)
		return behind ? REPAIR_TELL : 0;
	/* What the main loop takes in between is not told twice */
	worst = SPA_ATOMIC_LOAD(r->late_ns);
	if (late > worst && !SPA_ATOMIC_CAS(r->late_ns, worst, late))
		SPA_ATOMIC_STORE(r->late_ns, late);
	__atomic_add_fetch(&r->lost_ns, lost, __ATOMIC_SEQ_CST);
	return late > SPA_ATOMIC_LOAD(r->late_max_ns) ? REPAIR_TELL | REPAIR_SKIP : REPAIR_TELL;
}
