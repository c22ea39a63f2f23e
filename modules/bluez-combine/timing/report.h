/* What a sink's report of its latency means */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REPORT_H
#define BLUEZ_COMBINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "timing/codec.h"
#include "timing/known.h"
#include "timing/settle.h"

/*
 * Pure calculation, with the caller's clock. This is what bluez5 adds up (media-sink.c: set_latency()):
 *
 *	what the speaker says of itself, in steps of 0.1 ms;
 *	  or, if it says nothing, 125 ms, and 40 of a low-latency codec	  own, or assumed
 *	+ the latency offset that the user gave it				offset
 *	+ the encoder's delay, from when the transport is acquired		encoder
 *	+ the longest packet since then, from when the first one is sent	packet
 *
 * and it says the sum only, 0 before the first play. So a fresh node reports own, then all of it (in PipeWire 1.6 with the encoder in
 * between). Of a node that has played before all of it may be in the first report. What cannot be told apart: a speaker that says
 * just what is assumed; and in the latter case one whose own word differs from that by whole frames.
 */

#define REPORT_NO_LATENCY_NS	1	/**< stands for a latency of 0, which the alignment takes for none */
/** A Bluetooth sink that plays has reported long before this */
#define REPORT_SILENT_NS	(2500 * INT64_C(1000000))

enum report_basis {
	REPORT_NONE,			/**< nothing was reported, and nothing is known from before */
	REPORT_REMEMBERED,		/**< what it settled at before */
	REPORT_ASSUMED,			/**< what bluez5 takes for a speaker that says nothing */
	REPORT_REPORTED,
};

struct report_input {
	const struct codec *codec;
	uint32_t rate;			/**< the codec's own, 0: not known */
	int64_t offset_ns;		/**< the user's */
	bool late;			/**< of its kind: it reports 0 until it plays, */
	bool packets;			/**< sends packets, */
	bool mixed;			/**< and may get another's report */
	bool streaming;			/**< the graph runs the stream that goes to it */
	bool there;			/**< and that is linked to it */
	int64_t ns;			/**< what it reports, 0: nothing */
};

/** Of one sink's node. Zeroed, it has not reported anything. */
struct report {
	struct report_input in;		/**< the last one */
	struct settle settle;		/**< when a report is to be believed */

	/* since its stream began */
	int64_t since_ns;
	int64_t raw_ns;			/**< the last report */
	int64_t reported_ns;		/**< the same, without grown_ns */
	uint32_t n_reports;		/**< that differed from the one before */
	int64_t no_report_ns;		/**< since when it reports 0 after something else, 0: it does not */
	bool unsent;			/**< as far as that tells, nothing was sent */

	/* of its packets */
	int64_t packet_ns;		/**< how long one is now, 0: not known */
	int64_t grown_ns;		/**< what is in the report of packets that became longer as the stream went on */
	int64_t sent_ns;		/**< what it has reported once it had sent something, 0: nothing yet */
	int64_t first_ns;		/**< what it reported before that, without the offset: own or assumed. 0: not heard */

	/* whose it is: doubt.h */
	bool silent;			/**< it tells no latency, though it has told one before, */
	int64_t silent_since_ns;	/**< since then, 0: it is not so */
	bool has_told;			/**< it has told one before, */
	bool is_known;			/**< and what it reports now is among those that it settled at */
	bool doubted;			/**< it may be another one's */
	int64_t kept_ns;		/**< what counts while that is so, without the offset */
	int64_t forget_ns;		/**< what it settled at was not its own: the owner forgets it. 0: nothing */
	int64_t own_ns;			/**< what it has settled at, without the offset of that time, 0: not known */
	int64_t before_ns, changed_ns;	/**< the same before the last change while it played, and when that was */
};

/** It gets a stream, which does not run yet. \a known is what it settled at before, or NULL. */
void report_open(struct report *report, const struct known *known);

/** The stream begins to run: its reports come in steps again. */
void report_start(struct report *report, int64_t now_ns);

/** Hear what it reports now. Returns when to call again, or INT64_MAX. */
int64_t report_update(struct report *report, const struct report_input *in, const struct known *known,
		int64_t now_ns);

/** Has its sink sent a packet, as far as that tells? Of a former start of the node one may be in there, too. */
bool report_has_sent(const struct report *report);

/** Does it report a latency, and not what stands for none? */
bool report_tells(const struct report *report);

/** Is what was known of it from before what it reports again, or the latest believed? */
bool report_is_sure(const struct report *report);

/** Is what it has settled at to be remembered? \a told: and it has told it itself */
bool report_is_to_be_kept(const struct report *report, bool *told);

enum report_basis report_basis(const struct report *report);

/** How long its packets are, or the longest that are common with its codec; 0: it has none, or has never been heard. */
int64_t report_packet_ns(const struct report *report);

/** The latency to go by; REPORT_NONE: 0. */
static inline int64_t report_latency_ns(const struct report *report)
{
	return report->settle.settled ? report->settle.latency_ns : report->reported_ns;
}

/** What counts of one that is doubted. */
static inline int64_t report_kept_ns(const struct report *report)
{
	int64_t ns = report->kept_ns + report->in.offset_ns;
	return ns > REPORT_NO_LATENCY_NS ? ns : REPORT_NO_LATENCY_NS;
}

#endif /* BLUEZ_COMBINE_REPORT_H */
