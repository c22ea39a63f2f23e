/* What a program that tracks speakers tells of them: the key track of the metadata, of its own client */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_TRACK_H
#define BLUEZ_COMBINE_CLIENT_TRACK_H

#include <stdbool.h>
#include <stdint.h>

/** What is heard of a speaker. */
struct track_heard {
	char state[16];			/**< learning, tracking, holding, lost, silent */
	char reason[24];		/**< holding, lost: why; "": not known */
	int64_t since;			/**< of the state, in seconds since 1970; 0: not known */
	double skew_ms;			/**< so much later than it should be it was last heard; NAN: not known */
	double sigma_ms;		/**< how sure its place is: a standard deviation; NAN: not known */
};

/** What is told of all. */
struct track_told {
	char state[16];			/**< listening, waiting... */
	char microphone[256];		/**< node.name; "": none yet */
};

/** Read the JSON object \a json, NULL or a broken one for none. A field that can't be so is as one that is not there; false without a state. */
bool track_read(const char *json, struct track_told *told);
/** The same of the speaker with an address. */
bool track_find(const char *json, const char *address, struct track_heard *heard);

#endif /* BLUEZ_COMBINE_CLIENT_TRACK_H */
