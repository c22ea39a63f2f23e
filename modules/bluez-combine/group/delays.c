/* Which delay each member of a group gets, and when it is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>
#include <spa/utils/result.h>

#include "group/delays.h"
#include "log.h"
#include "timing/doubt.h"
#include "timing/known.h"

/* A crossfade of the fan-out, and the two cycles after which it may begin */
#define MOVE_NS			(80 * (int64_t)SPA_NSEC_PER_MSEC)
/* And one before it that goes on, which it waits for */
#define PLACE_NS		(110 * (int64_t)SPA_NSEC_PER_MSEC)
/* How fast B creeps, and how often: some times faster than speakers wander, and not heard */
#define CREEP_PPM		100
#define CREEP_EVERY_NS		((int64_t)SPA_NSEC_PER_SEC)
/* The way back from a dither, and one before it that is not cut short */
#define DITHER_END_NS		(400 * (int64_t)SPA_NSEC_PER_MSEC)

_Static_assert(LEASE_CODE_MAX == WOBBLE_CODES && LEASE_SAMPLES_MAX == WOBBLE_SAMPLES_MAX,
		"what a lease may ask for is what the fan-out does");

static struct report_input listen(struct group *group, const struct output *o)
{
	const struct speaker *s = o->speaker;
	const struct member *m = &s->member;

	return (struct report_input) {
		.codec = codec_find(output_codec(o)),
		.rate = s->rate,
		.offset_ns = s->offset_ns,
		.late = m->kind->reports_late,
		.packets = m->kind->has_packets,
		.mixed = m->kind->reports_mixed,
		.streaming = m->streaming,
		.there = member_is_there(m),
		.ns = output_latency_ns(o, SPA_ATOMIC_LOAD(group->quantum), SPA_ATOMIC_LOAD(group->rate)),
	};
}

static int64_t hear(struct group *group, struct output *o, int64_t now_ns)
{
	struct report_input in = listen(group, o);
	struct report *r = &o->speaker->report;
	int64_t raw_ns = r->raw_ns, packet_ns = r->packet_ns, next_ns;

	next_ns = report_update(r, &in, known_find(&group->known, speaker_address(o->speaker), output_codec(o)), now_ns);
	if (r->raw_ns != raw_ns)
		pw_log_debug("%s reports %" PRIi64 " ns", speaker_address(o->speaker), r->raw_ns);
	if (r->packet_ns != packet_ns)
		pw_log_info("%s has packets of %" PRIi64 " ns", speaker_address(o->speaker), r->packet_ns);
	return next_ns;
}

static int64_t update_doubts(struct group *group, int64_t now_ns)
{
	struct report *reports[FANOUT_HOST_OUTPUTS_MAX];
	bool before[FANOUT_HOST_OUTPUTS_MAX];
	struct output *o;
	uint32_t n = 0;
	int64_t next_ns;

	spa_list_for_each(o, &group->outputs, link) {
		reports[n] = &o->speaker->report;
		before[n++] = o->speaker->report.doubted;
	}
	next_ns = doubt_update(reports, n, now_ns);
	n = 0;
	spa_list_for_each(o, &group->outputs, link) {
		const struct report *r = reports[n];

		if (r->doubted && !before[n])
			pw_log_info("%s may have another speaker's latency: what it reported before is kept, %" PRIi64 " ns",
					speaker_address(o->speaker), report_kept_ns(r));
		else if (before[n] && !r->doubted)
			pw_log_info("%s is believed again", speaker_address(o->speaker));
		n++;
	}
	return next_ns;
}

static void remember(struct group *group, struct output *o)
{
	const char *address = speaker_address(o->speaker), *codec = output_codec(o);
	struct report *r = &o->speaker->report;
	bool news = false, told;

	if (r->forget_ns > 0)
		news = known_forget(&group->known, address, codec, r->forget_ns);
	r->forget_ns = 0;
	if (report_is_to_be_kept(r, &told)) {
		news |= known_set(&group->known, address, codec, r->settle.latency_ns, r->packet_ns);
		news |= told && known_set_told(&group->known, address, codec);
	}
	if (news)
		memory_changed(&group->memory);
}

static void tell_member(struct output *o)
{
	const struct report *r = &o->speaker->report;

	member_report(&o->speaker->member, &(struct member_report) {
		.latency_ns = report_latency_ns(r),
		.settled = r->settle.settled,
		.sure = report_is_sure(r),
		.unsent = r->unsent,
		.has_packet = report_has_sent(r),
		.n_reports = r->n_reports,
	});
}

/* Hear what every speaker reports now. Returns when to look again. */
static int64_t update_latencies(struct group *group, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		next_ns = SPA_MIN(next_ns, hear(group, o, now_ns));
	next_ns = SPA_MIN(next_ns, update_doubts(group, now_ns));
	spa_list_for_each(o, &group->outputs, link) {
		remember(group, o);
		tell_member(o);
	}
	return next_ns;
}

/*
 * Who is placed by a lease is to be where it was put, whatever it reports meanwhile: an arrival is
 * being measured, and what comes of that is about to be in its offset.
 */
static void follow_lease(struct group *group, int64_t now_ns)
{
	const struct lease *lease = &group->lease.lease;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		const char *address = speaker_address(o->speaker);
		struct lease_dither dither = lease_dither(lease, address);
		struct member *m = &o->speaker->member;

		m->tracking = lease_tracks(lease, address, &m->tracked_ns);
		m->silenced = lease_silences(lease, address);
		if (o->dither.code > 0 && dither.code == 0)
			group->lease.dithered_until_ns = now_ns + DITHER_END_NS;
		o->dither = (struct fanout_dither) { dither.code, dither.samples, dither.chip_ns };
		if (!lease_places(lease, address, &o->lease_ns))
			o->placed_ns = 0;
		else if (o->placed_ns == 0 && m->belief == MEMBER_SETTLED)
			o->placed_ns = m->latency_ns;
	}
}

/* Who is not heard: also one whose latency is beyond what the group may wait for. */
static bool is_audible(const struct group *group, const struct output *o)
{
	return member_may_be_heard(&o->speaker->member, group->ensemble.audible) &&
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

		bool placed = o->placed_ns > 0;

		m[n++] = (struct align_member) {
			.latency_ns = placed ? o->placed_ns : member->latency_ns,
			.pending_ns = member->streaming && !placed ? settle_pending(&o->speaker->report.settle) : 0,
			.correction_ns = config->correction_ns + member->tracked_ns + o->lease_ns,
			.trim_ns = config->trim_ns,
			.tracked = member->tracking,
			.settled = member->belief != MEMBER_NO_LATENCY && member_counts(member, group->ensemble.audible),
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

/* How far B creeps each time that it does: at half the speed of a slew or less, so that all that slew to it arrive. Where
 * nothing is slewed there is nothing to be gained. */
static int64_t creep_ns(const struct group *group)
{
	int64_t ppm = SPA_MIN(group->args->slew_ppm / 2, CREEP_PPM);

	return ppm * CREEP_EVERY_NS / 1000000;
}

static void update_delays(struct group *group, int64_t now_ns)
{
	struct align_member members[FANOUT_HOST_OUTPUTS_MAX] = { 0 }, *m = members;
	struct align_params params = {
		.headroom_ns = group->args->headroom_ns,
		.creep_ns = now_ns - group->crept_ns < CREEP_EVERY_NS ? 0 : creep_ns(group),
		.max_delay_ns = group->args->max_delay_ns,
	};
	bool heard = group->ensemble.audible && !fanout_host_is_quiet(&group->host), moved = false;
	int64_t before_ns = group->align.total_ns, longest_ns = 0;
	struct changes changes = { 0 };
	struct output *o;
	uint32_t i, n = list_members(group, members);

	align_update(&group->align, &params, members, n, heard);
	for (i = 0; i < n; i++) {
		moved |= heard && members[i].heard;
		longest_ns = SPA_MAX(longest_ns, members[i].wait_ns);
	}
	moved &= before_ns != 0 && group->align.total_ns != before_ns && !group->align.crept;
	if (group->align.crept)
		group->crept_ns = now_ns;
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
	struct member *members[FANOUT_HOST_OUTPUTS_MAX];
	struct member_list all = group_list_members(group, members);
	int64_t next_ns = update_latencies(group, now_ns), ready_ns;

	follow_lease(group, now_ns);
	ensemble_update(&group->ensemble, &all, now_ns, &next_ns);
	if (!group->ensemble.audible || now_ns >= group->moving_until_ns) {
		group->moving_until_ns = 0;
		update_delays(group, now_ns);
		ready_ns = SPA_MAX(group->moving_until_ns, group->lease.dithered_until_ns) - now_ns;
		group_lease_taken(group, SPA_MAX(ready_ns, 0) + PLACE_NS);
	} else {
		hold(group);
	}
	if (group->moving_until_ns > 0)
		next_ns = SPA_MIN(next_ns, group->moving_until_ns);
	else if (group->align.creeps && creep_ns(group) > 0)
		next_ns = SPA_MIN(next_ns, now_ns + CREEP_EVERY_NS);
	return next_ns;
}
