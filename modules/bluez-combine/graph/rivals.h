/* Nodes of others that force a cycle or a rate upon their graph */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_RIVALS_H
#define BLUEZ_COMBINE_RIVALS_H

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

struct rivals;

/** A node of the graph */
struct rival {
	struct spa_list link;		/**< rivals.list */
	struct rivals *rivals;
	uint32_t id;
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	struct spa_hook object_listener;
	uint32_t quantum;		/**< samples that it forces, 0: none */
	uint32_t rate;			/**< Hz that it forces, 0: none */
};

struct rivals {
	struct spa_list list;		/**< struct rival.link */
	struct pw_registry *registry;	/**< the owner's */
	/** A node forces something, or something else than before. */
	void (*forced)(void *data, const struct rival *rival, const char *name);
	void *data;
};

/** Main loop, like all of this. */
void rivals_init(struct rivals *rivals, struct pw_registry *registry,
		void (*forced)(void *data, const struct rival *rival, const char *name), void *data);
void rivals_finish(struct rivals *rivals);

/** Pass on what the registry says; what is no node is passed over. */
void rivals_global(struct rivals *rivals, uint32_t id, const char *type);
void rivals_global_remove(struct rivals *rivals, uint32_t id);

#endif /* BLUEZ_COMBINE_RIVALS_H */
