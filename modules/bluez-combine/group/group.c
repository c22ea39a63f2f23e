/* A group: the sink, its speakers, and the delays that make them one */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/atomic.h>
#include <spa/utils/result.h>

#include "group/group.h"
#include "group/delays.h"
#include "group/outputs.h"
#include "group/quantum.h"
#include "group/repair.h"
#include "group/status.h"
#include "member/calibration.h"
#include "timing/known.h"
#include "log.h"
#include "loop-time.h"
#include "realtime.h"

void group_schedule_update(struct group *group)
{
	/* What others write is heard before the group is started */
	if (group->update_event)
		pw_loop_signal_event(group->main_loop, group->update_event);
}

struct member_list group_list_members(const struct group *group, struct member *members[FANOUT_HOST_OUTPUTS_MAX])
{
	struct output *o;
	uint32_t n = 0;

	spa_list_for_each(o, &group->outputs, link)
		members[n++] = &o->speaker->member;
	return (struct member_list) { members, n };
}

/*
 * When the Echo pauses, its stream is gone at once, and the graph would stop with
 * up to B of sound in the delay lines: each speaker would end at another place,
 * and begin with what is left when the music goes on. And soon the speakers' links
 * would be given up: an announcement would be half over when they are there again.
 * A source whose stream goes on and brings silence lets their amplifiers sleep as well.
 *
 * Where nobody hears it, as when the session manager has ended with all links, the graph
 * had better stop: the next one could not set up a node that runs.
 * Returns when to look again.
 */
static int64_t update_awake(struct group *group, int64_t now_ns)
{
	struct member *members[FANOUT_HOST_OUTPUTS_MAX];
	struct member_list all = group_list_members(group, members);
	bool drained, warm, heard = ensemble_is_heard(&all);

	fanout_host_set_drain(&group->host, group->align.last_ns, SPA_ATOMIC_LOAD(group->rate));
	drained = fanout_host_is_drained(&group->host);
	warm = keep_warm_update(&group->keep_warm, now_ns, group->args->keep_warm_ns,
			!drained && !fanout_host_is_quiet(&group->host));
	group->warm = warm && heard;
	fanout_host_set_warm(&group->host, group->warm);
	sink_keep_awake(&group->sink, heard && (!drained || group->warm),
			quirks_has(&group->quirks, QUIRK_AWAKE_UNSEEN));
	return group->warm ? group->keep_warm.until_ns : INT64_MAX;
}

static void driver_lost(void *data)
{
	struct group *group = data;

	group->driver_lost = true;
	group_schedule_update(group);
}

static int make_driver(struct group *group)
{
	group->driver_lost = false;
	return driver_init(&group->driver, group->context, group->core, group->data_loop,
			group->args, driver_lost, group);
}

/* Somebody has destroyed it. Another node drives us meanwhile, and who plays to the sink still
 * does: were that made anew, too, the session manager might leave them elsewhere. */
static void update_driver(struct group *group)
{
	if (!group->driver_lost)
		return;
	driver_finish(&group->driver);
	if (make_driver(group) < 0)
		group->failed(group->failed_data, "its driver is gone");
	else
		pw_log_error("the driver of the group %s is made again: somebody has destroyed it",
				group->args->group);
}

static void update(struct group *group)
{
	int64_t now_ns = loop_now_ns(group->main_loop);
	int64_t next_ns = group_outputs_update(group, now_ns);

	next_ns = SPA_MIN(next_ns, group_lease_update(group, now_ns));
	next_ns = SPA_MIN(next_ns, group_align(group, now_ns));
	update_driver(group);
	next_ns = SPA_MIN(next_ns, group_repair(group, now_ns));
	next_ns = SPA_MIN(next_ns, update_awake(group, now_ns));
	group_quantum_choose(group);
	group_quantum_tell(group);
	loop_set_timer(group->main_loop, group->timer,
			next_ns == INT64_MAX ? INT64_MAX : next_ns - now_ns);
	status_lines_changed(&group->lines);
}

static void on_timer(void *data, uint64_t expirations)
{
	update(data);
}

static void on_update_event(void *data, uint64_t count)
{
	update(data);
}

static void speaker_added(void *data, struct speaker *speaker)
{
	struct group *group = data;
	const char *address = speaker_address(speaker), *name = group->args->group;
	int res;

	switch (res = group_outputs_add(group, speaker)) {
	case 0:
		break;
	case -ENOSPC:
		pw_log_error("%s can't join the group %s: it has %u speakers, the most that "
				"it can have", address, name, FANOUT_HOST_OUTPUTS_MAX);
		break;
	case -EEXIST:
		pw_log_warn("%s can't join the group %s: another node of the same name or "
				"address is in it", address, name);
		break;
	default:
		pw_log_error("%s can't join the group %s: %s", address, name, spa_strerror(res));
		break;
	}
	group_schedule_update(group);
}

static void speaker_changed(void *data, struct speaker *speaker)
{
	struct group *group = data;

	/* What was before that is not put down to what it begins with */
	if (speaker->user_data && speaker->member.node == MEMBER_NODE_SUSPENDED)
		group_take_stock(group, loop_now_ns(group->main_loop));
	if (speaker->user_data || speaker->member.state == MEMBER_LETTING_GO)
		group_schedule_update(data);
}

static void speaker_failed(void *data, struct speaker *speaker)
{
	struct group *group = data;

	if (speaker->user_data == NULL)
		return;
	member_event(&speaker->member, MEMBER_NODE_ERROR, loop_now_ns(group->main_loop));
	group_schedule_update(group);
}

static void speaker_removed(void *data, struct speaker *speaker)
{
	struct group *group = data;
	struct output *o = speaker->user_data;

	if (o == NULL)
		return;
	group_outputs_remove(group, o);
	group->retry_ns = 0;
	group_schedule_update(group);
}

static void node_linked(void *data, uint32_t node)
{
	struct group *group = data;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		if (o->stream && pw_stream_get_node_id(o->stream) == node)
			group_schedule_update(group);
}

static void status_found_for(void *data, const char *address)
{
	group_status_found(data, address);
}

static void metadata_attached(void *data)
{
	struct group *group = data;

	status_lines_forget(&group->lines);
	group_lease_detached(group, false);
}

static void metadata_detached(void *data)
{
	group_lease_detached(data, true);
}

static void speaker_calibrated(void *data, const char *address, const char *json)
{
	struct group *group = data;

	if (address)
		calibration_put(&group->calibrations, address, json,
				members_want(&group->members, address) ? UINT32_MAX : METADATA_CALIBRATION_MAX);
	else
		calibration_clear(&group->calibrations);
	status_lines_changed(&group->lines);
}

static void lease_written(void *data, uint32_t client, enum owner owner, const char *json)
{
	group_lease_written(data, client, owner, json);
}

static const struct members_events members_events = {
	.added = speaker_added,
	.changed = speaker_changed,
	.failed = speaker_failed,
	.removed = speaker_removed,
	.linked = node_linked,
	.told = status_found_for,
	.calibrated = speaker_calibrated,
	.lease = lease_written,
	.attached = metadata_attached,
	.detached = metadata_detached,
};

/* data loop */
static void sink_process(void *data) REALTIME
{
	struct group *group = data;
	struct spa_io_position *position = SPA_ATOMIC_LOAD(group->host.position);
	unsigned flags = 0;
	bool changed = false;

	if (position)
		flags = cycle_begin(&group->cycle, &position->clock,
				loop_now_ns(group->data_loop), loop_asleep_ns(group->data_loop));
	if (flags & CYCLE_SKIP)
		fanout_host_skip(&group->host, group->sink.stream);
	else
		changed = fanout_host_process(&group->host, group->sink.stream);
	if (changed || (flags & CYCLE_TELL))
		pw_loop_signal_event(group->main_loop, group->update_event);

	if (position && (position->clock.duration != SPA_ATOMIC_LOAD(group->quantum) ||
	    position->clock.rate.denom != SPA_ATOMIC_LOAD(group->rate))) {
		SPA_ATOMIC_STORE(group->quantum, (uint32_t)position->clock.duration);
		SPA_ATOMIC_STORE(group->rate, position->clock.rate.denom);
		pw_loop_signal_event(group->main_loop, group->update_event);
	}
}

static void sink_position(void *data, struct spa_io_position *position)
{
	struct group *group = data;
	fanout_host_set_position(&group->host, position);
}

static void sink_playing(void *data, bool playing)
{
	struct group *group = data;
	struct output *o;

	cycle_reset(&group->cycle);
	spa_list_for_each(o, &group->outputs, link)
		member_event(&o->speaker->member, playing ? MEMBER_GROUP_STARTED : MEMBER_GROUP_STOPPED, 0);
	ensemble_play(&group->ensemble, playing, loop_now_ns(group->main_loop));
	group_schedule_update(group);
}

static void sink_bound(void *data, uint32_t id)
{
	struct group *group = data;
	status_lines_changed(&group->lines);
}

static void sink_failed(void *data, const char *error)
{
	struct group *group = data;
	group->failed(group->failed_data, error);
}

static const struct sink_events sink_events = {
	.process = sink_process,
	.position = sink_position,
	.playing = sink_playing,
	.bound = sink_bound,
	.failed = sink_failed,
};

static void rival_forced(void *data, const struct rival *rival, const char *name)
{
	group_quantum_defend(data, rival, name);
}

static void write_status(void *data)
{
	group_status_write(data);
}

void group_init(struct group *group, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, struct pw_loop *data_loop, const struct args *args,
		void (*failed)(void *data, const char *why), void *data)
{
	spa_zero(*group);
	group->args = args;
	group->failed = failed;
	group->failed_data = data;
	group->retry_ns = INT64_MAX;
	group->context = context;
	group->core = core;
	group->main_loop = pw_context_get_main_loop(context);
	group->data_loop = data_loop;
	group->rate = args->rate;
	spa_list_init(&group->outputs);
	spa_list_init(&group->known);
	spa_list_init(&group->calibrations);
	group_lease_init(&group->lease);
	group->cycle.late_max_ns = stutter_late_max_ns(&group->repair.stutter);
	members_init(&group->members, context, core, registry, args, &members_events, group);
	rivals_init(&group->rivals, registry, rival_forced, group);
}

int group_start(struct group *group)
{
	const struct args *args = group->args;
	int res;

	if ((res = status_lines_init(&group->lines, group->main_loop, write_status, group)) < 0)
		return res;
	if ((res = memory_init(&group->memory, group->main_loop, args->group, &group->known)) < 0)
		return res;
	group->timer = pw_loop_add_timer(group->main_loop, on_timer, group);
	group->update_event = pw_loop_add_event(group->main_loop, on_update_event, group);
	if (group->timer == NULL || group->update_event == NULL)
		return -errno;
	if ((res = fanout_host_init(&group->host, group->context, group->data_loop, args,
			args->max_delay_ns)) < 0 ||
	    (res = make_driver(group)) < 0 ||
	    (res = sink_init(&group->sink, group->core, group->data_loop, args,
			&sink_events, group)) < 0 ||
	    (quirks_has(&group->quirks, QUIRK_SOURCE_SLEEPS) &&
	     (res = source_wake_init(&group->wake, group->context, group->data_loop)) < 0) ||
	    (res = members_ensure_metadata(&group->members)) < 0)
		return res;
	group_quantum_choose(group);
	return 0;
}

void group_activate(struct group *group)
{
	members_activate(&group->members);
}

void group_finish(struct group *group)
{
	if (group->args == NULL)
		return;
	group_outputs_rest(group);
	/* The sink's process() is the only user of the host: it goes first */
	sink_finish(&group->sink);
	group_status_finish(group);
	group_lease_finish(group);
	rivals_finish(&group->rivals);
	source_wake_finish(&group->wake);
	members_finish(&group->members);
	fanout_host_finish(&group->host);
	driver_finish(&group->driver);
	if (group->timer)
		pw_loop_destroy_source(group->main_loop, group->timer);
	if (group->update_event)
		pw_loop_destroy_source(group->main_loop, group->update_event);
	status_lines_finish(&group->lines);
	memory_finish(&group->memory);
	known_clear(&group->known);
	calibration_clear(&group->calibrations);
	spa_zero(*group);
}
