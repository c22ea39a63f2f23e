/* The latency offset of a speaker's port */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "client/route.h"

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct route *route = data;
	int32_t i, device = 0;
	uint32_t direction;
	struct spa_pod *props = NULL;
	int64_t offset = 0;

	if (id != SPA_PARAM_Route || param == NULL)
		return;
	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(&i),
			SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
			SPA_PARAM_ROUTE_device, SPA_POD_OPT_Int(&device),
			SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props)) < 0 ||
	    direction != SPA_DIRECTION_OUTPUT)
		return;
	if (props)
		spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, NULL,
				SPA_PROP_latencyOffsetNsec, SPA_POD_OPT_Long(&offset));
	route->found = true;
	route->index = i;
	route->port_device = device;
	route->offset_ns = offset;
	if (route->asked)
		route->ready(route->data);
}

static void ask(struct route *route)
{
	pw_device_enum_params((struct pw_device *)route->device, 0, SPA_PARAM_Route, 0, -1, NULL);
}

/* Not by a subscription: what changes while WirePlumber exports the device is not told to it */
static void on_info(void *data, const struct pw_device_info *info)
{
	if (info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS)
		ask(data);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_info,
	.param = on_param,
};

static void forget_device(void *data)
{
	struct route *route = data;

	spa_hook_remove(&route->listener);
	spa_hook_remove(&route->proxy_listener);
	route->device = NULL;
	route->found = false;
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = forget_device,
};

static void on_done(void *data, uint32_t id, int seq)
{
	struct route *route = data;

	if (id != PW_ID_CORE || seq != route->sync || route->asked)
		return;
	route->asked = true;
	route->ready(route->data);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
};

void route_init(struct route *route, const struct client *client, const char *address,
		void (*ready)(void *data), void *data)
{
	const struct graph_object *o = graph_find_device(&client->graph, address);

	*route = (struct route) { .core = client->core, .ready = ready, .data = data };
	pw_core_add_listener(route->core, &route->core_listener, &core_events, route);
	if (o && o->proxy) {
		route->device = o->proxy;
		pw_proxy_add_listener(route->device, &route->proxy_listener, &proxy_events, route);
		pw_proxy_add_object_listener(route->device, &route->listener, &device_events, route);
		ask(route);
	}
	route->sync = pw_core_sync(route->core, PW_ID_CORE, 0);
}

void route_finish(struct route *route)
{
	if (route->core == NULL)
		return;
	if (route->device)
		forget_device(route);
	spa_hook_remove(&route->core_listener);
	spa_zero(*route);
}

int route_set_offset(struct route *route, int64_t offset_ns)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];
	struct spa_pod *param;

	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
	spa_pod_builder_add(&b,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(route->index),
			SPA_PARAM_ROUTE_device, SPA_POD_Int(route->port_device), 0);
	spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_props, 0);
	spa_pod_builder_push_object(&b, &f[1], SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
	spa_pod_builder_add(&b, SPA_PROP_latencyOffsetNsec, SPA_POD_Long(offset_ns), 0);
	spa_pod_builder_pop(&b, &f[1]);
	spa_pod_builder_add(&b, SPA_PARAM_ROUTE_save, SPA_POD_Bool(true), 0);
	param = spa_pod_builder_pop(&b, &f[0]);
	return pw_device_set_param((struct pw_device *)route->device, SPA_PARAM_Route, 0, param);
}
