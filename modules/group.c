/* A group: the sink, its speakers, and the delays that make them one */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/atomic.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "group.h"
#include "group-status.h"
#include "log.h"

/* When a whole group starts, its speakers begin together as soon as each has
 * reported once; what they report later moves them by a crossfade. One that
 * has reported nothing by then is not waited for any longer. */
#define START_WAIT_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)
/* A Bluetooth sink that plays has reported long before this */
#define SILENT_REPORT_NS	(2500 * (int64_t)SPA_NSEC_PER_MSEC)
/* Stands for a latency of 0, which the alignment takes for none */
#define NO_LATENCY_NS		1

/** The latency that a speaker settled at, in this run or an earlier one. */
struct known {
	struct spa_list link;		/**< group.known */
	char *address;
	char *codec;
	int64_t latency_ns;
};

static struct known *find_known(struct group *group, const char *address, const char *codec)
{
	struct known *k;
	spa_list_for_each(k, &group->known, link)
		if (spa_streq(k->address, address) && spa_streq(k->codec, codec))
			return k;
	return NULL;
}

static void known_free(struct known *k)
{
	spa_list_remove(&k->link);
	free(k->address);
	free(k->codec);
	free(k);
}

static void remember(struct group *group, const char *address, const char *codec, int64_t latency_ns)
{
	struct known *k = find_known(group, address, codec);

	if (k == NULL) {
		if ((k = calloc(1, sizeof(*k))) == NULL)
			return;
		spa_list_append(&group->known, &k->link);
		k->address = strdup(address);
		k->codec = strdup(codec);
	}
	k->latency_ns = latency_ns;
}

static void set_timer(struct group *group, int64_t now_ns, int64_t next_ns)
{
	struct timespec value = { 0 };

	if (next_ns != INT64_MAX) {
		int64_t wait = SPA_MAX(next_ns - now_ns, 1);
		value.tv_sec = wait / SPA_NSEC_PER_SEC;
		value.tv_nsec = wait % SPA_NSEC_PER_SEC;
	}
	pw_loop_update_timer(group->main_loop, group->timer, &value, NULL, false);
}

/*
 * What a sink reports, where it means something. A Bluetooth sink reports 0
 * until it plays, and that is no latency; any other sink may mean it. One that
 * has nothing to say for this long is taken as it is: late is better than mute.
 */
static int64_t heard_latency(const struct output *o, int64_t ns, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = o->streaming_since_ns + SILENT_REPORT_NS;

	if (ns > 0)
		return ns;
	if (!speaker_is_bluetooth(o->speaker) || now_ns >= limit_ns)
		return NO_LATENCY_NS;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return 0;
}

/* Hear what every speaker reports now. Returns when to look again. */
static int64_t update_latencies(struct group *group, int64_t now_ns)
{
	uint32_t quantum = SPA_ATOMIC_LOAD(group->quantum);
	uint32_t rate = SPA_ATOMIC_LOAD(group->rate);
	int64_t next_ns = INT64_MAX, next;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		/* What a sink that does not play reports lacks the packet, and
		 * would be believed if it stood still. */
		if (o->streaming) {
			int64_t ns = heard_latency(o, output_latency_ns(o, quantum, rate),
					now_ns, &next_ns);
			if (ns > 0 && ns != o->reported_ns) {
				settle_report(&o->settle, now_ns, ns);
				pw_log_debug("%s reports %" PRIi64 " ns",
						speaker_address(o->speaker), ns);
			}
			o->reported_ns = ns;
		}
		settle_tick(&o->settle, now_ns, &next);
		if (o->settle.settled)
			remember(group, speaker_address(o->speaker), output_codec(o),
					o->settle.latency_ns);
		next_ns = SPA_MIN(next_ns, next);
	}
	return next_ns;
}

static bool has_latency(const struct output *o)
{
	return o->settle.settled || o->reported_ns > 0;
}

/*
 * May the group begin to be heard? Everybody who is to play begins together: at
 * once where all latencies are known from before, else as soon as every speaker
 * has reported, and after START_WAIT_NS with those that have.
 */
static bool may_start(struct group *group, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = group->playing_since_ns + START_WAIT_NS;
	uint32_t ready = 0, waiting = 0;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		if (has_latency(o))
			ready++;
		else
			waiting++;
	}
	if (ready == 0)
		return false;
	if (waiting == 0 || now_ns >= limit_ns)
		return true;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return false;
}

static void start(struct group *group)
{
	struct output *o;

	group->audible = true;
	spa_list_for_each(o, &group->outputs, link)
		o->early = has_latency(o) && !o->settle.settled;
}

static void update_audible(struct group *group, int64_t now_ns, int64_t *next_ns)
{
	struct output *o;

	if (!group->sink.playing) {
		group->audible = false;
	} else if (!group->audible && may_start(group, now_ns, next_ns)) {
		start(group);
	}
	spa_list_for_each(o, &group->outputs, link)
		if (o->settle.settled || !group->audible)
			o->early = false;
}

/* Who does not belong to the alignment: one that is muted until its latency is
 * known, or whose latency is beyond what the group may wait for. */
static bool is_audible(const struct group *group, const struct output *o)
{
	if (!o->settle.settled && !o->early)
		return false;
	return o->aligned || !group->args->mute_unaligned;
}

static void apply(struct group *group, struct align_member *m)
{
	struct output *o;
	int res;

	spa_list_for_each(o, &group->outputs, link) {
		o->aligned = m->aligned;
		if ((res = output_apply(o, m->delay_ns, is_audible(group, o))) < 0)
			pw_log_warn("%s: can't set a delay of %" PRIi64 " ns: %s",
					speaker_address(o->speaker), m->delay_ns,
					spa_strerror(res));
		m++;
	}
}

static void update_delays(struct group *group)
{
	struct align_member members[FANOUT_HOST_OUTPUTS_MAX] = { 0 };
	struct align_params params = {
		.headroom_ns = group->args->headroom_ns,
		.max_delay_ns = group->args->max_delay_ns,
	};
	struct output *o;
	uint32_t n = 0;

	spa_list_for_each(o, &group->outputs, link) {
		const struct member_config *config = &o->speaker->config;
		members[n++] = (struct align_member) {
			.latency_ns = o->settle.settled ? o->settle.latency_ns : o->reported_ns,
			.correction_ns = config->correction_ns,
			.trim_ns = config->trim_ns,
			.settled = o->settle.settled || o->early,
		};
	}
	align_update(&group->align, &params, members, n, group->audible);
	apply(group, members);
	sink_set_latency(&group->sink, group->align.total_ns);
}

static void update(struct group *group)
{
	int64_t now_ns = loop_now_ns(group->main_loop);
	int64_t next_ns = update_latencies(group, now_ns);

	update_audible(group, now_ns, &next_ns);
	update_delays(group);
	set_timer(group, now_ns, next_ns);
	status_changed(&group->status);
}

static void on_timer(void *data, uint64_t expirations)
{
	update(data);
}

/* Changes come in bursts (a stream's latency port by port, all members of a
 * group that starts): the burst is acted on as a whole. */
static void schedule_update(struct group *group)
{
	pw_loop_signal_event(group->main_loop, group->update_event);
}

static void on_update_event(void *data, uint64_t count)
{
	update(data);
}

static void output_changed(void *data, struct output *output, bool started)
{
	struct group *group = data;

	if (started)
		output->streaming_since_ns = loop_now_ns(group->main_loop);
	schedule_update(group);
}

static const struct output_events output_events = {
	.changed = output_changed,
};

static void member_added(void *data, struct speaker *speaker)
{
	struct group *group = data;
	const char *codec = pw_properties_get(speaker->props, "api.bluez5.codec");
	struct known *k = find_known(group, speaker_address(speaker), codec ? codec : "");
	struct output *o;

	o = output_new(speaker, group->core, group->data_loop, &group->host, group->args,
			k ? k->latency_ns : -1, &output_events, group);
	speaker->user_data = o;
	if (o == NULL) {
		pw_log_error("%s can't join the group %s: %m", speaker_address(speaker),
				group->args->group);
		return;
	}
	spa_list_append(&group->outputs, &o->link);
	schedule_update(group);
}

static void member_changed(void *data, struct speaker *speaker)
{
	if (speaker->user_data)
		schedule_update(data);
}

static void member_removed(void *data, struct speaker *speaker)
{
	struct group *group = data;
	struct output *o = speaker->user_data;

	if (o == NULL)
		return;
	speaker->user_data = NULL;
	spa_list_remove(&o->link);
	group_status_remove(group, o);
	output_destroy(o);
	schedule_update(group);
}

static void status_stored(void *data, const char *address, const char *json)
{
	struct group *group = data;
	char codec[64];
	int64_t latency_ns;

	if (group_status_parse_settled(json, codec, sizeof(codec), &latency_ns) &&
	    find_known(group, address, codec) == NULL)
		remember(group, address, codec, latency_ns);
}

static void metadata_attached(void *data)
{
	struct group *group = data;
	status_forget(&group->status);
}

static const struct members_events members_events = {
	.added = member_added,
	.changed = member_changed,
	.removed = member_removed,
	.stored = status_stored,
	.attached = metadata_attached,
};

/* data loop */
static void sink_process(void *data)
{
	struct group *group = data;
	struct spa_io_position *position = SPA_ATOMIC_LOAD(group->host.position);

	fanout_host_process(&group->host, group->sink.stream);

	if (position && (position->clock.duration != group->quantum ||
	    position->clock.rate.denom != group->rate)) {
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

	if (playing)
		group->playing_since_ns = loop_now_ns(group->main_loop);
	schedule_update(group);
}

static void sink_bound(void *data, uint32_t id)
{
	struct group *group = data;
	status_changed(&group->status);
}

static void sink_failed(void *data, const char *error)
{
	struct group *group = data;
	pw_log_error("the sink %s failed: %s", args_node_name(group->args), error);
}

static const struct sink_events sink_events = {
	.process = sink_process,
	.position = sink_position,
	.playing = sink_playing,
	.bound = sink_bound,
	.failed = sink_failed,
};

static void write_status(void *data)
{
	group_status_write(data);
}

void group_init(struct group *group, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, struct pw_loop *data_loop, const struct args *args)
{
	spa_zero(*group);
	group->args = args;
	group->context = context;
	group->core = core;
	group->main_loop = pw_context_get_main_loop(context);
	group->data_loop = data_loop;
	group->quantum = args->quantum;
	group->rate = args->rate;
	spa_list_init(&group->outputs);
	spa_list_init(&group->known);
	members_init(&group->members, context, core, registry, args, &members_events, group);
}

int group_start(struct group *group)
{
	const struct args *args = group->args;
	int res;

	if ((res = status_init(&group->status, group->main_loop, write_status, group)) < 0)
		goto error;
	group->timer = pw_loop_add_timer(group->main_loop, on_timer, group);
	group->update_event = pw_loop_add_event(group->main_loop, on_update_event, group);
	if (group->timer == NULL || group->update_event == NULL) {
		res = -errno;
		goto error;
	}
	if ((res = fanout_host_init(&group->host, group->context, group->data_loop, &args->info,
			args->rate, args->max_delay_ns)) < 0 ||
	    (res = driver_init(&group->driver, group->context, group->core,
			group->data_loop, args)) < 0 ||
	    (res = sink_init(&group->sink, group->core, group->data_loop, args,
			&sink_events, group)) < 0 ||
	    (res = members_ensure_metadata(&group->members)) < 0)
		goto error;
	return 0;

error:
	pw_log_error("can't start the group %s: %s", args->group, spa_strerror(res));
	return res;
}

void group_activate(struct group *group)
{
	members_activate(&group->members);
}

void group_finish(struct group *group)
{
	struct known *k;

	if (group->args == NULL)
		return;
	/* The sink's process() is the only user of the host: it goes first */
	sink_finish(&group->sink);
	group_status_finish(group);
	members_finish(&group->members);
	fanout_host_finish(&group->host);
	driver_finish(&group->driver);
	if (group->timer)
		pw_loop_destroy_source(group->main_loop, group->timer);
	if (group->update_event)
		pw_loop_destroy_source(group->main_loop, group->update_event);
	status_finish(&group->status);
	spa_list_consume(k, &group->known, link)
		known_free(k);
	spa_zero(*group);
}
