/* Which sinks become members, by rules and by the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_RULES_H
#define BLUEZ_COMBINE_MEMBER_RULES_H

#include <stdbool.h>

#include <pipewire/pipewire.h>

#include "member/config.h"
#include "member/entry.h"
#include "member/identity.h"

struct rules_result {
	bool wanted;
	struct member_config config;	/**< what it then plays */
};

/**
 * Rules choose first, the metadata has the last word. What is ours, or for calls, nobody can choose.
 *
 * \param rules   stream.rules, checked
 * \param own     node.name of the group's sink
 * \param props   of the sink's node
 * \param entry   what the metadata says of it, or NULL
 * \param stream  takes what the rules add to the stream's properties
 */
struct rules_result rules_decide(const char *rules, const char *own, const struct spa_dict *props,
		const struct identity *identity, const struct member_entry *entry,
		struct pw_properties *stream);

/** Is it a node of this group's, or of another one's? A group must never feed one: that way lies a loop. */
bool rules_is_own(const char *own, const struct spa_dict *props);

#endif /* BLUEZ_COMBINE_MEMBER_RULES_H */
