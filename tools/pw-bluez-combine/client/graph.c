/* What PipeWire has of nodes, devices, links and clients */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pipewire/pipewire.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "client/graph.h"

void graph_init(struct graph *graph, void (*changed)(void *data, bool asked), void *data)
{
	*graph = (struct graph) { .changed = changed, .data = data };
	spa_list_init(&graph->objects);
}

static void object_free(struct graph_object *o)
{
	char *strings[] = { o->name, o->description, o->api, o->address, o->profile, o->class, o->link_group, o->role,
		o->adapter, o->model, o->version };
	size_t i;

	spa_list_remove(&o->link);
	if (o->proxy) {
		spa_hook_remove(&o->listener);
		pw_proxy_destroy(o->proxy);
	}
	for (i = 0; i < SPA_N_ELEMENTS(strings); i++)
		free(strings[i]);
	free(o);
}

void graph_finish(struct graph *graph)
{
	struct graph_object *o;

	spa_list_consume(o, &graph->objects, link)
		object_free(o);
}

/* What an object does not tell of anew stays */
static void take(char **field, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (copy == NULL)
		return;
	free(*field);
	*field = copy;
}

static const char *item(const struct spa_dict *props, const char *key)
{
	return props ? spa_dict_lookup(props, key) : NULL;
}

static uint32_t get_id(const struct spa_dict *props, const char *key)
{
	uint32_t id = SPA_ID_INVALID;

	spa_atou32(spa_dict_lookup(props, key), &id, 10);
	return id;
}

static void told(struct graph_object *o, bool asked)
{
	o->graph->changed(o->graph->data, asked);
}

/* Audio/Source, Audio/Source/Virtual */
bool graph_is_microphone(const struct graph_object *o)
{
	return o->kind == GRAPH_NODE && o->class && spa_strstartswith(o->class, "Audio/Source");
}

static void on_node_info(void *data, const struct pw_node_info *info)
{
	struct graph_object *o = data;
	bool asks = o->graph->wants_microphones && graph_is_microphone(o) &&
		info->change_mask & PW_NODE_CHANGE_MASK_PARAMS;

	o->state = info->state;
	if (o->device == SPA_ID_INVALID && info->props)
		o->device = get_id(info->props, PW_KEY_DEVICE_ID);
	spa_atoi32(item(info->props, "card.profile.device"), &o->card_device, 10);
	take(&o->description, item(info->props, PW_KEY_NODE_DESCRIPTION));
	take(&o->api, item(info->props, PW_KEY_DEVICE_API));
	take(&o->address, item(info->props, "api.bluez5.address"));
	take(&o->profile, item(info->props, "api.bluez5.profile"));
	take(&o->link_group, item(info->props, PW_KEY_NODE_LINK_GROUP));
	take(&o->role, item(info->props, PW_KEY_MEDIA_ROLE));
	if (asks)
		pw_node_enum_params((struct pw_node *)o->proxy, 0, SPA_PARAM_Props, 0, UINT32_MAX, NULL);
	told(o, asks);
}

static void on_node_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct graph_object *o = data;

	if (param == NULL || id != SPA_PARAM_Props)
		return;
	spa_pod_parse_object(param, SPA_TYPE_OBJECT_Props, NULL,
			SPA_PROP_mute, SPA_POD_OPT_Bool(&o->muted));
	told(o, false);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
	.param = on_node_param,
};

/* hci0 of /org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF */
static char *adapter_of(const char *path)
{
	static const char prefix[] = "/org/bluez/";

	if (path == NULL || !spa_strstartswith(path, prefix))
		return NULL;
	path += strlen(prefix);
	return strndup(path, strcspn(path, "/"));
}

/* bluetooth:0057 0x1234; NULL if it does not tell both: of one maker the products differ as those of two do */
static char *model_of(const struct spa_dict *props)
{
	const char *vendor = item(props, PW_KEY_DEVICE_VENDOR_ID), *product = item(props, PW_KEY_DEVICE_PRODUCT_ID);

	return vendor && product ? spa_aprintf("%s %s", vendor, product) : NULL;
}

/* Not by a subscription: what changes while WirePlumber exports the device is not told to it */
static void ask_device(struct graph_object *o)
{
	static const uint32_t params[] = { SPA_PARAM_Profile, SPA_PARAM_Route };
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(params); i++)
		pw_device_enum_params((struct pw_device *)o->proxy, 0, params[i], 0, UINT32_MAX, NULL);
}

static void on_device_info(void *data, const struct pw_device_info *info)
{
	struct graph_object *o = data;
	bool asks = (o->graph->wants_routes || o->graph->wants_microphones) &&
		info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS;

	/* Its address is what it was at first, whatever it says later */
	if (o->address == NULL && info->props) {
		take(&o->address, item(info->props, "api.bluez5.address"));
		o->adapter = adapter_of(item(info->props, "api.bluez5.path"));
		o->model = model_of(info->props);
	}
	if (asks)
		ask_device(o);
	told(o, asks);
}

static void read_profile(struct graph_object *o, const struct spa_pod *param)
{
	const char *name = NULL;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
			SPA_PARAM_PROFILE_name, SPA_POD_OPT_String(&name)) >= 0)
		take(&o->profile, name);
}

static void set_input(struct graph_object *o, const struct graph_input *input)
{
	uint32_t i;

	for (i = 0; i < o->n_inputs && o->inputs[i].device != input->device; i++)
		;
	if (i == GRAPH_INPUTS_MAX)
		return;
	o->inputs[i] = *input;
	o->n_inputs = SPA_MAX(o->n_inputs, i + 1);
}

static void read_route(struct graph_object *o, const struct spa_pod *param)
{
	int32_t index, device = 0;
	uint32_t direction, available = SPA_PARAM_AVAILABILITY_unknown;
	const struct spa_pod *props = NULL;
	int64_t offset_ns = 0;
	bool muted = false;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(&index),
			SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
			SPA_PARAM_ROUTE_device, SPA_POD_OPT_Int(&device),
			SPA_PARAM_ROUTE_available, SPA_POD_OPT_Id(&available),
			SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props)) < 0)
		return;
	if (props)
		spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, NULL,
				SPA_PROP_mute, SPA_POD_OPT_Bool(&muted),
				SPA_PROP_latencyOffsetNsec, SPA_POD_OPT_Long(&offset_ns));
	if (direction == SPA_DIRECTION_INPUT) {
		set_input(o, &(struct graph_input) { device, available == SPA_PARAM_AVAILABILITY_no, muted });
		return;
	}
	o->has_route = true;
	o->route = index;
	o->route_device = device;
	o->offset_ns = offset_ns;
}

static void on_device_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct graph_object *o = data;

	if (param == NULL)
		return;
	if (id == SPA_PARAM_Profile)
		read_profile(o, param);
	else if (id == SPA_PARAM_Route)
		read_route(o, param);
	told(o, false);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_device_info,
	.param = on_device_param,
};

static void on_client_info(void *data, const struct pw_client_info *info)
{
	struct graph_object *o = data;
	const char *is = item(info->props, "wireplumber.daemon");
	int32_t pid = 0;

	o->is_manager = is && spa_atob(is);
	take(&o->version, item(info->props, PW_KEY_APP_VERSION));
	if (spa_atoi32(item(info->props, PW_KEY_SEC_PID), &pid, 10))
		o->pid = pid;
	told(o, false);
}

static const struct pw_client_events client_events = {
	PW_VERSION_CLIENT_EVENTS,
	.info = on_client_info,
};

static const struct kind {
	const char *type;
	uint32_t version;
	const char *name, *description;	/* keys */
	const void *events;
} kinds[] = {
	[GRAPH_NODE] = { PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, PW_KEY_NODE_NAME, PW_KEY_NODE_DESCRIPTION,
		&node_events },
	[GRAPH_DEVICE] = { PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, PW_KEY_DEVICE_NAME,
		PW_KEY_DEVICE_DESCRIPTION, &device_events },
	[GRAPH_LINK] = { PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, NULL, NULL, NULL },
	[GRAPH_PORT] = { PW_TYPE_INTERFACE_Port, PW_VERSION_PORT, PW_KEY_PORT_NAME, NULL, NULL },
	[GRAPH_CLIENT] = { PW_TYPE_INTERFACE_Client, PW_VERSION_CLIENT, PW_KEY_APP_NAME, NULL, &client_events },
};

static bool is_wanted(const struct graph *graph, const struct graph_object *o)
{
	switch (o->kind) {
	case GRAPH_NODE:
		return graph->wants_nodes || (graph->wants_microphones && graph_is_microphone(o));
	case GRAPH_DEVICE:
		return graph->wants_microphones || spa_streq(o->api, "bluez5");
	case GRAPH_CLIENT:
		return graph->wants_clients;
	case GRAPH_LINK:
	case GRAPH_PORT:
		break;
	}
	return false;
}

static void bind_object(struct graph *graph, struct graph_object *o)
{
	const struct kind *kind = &kinds[o->kind];

	o->proxy = pw_registry_bind(graph->registry, o->id, kind->type, kind->version, 0);
	if (o->proxy)
		pw_proxy_add_object_listener(o->proxy, &o->listener, kind->events, o);
}

bool graph_add(struct graph *graph, uint32_t id, const char *type, const struct spa_dict *props)
{
	struct graph_object *o;
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(kinds) && !spa_streq(type, kinds[i].type); i++)
		;
	if (i == SPA_N_ELEMENTS(kinds) || props == NULL || (i == GRAPH_CLIENT && !graph->wants_clients) ||
	    (i == GRAPH_PORT && !graph->wants_ports) ||
	    (o = calloc(1, sizeof(*o))) == NULL)
		return false;
	o->graph = graph;
	o->id = id;
	o->kind = i;
	o->client = get_id(props, PW_KEY_CLIENT_ID);
	o->device = get_id(props, PW_KEY_DEVICE_ID);
	o->card_device = -1;
	if (o->kind == GRAPH_LINK) {
		o->from = get_id(props, PW_KEY_LINK_OUTPUT_NODE);
		o->to = get_id(props, PW_KEY_LINK_INPUT_NODE);
	} else if (o->kind == GRAPH_PORT) {
		take(&o->name, item(props, kinds[i].name));
		o->node = get_id(props, PW_KEY_NODE_ID);
		o->is_output = spa_streq(item(props, PW_KEY_PORT_DIRECTION), "out");
	} else {
		take(&o->name, item(props, kinds[i].name));
		take(&o->description, kinds[i].description ? item(props, kinds[i].description) : NULL);
		take(&o->api, item(props, PW_KEY_DEVICE_API));
		take(&o->class, item(props, PW_KEY_MEDIA_CLASS));
	}
	spa_list_append(&graph->objects, &o->link);
	if (graph->registry && is_wanted(graph, o))
		bind_object(graph, o);
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

const struct graph_object *graph_find(const struct graph *graph, uint32_t id)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->id == id)
			return o;
	return NULL;
}

const struct graph_object *graph_find_device(const struct graph *graph, const char *address)
{
	const struct graph_object *o;

	spa_list_for_each(o, &graph->objects, link)
		if (o->kind == GRAPH_DEVICE && o->address && strcasecmp(o->address, address) == 0)
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

const struct graph_object *graph_next_output(const struct graph *graph, uint32_t node,
		const struct graph_object *last)
{
	const struct graph_object *o;
	bool after = last == NULL;

	spa_list_for_each(o, &graph->objects, link) {
		if (after && o->kind == GRAPH_PORT && o->node == node && o->is_output)
			return o;
		after = after || o == last;
	}
	return NULL;
}

int graph_set_offset(const struct graph_object *device, int64_t offset_ns)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];
	struct spa_pod *param;

	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
	spa_pod_builder_add(&b,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(device->route),
			SPA_PARAM_ROUTE_device, SPA_POD_Int(device->route_device), 0);
	spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_props, 0);
	spa_pod_builder_push_object(&b, &f[1], SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
	spa_pod_builder_add(&b, SPA_PROP_latencyOffsetNsec, SPA_POD_Long(offset_ns), 0);
	spa_pod_builder_pop(&b, &f[1]);
	spa_pod_builder_add(&b, SPA_PARAM_ROUTE_save, SPA_POD_Bool(true), 0);
	param = spa_pod_builder_pop(&b, &f[0]);
	return pw_device_set_param((struct pw_device *)device->proxy, SPA_PARAM_Route, 0, param);
}
