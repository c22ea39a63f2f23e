/* The PipeWire graph as a client sees it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_GRAPH_H
#define ROOM_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <pipewire/pipewire.h>

struct graph_node {
	struct spa_list link;		/**< graph.nodes */
	struct graph *graph;
	uint32_t id;
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	struct spa_hook listener;
	struct pw_properties *props;	/**< of the node itself, once it has told them */
	enum pw_node_state state;
};

struct graph_port {
	struct spa_list link;		/**< graph.ports */
	uint32_t id, node;
	char *name;
};

struct graph_link {
	struct spa_list link;		/**< graph.links */
	uint32_t id;
	uint32_t out_node, in_node, out_port, in_port;
};

struct graph {
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct pw_metadata *metadata;	/**< "default" */
	struct spa_hook metadata_proxy_listener;
	struct spa_hook metadata_listener;
	uint32_t metadata_id;
	char *default_sink;		/**< node.name, NULL: none */
	char *configured_sink;
	struct pw_metadata *combine;	/**< "bluez-combine" */
	struct spa_hook combine_proxy_listener;
	struct spa_hook combine_listener;
	GHashTable *combine_values;	/**< what stands in it: key -> JSON */
	char *tracking;			/**< and what a client tells of its tracking, NULL: nobody does */
	struct spa_list nodes, ports, links;
	struct spa_list devices;	/**< struct graph_device, stage/graph-device.h */
	int synced;			/**< last sequence number that came back */
	bool lost;			/**< the daemon is gone */
};

/** Connect to the socket at \a remote. NULL with errno on failure. */
struct graph *graph_new(struct pw_loop *loop, const char *remote);
void graph_destroy(struct graph *g);

/** Ask for a round trip; it is done when graph.synced is what this returns. */
int graph_sync(struct graph *g);
/** By node.name; a trailing * matches any rest. NULL if there is none. */
struct graph_node *graph_find(struct graph *g, const char *name);
const char *graph_node_get(const struct graph_node *n, const char *key);
int graph_count(struct graph *g, const char *name);
/** Links that end in (or, out, begin at) nodes of that name */
int graph_count_links(struct graph *g, const char *name, bool out);
/** Is any node of the one name linked to any of the other? */
bool graph_linked(struct graph *g, const char *out, const char *in);
/** What a user's program does; value NULL clears. Of "default", or else of our package. */
void graph_set_metadata(struct graph *g, bool combine, uint32_t subject, const char *key,
			const char *type, const char *value);
/** Its own client: a global id */
uint32_t graph_client(const struct graph *g);
/** A number in our package's metadata, e.g. "status.AA:BB:CC:00:00:01", "delay.nsec"; NAN: none */
double graph_combine_number(const struct graph *g, const char *key, const char *field);
/** A text in it, to be freed; NULL: none */
char *graph_combine_string(const struct graph *g, const char *key, const char *field);
/** Every link as "node:port -> node:port", sorted, of those between nodes that
 * match \a accept (NULL: all); to be freed. */
char *graph_describe_links(struct graph *g,
			   bool (*accept)(const struct graph_node *out, const struct graph_node *in));

#endif /* ROOM_GRAPH_H */
