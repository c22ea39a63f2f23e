/* What the metadata says of a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_ENTRY_H
#define BLUEZ_COMBINE_MEMBER_ENTRY_H

#include <stdbool.h>

#include <spa/utils/list.h>

#include "member/config.h"

/** member.<address> */
struct member_entry {
	struct spa_list link;		/**< the owner's list */
	char *address;
	bool has_target;		/**< the value names a target, or none on purpose */
	char *target;			/**< node.name of its sink, or NULL */
	bool has_include;
	bool include;			/**< valid if has_include */
	struct member_config config;	/**< what the value says; the rest is the rules' */
	bool refused;			/**< a field of the value is not what it may be */
	bool unknown;			/**< the value has a field that is not known */
};

/**
 * Read the JSON of \a address, field by field: one that is refused is as in the \a former entry, or not said
 * if there is none; one that is not known is passed over. What is wrong is logged, unless \a quiet.
 * Returns NULL if it is no JSON object, and then the former entry should stand.
 */
struct member_entry *member_entry_new(const char *address, const char *json,
		const struct member_entry *former, bool quiet);

/** Is something wrong with it that was not so with the \a former one, or is not put up with? */
bool member_entry_is_news(const struct member_entry *entry, const struct member_entry *former);

/** Not for an entry that is in a list. */
void member_entry_free(struct member_entry *entry);

#endif /* BLUEZ_COMBINE_MEMBER_ENTRY_H */
