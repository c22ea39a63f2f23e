/* What a member plays, how loud, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_CONFIG_H
#define BLUEZ_COMBINE_MEMBER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dsp/role.h"

enum member_field {
	MEMBER_FIELD_ROLE = 1 << 0,
	MEMBER_FIELD_GAIN = 1 << 1,
	MEMBER_FIELD_TRIM = 1 << 2,
	MEMBER_FIELD_CORRECTION = 1 << 3,
};

#define MEMBER_FIELDS	0xfu	/**< all of them */

/**
 * Rules and the metadata each say some of this, and are merged field by field: what the metadata
 * says counts before what a rule says, and that before what is so without either.
 */
struct member_config {
	uint32_t given;			/**< enum member_field: what was said; the rest is as without it */
	enum role role;
	double gain;			/**< linear, 0.0 to 1.0 */
	int64_t trim_ns;		/**< positive: plays later */
	int64_t correction_ns;		/**< positive: sounds late, is sent to earlier */
};

#define MEMBER_FIELD_NAMES	"role, gain, trim.msec, correction.msec"
/** Either way. Reports that are off by 500 ms were seen, none by more than 1 s */
#define CORRECTION_MSEC_MAX	2000.0
/* Before their names where they stand among properties of a stream */
#define MEMBER_CONFIG_PREFIX	"combine."
#define MEMBER_CONFIG_INIT	((struct member_config) { .role = ROLE_STEREO, .gain = 1.0 })

/** The field of this name, as metadata and stream rules spell it; 0 if there is none. */
enum member_field member_field_find(const char *key);

/** The fields' names, from 0 on; NULL after the last one. */
const char *member_field_name(uint32_t i);

/**
 * Say one of the fields.
 *
 * \param where  what the value stands in, for the error text; NULL: say nothing
 * \param key    "role", "gain", "trim.msec" or "correction.msec"
 * Returns 0, -ENOENT if the key is none of these, or -EINVAL after logging why: the field is as it was then.
 */
int member_config_set(struct member_config *config, const char *where,
		const char *key, const char *value);

/** Take those of \a fields that \a other says, and leave the rest as it is. */
void member_config_merge(struct member_config *config, const struct member_config *other,
		uint32_t fields);

/** Do both come to the same, whoever has said what? */
bool member_config_equal(const struct member_config *a, const struct member_config *b);

#endif /* BLUEZ_COMBINE_MEMBER_CONFIG_H */
