/* Who is started anew after cycles that came late, or not at all */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "member/repair.h"

#define MSEC		((int64_t)SPA_NSEC_PER_MSEC)

/* A speaker lets go of its stream within 0.3 to 0.8 s; bluetoothd gives up one that does not answer
 * after 6 s */
#define STOP_NS		(7000 * MSEC)
/* One that has needed longer comes after all others */
#define SLOW_NS		(1000 * MSEC)

#define for_each_repairable(m, all)							\
	for (uint32_t i_ = 0; i_ < (all)->n; i_++)					\
		if (m = (all)->members[i_], member_is_repairable(m))

uint32_t repair_count(const struct member_list *all, enum stutter_step step)
{
	const struct member *m;
	uint32_t n = 0;

	for_each_repairable(m, all)
		n += m->step == step;
	return n;
}

void repair_add(struct repair *r, const struct member_list *all, const struct stutter_event *event,
		int64_t now_ns)
{
	struct member *m;

	stutter_add(&r->stutter, now_ns, event);
	for_each_repairable(m, all) {
		m->lost_ns += event->lost_ns;
		m->step = SPA_MAX(m->step, stutter_judge(&r->stutter, event, m->latency_ns, m->lost_ns));
	}
}

/* Who will be started anew has all of its own again. Nothing is known of one that may never play. */
static int64_t least_lost_ns(const struct member_list *all)
{
	const struct member *m;
	int64_t least_ns = INT64_MAX;

	for_each_repairable(m, all) {
		if (m->step == STUTTER_OUT_OF_STEP && !m->shared)
			return 0;
		if (member_counts(m, true))
			least_ns = SPA_MIN(least_ns, m->lost_ns);
	}
	return least_ns;
}

static void part(const struct member_list *all)
{
	int64_t least_ns = least_lost_ns(all);
	struct member *m;

	for_each_repairable(m, all)
		if (stutter_is_apart(m->lost_ns, least_ns))
			m->step = STUTTER_OUT_OF_STEP;
}

static void raise_doubtful(const struct member_list *all)
{
	struct member *m;

	for_each_repairable(m, all)
		if (m->step == STUTTER_DOUBTFUL)
			m->step = STUTTER_OUT_OF_STEP;
}

int64_t repair_tick(struct repair *r, const struct member_list *all, bool quiet, int64_t now_ns)
{
	int64_t next_ns = stutter_tick(&r->stutter, now_ns);

	/* Nobody hears it, or it pays again */
	if (!r->stutter.on || quiet)
		raise_doubtful(all);
	/* What is lost while some are started anew would begin it again and again, without a rest */
	if (r->state != REPAIR_STOPPING)
		part(all);
	return next_ns;
}

/* Who is silent in any case comes first, who may hold up the others last. */
static bool comes_before(const struct member *a, const struct member *b)
{
	bool a_slow = a->let_go_ns >= SLOW_NS || a->backoff.failures > 0;
	bool b_slow = b->let_go_ns >= SLOW_NS || b->backoff.failures > 0;

	return a_slow != b_slow ? b_slow : a->latency_ns < b->latency_ns;
}

/* Somebody else than we plays to it, and keeps it running. */
static bool is_kept(struct member *m)
{
	m->kept = m->shared;
	return m->kept;
}

/* Who was started anew in this round, and is out of step again, is silent no longer than it has to be: after the rest */
static bool had_its_turn(const struct repair *r, const struct member *m)
{
	return r->n_stops > 0 && m->round == r->n_restarts;
}

static struct member *find_next(const struct repair *r, const struct member_list *all)
{
	struct member *m, *best = NULL;

	for_each_repairable(m, all) {
		if (m->step != STUTTER_OUT_OF_STEP || had_its_turn(r, m))
			continue;
		if (is_kept(m))
			m->step = STUTTER_DOUBTFUL;
		else if (best == NULL || comes_before(m, best))
			best = m;
	}
	return best;
}

static struct member *find_held(const struct member_list *all)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (member_is_held(all->members[i]))
			return all->members[i];
	return NULL;
}

static void stop(struct repair *r, const struct member_list *all, struct member *m, int64_t now_ns)
{
	if (r->n_stops == 0) {
		r->n_out = repair_count(all, STUTTER_OUT_OF_STEP);
		r->n_restarts++;
	}
	m->round = r->n_restarts;
	member_event(m, MEMBER_HOLD, now_ns);
	r->state = REPAIR_STOPPING;
	r->since_ns = now_ns;
	r->until_ns = now_ns + STOP_NS;
}

static void stopped(struct repair *r, int64_t now_ns)
{
	r->n_stops++;
	r->took_ns = SPA_MAX(r->took_ns, now_ns - r->since_ns);
	r->state = REPAIR_NONE;
}

/* bluez5's nodes keep their transports while they are idle. */
static enum repair_action let_go(struct repair *r, struct member *m, const struct repair_now *now)
{
	bool suspended = m->node == MEMBER_NODE_SUSPENDED;

	if (m->state == MEMBER_STOPPING && (m->node != MEMBER_NODE_RUNNING || now->at_once)) {
		member_event(m, MEMBER_TOLD, now->now_ns);
		return REPAIR_SUSPEND;
	}
	if (now->now_ns < r->until_ns && !is_kept(m) && (!suspended || now->behind))
		return REPAIR_WAIT;
	m->let_go_ns = now->now_ns - r->since_ns;
	member_event(m, MEMBER_RELEASE, now->now_ns);
	if (!now->playing)
		member_event(m, MEMBER_GROUP_STOPPED, now->now_ns);
	stopped(r, now->now_ns);
	return REPAIR_RELEASE;
}

enum repair_action repair_next(struct repair *r, const struct member_list *all, const struct repair_now *now,
		struct member **member)
{
	switch (r->state) {
	case REPAIR_STOPPING:
		if ((*member = find_held(all)) != NULL)
			return let_go(r, *member, now);
		/* It is gone */
		stopped(r, now->now_ns);
		break;
	case REPAIR_RESTING:
		if (now->now_ns < r->until_ns)
			return REPAIR_WAIT;
		r->state = REPAIR_NONE;
		break;
	case REPAIR_NONE:
		break;
	}
	if ((*member = find_next(r, all)) != NULL) {
		stop(r, all, *member, now->now_ns);
		return REPAIR_HOLD;
	}
	if (r->n_stops > 0) {
		r->state = REPAIR_RESTING;
		r->until_ns = now->now_ns + stutter_rest_ns(r->took_ns);
		r->took_ns = 0;
		r->n_stops = 0;
	}
	return REPAIR_WAIT;
}
