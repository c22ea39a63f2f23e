/* Which members of a group have an output, and what becomes of those that fail */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/string.h>

#include "group/outputs.h"
#include "group/status.h"
#include "timing/known.h"
#include "graph/local-node.h"
#include "log.h"
#include "loop-time.h"

/* Leaving it alone for a moment is what helps one that is stuck: it need not get longer */
#define STUCK_MAX		3

/* Both sides of a node have changed their state within this, many times over */
#define ERROR_SETTLE_NS		(200 * (int64_t)SPA_NSEC_PER_MSEC)

/* Another speaker lets go within some of these */
#define SUSPEND_RETRY_NS	(200 * (int64_t)SPA_NSEC_PER_MSEC)

static void output_changed(void *data, struct output *output, bool started)
{
	struct group *group = data;

	if (started) {
		/* What came before it is not its own */
		group_take_stock(group, loop_now_ns(group->main_loop));
		output_started(output, loop_now_ns(group->main_loop));
		if (!output->speaker->in_step)
			output->step = STUTTER_IN_STEP;
		if (output_is_foreign(output))
			output->foreign = true;
		else
			output->speaker->in_step = true;
	}
	group_schedule_update(group);
}

static const struct output_events output_events = {
	.changed = output_changed,
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
			k ? k->latencies_ns[0] : -1, &output_events, group);
	if (o == NULL)
		return -errno;
	speaker->let_go = false;
	o->left = group->audible;
	o->packet_ns = k ? k->packet_ns : 0;
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
	uint32_t own = o->stream ? pw_stream_get_node_id(o->stream) : SPA_ID_INVALID;

	if (!speaker_kind(s)->own_clock || !o->streaming || o->failed || links_has_other(&group->members.links, s->id, own))
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
	o->speaker->user_data = NULL;
	spa_list_remove(&o->link);
	group_status_remove(group, o);
	output_destroy(o);
}

/* An output that somebody has destroyed, or that failed, is made again a while
 * later: not at once, and ever less often while it fails. */
static void drop_failed(struct group *group, struct output *o, int64_t now_ns)
{
	struct speaker *s = o->speaker;
	const char *why = o->failed;
	bool error = o->error_ns > 0, stuck = o->stuck;

	s->former = o->stream ? pw_stream_get_node_id(o->stream) : SPA_ID_INVALID;
	group_outputs_remove(group, o);
	/* A node in error stays started, and does not try again by itself; one that is stuck
	 * would go on by its own timer, and come back to us a quantum late. So it has to stop. */
	s->let_go = error || stuck;
	if (!stuck || !backoff_pause(&s->backoff, now_ns, STUCK_MAX))
		backoff_fail(&s->backoff, now_ns);
	s->told &= s->backoff.failures > 1 || stuck;
	group->retry_ns = SPA_MIN(group->retry_ns, s->backoff.until_ns);
	pw_log_info("%s failed: %s", speaker_address(s), why);
}

/* Not while it runs: the graph is about to stop it for want of a link, and that would come to its end after
 * the suspension, so that the daemon takes a suspended node for an idle one (QUIRK_SUSPEND_UNDONE). Nor while
 * another speaker stands to be started anew: it could not be for as long as this one takes. */
static void suspend_failed(struct group *group)
{
	struct speaker *s;

	if (repair_is_stopping(&group->repair))
		return;
	spa_list_for_each(s, &group->members.speakers, link) {
		if (!s->let_go || s->user_data != NULL ||
		    (s->running && quirks_has(&group->quirks, QUIRK_SUSPEND_UNDONE)))
			continue;
		speaker_suspend(s, s->former);
		s->let_go = false;
	}
}

/* It is left alone, or has yet to be suspended: taken now it never would be */
static int64_t wait_until(const struct group *group, const struct speaker *s, int64_t now_ns)
{
	if (now_ns >= s->backoff.until_ns && s->let_go && repair_is_stopping(&group->repair))
		return now_ns + SUSPEND_RETRY_NS;
	return s->backoff.until_ns;
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
		if (now_ns < (until_ns = wait_until(group, s, now_ns))) {
			group->retry_ns = SPA_MIN(group->retry_ns, until_ns);
			continue;
		}
		if (group_outputs_add(group, s) < 0)
			continue;
		/* Said now and not when it failed: one that leaves fails, too */
		if (s->backoff.failures > 0 && !s->told)
			pw_log_warn("%s failed and is tried again, ever less often while it fails",
					speaker_address(s));
		else
			pw_log_info("%s joins the group %s after all", speaker_address(s),
					group->args->group);
		s->told = s->backoff.failures > 0;
	}
}

/* A node that failed while it was being started is not to be had until that is over. */
static bool has_error(struct output *o, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = o->error_ns + ERROR_SETTLE_NS;

	if (o->error_ns == 0)
		return false;
	if (now_ns < limit_ns) {
		*next_ns = SPA_MIN(*next_ns, limit_ns);
		return false;
	}
	o->failed = "its device had an error";
	return true;
}

/* Others that play to it are interrupted for as long as their speaker needs to start. Once, as
 * opposed to being out of step, and heard twice, for as long as both play. */
static void restart_foreign(const struct group *group, struct output *o)
{
	if (!o->foreign || repair_is_stopping(&group->repair))
		return;
	o->foreign = false;
	pw_log_info("%s has played by another clock: it is started anew", speaker_address(o->speaker));
	speaker_restart(o->speaker);
}

int64_t group_outputs_update(struct group *group, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	struct output *o, *t;

	spa_list_for_each_safe(o, t, &group->outputs, link) {
		restart_foreign(group, o);
		if (!o->failed && !has_error(o, now_ns, &next_ns) &&
		    !(quirks_has(&group->quirks, QUIRK_SINK_STUCK) && output_is_stuck(o, now_ns, &next_ns)) &&
		    (!quirks_has(&group->quirks, QUIRK_START_REFUSED) || output_wake(o, now_ns, &next_ns)))
			continue;
		drop_failed(group, o, now_ns);
	}
	suspend_failed(group);
	if (now_ns >= group->retry_ns)
		adopt_waiting(group, now_ns);
	return SPA_MIN(group->retry_ns, next_ns);
}
