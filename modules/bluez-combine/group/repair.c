/* What stalls have done to the speakers of a group: carries out what repair.h in member/ says */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>

#include "group/repair.h"
#include "log.h"

#define MSEC		((int64_t)SPA_NSEC_PER_MSEC)

void group_take_stock(struct group *group, int64_t now_ns)
{
	struct member *members[FANOUT_HOST_OUTPUTS_MAX];
	struct member_list all = group_list_members(group, members);
	struct repair *r = &group->repair;
	bool was = r->stutter.on;
	struct stutter_event e;

	if (!cycle_take(&group->cycle, &e))
		return;
	repair_add(r, &all, &e, now_ns);
	pw_log_info("cycles were %" PRIi64 " ms late, %" PRIi64 " ms are lost: %u speakers are out of "
			"step, %u may be", e.late_ns / MSEC, e.lost_ns / MSEC,
			repair_count(&all, STUTTER_OUT_OF_STEP), repair_count(&all, STUTTER_DOUBTFUL));
	if (r->stutter.on && !was)
		pw_log_warn("%s: this machine stutters: it stood still %u times within a minute, for %" PRIi64
				" ms at most", group->args->group, r->stutter.n_stalls,
				stutter_longest_ns(&r->stutter) / MSEC);
}

/* The first of a round says so for all */
static void hold(struct group *group, struct output *o)
{
	if (group->repair.n_stops == 0)
		pw_log_warn("%u speakers of the group %s may be out of step after a stall: "
				"starting them anew", group->repair.n_out, group->args->group);
	output_hold(o);
}

static void release(struct output *o)
{
	const struct member *m = &o->speaker->member;

	if (m->node != MEMBER_NODE_SUSPENDED && !m->shared)
		pw_log_warn("%s has not let go of its stream within %" PRIi64 " ms",
				speaker_address(o->speaker), m->let_go_ns / MSEC);
	output_hold(o);
}

static void carry_out(struct group *group, enum repair_action action, struct member *member)
{
	struct speaker *s = SPA_CONTAINER_OF(member, struct speaker, member);
	struct output *o = s->user_data;

	switch (action) {
	case REPAIR_WAIT:
		break;
	case REPAIR_HOLD:
		hold(group, o);
		break;
	case REPAIR_SUSPEND:
		speaker_suspend(s, output_node_id(o));
		break;
	case REPAIR_RELEASE:
		release(o);
		break;
	}
}

static void tell_kept(struct speaker *s)
{
	if (s->member.kept && !s->told_kept)
		pw_log_warn("%s can't be started anew: somebody else plays to it, too", speaker_address(s));
	s->told_kept = s->member.kept;
}

int64_t group_repair(struct group *group, int64_t now_ns)
{
	struct member *members[FANOUT_HOST_OUTPUTS_MAX], *member;
	struct member_list all = group_list_members(group, members);
	struct repair *r = &group->repair;
	struct repair_now now = {
		.now_ns = now_ns,
		.playing = group->sink.playing,
		.at_once = !quirks_has(&group->quirks, QUIRK_SUSPEND_UNDONE),
	};
	enum repair_action action;
	struct output *o;
	int64_t next_ns;

	group_take_stock(group, now_ns);
	next_ns = repair_tick(r, &all, fanout_host_is_quiet(&group->host), now_ns);
	SPA_ATOMIC_STORE(group->cycle.late_max_ns, stutter_late_max_ns(&r->stutter));
	do {
		now.behind = SPA_ATOMIC_LOAD(group->cycle.behind);
		action = repair_next(r, &all, &now, &member);
		if (action != REPAIR_WAIT)
			carry_out(group, action, member);
	} while (action != REPAIR_WAIT);
	spa_list_for_each(o, &group->outputs, link)
		tell_kept(o->speaker);
	return r->state == REPAIR_NONE ? next_ns : SPA_MIN(next_ns, r->until_ns);
}
