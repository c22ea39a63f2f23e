/* What PipeWire's registry lists of nodes, devices and links */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GRAPH_H
#define BLUEZ_COMBINE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

enum graph_kind { GRAPH_NODE, GRAPH_DEVICE, GRAPH_LINK };

/** One of them, as far as the registry tells; a Bluetooth device is bound, for only then it tells
 * its address. Strings may be NULL. */
struct graph_object {
	struct spa_list link;		/**< graph.objects */
	uint32_t id;
	enum graph_kind kind;
	char *name;			/**< node.name, device.name */
	char *description;
	char *api;			/**< of a device: bluez5 */
	uint32_t from, to;		/**< of a link: ids of nodes */

	/* of a Bluetooth device */
	struct graph *graph;
	struct pw_proxy *proxy;		/**< NULL: not bound */
	struct spa_hook listener;
	char *address;
	char *adapter;			/**< hci0 */
};

struct graph {
	struct spa_list objects;	/**< struct graph_object.link */
	struct pw_registry *registry;	/**< NULL: nothing is bound */
	void (*changed)(void *data);	/**< what is bound has told of itself */
	void *data;
};

void graph_init(struct graph *graph, void (*changed)(void *data), void *data);
void graph_finish(struct graph *graph);

/** From the registry's events. Both return whether it is of a kind that is kept. */
bool graph_add(struct graph *graph, uint32_t id, const char *type, const struct spa_dict *props);
bool graph_remove(struct graph *graph, uint32_t id);

/** The Bluetooth device with this address; NULL if it is not there. */
const struct graph_object *graph_find_device(const struct graph *graph, const char *address);

/** What people call the Bluetooth device, or the node, with this address of the metadata: NULL if it is
 * not there. */
const char *graph_describe(const struct graph *graph, const char *address);

/** The next node after \a last, NULL for the first, that is linked to the node \a sink. */
const struct graph_object *graph_next_source(const struct graph *graph, uint32_t sink,
		const struct graph_object *last);

#endif /* BLUEZ_COMBINE_GRAPH_H */
