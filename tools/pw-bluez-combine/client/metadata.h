/* A metadata object of PipeWire, as a client sees it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_METADATA_H
#define BLUEZ_COMBINE_CLIENT_METADATA_H

#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

/** What stands there under a key. */
struct metadata_entry {
	struct spa_list link;		/**< metadata.entries, by key, or metadata.others */
	uint32_t subject;		/**< a global id; 0: none */
	char *key;
	char *value;
};

struct metadata {
	struct spa_list link;		/**< the owner's */
	uint32_t id;
	char *name;
	struct spa_list entries;	/**< struct metadata_entry.link: those of subject 0 */
	struct spa_list others;		/**< struct metadata_entry.link: what clients tell of what they track */
	struct pw_proxy *proxy;		/**< NULL: not bound, so nothing of it is known */
	struct spa_hook listener;
	void (*changed)(void *data);
	void *data;
};

/** One that is not bound. NULL with errno on failure */
struct metadata *metadata_new(uint32_t id, const char *name);
void metadata_destroy(struct metadata *metadata);

/** Read it, and \a changed whenever it is another. Returns 0 or -errno. */
int metadata_bind(struct metadata *metadata, struct pw_registry *registry, void (*changed)(void *data), void *data);

/** Put in what an event tells. \a value NULL: the key is gone; \a key NULL: all are. */
void metadata_put(struct metadata *metadata, const char *key, const char *value);

/** NULL if there is none. Valid until the next event. */
const char *metadata_get(const struct metadata *metadata, const char *key);

/** What the client \a subject tells of what it tracks; NULL if it does not. Valid until the next event. */
const char *metadata_get_track(const struct metadata *metadata, uint32_t subject);

/** Ask its owner to have it say that: NULL clears. Returns 0 or -errno; whether it is so, \a changed tells. */
int metadata_set(struct metadata *metadata, const char *key, const char *value);

/** The same of a key of another subject, a global id. Of what stands there only that is read. */
int metadata_set_of(struct metadata *metadata, uint32_t subject, const char *key, const char *value);

#endif /* BLUEZ_COMBINE_CLIENT_METADATA_H */
