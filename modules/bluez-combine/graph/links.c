/* Who is linked to whom */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <pipewire/keys.h>
#include <pipewire/link.h>
#include <spa/utils/string.h>

#include "graph/links.h"

struct graph_link {
	struct spa_list link;		/**< links.list */
	uint32_t id;
	uint32_t output_node;
	uint32_t input_node;
};

static void link_free(struct graph_link *l)
{
	spa_list_remove(&l->link);
	free(l);
}

void links_init(struct links *links)
{
	spa_list_init(&links->list);
}

void links_finish(struct links *links)
{
	struct graph_link *l;
	spa_list_consume(l, &links->list, link)
		link_free(l);
}

uint32_t links_global(struct links *links, uint32_t id, const char *type,
		const struct spa_dict *props)
{
	struct graph_link *l;
	uint32_t output, input;

	if (!spa_streq(type, PW_TYPE_INTERFACE_Link) || props == NULL ||
	    !spa_atou32(spa_dict_lookup(props, PW_KEY_LINK_OUTPUT_NODE), &output, 10) ||
	    !spa_atou32(spa_dict_lookup(props, PW_KEY_LINK_INPUT_NODE), &input, 10) ||
	    (l = calloc(1, sizeof(*l))) == NULL)
		return SPA_ID_INVALID;
	l->id = id;
	l->output_node = output;
	l->input_node = input;
	spa_list_append(&links->list, &l->link);
	return output;
}

uint32_t links_global_remove(struct links *links, uint32_t id)
{
	struct graph_link *l;
	uint32_t output;

	spa_list_for_each(l, &links->list, link) {
		if (l->id != id)
			continue;
		output = l->output_node;
		link_free(l);
		return output;
	}
	return SPA_ID_INVALID;
}

bool links_has(const struct links *links, uint32_t output, uint32_t input)
{
	struct graph_link *l;
	spa_list_for_each(l, &links->list, link)
		if (l->output_node == output && l->input_node == input)
			return true;
	return false;
}

bool links_has_other(const struct links *links, uint32_t node, uint32_t except)
{
	struct graph_link *l;
	spa_list_for_each(l, &links->list, link)
		if (l->input_node == node && l->output_node != except)
			return true;
	return false;
}
