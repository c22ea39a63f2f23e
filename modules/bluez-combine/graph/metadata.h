/* The metadata object of a group: another's, or our own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_METADATA_H
#define BLUEZ_COMBINE_METADATA_H

#include <pipewire/pipewire.h>
#include <pipewire/extensions/metadata.h>

#include "graph/metadata-guard.h"
#include "graph/owners.h"

struct metadata_object_events {
	/** A key has changed, or is there; value NULL: it was cleared; key NULL: all of the subject were. */
	void (*property)(void *data, uint32_t subject, const char *key, const char *value);
	/** There is another object than before: nothing of ours is in it. */
	void (*attached)(void *data);
	/** Has the key its place whatever others have filled the object with? */
	bool (*in_use)(void *data, const char *key);
	/** Is it the id of a client that is there? */
	bool (*is_client)(void *data, uint32_t id);
};

struct metadata_object {
	struct pw_context *context;
	struct pw_core *core;
	struct pw_registry *registry;	/**< the owner's */
	char name[128];
	const struct metadata_object_events *events;
	void *data;

	struct pw_metadata *object;	/**< bound, or our own; NULL: there is none */
	struct spa_hook listener;
	uint32_t id;			/**< of the bound one, or SPA_ID_INVALID */
	struct pw_impl_metadata *own;	/**< when nobody else had made one */
	struct pw_proxy *own_proxy;
	struct metadata_guard guard;	/**< of our own */
};

/** Nothing is bound or made yet. Main loop, like all of this. */
void metadata_object_init(struct metadata_object *metadata, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, const char *group,
		const struct metadata_object_events *events, void *data);

/** A zeroed one is fine. */
void metadata_object_finish(struct metadata_object *metadata);

/** An object of this type and these properties is in the registry: bind it if it is the group's. */
void metadata_object_global(struct metadata_object *metadata, uint32_t id, const struct spa_dict *props,
		const struct owners *owners);

/** What was there under this id is gone. Returns whether that is the object that was bound. */
bool metadata_object_global_remove(struct metadata_object *metadata, uint32_t id);

/** Make one if there is none. Returns 0 or -errno. */
int metadata_object_ensure(struct metadata_object *metadata);

#endif /* BLUEZ_COMBINE_METADATA_H */
