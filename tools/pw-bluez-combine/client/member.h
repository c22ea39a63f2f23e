/* What the user wants of one speaker: an entry member.<address> of the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_MEMBER_H
#define BLUEZ_COMBINE_CLIENT_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	MEMBER_TARGET = 1 << 0,
	MEMBER_INCLUDE = 1 << 1,
	MEMBER_ROLE = 1 << 2,
	MEMBER_GAIN = 1 << 3,
	MEMBER_TRIM = 1 << 4,
	MEMBER_CORRECTION = 1 << 5,
	/** and whatever else stands there */
	MEMBER_ALL = ~0,
};

/** One that says nothing is zeroed. */
struct member {
	uint32_t fields;		/**< MEMBER_*: what it says */
	char target[1536];		/**< node.name of the speaker's sink */
	bool include;
	char role[32];			/**< stereo, left, right, mono */
	double gain;			/**< linear, 0.0 to 1.0 */
	double trim_ms;			/**< positive: it plays later */
	double correction_ms;		/**< positive: it sounds late, and is sent to earlier */
};

/** Read a JSON object. A field that is not of its kind is not said; NULL says nothing. */
void member_parse(struct member *member, const char *json);

/** Is it left out, by the user or by a rule? */
bool member_is_left_out(const struct member *member);

/**
 * The JSON object \a json, NULL or one that is broken for none, with what \a wanted says, and without the fields in
 * \a clear that it does not. All others stay, those of a later version, too. To be freed; NULL without memory.
 */
char *member_change(const char *json, const struct member *wanted, uint32_t clear);

/** Does it say what member_change() makes of it? Included is also who is not left out. */
bool member_is(const struct member *member, const struct member *wanted, uint32_t clear);

#endif /* BLUEZ_COMBINE_CLIENT_MEMBER_H */
