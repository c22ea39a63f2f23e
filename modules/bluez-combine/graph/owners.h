/* Whose an object is */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_OWNERS_H
#define BLUEZ_COMBINE_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/dict.h>
#include <spa/utils/list.h>

/**
 * What a program says of its own node or device is no more than that: any can call itself a
 * Bluetooth speaker. What the daemon says is true, and that is whose an object is
 * (client.id) and what that client may do (pipewire.access). It stands in the
 * properties of the registry, which nobody can change later.
 *
 * Where a key stands there twice, as it can in those of a metadata object, the first one is
 * the daemon's, which is also the one that spa_dict_lookup() finds.
 */
struct owners {
	struct spa_list clients;	/**< of owners.c */
	struct spa_list devices;	/**< of owners.c: those of BlueZ, of clients with all rights */
};

enum owner {
	OWNER_DAEMON,		/**< no client's: the daemon's configuration made it */
	OWNER_UNRESTRICTED,	/**< a client with all rights */
	OWNER_ORDINARY,		/**< a program of the user, its rights are the session manager's to give */
	OWNER_RESTRICTED,	/**< a sandboxed one, or one that is not known */
};

void owners_init(struct owners *owners);
void owners_finish(struct owners *owners);

/** Pass on what the registry says. Main loop, like all of this. */
void owners_global(struct owners *owners, uint32_t id, const char *type, const struct spa_dict *props);
void owners_global_remove(struct owners *owners, uint32_t id);

/**
 * Whose the object of these properties of the registry is.
 *
 * Of a node that the daemon keeps when its client leaves (object.linger) this is not known:
 * there client.id, or that there is none, is what the client has said.
 */
enum owner owners_find(const struct owners *owners, const struct spa_dict *props);

/** What the client with this id may do: OWNER_RESTRICTED if it is not there. \a there may be NULL. */
enum owner owners_client(const struct owners *owners, uint32_t id, bool *there);

/**
 * Whether the node of these properties of the registry is of the client, or the process, that
 * has its BlueZ device, and that has all rights: what a session manager's Bluetooth
 * monitor is. The same of object.linger.
 */
bool owners_is_bluetooth(const struct owners *owners, const struct spa_dict *props);

#endif /* BLUEZ_COMBINE_OWNERS_H */
