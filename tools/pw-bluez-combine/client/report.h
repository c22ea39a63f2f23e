/* What the metadata of a group says, as structs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REPORT_H
#define BLUEZ_COMBINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/client.h"
#include "client/track.h"

#define REPORT_VERSION		1	/**< of the status that is understood */
/** A name of 255 bytes, each written as \u00xx */
#define REPORT_STRING_MAX	1536

/*
 * Everybody can write to the metadata. A field that is missing, or is not of its
 * kind, is "" or not valid; a value that is no JSON object is bad as a whole.
 */

struct report_int {
	int64_t value;
	bool valid;
};

struct report_speaker {
	const char *address;		/**< in the metadata's key */
	const char *status;		/**< JSON object; NULL: none, or a bad one */
	const char *member;		/**< JSON object; NULL: none, or a bad one */
	struct member wish;		/**< what that says */
	bool bad_status, bad_member;	/**< a value is there, and is no JSON object */

	char name[REPORT_STRING_MAX];
	char target[REPORT_STRING_MAX];	/**< node.name of its sink */
	char state[32];			/**< never "": "gone" if there is no status */
	char basis[32];
	char stale[16];			/**< what is another one than it was calibrated with: codec, rate, report; "": nothing */
	char calibration[16];		/**< by-hand: the user has the last word */
	struct report_int calibrated_at;	/**< in seconds since 1970 */
	char codec[32];
	struct report_int codec_rate;	/**< in Hz, of what it is sent */
	char adapter[16];		/**< hci0; "": not connected, or no Bluetooth device */
	char role[32];
	struct report_int latency_ns, delay_ns, trim_ns, correction_ns;
	struct report_int tracked_ns;	/**< of the correction; not valid if nothing is */
	struct report_int dither;	/**< by which code its delay moves to and fro; not valid if it does not */
	struct report_int failures;	/**< how often its stream has failed, one after the other */
	double gain;			/**< linear; NaN: not valid */
	struct track_heard heard;	/**< what a program that tracks it hears of it; state "": there is none, or it hears nothing */
	bool here;			/**< neither gone nor left out */
};

/** A connected device that can send, as the policy sees it */
struct report_source {
	const char *address;
	bool taken;
	char why[512];			/**< it is, or not */
};

/** A setting that is none of what it can be, as the policy sees it */
struct report_setting {
	const char *name;		/**< without bluez-combine. */
	char is[512], allowed[512], using[512];
};

struct report {
	const char *group;
	bool found;			/**< the metadata object is there */
	const char *status;		/**< as a speaker's */
	bool bad_status;
	struct report_int version;
	char sink[REPORT_STRING_MAX];
	char state[32];
	struct report_int latency_ns, members, playing;
	struct report_int lease;	/**< the client that has one, */
	bool lease_tracks;		/**< and does no more by it than to track */
	const char *track;		/**< what a program tells that tracks the speakers, JSON object; NULL: none does, */
	struct track_told tracking;	/**< and what that says */
	struct report_int restarts;	/**< of speakers, after stalls */
	struct report_int keep_warm_ns;	/**< after the last sound; -1: without end */
	struct report_int stalls, stalls_ns, longest_ns;	/**< of the last minute */
	bool stutter;
	struct report_int quantum, rate, quantum_wanted, rate_wanted, packet_ns;
	char quantum_basis[32];
	uint32_t sink_id;		/**< of the sink's node; SPA_ID_INVALID: not known */
	const struct graph *graph;

	struct report_speaker *speakers;	/**< by name; those that are not here come last */
	uint32_t n_speakers;
	struct report_source *sources;
	uint32_t n_sources;
	struct report_setting *settings;
	uint32_t n_settings;
};

/** What is said of the group with that name; one that is not there, or not read, is not found. What is pointed to is the client's,
 * and stays valid until its next event. Returns 0 or -errno; report_finish() in both cases. */
int report_init(struct report *report, const struct client *client, const char *group);
void report_finish(struct report *report);

/** The speaker with exactly this address; NULL if the group has said nothing of it. */
const struct report_speaker *report_speaker(const struct report *report, const char *address);

#endif /* BLUEZ_COMBINE_REPORT_H */
