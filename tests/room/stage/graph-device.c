/* Devices of the graph, and what a user sets on them */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "stage/graph-device.h"

#define POD_SIZE	512

static const uint32_t params[GRAPH_DEVICE_PARAMS] = {
	SPA_PARAM_EnumProfile, SPA_PARAM_Profile, SPA_PARAM_Route,
};

static void read_route(struct graph_device *d, const struct spa_pod *param)
{
	struct spa_pod *props = NULL;
	uint32_t direction;
	int32_t index, device;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(&index),
			SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
			SPA_PARAM_ROUTE_device, SPA_POD_Int(&device),
			SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props)) < 0 ||
	    direction != SPA_DIRECTION_OUTPUT)
		return;
	d->has_route = true;
	d->route = index;
	d->route_device = device;
	if (props != NULL)
		spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, NULL,
				SPA_PROP_latencyOffsetNsec, SPA_POD_OPT_Long(&d->offset_ns));
}

static void read_profile(struct graph_device *d, uint32_t id, const struct spa_pod *param)
{
	const char *name = NULL;
	int32_t index;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
			SPA_PARAM_PROFILE_index, SPA_POD_Int(&index),
			SPA_PARAM_PROFILE_name, SPA_POD_OPT_String(&name)) < 0)
		return;
	if (id == SPA_PARAM_Profile)
		d->profile = index;
	else if (name != NULL)
		g_hash_table_insert(d->profiles, g_strdup(name), GINT_TO_POINTER(index));
}

static void device_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct graph_device *d = data;

	if (id == SPA_PARAM_Route)
		read_route(d, param);
	else
		read_profile(d, id, param);
}

/* Subscribing would be simpler, and misses what changes while the device is being exported. */
static void device_info(void *data, const struct pw_device_info *info)
{
	struct graph_device *d = data;

	if (!(info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
		return;
	for (uint32_t i = 0; i < info->n_params; i++)
		for (size_t k = 0; k < G_N_ELEMENTS(params); k++) {
			const struct spa_param_info *p = &info->params[i];

			/* the flags hold a bit that toggles with every change */
			if (p->id != params[k] || p->flags == d->flags[k])
				continue;
			d->flags[k] = p->flags;
			if (p->flags & SPA_PARAM_INFO_READ)
				pw_device_enum_params((struct pw_device *)d->proxy, 0, p->id, 0, -1, NULL);
		}
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = device_info,
	.param = device_param,
};

static void proxy_destroy(void *data)
{
	struct graph_device *d = data;

	spa_hook_remove(&d->listener);
	spa_hook_remove(&d->proxy_listener);
	d->proxy = NULL;
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = proxy_destroy,
};

void graph_device_add(struct graph *g, uint32_t id, const struct spa_dict *props)
{
	const char *name = props ? spa_dict_lookup(props, PW_KEY_DEVICE_NAME) : NULL;
	struct graph_device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return;
	d->id = id;
	d->name = g_strdup(name ? name : "");
	d->profile = -1;
	d->profiles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	spa_list_append(&g->devices, &d->link);
	d->proxy = pw_registry_bind(g->registry, id, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, 0);
	if (d->proxy == NULL)
		return;
	pw_proxy_add_listener(d->proxy, &d->proxy_listener, &proxy_events, d);
	pw_device_add_listener((struct pw_device *)d->proxy, &d->listener, &device_events, d);
}

void graph_device_free(struct graph_device *d)
{
	spa_list_remove(&d->link);
	if (d->proxy != NULL)
		pw_proxy_destroy(d->proxy);
	g_hash_table_unref(d->profiles);
	g_free(d->name);
	free(d);
}

struct graph_device *graph_find_device(struct graph *g, const char *address)
{
	g_autofree char *name = g_strdelimit(g_strconcat("bluez_card.", address, NULL), ":", '_');
	struct graph_device *d;

	spa_list_for_each(d, &g->devices, link)
		if (spa_streq(d->name, name))
			return d;
	return NULL;
}

/* What is only sent yet has a number above 0, which is no error. */
static int set_param(struct graph_device *d, uint32_t id, const struct spa_pod *param)
{
	return SPA_MIN(pw_device_set_param((struct pw_device *)d->proxy, id, 0, param), 0);
}

int graph_device_set_offset(struct graph_device *d, int64_t ns)
{
	uint8_t buffer[POD_SIZE];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame route, props;

	if (d->proxy == NULL || !d->has_route)
		return -ENODEV;
	spa_pod_builder_push_object(&b, &route, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
	spa_pod_builder_add(&b, SPA_PARAM_ROUTE_index, SPA_POD_Int(d->route),
			SPA_PARAM_ROUTE_device, SPA_POD_Int(d->route_device), 0);
	spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_props, 0);
	spa_pod_builder_push_object(&b, &props, SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
	spa_pod_builder_add(&b, SPA_PROP_latencyOffsetNsec, SPA_POD_Long(ns), 0);
	spa_pod_builder_pop(&b, &props);
	spa_pod_builder_add(&b, SPA_PARAM_ROUTE_save, SPA_POD_Bool(true), 0);
	return set_param(d, SPA_PARAM_Route, spa_pod_builder_pop(&b, &route));
}

int graph_device_set_profile(struct graph_device *d, const char *profile)
{
	uint8_t buffer[POD_SIZE];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	void *index;

	if (d->proxy == NULL || !g_hash_table_lookup_extended(d->profiles, profile, NULL, &index))
		return -ENOENT;
	return set_param(d, SPA_PARAM_Profile, spa_pod_builder_add_object(&b,
				SPA_TYPE_OBJECT_ParamProfile, SPA_PARAM_Profile,
				SPA_PARAM_PROFILE_index, SPA_POD_Int(GPOINTER_TO_INT(index)),
				SPA_PARAM_PROFILE_save, SPA_POD_Bool(true)));
}
