/* What cycles that came late, or not at all, did to the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>

#include "group/group.h"
#include "log.h"
#include "loop-time.h"
#include "group/repair.h"

#define MSEC		((int64_t)SPA_NSEC_PER_MSEC)

/* A speaker lets go of its stream within 0.3 to 0.8 s; bluetoothd gives up one that does not answer
 * after 6 s */
#define STOP_NS		(7000 * MSEC)
/* One that has needed longer comes after all others */
#define SLOW_NS		(1000 * MSEC)

static uint32_t count(const struct group *group, enum stutter_step step)
{
	const struct output *o;
	uint32_t n = 0;

	spa_list_for_each(o, &group->outputs, link)
		n += member_is_repairable(&o->speaker->member) && o->speaker->member.step == step;
	return n;
}

static void raise_all(struct group *group, enum stutter_step from, enum stutter_step to)
{
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		if (member_is_repairable(&o->speaker->member) && o->speaker->member.step >= from)
			o->speaker->member.step = SPA_MAX(o->speaker->member.step, to);
}

static void take_stock(struct group *group, int64_t now_ns, const struct stutter_event *e)
{
	struct stutter *s = &group->repair.stutter;
	bool was = s->on;
	struct output *o;

	stutter_add(s, now_ns, e);
	spa_list_for_each(o, &group->outputs, link) {
		if (!member_is_repairable(&o->speaker->member))
			continue;
		o->speaker->member.lost_ns += e->lost_ns;
		o->speaker->member.step = SPA_MAX(o->speaker->member.step, stutter_judge(s, e, o->speaker->member.latency_ns, o->speaker->member.lost_ns));
	}
	pw_log_info("cycles were %" PRIi64 " ms late, %" PRIi64 " ms are lost: %u speakers are out of "
			"step, %u may be", e->late_ns / MSEC, e->lost_ns / MSEC,
			count(group, STUTTER_OUT_OF_STEP), count(group, STUTTER_DOUBTFUL));
	if (s->on && !was)
		pw_log_warn("%s: this machine stutters: it stood still %u times within a minute, for %" PRIi64
				" ms at most", group->args->group, s->n_stalls, stutter_longest_ns(s) / MSEC);
}

void group_take_stock(struct group *group, int64_t now_ns)
{
	struct repair *r = &group->repair;
	struct stutter_event e = {
		.late_ns = SPA_ATOMIC_XCHG(r->late_ns, 0),
		.lost_ns = SPA_ATOMIC_XCHG(r->lost_ns, 0),
		.period_ns = SPA_ATOMIC_LOAD(r->period_ns),
		/* The stall may begin or end a stutter: it was played by what held before */
		.late_max_ns = SPA_ATOMIC_LOAD(r->late_max_ns),
	};

	if (e.late_ns > 0 || e.lost_ns > 0)
		take_stock(group, now_ns, &e);
}

void group_rested(struct group *group, struct output *o)
{
	/* What was before that is not put down to what it begins with */
	group_take_stock(group, loop_now_ns(group->main_loop));
	o->speaker->member.step = STUTTER_IN_STEP;
	o->speaker->member.lost_ns = 0;
}

/* Who will be started anew has all of its own again. Nothing is known of one that may never play. */
static int64_t least_lost_ns(const struct group *group)
{
	const struct output *o;
	int64_t least_ns = INT64_MAX;

	spa_list_for_each(o, &group->outputs, link) {
		if (!member_is_repairable(&o->speaker->member))
			continue;
		if (o->speaker->member.step == STUTTER_OUT_OF_STEP && !o->speaker->member.shared)
			return 0;
		if (member_counts(&o->speaker->member, true))
			least_ns = SPA_MIN(least_ns, o->speaker->member.lost_ns);
	}
	return least_ns;
}

static void part(struct group *group)
{
	int64_t least_ns = least_lost_ns(group);
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		if (member_is_repairable(&o->speaker->member) && stutter_is_apart(o->speaker->member.lost_ns, least_ns))
			o->speaker->member.step = STUTTER_OUT_OF_STEP;
}

static void update_steps(struct group *group)
{
	struct stutter *s = &group->repair.stutter;

	/* Nobody hears it, or it pays again */
	if (!s->on || fanout_host_is_quiet(&group->host))
		raise_all(group, STUTTER_DOUBTFUL, STUTTER_OUT_OF_STEP);
	/* What is lost while some are started anew would begin it again and again, without a rest */
	if (group->repair.state != REPAIR_STOPPING)
		part(group);
}

/* Somebody else than we plays to it, and keeps it running. */
static bool is_shared(struct output *o)
{
	struct speaker *s = o->speaker;

	if (s->member.shared && !s->told_shared)
		pw_log_warn("%s can't be started anew: somebody else plays to it, too", speaker_address(s));
	s->told_shared = s->member.shared;
	return s->member.shared;
}

/* Who is silent in any case comes first, who may hold up the others last. */
static bool comes_before(const struct member *a, const struct member *b)
{
	bool a_slow = a->let_go_ns >= SLOW_NS || a->backoff.failures > 0;
	bool b_slow = b->let_go_ns >= SLOW_NS || b->backoff.failures > 0;

	return a_slow != b_slow ? b_slow : a->latency_ns < b->latency_ns;
}

static struct output *find_next(struct group *group)
{
	struct output *o, *best = NULL;

	spa_list_for_each(o, &group->outputs, link) {
		if (o->speaker->member.step != STUTTER_OUT_OF_STEP || !member_is_repairable(&o->speaker->member))
			continue;
		if (is_shared(o))
			o->speaker->member.step = STUTTER_DOUBTFUL;
		else if (best == NULL || comes_before(&o->speaker->member, &best->speaker->member))
			best = o;
	}
	return best;
}

static struct output *find_held(struct group *group)
{
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		if (member_is_held(&o->speaker->member) && o->stream)
			return o;
	return NULL;
}

static void stop(struct group *group, struct output *o, int64_t now_ns)
{
	struct repair *r = &group->repair;

	if (r->n_stops == 0) {
		pw_log_warn("%u speakers of the group %s may be out of step after a stall: "
				"starting them anew", count(group, STUTTER_OUT_OF_STEP),
				group->args->group);
		r->n_restarts++;
	}
	member_event(&o->speaker->member, MEMBER_HOLD, now_ns);
	output_hold(o);
	r->state = REPAIR_STOPPING;
	r->since_ns = now_ns;
	r->until_ns = now_ns + STOP_NS;
}

/* bluez5's nodes keep their transports while they are idle. Returns whether it is over. */
static bool let_go(struct group *group, struct output *o, int64_t now_ns)
{
	struct repair *r = &group->repair;
	struct member *m = &o->speaker->member;
	bool suspended = m->node == MEMBER_NODE_SUSPENDED;

	if (m->state == MEMBER_STOPPING && m->node != MEMBER_NODE_RUNNING) {
		speaker_suspend(o->speaker, pw_stream_get_node_id(o->stream));
		member_event(m, MEMBER_TOLD, now_ns);
	}
	if (now_ns < r->until_ns && !is_shared(o) && (!suspended || SPA_ATOMIC_LOAD(r->behind)))
		return false;
	if (!suspended && !m->shared)
		pw_log_warn("%s has not let go of its stream within %" PRIi64 " ms",
				speaker_address(o->speaker), (now_ns - r->since_ns) / MSEC);
	m->let_go_ns = now_ns - r->since_ns;
	member_event(m, MEMBER_RELEASE, now_ns);
	if (!group->sink.playing)
		member_event(m, MEMBER_GROUP_STOPPED, now_ns);
	output_hold(o);
	return true;
}

/* One after the other, and then a rest */
static void repair(struct group *group, int64_t now_ns)
{
	struct repair *r = &group->repair;
	struct output *o = find_held(group);

	if (r->state == REPAIR_STOPPING) {
		if (o != NULL && !let_go(group, o, now_ns))
			return;
		r->n_stops++;
		r->took_ns = SPA_MAX(r->took_ns, now_ns - r->since_ns);
	}
	if (r->state == REPAIR_RESTING && now_ns < r->until_ns)
		return;
	r->state = REPAIR_NONE;
	if ((o = find_next(group)) != NULL) {
		stop(group, o, now_ns);
	} else if (r->n_stops > 0) {
		r->state = REPAIR_RESTING;
		r->until_ns = now_ns + stutter_rest_ns(r->took_ns);
		r->took_ns = 0;
		r->n_stops = 0;
	}
}

int64_t group_repair(struct group *group, int64_t now_ns)
{
	struct repair *r = &group->repair;
	int64_t next_ns;

	group_take_stock(group, now_ns);
	next_ns = stutter_tick(&r->stutter, now_ns);
	SPA_ATOMIC_STORE(r->late_max_ns, stutter_late_max_ns(&r->stutter));
	update_steps(group);
	repair(group, now_ns);
	return r->state == REPAIR_NONE ? next_ns : SPA_MIN(next_ns, r->until_ns);
}
