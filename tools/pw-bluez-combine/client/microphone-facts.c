/* What PipeWire has of microphones */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/utils/string.h>

#include "client/client.h"
#include "client/microphone.h"
#include "names.h"

static bool is_foreign(const struct client *client, const struct graph_object *node)
{
	char id[16];
	struct spa_dict_item item = SPA_DICT_ITEM_INIT(PW_KEY_CLIENT_ID, id);

	if (node->client == SPA_ID_INVALID)
		return false;
	snprintf(id, sizeof(id), "%u", node->client);
	return owners_find(&client->owners, &SPA_DICT_INIT(&item, 1)) == OWNER_RESTRICTED;
}

/* What its card says of it; NULL: nothing */
static const struct graph_input *input_of(const struct graph *graph, const struct graph_object *node)
{
	const struct graph_object *card = node->device == SPA_ID_INVALID ? NULL : graph_find(graph, node->device);
	uint32_t i;

	if (card && card->kind == GRAPH_DEVICE)
		for (i = 0; i < card->n_inputs; i++)
			if (card->inputs[i].device == node->card_device)
				return &card->inputs[i];
	return NULL;
}

/* The worst of what is to be said */
static enum microphone_doubt doubt_of(const struct client *client, const struct graph_object *node)
{
	const struct graph_input *input = input_of(&client->graph, node);

	if (is_foreign(client, node))
		return MICROPHONE_FOREIGN;
	if (input && input->unplugged)
		return MICROPHONE_UNPLUGGED;
	if (node->muted || (input && input->muted))
		return MICROPHONE_MUTED;
	if (node->link_group || spa_streq(node->class, "Audio/Source/Virtual"))
		return MICROPHONE_PROCESSED;
	return spa_streq(node->api, "bluez5") ? MICROPHONE_BLUETOOTH : MICROPHONE_FITS;
}

static const char *user_of(const struct graph *graph, const struct graph_object *node)
{
	const struct graph_object *link, *to;

	spa_list_for_each(link, &graph->objects, link) {
		if (link->kind != GRAPH_LINK || link->from != node->id)
			continue;
		if ((to = graph_find(graph, link->to)) != NULL && to->name)
			return to->description ? to->description : to->name;
	}
	return NULL;
}

static bool is_one(const struct graph_object *o)
{
	return graph_is_microphone(o) && o->name && !spa_strstartswith(o->name, BLUEZ_COMBINE_NODE_PREFIX);
}

int microphones_find(const struct client *client, struct microphone **list)
{
	const struct graph_object *o;
	char chosen[512];
	bool has_default = client_default_source(client, chosen, sizeof(chosen));
	size_t n = 0;

	spa_list_for_each(o, &client->graph.objects, link)
		n += is_one(o);
	if ((*list = calloc(n + 1, sizeof(**list))) == NULL)
		return -ENOMEM;
	n = 0;
	spa_list_for_each(o, &client->graph.objects, link)
		if (is_one(o))
			(*list)[n++] = (struct microphone) {
				.id = o->id,
				.name = o->name,
				.description = o->description,
				.doubt = doubt_of(client, o),
				.is_default = has_default && spa_streq(o->name, chosen),
				.used_by = user_of(&client->graph, o),
			};
	return n;
}
