/* What cycles that came late, or not at all, did to the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdlib.h>

#include <spa/utils/atomic.h>

#include "group.h"
#include "log.h"
#include "repair.h"

/* Lateness of a loaded machine, below what any speaker's buffer has */
#define LATE_MIN_NS		(15 * (int64_t)SPA_NSEC_PER_MSEC)
/* The missed cycles are sent at once, and that many packets fit: bluez5 gives a socket 8 MTUs of
 * room, in which packets count with the kernel's overhead: five of 13 to 15 ms at an MTU of
 * 672 bytes, four of 20 to 23 ms at 895 and more. */
#define LATE_MAX_NS		(60 * (int64_t)SPA_NSEC_PER_MSEC)
/* In a reported latency this may be the packet and the codec, which are no buffer */
#define PACKET_MAX_NS		(25 * (int64_t)SPA_NSEC_PER_MSEC)
/* A sink lets go of its transport within this, or another stream keeps it running */
#define STOP_NS			(400 * (int64_t)SPA_NSEC_PER_MSEC)
/* A client that is late again and again must not silence the group */
#define REST_NS			(5 * (int64_t)SPA_NSEC_PER_SEC)

void repair_reset(struct repair *r)
{
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
	int64_t late = now_ns - begin, lost = 0, slept;
	bool behind;

	if (period == 0)
		return 0;
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
	if (slept >= LATE_MIN_NS)
		lost += slept;
	if (late < LATE_MIN_NS)
		late = 0;
	behind = SPA_ATOMIC_XCHG(r->behind, late > 0);
	if (late == 0 && lost == 0)
		return behind ? REPAIR_TELL : 0;
	SPA_ATOMIC_STORE(r->late_ns, SPA_MAX(SPA_ATOMIC_LOAD(r->late_ns), late));
	SPA_ATOMIC_STORE(r->lost_ns, SPA_ATOMIC_LOAD(r->lost_ns) + lost);
	return late > LATE_MAX_NS ? REPAIR_TELL | REPAIR_SKIP : REPAIR_TELL;
}

/*
 * A speaker plays from its buffer while nothing comes. How much it has is not known: what it
 * reports is as good a guess as any, but parts of it may be elsewhere, so half of it.
 */
static bool may_be_dry(const struct output *o, int64_t late_ns)
{
	int64_t latency_ns = o->settle.settled ? o->settle.latency_ns : o->reported_ns;

	return late_ns > (latency_ns - PACKET_MAX_NS) / 2;
}

static void take_stock(struct group *group, int64_t late_ns, int64_t lost_ns)
{
	bool all = lost_ns > 0 || late_ns > LATE_MAX_NS;
	uint32_t n = 0, n_all = 0;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		if (!o->streaming || o->held || !speaker_is_bluetooth(o->speaker))
			continue;
		o->out_of_step |= all || may_be_dry(o, late_ns);
		n += o->out_of_step;
		n_all++;
	}
	pw_log_info("cycles were %" PRIi64 " ms late, %" PRIi64 " ms are lost: "
			"%u of %u speakers are out of step", late_ns / (int64_t)SPA_NSEC_PER_MSEC,
			lost_ns / (int64_t)SPA_NSEC_PER_MSEC, n, n_all);
}

static bool stop(struct group *group)
{
	uint32_t n = 0;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		if (o->out_of_step && o->streaming) {
			output_hold(o, true);
			n++;
		}
		o->out_of_step = false;
	}
	if (n > 0) {
		pw_log_warn("%u speakers of the group %s may be out of step after a stall: "
				"starting them anew", n, group->args->group);
		group->repair.n_restarts++;
	}
	return n > 0;
}

/* Returns true when nobody has to be waited for any longer. */
static bool start(struct group *group, bool now)
{
	bool all = true;
	struct output *o;

	/* bluez5's nodes keep their transports while they are idle */
	spa_list_for_each(o, &group->outputs, link) {
		if (!o->held)
			continue;
		if (!o->suspending && !o->speaker->running) {
			speaker_suspend(o->speaker, pw_stream_get_node_id(o->stream));
			o->suspending = true;
		}
		all &= o->speaker->suspended;
	}
	/* Together: they are one group, and one silence is enough */
	if ((!all || SPA_ATOMIC_LOAD(group->repair.behind)) && !now)
		return false;
	spa_list_for_each(o, &group->outputs, link) {
		if (o->held && !o->speaker->suspended)
			pw_log_warn("%s can't be started anew: somebody else keeps it running",
					speaker_address(o->speaker));
		if (o->held)
			output_hold(o, false);
		o->suspending = false;
	}
	return true;
}

int64_t group_repair(struct group *group, int64_t now_ns)
{
	struct repair *r = &group->repair;
	int64_t late = SPA_ATOMIC_XCHG(r->late_ns, 0), lost = SPA_ATOMIC_XCHG(r->lost_ns, 0);

	if (late > 0 || lost > 0)
		take_stock(group, late, lost);
	if (r->state == REPAIR_STOPPING && start(group, now_ns >= r->until_ns)) {
		r->state = REPAIR_RESTING;
		r->until_ns = now_ns + REST_NS;
	}
	if (r->state == REPAIR_RESTING && now_ns >= r->until_ns)
		r->state = REPAIR_NONE;
	if (r->state == REPAIR_NONE && stop(group)) {
		r->state = REPAIR_STOPPING;
		r->until_ns = now_ns + STOP_NS;
	}
	return r->state == REPAIR_NONE ? INT64_MAX : r->until_ns;
}
