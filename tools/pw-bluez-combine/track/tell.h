/* What is told of a tracking, to people and to programs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_TELL_H
#define BLUEZ_COMBINE_TRACK_TELL_H

#include <stdint.h>
#include <stdio.h>

#include "track/loop.h"

/** What the tracker as a whole does. */
enum tell_state {
	TELL_WAITING,			/**< for the group, or for music */
	TELL_LISTENING,
	TELL_LEASED,			/**< another program moves the speakers, and this one waits */
	TELL_MUTED,			/**< the microphone is, */
	TELL_CALL,			/**< or it is used for a call, */
	TELL_GONE,			/**< or is not there any more, */
	TELL_MOVED,			/**< or was moved */
	TELL_STATES
};

/** A speaker, by its number in the loop. */
struct tell_speaker {
	const char *address;		/**< NULL: there is none */
	const char *name;		/**< fit to be shown */
};

struct tell {
	enum tell_state state;
	double since_s;			/**< of the state, by the loop's clock */
	const struct loop *loop;
	const struct tell_speaker *speakers;
	uint32_t n_speakers;
	const char *microphone;		/**< node.name; NULL: not chosen yet */
	double now_s;			/**< of the loop's clock, */
	int64_t now;			/**< and in seconds since 1970 */
};

/** For people: a line for each speaker, and for the whole, of which something else is to be said than the last time. */
struct tell_lines {
	bool begun;
	enum tell_state state;
	uint32_t reference;
	struct tell_line {
		enum loop_state state;
		enum ear_reason reason;
		uint32_t jumps;
	} speakers[LOOP_SPEAKERS_MAX];
};

void tell_lines_print(FILE *out, struct tell_lines *lines, const struct tell *tell);

/** For programs: one JSON object, without an end of line: the value of the key track (docs/reference.md). */
void tell_json_print(FILE *out, const struct tell *tell);

#endif /* BLUEZ_COMBINE_TRACK_TELL_H */
