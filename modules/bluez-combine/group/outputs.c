/* Which members of a group have an output, and what becomes of those that fail */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/string.h>

#include "group/outputs.h"
#include "group/repair.h"
#include "group/status.h"
#include "timing/known.h"
#include "graph/local-node.h"
#include "log.h"
#include "loop-time.h"

static void output_changed(void *data, struct output *output)
{
	group_schedule_update(data);
}

static void output_event(void *data, struct output *output, enum member_event event)
{
	struct group *group = data;
	int64_t now_ns = loop_now_ns(group->main_loop);

	if (event == MEMBER_STREAMS) {
		/* What came before it is not its own */
		group_take_stock(group, now_ns);
		report_start(&output->speaker->report, now_ns);
	}
	member_event(&output->speaker->member, event, now_ns);
	group_schedule_update(group);
}

static const struct output_events output_events = {
	.changed = output_changed,
	.event = output_event,
};

static struct output *find_output(struct group *group, const char *address)
{
	struct output *o;
	spa_list_for_each(o, &group->outputs, link)
		if (spa_streq(speaker_address(o->speaker), address))
			return o;
	return NULL;
}

int group_outputs_add(struct group *group, struct speaker *speaker)
{
	const char *address = speaker_address(speaker);
	const char *codec = pw_properties_get(speaker->props, "api.bluez5.codec");
	struct known *k = known_find(&group->known, address, codec ? codec : "");
	struct output *o;

	/* Two nodes of one speaker: it would play everything twice */
	if (find_output(group, address))
		return -EEXIST;
	o = output_new(speaker, group->core, group->data_loop, &group->host, group->args,
			&output_events, group);
	if (o == NULL)
		return -errno;
	member_added(&speaker->member, speaker_kind(speaker), group->ensemble.audible);
	report_open(&speaker->report, k);
	speaker->user_data = o;
	spa_list_append(&group->outputs, &o->link);
	return 0;
}

/*
 * A sink that is left alone goes on by itself, in silence, for as long as the session manager lets it, at the rate
 * of the daemon's configuration. If that is not the group's, samples are left in its encoder that make no whole frame
 * (QUIRK_FRAME_KEPT), and the next stream comes out later by as much. So it stops while it still has our cycles. Not one whose output alone goes:
 * the daemon knows nothing of it, and would not start it again for another output that comes soon. That one is
 * suspended first in any case.
 */
static void let_rest(const struct group *group, struct output *o)
{
	const struct speaker *s = o->speaker;

	if (!s->member.kind->own_clock || !s->member.streaming || s->member.fault != MEMBER_NO_FAULT ||
	    output_is_shared(o))
		return;
	/* One that lives elsewhere would hear of it too late, and one that has gone not at all */
	local_node_pause(group->context, speaker_name(s));
}

void group_outputs_rest(struct group *group)
{
	struct output *o;

	if (!quirks_has(&group->quirks, QUIRK_FRAME_KEPT))
		return;
	spa_list_for_each(o, &group->outputs, link)
		let_rest(group, o);
}

void group_outputs_remove(struct group *group, struct output *o)
{
	member_event(&o->speaker->member, MEMBER_REMOVED, loop_now_ns(group->main_loop));
	o->speaker->user_data = NULL;
	spa_list_remove(&o->link);
	group_status_remove(group, o);
	output_destroy(o);
}

static unsigned faults(const struct group *group)
{
	return (quirks_has(&group->quirks, QUIRK_SINK_STUCK) ? MEMBER_CAN_STICK : 0) |
		(quirks_has(&group->quirks, QUIRK_START_REFUSED) ? MEMBER_CAN_BE_REFUSED : 0) |
		(quirks_has(&group->quirks, QUIRK_SUSPEND_UNDONE) ? MEMBER_SUSPEND_UNDONE : 0);
}

/* An output that somebody has destroyed, or that failed, is made again a while
 * later: not at once, and ever less often while it fails. */
static void drop(struct group *group, struct output *o, int64_t now_ns)
{
	struct speaker *s = o->speaker;

	s->former = output_node_id(o);
	group_outputs_remove(group, o);
	member_dropped(&s->member, now_ns);
	s->told &= s->member.backoff.failures > 1 || s->member.fault == MEMBER_STUCK;
	group->retry_ns = SPA_MIN(group->retry_ns, s->member.backoff.until_ns);
	pw_log_info("%s failed: %s", speaker_address(s), member_fault_text(s->member.fault));
}

/* Not while another speaker stands to be started anew: it could not be for as long as this one takes. */
static void suspend_failed(struct group *group)
{
	struct speaker *s;

	if (repair_is_stopping(&group->repair))
		return;
	spa_list_for_each(s, &group->members.speakers, link) {
		if (!member_lets_go(&s->member, faults(group)))
			continue;
		speaker_suspend(s, s->former);
		member_event(&s->member, MEMBER_LET_GO, 0);
	}
}

/* Members without an output: there may be room for them now */
static void adopt_waiting(struct group *group, int64_t now_ns)
{
	struct speaker *s;
	int64_t until_ns;

	group->retry_ns = INT64_MAX;
	spa_list_for_each(s, &group->members.speakers, link) {
		if (!s->wanted || s->user_data != NULL)
			continue;
		until_ns = member_wait_until(&s->member, repair_is_stopping(&group->repair), now_ns);
		if (now_ns < until_ns) {
			group->retry_ns = SPA_MIN(group->retry_ns, until_ns);
			continue;
		}
		if (group_outputs_add(group, s) < 0)
			continue;
		/* Said now and not when it failed: one that leaves fails, too */
		if (s->member.backoff.failures > 0 && !s->told)
			pw_log_warn("%s failed and is tried again, ever less often while it fails",
					speaker_address(s));
		else
			pw_log_info("%s joins the group %s after all", speaker_address(s),
					group->args->group);
		s->told = s->member.backoff.failures > 0;
	}
}

static void look(struct output *o)
{
	member_links(&o->speaker->member, output_is_linked(o), output_is_shared(o));
}

/* Others that play to it are interrupted for as long as their speaker needs to start. Once, as
 * opposed to being out of step, and heard twice, for as long as both play. */
static void restart_foreign(const struct group *group, struct output *o)
{
	if (!member_takes_our_clock(&o->speaker->member, repair_is_stopping(&group->repair)))
		return;
	pw_log_info("%s has played by another clock: it is started anew", speaker_address(o->speaker));
	speaker_restart(o->speaker);
}

int64_t group_outputs_update(struct group *group, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	struct output *o, *t;

	spa_list_for_each_safe(o, t, &group->outputs, link) {
		look(o);
		restart_foreign(group, o);
		switch (member_tick(&o->speaker->member, faults(group), now_ns, &next_ns)) {
		case MEMBER_NOTHING:
			break;
		case MEMBER_WAKE:
			output_wake(o);
			break;
		case MEMBER_DROP:
			drop(group, o, now_ns);
			break;
		}
	}
	suspend_failed(group);
	if (now_ns >= group->retry_ns)
		adopt_waiting(group, now_ns);
	return SPA_MIN(group->retry_ns, next_ns);
}
