/* What cycles that came late, or not at all, did to the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>

#include "group.h"
#include "log.h"
#include "repair.h"

/* In a reported latency this may be the packet and the codec, which are no buffer */
#define PACKET_MAX_NS		(25 * (int64_t)SPA_NSEC_PER_MSEC)
/* A sink lets go of its transport within this, or another stream keeps it running */
#define STOP_NS			(400 * (int64_t)SPA_NSEC_PER_MSEC)
/* A client that is late again and again must not silence the group */
#define REST_NS			(5 * (int64_t)SPA_NSEC_PER_SEC)

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
	bool all = lost_ns > 0 || late_ns > REPAIR_LATE_MAX_NS;
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
