/* Devices of the graph, and what a user sets on them */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_GRAPH_DEVICE_H
#define ROOM_GRAPH_DEVICE_H

#include "stage/graph.h"

#define GRAPH_DEVICE_PARAMS	3

struct graph_device {
	struct spa_list link;		/**< graph.devices */
	uint32_t id;
	char *name;			/**< device.name */
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	struct spa_hook listener;
	uint32_t flags[GRAPH_DEVICE_PARAMS]; /**< of each that is read, as last seen */
	bool has_route;			/**< for output, as it is now */
	int32_t route, route_device;
	int64_t offset_ns;		/**< of that route */
	GHashTable *profiles;		/**< name -> index */
	int32_t profile;		/**< -1: not known */
};

/** From the registry */
void graph_device_add(struct graph *g, uint32_t id, const struct spa_dict *props);
void graph_device_free(struct graph_device *d);

/** By the Bluetooth address. NULL: there is none */
struct graph_device *graph_find_device(struct graph *g, const char *address);
/** What a mixer's slider does: the latency offset of the route that plays. 0 or -ENODEV. */
int graph_device_set_offset(struct graph_device *d, int64_t ns);
/** What a mixer's list of profiles does, by the profile's name. 0 or -ENOENT. */
int graph_device_set_profile(struct graph_device *d, const char *profile);

#endif /* ROOM_GRAPH_DEVICE_H */
