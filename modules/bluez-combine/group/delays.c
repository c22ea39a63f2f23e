/* Which delay each member of a group gets, and when it is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>
#include <spa/utils/result.h>

#include "group/delays.h"
#include "timing/known.h"
#include "log.h"
#include "timing/packet.h"

/* When a whole group starts, its speakers begin together as soon as each has
 * reported once; what they report later moves them by a crossfade. One that
 * has reported nothing by then is not waited for any longer. */
#define START_WAIT_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)
/* A Bluetooth sink that plays has reported long before this */
#define SILENT_REPORT_NS	(2500 * (int64_t)SPA_NSEC_PER_MSEC)
/* Its links, too, report 0 when they go, some milliseconds before it is known that they do */
#define NO_REPORT_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)
/* D-Bus gives up a call after 25 s */
#define UNSENT_MAX_NS		(30 * (int64_t)SPA_NSEC_PER_SEC)
/* A crossfade of the fan-out, and the two cycles after which it may begin */
#define MOVE_NS			(80 * (int64_t)SPA_NSEC_PER_MSEC)
/* A speaker's delay report comes before its sink, which waits for other profiles for up to 6 s */
#define SUSPECT_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
#define SILENT_NS		(400 * (int64_t)SPA_NSEC_PER_MSEC)
/* What rounding makes */
#define SAME_NS			(50 * (int64_t)SPA_NSEC_PER_USEC)
/* Stands for a latency of 0, which the alignment takes for none */
#define NO_LATENCY_NS		1

/*
 * It plays, is linked as before, and reports 0 after something else: its latency offset takes away all that it has.
 * Nothing is heard before it is sent, so this is as far as an offset goes.
 */
static bool is_taken_away(struct output *o, int64_t now_ns, int64_t *next_ns)
{
	if (o->settle.latency_ns == NO_LATENCY_NS)
		return true;
	if (o->n_reports == 0 || !member_is_there(&o->speaker->member)) {
		o->no_report_ns = 0;
		return false;
	}
	if (o->no_report_ns == 0)
		o->no_report_ns = now_ns;
	if (now_ns >= o->no_report_ns + NO_REPORT_NS)
		return true;
	*next_ns = SPA_MIN(*next_ns, o->no_report_ns + NO_REPORT_NS);
	return false;
}

/*
 * What a sink reports, where it means something. A Bluetooth sink reports 0
 * until it plays, and that is no latency; any other sink may mean it. One that
 * has nothing to say for this long is taken as it is: late is better than mute.
 * What is known of one does not change by its falling silent.
 */
static int64_t heard_latency(struct output *o, int64_t ns, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = o->speaker->member.streaming_since_ns + SILENT_REPORT_NS;

	if (ns > 0) {
		o->no_report_ns = 0;
		return ns;
	}
	if (!o->speaker->member.kind->reports_late)
		return NO_LATENCY_NS;
	if (o->settle.settled)
		return is_taken_away(o, now_ns, next_ns) ? NO_LATENCY_NS : 0;
	if (now_ns >= limit_ns)
		return NO_LATENCY_NS;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return 0;
}

/* It reports, not for the first time since it plays, which is before its first packet, what
 * it has settled at before. */
static bool is_recognized(struct group *group, const struct output *o)
{
	return o->n_reports > 1 && known_has(&group->known, speaker_address(o->speaker),
			output_codec(o), o->reported_ns);
}

static void learn_packet(struct output *o, int64_t packet_ns)
{
	if (packet_ns > 0 && packet_ns != o->packet_ns)
		pw_log_info("%s has packets of %" PRIi64 " ns", speaker_address(o->speaker), packet_ns);
	if (packet_ns > 0)
		o->packet_ns = packet_ns;
}

/*
 * It says something else than before, and not for the first time since it plays. Where there was no packet in it, that is its first one.
 * Later the packets may have become longer: on a bad link bluez5 lowers the bitpool. The report rises by as much, but what is
 * heard does not come later: a speaker places what it plays by the packets that it began with.
 */
static void hear_packets(struct output *o, int64_t ns)
{
	struct speaker *s = o->speaker;
	int64_t grown_ns;

	if (o->raw_ns != s->sent_ns) {
		learn_packet(o, packet_between_ns(output_codec(o), s->rate, o->raw_ns, ns));
	} else {
		grown_ns = packet_growth_ns(output_codec(o), s->rate, o->packet_ns, ns - o->raw_ns);
		s->grown_ns += grown_ns;
		learn_packet(o, grown_ns > 0 ? o->packet_ns + grown_ns : 0);
	}
}

/* Another stream than before: it begins with short packets again. Its first one may be in the report already, or not. */
static void hear_fall(struct output *o, int64_t fall_ns)
{
	struct speaker *s = o->speaker;

	if (packet_is_shorter(output_codec(o), s->rate, o->packet_ns, fall_ns)) {
		s->grown_ns = 0;
		learn_packet(o, o->packet_ns - fall_ns);
	} else if (packet_is_gone(output_codec(o), s->rate, fall_ns)) {
		o->n_reports = 0;
	}
}

/* Returns what it reports, without what does not count of it, and whether that is news. */
static int64_t hear_report(struct output *o, int64_t ns, bool *news)
{
	struct speaker *s = o->speaker;

	*news = ns > 0 && ns != o->raw_ns;
	if (*news && ns < o->raw_ns)
		hear_fall(o, o->raw_ns - ns);
	if (*news && o->n_reports > 0) {
		hear_packets(o, ns);
		if (packet_is_sent(output_codec(o), ns, s->offset_ns, o->n_reports + 1))
			s->sent_ns = ns;
	} else if (*news && ns != s->sent_ns) {
		/* Not the same stream as before: it begins with short packets again */
		s->grown_ns = 0;
	}
	if (*news) {
		o->n_reports++;
		pw_log_debug("%s reports %" PRIi64 " ns", speaker_address(s), ns);
	}
	o->raw_ns = ns;
	return ns > s->grown_ns ? ns - s->grown_ns : ns;
}

/*
 * The first packet of a sink adds its length to what it reports. So one that has reported only what a
 * speaker reports by itself has sent none: its transport is not acquired yet, or never will be, and
 * bluetoothd or D-Bus say so in the end. Returns whether that may be.
 */
static bool may_be_unsent(struct group *group, const struct output *o, int64_t now_ns, int64_t *next_ns)
{
	const struct speaker *s = o->speaker;
	int64_t limit_ns = o->speaker->member.streaming_since_ns + UNSENT_MAX_NS;

	/* For other codecs than SBC a packet's length may be a multiple of the step, too, and then it is not seen
	 * if it has come with the first report: it must not be mute for that. */
	if (o->reported_ns > 0 && !packet_is_seen(output_codec(o)))
		limit_ns = o->speaker->member.streaming_since_ns + SILENT_REPORT_NS;
	/* Of a former start of the same node the packet may be in there already */
	if (!o->speaker->member.streaming || !s->member.kind->has_packets || output_has_sent(o) || now_ns >= limit_ns ||
	    (o->reported_ns > 0 && (o->raw_ns == s->sent_ns ||
	     known_has(&group->known, speaker_address(s), output_codec(o), o->reported_ns))))
		return false;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return true;
}

/* Returns whether it is no longer so. */
static bool update_unsent(struct group *group, struct output *o, int64_t now_ns, int64_t *next_ns)
{
	bool was = o->unsent;

	o->unsent = may_be_unsent(group, o, now_ns, next_ns);
	return was && !o->unsent;
}

/*
 * BlueZ (5.83 to 5.87 at least) gives each delay report to the first transport of the adapter's endpoint. So of speakers that share one
 * the first has what the last of them has said, and the others have nothing. It shows where one that has told
 * its latency before, alone, tells none now. From then on nobody's reports are believed, nor remembered, until its node is
 * another one: what each has told before is better. Where bluetoothd does it right nobody ever falls silent so.
 */
static bool tells(const struct output *o)
{
	const struct speaker *s = o->speaker;

	return o->reported_ns > NO_LATENCY_NS && !packet_is_assumed(o->reported_ns - s->offset_ns, s->rate);
}

/* One that has been silent, and tells what it told before, was only late: nobody had its report */
static bool tells_again(struct group *group, const struct output *o)
{
	return tells(o) && known_has(&group->known, speaker_address(o->speaker), output_codec(o), o->reported_ns);
}

static bool is_silent(struct group *group, struct output *o, int64_t now_ns, int64_t *next_ns)
{
	const struct known *k = known_find(&group->known, speaker_address(o->speaker), output_codec(o));

	if (!o->speaker->member.streaming || o->unsent || o->reported_ns <= NO_LATENCY_NS)
		return o->silent;
	if (k == NULL || !k->told || tells(o)) {
		o->silent_since_ns = 0;
		return o->silent && !tells_again(group, o);
	}
	/* An offset that changes is heard of before the report that has it, or after it */
	if (o->silent_since_ns == 0)
		o->silent_since_ns = now_ns;
	if (now_ns < o->silent_since_ns + SILENT_NS)
		*next_ns = SPA_MIN(*next_ns, o->silent_since_ns + SILENT_NS);
	return now_ns >= o->silent_since_ns + SILENT_NS;
}

static int64_t kept_latency(const struct speaker *s)
{
	return SPA_MAX(s->own_ns + s->offset_ns, NO_LATENCY_NS);
}

static void doubt(struct group *group, struct output *o, int64_t now_ns)
{
	struct speaker *s = o->speaker;
	int64_t own_ns = o->own_ns != 0 ? o->own_ns : o->settle.latency_ns - s->offset_ns;

	/* Of one that was never alone nothing better is known */
	if (s->doubted || !o->settle.settled || !s->member.kind->reports_mixed)
		return;
	/* What came just before may have been the other's already, which was about to connect */
	if (o->changed_ns > 0 && now_ns - o->changed_ns < SUSPECT_NS) {
		if (known_forget(&group->known, speaker_address(s), output_codec(o), o->settle.latency_ns))
			memory_changed(&group->memory);
		own_ns = o->before_ns;
	}
	s->doubted = true;
	s->own_ns = own_ns;
	settle_report(&o->settle, now_ns, kept_latency(s));
	pw_log_info("%s may have another speaker's latency: what it reported before is kept, %" PRIi64 " ns",
			speaker_address(s), kept_latency(s));
}

static void believe(struct output *o, int64_t now_ns)
{
	struct speaker *s = o->speaker;

	if (!s->doubted)
		return;
	s->doubted = false;
	if (o->speaker->member.streaming && !o->unsent)
		settle_report(&o->settle, now_ns, o->reported_ns);
	pw_log_info("%s is believed again", speaker_address(s));
}

static void update_doubts(struct group *group, int64_t now_ns, int64_t *next_ns)
{
	bool silent = false, late = false;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		bool was = o->silent;

		o->silent = is_silent(group, o, now_ns, next_ns);
		silent |= o->silent;
		late |= was && !o->silent;
	}
	spa_list_for_each(o, &group->outputs, link) {
		if (silent)
			doubt(group, o, now_ns);
		else if (late)
			believe(o, now_ns);
	}
}

/* What it is now that it settles at, without the user's offset: that changes what is believed, and nothing of this */
static void note_change(struct output *o, int64_t before_ns, int64_t now_ns)
{
	const struct speaker *s = o->speaker;
	int64_t own_ns = o->settle.latency_ns - s->offset_ns;
	int64_t was_ns = o->own_ns != 0 ? o->own_ns : before_ns - s->offset_ns;

	if (before_ns > 0 && o->settle.latency_ns != before_ns && SPA_ABS(own_ns - was_ns) >= SAME_NS) {
		o->before_ns = was_ns;
		o->changed_ns = now_ns;
	}
	/* Not while it reports something else: the offset may be in that already, and not in what is believed */
	if (o->settle.settled && o->reported_ns > 0 && SPA_ABS(o->reported_ns - o->settle.latency_ns) < SAME_NS)
		o->own_ns = own_ns;
}

static void hear(struct group *group, struct output *o, int64_t ns, int64_t now_ns, int64_t *next_ns)
{
	const struct speaker *s = o->speaker;
	bool news;

	o->reported_ns = hear_report(o, ns, &news);
	news |= update_unsent(group, o, now_ns, next_ns) && ns > 0;
	/* Of one that is doubted it is the offset that may be news. To be told the same again changes nothing. */
	news |= s->doubted && ns > 0;
	/* What would be believed lacks the packet, and is of one that may never play */
	if (news && !o->unsent)
		settle_report(&o->settle, now_ns, s->doubted ?
				kept_latency(s) : o->reported_ns);
	if (!s->doubted && is_recognized(group, o))
		settle_recognize(&o->settle, now_ns);
}

static void remember(struct group *group, const struct output *o)
{
	const char *address = speaker_address(o->speaker), *codec = output_codec(o);
	bool news;

	if (!o->settle.settled || o->unsent || o->silent_since_ns > 0 || o->speaker->doubted)
		return;
	news = known_set(&group->known, address, codec, o->settle.latency_ns, o->packet_ns);
	/* Of another codec it is not known what no report looks like, and so not either whether this is one */
	if (o->settle.state == SETTLE_SETTLED && packet_is_seen(codec) && tells(o))
		news |= known_set_told(&group->known, address, codec);
	if (news)
		memory_changed(&group->memory);
}

/* What was known of it from before is what it reports again, or the latest is believed */
static bool is_sure(const struct output *o)
{
	int64_t change_ns = o->reported_ns - o->settle.latency_ns;

	return o->settle.state == SETTLE_SETTLED ||
		(change_ns > -SETTLE_SMALL_NS && change_ns < SETTLE_SMALL_NS);
}

static void tell_member(struct output *o)
{
	struct member_report report = {
		.latency_ns = o->settle.settled ? o->settle.latency_ns : o->reported_ns,
		.settled = o->settle.settled,
		.sure = is_sure(o),
		.unsent = o->unsent,
		.has_packet = output_has_sent(o),
		.n_reports = o->n_reports,
	};
	member_report(&o->speaker->member, &report);
}

/* Hear what every speaker reports now. Returns when to look again. */
static int64_t update_latencies(struct group *group, int64_t now_ns)
{
	uint32_t quantum = SPA_ATOMIC_LOAD(group->quantum);
	uint32_t rate = SPA_ATOMIC_LOAD(group->rate);
	int64_t next_ns = INT64_MAX, next;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		int64_t before_ns = o->settle.settled ? o->settle.latency_ns : 0;

		/* What a sink that does not play reports lacks the packet, and
		 * would be believed if it stood still. */
		if (o->speaker->member.streaming)
			hear(group, o, heard_latency(o, output_latency_ns(o, quantum, rate), now_ns, &next_ns),
					now_ns, &next_ns);
		settle_tick(&o->settle, now_ns, &next);
		note_change(o, before_ns, now_ns);
		next_ns = SPA_MIN(next_ns, next);
	}
	update_doubts(group, now_ns, &next_ns);
	spa_list_for_each(o, &group->outputs, link) {
		remember(group, o);
		tell_member(o);
	}
	return next_ns;
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
		if (member_has_latency(&o->speaker->member))
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
		member_begin(&o->speaker->member);
}

static void update_audible(struct group *group, int64_t now_ns, int64_t *next_ns)
{
	struct output *o;

	/* The first to come back after all have gone interrupts nobody */
	if (!group->sink.playing || spa_list_is_empty(&group->outputs)) {
		group->audible = false;
	} else if (!group->audible && may_start(group, now_ns, next_ns)) {
		start(group);
	}
	spa_list_for_each(o, &group->outputs, link)
		member_update_part(&o->speaker->member, group->audible, now_ns, next_ns);
}

/* Who is not heard: also one whose latency is beyond what the group may wait for. */
static bool is_audible(const struct group *group, const struct output *o)
{
	return member_may_be_heard(&o->speaker->member, group->audible) &&
		(o->speaker->member.aligned || !group->args->mute_unaligned);
}

/* Whose target changed is told to the fan-out, all in one go: they move together */
struct changes {
	struct fanout_output_target targets[FANOUT_HOST_OUTPUTS_MAX];
	struct output *outputs[FANOUT_HOST_OUTPUTS_MAX];
	uint32_t n;
};

static void decide(struct changes *c, struct output *o, int64_t delay_ns, int64_t wait_ns,
		bool audible)
{
	if (output_decide(o, delay_ns, wait_ns, audible, &c->targets[c->n]))
		c->outputs[c->n++] = o;
}

static void apply(struct group *group, const struct changes *c)
{
	uint32_t i;
	int res;

	if (c->n == 0)
		return;
	if ((res = fanout_control_set_targets(group->host.control, c->targets, c->n)) < 0) {
		pw_log_warn("can't set the delays of %u speakers, the first of them %s, to %" PRIi64
				" ns: %s", c->n, speaker_address(c->outputs[0]->speaker),
				c->targets[0].target.delay_ns, spa_strerror(res));
		return;
	}
	for (i = 0; i < c->n; i++)
		c->outputs[i]->told = c->targets[i].target;
}

static uint32_t list_members(const struct group *group, struct align_member *m)
{
	struct output *o;
	uint32_t n = 0;

	spa_list_for_each(o, &group->outputs, link) {
		const struct member_config *config = &o->speaker->config;
		const struct member *member = &o->speaker->member;

		m[n++] = (struct align_member) {
			.latency_ns = member->latency_ns,
			.pending_ns = member->streaming ? settle_pending(&o->settle) : 0,
			.correction_ns = config->correction_ns,
			.trim_ns = config->trim_ns,
			.settled = member->belief != MEMBER_NO_LATENCY && member_counts(member, group->audible),
			.heard = member_is_heard(member),
		};
	}
	return n;
}

/* The whole group is on its way to another B, and each speaker's delay changes at
 * another time so that it is heard at one. Until then nobody moves again, or is
 * faded in at a place that the others are only going to. */
static void hold(struct group *group)
{
	struct changes changes = { 0 };
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		decide(&changes, o, o->delay_ns, 0, o->speaker->member.audible && is_audible(group, o));
	apply(group, &changes);
}

static void update_delays(struct group *group, int64_t now_ns)
{
	struct align_member members[FANOUT_HOST_OUTPUTS_MAX] = { 0 }, *m = members;
	struct align_params params = {
		.headroom_ns = group->args->headroom_ns,
		.max_delay_ns = group->args->max_delay_ns,
	};
	bool heard = group->audible && !fanout_host_is_quiet(&group->host), moved = false;
	int64_t before_ns = group->align.total_ns, longest_ns = 0;
	struct changes changes = { 0 };
	struct output *o;
	uint32_t i, n = list_members(group, members);

	align_update(&group->align, &params, members, n, heard);
	for (i = 0; i < n; i++) {
		moved |= heard && members[i].heard;
		longest_ns = SPA_MAX(longest_ns, members[i].wait_ns);
	}
	moved &= before_ns != 0 && group->align.total_ns != before_ns;
	if (moved) {
		group->moving_until_ns = now_ns + longest_ns + MOVE_NS;
		pw_log_info("%s: all play %" PRIi64 " ns after the sink, no longer %" PRIi64,
				group->args->group, group->align.total_ns, before_ns);
	}
	spa_list_for_each(o, &group->outputs, link) {
		o->speaker->member.aligned = m->aligned;
		decide(&changes, o, m->delay_ns, m->wait_ns,
				is_audible(group, o) && (o->speaker->member.audible || !moved));
		m++;
	}
	apply(group, &changes);
	sink_set_latency(&group->sink, group->align.total_ns);
}

int64_t group_align(struct group *group, int64_t now_ns)
{
	int64_t next_ns = update_latencies(group, now_ns);

	update_audible(group, now_ns, &next_ns);
	if (!group->audible || now_ns >= group->moving_until_ns) {
		group->moving_until_ns = 0;
		update_delays(group, now_ns);
	} else {
		hold(group);
	}
	if (group->moving_until_ns > 0)
		next_ns = SPA_MIN(next_ns, group->moving_until_ns);
	return next_ns;
}
