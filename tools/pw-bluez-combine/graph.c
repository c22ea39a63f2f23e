/* What PipeWire's registry lists of nodes, devices and links */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "graph.h"

#define CARD_PREFIX	"bluez_card."	/* as WirePlumber names a Bluetooth device */

void graph_init(struct graph *graph)
{
	spa_list_init(&graph->objects);
}

static void object_free(struct graph_object *o)
{
	spa_list_remove(&o->link);
	free(o->name);
	free(o->description);
	free(o->api);
	free(o);
}

void graph_finish(struct graph *graph)
{
	struct graph_object *o;

	spa_list_consume(o, &graph->objects, link)
		object_free(o);
}

static char *dup_item(const struct spa_dict *props, const char *key)
{
	const char *value = spa_dict_lookup(props, key);

	return value ? strdup(value) : NULL;
}

static uint32_t get_id(const struct spa_dict *props, const char *key)
{
	uint32_t id = SPA_ID_INVALID;

	spa_atou32(spa_dict_lookup(props, key), &id, 10);
	return id;
}

bool graph_add(struct graph *graph, uint32_t id, const char *type, const struct spa_dict *props)
{
	bool is_node = spa_streq(type, PW_TYPE_INTERFACE_Node), is_link = spa_streq(type, PW_TYPE_INTERFACE_Link);
	struct graph_object *o;

	if ((!is_node && !is_link && !spa_streq(type, PW_TYPE_INTERFACE_Device)) || props == NULL ||
	    (o = calloc(1, sizeof(*o))) == NULL)
		return false;
	o->id = id;
	o->kind = is_node ? GRAPH_NODE : is_link ? GRAPH_LINK : GRAPH_DEVICE;
	if (is_link) {
		o->from = get_id(props, PW_KEY_LINK_OUTPUT_NODE);
		o->to = get_id(props, PW_KEY_LINK_INPUT_NODE);
	} else {
		o->name = dup_item(props, is_node ? PW_KEY_NODE_NAME : PW_KEY_DEVICE_NAME);
		o->description = dup_item(props, is_node ? PW_KEY_NODE_DESCRIPTION : PW_KEY_DEVICE_DESCRIPTION);
		o->api = dup_item(props, PW_KEY_DEVICE_API);
	}
	spa_list_append(&graph->objects, &o->link);
	return true;
}

bool graph_remove(struct graph *graph, uint32_t id)
{
	struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->id == id) {
			object_free(o);
			return true;
		}
	return false;
}

/* bluez_card.AA_BB_CC_DD_EE_FF is AA:BB:CC:DD:EE:FF */
static bool is_card_of(const char *name, const char *address)
{
	if (name == NULL || !spa_strstartswith(name, CARD_PREFIX))
		return false;
	for (name += strlen(CARD_PREFIX); *name && *address; name++, address++)
		if (*name != *address && !(*name == '_' && *address == ':'))
			return false;
	return *name == '\0' && *address == '\0';
}

const char *graph_describe(const struct graph *graph, const char *address)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->description && (o->kind == GRAPH_DEVICE ? is_card_of(o->name, address) :
				o->kind == GRAPH_NODE && spa_streq(o->name, address)))
			return o->description;
	return NULL;
}

static bool is_linked(const struct graph *graph, uint32_t from, uint32_t to)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->kind == GRAPH_LINK && o->from == from && o->to == to)
			return true;
	return false;
}

const struct graph_object *graph_next_source(const struct graph *graph, uint32_t sink,
		const struct graph_object *last)
{
	const struct graph_object *o;
	bool after = last == NULL;

	spa_list_for_each(o, &graph->objects, link) {
		if (after && o->kind == GRAPH_NODE && is_linked(graph, o->id, sink))
			return o;
		after = after || o == last;
	}
	return NULL;
}
