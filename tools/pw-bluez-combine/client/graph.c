/* What PipeWire's registry lists of nodes, devices and links */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "client/graph.h"

void graph_init(struct graph *graph, void (*changed)(void *data), void *data)
{
	*graph = (struct graph) { .changed = changed, .data = data };
	spa_list_init(&graph->objects);
}

static void object_free(struct graph_object *o)
{
	spa_list_remove(&o->link);
	if (o->proxy) {
		spa_hook_remove(&o->listener);
		pw_proxy_destroy(o->proxy);
	}
	free(o->address);
	free(o->adapter);
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

/* hci0 of /org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF */
static char *adapter_of(const char *path)
{
	static const char prefix[] = "/org/bluez/";

	if (path == NULL || !spa_strstartswith(path, prefix))
		return NULL;
	path += strlen(prefix);
	return strndup(path, strcspn(path, "/"));
}

static void on_info(void *data, const struct pw_device_info *info)
{
	struct graph_object *o = data;

	if (o->address || info->props == NULL)
		return;
	o->address = dup_item(info->props, "api.bluez5.address");
	o->adapter = adapter_of(spa_dict_lookup(info->props, "api.bluez5.path"));
	o->graph->changed(o->graph->data);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_info,
};

static void bind_device(struct graph *graph, struct graph_object *o)
{
	o->graph = graph;
	o->proxy = pw_registry_bind(graph->registry, o->id, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, 0);
	if (o->proxy)
		pw_proxy_add_object_listener(o->proxy, &o->listener, &device_events, o);
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
	if (graph->registry && o->kind == GRAPH_DEVICE && spa_streq(o->api, "bluez5"))
		bind_device(graph, o);
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

const struct graph_object *graph_find_device(const struct graph *graph, const char *address)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->address && strcasecmp(o->address, address) == 0)
			return o;
	return NULL;
}

const char *graph_describe(const struct graph *graph, const char *address)
{
	const struct graph_object *o = graph_find_device(graph, address);

	if (o)
		return o->description;
	spa_list_for_each(o, &graph->objects, link)
		if (o->kind == GRAPH_NODE && spa_streq(o->name, address))
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
