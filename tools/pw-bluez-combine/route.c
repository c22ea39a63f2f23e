/* The latency offset of a speaker's port */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <strings.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "route.h"

/* A Bluetooth device; which one tells its properties only once it is bound */
struct route_device {
	struct spa_list link;		/* route.devices */
	struct route *route;
	struct pw_proxy *proxy;
	struct spa_hook listener, proxy_listener;
};

enum {
	PHASE_BINDING,			/* what devices say of themselves is on its way */
	PHASE_ASKING,			/* and the port of the one */
	PHASE_READY,
};

static void next_phase(struct route *route, int phase)
{
	route->phase = phase;
	route->sync = pw_core_sync(route->core, PW_ID_CORE, 0);
}

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct route_device *d = data;
	struct route *route = d->route;
	int32_t i, device = 0;
	uint32_t direction;
	struct spa_pod *props = NULL;
	int64_t offset = 0;

	if (id != SPA_PARAM_Route || route->device != d || param == NULL)
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
	if (route->phase == PHASE_READY)
		route->ready(route->data);
}

static void on_info(void *data, const struct pw_device_info *info)
{
	struct route_device *d = data;
	struct route *route = d->route;
	const char *address;

	address = info->props ? spa_dict_lookup(info->props, "api.bluez5.address") : NULL;
	if (route->device == NULL && address && strcasecmp(address, route->address) == 0)
		route->device = d;
	/* Not by a subscription: what changes while WirePlumber exports the device is not told to it */
	if (route->device == d && (info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
		pw_device_enum_params((struct pw_device *)d->proxy, 0, SPA_PARAM_Route, 0, -1, NULL);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_info,
	.param = on_param,
};

static void device_free(struct route_device *d)
{
	if (d->route->device == d) {
		d->route->device = NULL;
		d->route->found = false;
	}
	spa_list_remove(&d->link);
	if (d->proxy) {
		spa_hook_remove(&d->listener);
		spa_hook_remove(&d->proxy_listener);
		pw_proxy_destroy(d->proxy);
	}
	free(d);
}

static void on_removed(void *data)
{
	device_free(data);
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.removed = on_removed,
};

static void device_bind(struct route *route, struct pw_registry *registry, uint32_t id)
{
	struct route_device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return;
	d->route = route;
	spa_list_append(&route->devices, &d->link);
	d->proxy = pw_registry_bind(registry, id, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, 0);
	if (d->proxy == NULL) {
		device_free(d);
		return;
	}
	pw_proxy_add_listener(d->proxy, &d->proxy_listener, &proxy_events, d);
	pw_proxy_add_object_listener(d->proxy, &d->listener, &device_events, d);
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct route *route = data;

	if (id != PW_ID_CORE || seq != route->sync || route->phase == PHASE_READY)
		return;
	if (route->phase == PHASE_BINDING && route->device) {
		next_phase(route, PHASE_ASKING);
		return;
	}
	route->phase = PHASE_READY;
	route->ready(route->data);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
};

void route_init(struct route *route, const struct client *client, const char *address,
		void (*ready)(void *data), void *data)
{
	const struct graph_object *o;

	spa_zero(*route);
	spa_list_init(&route->devices);
	route->address = address;
	route->core = client->core;
	route->ready = ready;
	route->data = data;
	pw_core_add_listener(route->core, &route->core_listener, &core_events, route);
	spa_list_for_each(o, &client->graph.objects, link)
		if (o->kind == GRAPH_DEVICE && spa_streq(o->api, "bluez5"))
			device_bind(route, client->registry, o->id);
	next_phase(route, PHASE_BINDING);
}

void route_finish(struct route *route)
{
	struct route_device *d;

	if (route->core == NULL)
		return;
	spa_list_consume(d, &route->devices, link)
		device_free(d);
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
	return pw_device_set_param((struct pw_device *)route->device->proxy, SPA_PARAM_Route, 0, param);
}
