/* Who is linked to whom */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_LINKS_H
#define BLUEZ_COMBINE_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/dict.h>
#include <spa/utils/list.h>

/** All links of the graph, as the registry tells of them. Main loop. */
struct links {
	struct spa_list list;		/**< struct graph_link.link */
};

void links_init(struct links *links);
void links_finish(struct links *links);

/** Pass on what the registry says; what is no link is passed over. Returns the global id
 * of the node that a link begins at, or SPA_ID_INVALID. */
uint32_t links_global(struct links *links, uint32_t id, const char *type,
		const struct spa_dict *props);
uint32_t links_global_remove(struct links *links, uint32_t id);

/** Does the node \a output play into the node \a input? Both are global ids, as in the next one. */
bool links_has(const struct links *links, uint32_t output, uint32_t input);

/** Does any other node than \a except play into \a node? */
bool links_has_other(const struct links *links, uint32_t node, uint32_t except);

#endif /* BLUEZ_COMBINE_LINKS_H */
