/* What PipeWire has of nodes, devices, links and clients */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GRAPH_H
#define BLUEZ_COMBINE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

enum graph_kind { GRAPH_NODE, GRAPH_DEVICE, GRAPH_LINK, GRAPH_PORT, GRAPH_CLIENT };

/** What a card records from now, of one of its devices */
struct graph_input {
	int32_t device;			/**< in the card, as in graph_object.card_device */
	bool unplugged;			/**< nothing is in the jack */
	bool muted;
};
#define GRAPH_INPUTS_MAX	16

/** One of them, as far as it is known: by the registry alone, or because it is bound and tells of itself.
 * A Bluetooth device always is, for only then it tells its address. Strings may be NULL. */
struct graph_object {
	struct spa_list link;		/**< graph.objects */
	struct graph *graph;
	uint32_t id;
	enum graph_kind kind;
	struct pw_proxy *proxy;		/**< NULL: not bound */
	struct spa_hook listener;

	char *name;			/**< node.name, device.name */
	char *description;
	char *api;			/**< bluez5 */
	char *address;			/**< of a Bluetooth device, or its node, which has to be bound */
	char *profile;			/**< of a Bluetooth node; of a device the name of the one that is active */

	/* of a link */
	uint32_t from, to;		/**< ids of nodes */

	/* of a port, whose name it is */
	uint32_t node;			/**< id of its node */
	bool is_output;

	/* of a node */
	char *class;			/**< media.class */
	char *role;			/**< media.role; bound */
	uint32_t client;		/**< whose it is: SPA_ID_INVALID: the daemon's */
	uint32_t device;		/**< id of its device; SPA_ID_INVALID: none, or not known */
	int32_t card_device;		/**< which of the device's: -1: not known; bound */
	bool muted;			/**< of a microphone; bound */
	char *link_group;		/**< of a filter: both of its nodes have the same; bound */
	enum pw_node_state state;	/**< bound */

	/* of any device */
	struct graph_input inputs[GRAPH_INPUTS_MAX];
	uint32_t n_inputs;

	/* of a Bluetooth device */
	char *adapter;			/**< hci0 */
	char *model;			/**< maker and product, as it tells them */
	bool has_route;			/**< it has an output port: */
	int32_t route, route_device;	/**< its index, and the device in the card */
	int64_t offset_ns;		/**< latency offset on it */

	/* of a client */
	bool is_manager;		/**< it is the session manager: */
	char *version;
	pid_t pid;			/**< 0: not known */
};

struct graph {
	struct spa_list objects;	/**< struct graph_object.link */
	struct pw_registry *registry;	/**< NULL: nothing is bound */
	/** which are bound, and asked */
	bool wants_nodes, wants_routes, wants_clients, wants_microphones, wants_ports;

	/** What is bound has told of itself; \a asked: and is asked for more, which comes later */
	void (*changed)(void *data, bool asked);
	void *data;
};

void graph_init(struct graph *graph, void (*changed)(void *data, bool asked), void *data);
void graph_finish(struct graph *graph);

/** From the registry's events. Both return whether it is of a kind that is kept. */
bool graph_add(struct graph *graph, uint32_t id, const char *type, const struct spa_dict *props);
bool graph_remove(struct graph *graph, uint32_t id);

/** The Bluetooth device with this address; NULL if it is not there. */
const struct graph_object *graph_find_device(const struct graph *graph, const char *address);

/** What people call the Bluetooth device, or the node, with this address of the metadata: NULL if it is
 * not there. */
const char *graph_describe(const struct graph *graph, const char *address);

/** The object with this id; NULL if it is not there. */
const struct graph_object *graph_find(const struct graph *graph, uint32_t id);

/** Is it a node that can be recorded from, other than what a sink plays? */
bool graph_is_microphone(const struct graph_object *object);

/** The next output port of the node \a node after \a last, NULL for the first. Needs wants_ports. */
const struct graph_object *graph_next_output(const struct graph *graph, uint32_t node,
		const struct graph_object *last);

/** The next node after \a last, NULL for the first, that is linked to the node \a sink. */
const struct graph_object *graph_next_source(const struct graph *graph, uint32_t sink,
		const struct graph_object *last);

/** Change the latency offset of a device that has a route, and have it kept. Returns 0 or -errno. */
int graph_set_offset(const struct graph_object *device, int64_t offset_ns);

#endif /* BLUEZ_COMBINE_GRAPH_H */
