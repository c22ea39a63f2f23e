/* What the metadata says of a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_ENTRY_H
#define BLUEZ_COMBINE_MEMBER_ENTRY_H

#include <stdbool.h>

#include <spa/utils/list.h>

#include "args.h"

/** member.<address> */
struct member_entry {
	struct spa_list link;		/**< the owner's list */
	char *address;
	bool has_target;		/**< the value names a target, or none on purpose */
	char *target;			/**< node.name of its sink, or NULL */
	bool has_include;
	bool include;			/**< valid if has_include */
	struct member_config config;
};

/**
 * Read the JSON of \a address: all of it or nothing. What is wrong is logged,
 * unless \a quiet.
 * Returns NULL if it is not valid, and then a former entry should stand.
 */
struct member_entry *member_entry_new(const char *address, const char *json, bool quiet);

/** Not for an entry that is in a list. */
void member_entry_free(struct member_entry *entry);

#endif /* BLUEZ_COMBINE_MEMBER_ENTRY_H */
