/* Who a sink is */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_IDENTITY_H
#define BLUEZ_COMBINE_IDENTITY_H

#include <stdbool.h>

#include <spa/utils/dict.h>

#include "graph/owners.h"

/**
 * What everything that is known of a speaker is filed under. A copy: who made the node may
 * change its properties, or take them away, at any time.
 */
struct identity {
	char *address;		/**< of the Bluetooth speaker; of any other sink the node's name */
	char *name;		/**< node.name */
	bool bluetooth;
};

/**
 * Look at the properties of a node, of which the registry says \a owner, and whether it is a
 * Bluetooth monitor's: owners_find(), owners_is_bluetooth().
 *
 * Returns 0; -EACCES if it is not what it says that it is, or a restricted client's; -ENOENT if
 * it has no name or no address; -ENOMEM. Then there is nothing to be freed.
 */
int identity_init(struct identity *identity, const struct spa_dict *props,
		enum owner owner, bool is_bluetooth);

void identity_finish(struct identity *identity);

/** Whether these properties are those of the same one. */
bool identity_fits(const struct identity *identity, const struct spa_dict *props);

#endif /* BLUEZ_COMBINE_IDENTITY_H */
