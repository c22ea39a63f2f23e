/* The latency offset of a speaker's port */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
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
	uint32_t id;
	struct pw_proxy *proxy;
	struct spa_hook listener;
};

enum {
	PHASE_LISTING,			/* devices are on their way */
	PHASE_BINDING,			/* and what they say of themselves */
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
		pw_proxy_destroy(d->proxy);
	}
	free(d);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		uint32_t version, const struct spa_dict *props)
{
	struct route *route = data;
	struct route_device *d;

	if (!spa_streq(type, PW_TYPE_INTERFACE_Device) || props == NULL ||
	    !spa_streq(spa_dict_lookup(props, PW_KEY_DEVICE_API), "bluez5") ||
	    (d = calloc(1, sizeof(*d))) == NULL)
		return;
	d->route = route;
	d->id = id;
	spa_list_append(&route->devices, &d->link);
	d->proxy = pw_registry_bind(route->registry, id, type, PW_VERSION_DEVICE, 0);
	if (d->proxy)
		pw_device_add_listener((struct pw_device *)d->proxy, &d->listener, &device_events, d);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct route *route = data;
	struct route_device *d;

	spa_list_for_each(d, &route->devices, link)
		if (d->id == id) {
			device_free(d);
			return;
		}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static void on_done(void *data, uint32_t id, int seq)
{
	struct route *route = data;

	if (id != PW_ID_CORE || seq != route->sync || route->phase == PHASE_READY)
		return;
	if (route->phase == PHASE_LISTING || (route->phase == PHASE_BINDING && route->device)) {
		next_phase(route, route->phase + 1);
		return;
	}
	route->phase = PHASE_READY;
	route->ready(route->data);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
};

int route_init(struct route *route, struct pw_core *core, const char *address,
		void (*ready)(void *data), void *data)
{
	spa_zero(*route);
	spa_list_init(&route->devices);
	route->address = address;
	route->core = core;
	route->ready = ready;
	route->data = data;
	if ((route->registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0)) == NULL)
		return -errno;
	pw_registry_add_listener(route->registry, &route->registry_listener, &registry_events, route);
	pw_core_add_listener(core, &route->core_listener, &core_events, route);
	next_phase(route, PHASE_LISTING);
	return 0;
}

void route_finish(struct route *route)
{
	struct route_device *d;

	if (route->core == NULL)
		return;
	spa_list_consume(d, &route->devices, link)
		device_free(d);
	if (route->registry) {
		spa_hook_remove(&route->core_listener);
		spa_hook_remove(&route->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)route->registry);
	}
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
