/* The tool's connection to PipeWire, and a group's metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_H
#define BLUEZ_COMBINE_CLIENT_H

#include <stdbool.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

#include "client/graph.h"
#include "graph/owners.h"

/** A key of the group's metadata. */
struct client_entry {
	struct spa_list link;		/**< client_object.entries, by key */
	char *key;
	char *value;
};

/** A metadata object of a group. */
struct client_object {
	struct spa_list link;		/**< client.objects */
	struct client *client;
	uint32_t id;
	char *name;
	struct spa_list entries;	/**< struct client_entry.link */
	struct pw_proxy *proxy;		/**< NULL for the other groups' */
	struct spa_hook listener;
};

struct client {
	const char *group;		/**< the caller's */
	struct pw_main_loop *loop;
	struct spa_source *timer;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct owners owners;		/**< who is restricted, and has no group */
	struct spa_list objects;	/**< struct client_object.link */
	struct graph graph;		/**< what else there is */
	int sync;			/**< what is waited for, while syncing */
	bool syncing;
	int result;			/**< exit code, once the loop has ended */

	/** All is known that there is to know, at first, and after each change.
	 * Changes that come together are told together. */
	void (*changed)(void *data);
	void *data;
};

/** Connect, and look for \a group, which has to stay valid; \a remote may be NULL.
 * Returns an exit code: if it is not EXIT_OK, stderr has the reason. In both cases
 * client_finish() is called at the end. */
int client_init(struct client *client, const char *remote, const char *group,
		void (*changed)(void *data), void *data);
void client_finish(struct client *client);

/** Handle events until client_quit(). Returns the exit code. */
int client_run(struct client *client);
void client_quit(struct client *client, int result);

/** The group's metadata: NULL if PipeWire has no such group. */
const struct client_object *client_group(const struct client *client);
const char *client_object_get(const struct client_object *object, const char *key);

/** Say on stderr that there is no such group, and which ones there are. */
void client_complain_no_group(const struct client *client);

#endif /* BLUEZ_COMBINE_CLIENT_H */
