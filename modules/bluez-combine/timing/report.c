/* What a sink's report of its latency means */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "timing/packet.h"
#include "timing/report.h"

/* Its links, too, report 0 when they go, some milliseconds before it is known that they do */
#define NO_REPORT_NS		(500 * (int64_t)SPA_NSEC_PER_MSEC)
/* D-Bus gives up a call after 25 s */
#define UNSENT_MAX_NS		(30 * (int64_t)SPA_NSEC_PER_SEC)
/* What rounding makes */
#define SAME_NS			(50 * (int64_t)SPA_NSEC_PER_USEC)

void report_open(struct report *r, const struct known *known)
{
	*r = (struct report) {
		.grown_ns = r->grown_ns, .sent_ns = r->sent_ns, .first_ns = r->first_ns,
		.doubted = r->doubted, .kept_ns = r->kept_ns, .forget_ns = r->forget_ns,
		.packet_ns = known ? known->packet_ns : 0,
	};
	settle_init(&r->settle, known ? known->latencies_ns[0] : -1);
}

void report_start(struct report *r, int64_t now_ns)
{
	r->since_ns = now_ns;
	r->n_reports = 0;
	r->no_report_ns = 0;
	r->silent_since_ns = 0;
	/* Also the same report is one */
	r->raw_ns = r->reported_ns = 0;
	settle_restart(&r->settle);
}

/*
 * It plays, is linked as before, and reports 0 after something else: its latency offset takes away all that it has.
 * Nothing is heard before it is sent, so this is as far as an offset goes.
 */
static bool is_taken_away(struct report *r, int64_t now_ns, int64_t *next_ns)
{
	if (r->settle.latency_ns == REPORT_NO_LATENCY_NS)
		return true;
	if (r->n_reports == 0 || !r->in.there) {
		r->no_report_ns = 0;
		return false;
	}
	if (r->no_report_ns == 0)
		r->no_report_ns = now_ns;
	if (now_ns >= r->no_report_ns + NO_REPORT_NS)
		return true;
	*next_ns = SPA_MIN(*next_ns, r->no_report_ns + NO_REPORT_NS);
	return false;
}

/*
 * What a sink reports, where it means something. A Bluetooth sink reports 0
 * until it plays, and that is no latency; any other sink may mean it. One that
 * has nothing to say for this long is taken as it is: late is better than mute.
 * What is known of one does not change by its falling silent.
 */
static int64_t heard_ns(struct report *r, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = r->since_ns + REPORT_SILENT_NS;

	if (r->in.ns > 0) {
		r->no_report_ns = 0;
		return r->in.ns;
	}
	if (!r->in.late)
		return REPORT_NO_LATENCY_NS;
	if (r->settle.settled)
		return is_taken_away(r, now_ns, next_ns) ? REPORT_NO_LATENCY_NS : 0;
	if (now_ns >= limit_ns)
		return REPORT_NO_LATENCY_NS;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return 0;
}

static void learn_packet(struct report *r, int64_t packet_ns)
{
	if (packet_ns > 0)
		r->packet_ns = packet_ns;
}

/* PipeWire 1.6 tells of the encoder first: then the packet alone is new */
static int64_t before_packet_ns(const struct report *r)
{
	int64_t first_ns = r->first_ns + r->in.offset_ns;
	bool encoder = r->first_ns > 0 && packet_is_encoder(r->in.codec, r->in.rate, r->raw_ns - first_ns);

	return encoder ? first_ns : r->raw_ns;
}

/*
 * It says something else than before, and not for the first time since it plays. Where there was no packet in it, that is its first one.
 * Later the packets may have become longer: on a bad link bluez5 lowers the bitpool. The report rises by as much, but what is
 * heard does not come later: a speaker places what it plays by the packets that it began with.
 */
static void hear_packets(struct report *r, int64_t ns)
{
	const struct report_input *in = &r->in;
	int64_t grown_ns;

	if (r->raw_ns != r->sent_ns) {
		learn_packet(r, packet_between_ns(in->codec, in->rate, before_packet_ns(r), ns));
		return;
	}
	grown_ns = packet_growth_ns(in->codec, in->rate, r->packet_ns, ns - r->raw_ns);
	r->grown_ns += grown_ns;
	if (grown_ns > 0)
		learn_packet(r, r->packet_ns + grown_ns);
}

/* Another stream than before: it begins with short packets again. Its first one may be in the report already, or not. */
static void hear_fall(struct report *r, int64_t fall_ns)
{
	if (packet_is_shorter(r->in.codec, r->in.rate, r->packet_ns, fall_ns)) {
		r->grown_ns = 0;
		learn_packet(r, r->packet_ns - fall_ns);
	} else if (packet_is_gone(r->in.codec, r->in.rate, fall_ns)) {
		r->n_reports = 0;
	}
}

/* The first of a stream: what the node adds later is not in it, unless it has played before */
static void hear_first(struct report *r, int64_t ns)
{
	int64_t own_ns = ns - r->in.offset_ns;

	/* Not the same stream as before: it begins with short packets again */
	if (ns != r->sent_ns)
		r->grown_ns = 0;
	if (r->sent_ns == 0 && own_ns > 0 && packet_is_step(own_ns))
		r->first_ns = own_ns;
}

static void hear_news(struct report *r, int64_t ns)
{
	if (ns < r->raw_ns)
		hear_fall(r, r->raw_ns - ns);
	if (r->n_reports == 0) {
		hear_first(r, ns);
	} else {
		hear_packets(r, ns);
		if (packet_is_sent(r->in.codec, ns, r->in.offset_ns, r->n_reports + 1) &&
		    !packet_is_encoder(r->in.codec, r->in.rate, ns - r->raw_ns))
			r->sent_ns = ns;
	}
	r->n_reports++;
}

/*
 * The first packet of a sink adds its length to what it reports. So one that has reported only what a
 * speaker reports by itself has sent none: its transport is not acquired yet, or never will be, and
 * bluetoothd or D-Bus say so in the end. Returns whether that may be.
 */
static bool may_be_unsent(const struct report *r, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = r->since_ns + UNSENT_MAX_NS;

	/* For other codecs than SBC a packet's length may be a multiple of the step, too, and then it is not seen
	 * if it has come with the first report: it must not be mute for that. */
	if (r->reported_ns > 0 && !packet_is_seen(r->in.codec))
		limit_ns = r->since_ns + REPORT_SILENT_NS;
	/* Of a former start of the same node the packet may be in there already */
	if (!r->in.streaming || !r->in.packets || report_has_sent(r) || now_ns >= limit_ns ||
	    (r->reported_ns > 0 && (r->raw_ns == r->sent_ns || r->is_known)))
		return false;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return true;
}

/* Returns whether it is no longer so. */
static bool update_unsent(struct report *r, int64_t now_ns, int64_t *next_ns)
{
	bool was = r->unsent;

	r->unsent = may_be_unsent(r, now_ns, next_ns);
	return was && !r->unsent;
}

static void hear(struct report *r, int64_t ns, const struct known *known, int64_t now_ns, int64_t *next_ns)
{
	bool news = ns > 0 && ns != r->raw_ns;

	if (news)
		hear_news(r, ns);
	r->raw_ns = ns;
	r->reported_ns = ns > r->grown_ns ? ns - r->grown_ns : ns;
	r->is_known = known && known_settled(known, r->reported_ns);

	news |= update_unsent(r, now_ns, next_ns) && ns > 0;
	/* Of one that is doubted it is the offset that may be news. To be told the same again changes nothing. */
	news |= r->doubted && ns > 0;
	/* What would be believed lacks the packet, and is of one that may never play */
	if (news && !r->unsent)
		settle_report(&r->settle, now_ns, r->doubted ? report_kept_ns(r) : r->reported_ns);
	/* It reports, not for the first time since it plays, which is before its first packet, what it has settled at before */
	if (!r->doubted && r->n_reports > 1 && r->is_known)
		settle_recognize(&r->settle, now_ns);
}

/* What it is now that it settles at, without the user's offset: that changes what is believed, and nothing of this */
static void note_change(struct report *r, int64_t before_ns, int64_t now_ns)
{
	int64_t own_ns = r->settle.latency_ns - r->in.offset_ns;
	int64_t was_ns = r->own_ns != 0 ? r->own_ns : before_ns - r->in.offset_ns;

	if (before_ns > 0 && r->settle.latency_ns != before_ns && SPA_ABS(own_ns - was_ns) >= SAME_NS) {
		r->before_ns = was_ns;
		r->changed_ns = now_ns;
	}
	/* Not while it reports something else: the offset may be in that already, and not in what is believed */
	if (r->settle.settled && r->reported_ns > 0 && SPA_ABS(r->reported_ns - r->settle.latency_ns) < SAME_NS)
		r->own_ns = own_ns;
}

int64_t report_update(struct report *r, const struct report_input *in, const struct known *known, int64_t now_ns)
{
	int64_t before_ns = r->settle.settled ? r->settle.latency_ns : 0;
	int64_t next_ns = INT64_MAX, settle_next_ns;

	r->in = *in;
	r->has_told = known && known->told;
	/* What a sink that does not play reports lacks the packet, and would be believed if it stood still. */
	if (in->streaming)
		hear(r, heard_ns(r, now_ns, &next_ns), known, now_ns, &next_ns);
	settle_tick(&r->settle, now_ns, &settle_next_ns);
	note_change(r, before_ns, now_ns);
	return SPA_MIN(next_ns, settle_next_ns);
}

bool report_has_sent(const struct report *r)
{
	return r->reported_ns > 0 && packet_is_sent(r->in.codec, r->reported_ns, r->in.offset_ns, r->n_reports);
}

static bool is_assumed(const struct report *r)
{
	const struct report_input *in = &r->in;
	int64_t ns = r->reported_ns - in->offset_ns;

	/* Was it own before the encoder and the packet came? That is certain, */
	if (r->first_ns > 0 && ns != r->first_ns && codec_may_add(in->codec, in->rate, ns - r->first_ns))
		return r->first_ns == in->codec->assumed_ns;
	/* and this not quite: another word with fewer frames may come to the same */
	return codec_adds(in->codec, in->rate, ns - in->codec->assumed_ns);
}

bool report_tells(const struct report *r)
{
	return r->reported_ns > REPORT_NO_LATENCY_NS && !(r->in.packets && is_assumed(r));
}

bool report_is_sure(const struct report *r)
{
	return r->settle.state == SETTLE_SETTLED || SPA_ABS(r->reported_ns - r->settle.latency_ns) < SETTLE_SMALL_NS;
}

bool report_is_to_be_kept(const struct report *r, bool *told)
{
	*told = r->settle.state == SETTLE_SETTLED && codec_is_known(r->in.codec) && report_tells(r);
	return r->settle.settled && !r->unsent && r->silent_since_ns == 0 && !r->doubted;
}

enum report_basis report_basis(const struct report *r)
{
	if (r->reported_ns <= 0)
		return r->settle.settled ? REPORT_REMEMBERED : REPORT_NONE;
	if (r->doubted)
		return REPORT_REMEMBERED;
	return r->in.packets && is_assumed(r) ? REPORT_ASSUMED : REPORT_REPORTED;
}

int64_t report_packet_ns(const struct report *r)
{
	if (!r->in.packets)
		return 0;
	return r->packet_ns > 0 ? r->packet_ns : packet_common_ns(r->in.codec, r->in.rate);
}
