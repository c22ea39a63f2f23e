/* Bounds for what others write into our metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_METADATA_GUARD_H
#define BLUEZ_COMBINE_METADATA_GUARD_H

#include <pipewire/pipewire.h>
#include <pipewire/extensions/metadata.h>
#include <spa/utils/list.h>
#include <spa/utils/ratelimit.h>

/*
 * PipeWire keeps all that any client sets. Whose object it is takes out again
 * what no group has use for, so that its process does not grow without end. That is us
 * where there is no policy; where there is, it does the same, also while no group is
 * loaded (bluez-combine-bounds.lua: a test compares the two).
 */

/** By the first word of the key: who fills one of these leaves the others alone. PipeWire looks through all keys at each change. */
enum metadata_kind {
	METADATA_MEMBER,
	METADATA_STATUS,
	METADATA_CALIBRATION,
	METADATA_OTHER,
	METADATA_KINDS,
};
#define METADATA_MEMBER_MAX	1024u
#define METADATA_STATUS_MAX	768u
#define METADATA_CALIBRATION_MAX	128u
#define METADATA_OTHER_MAX	256u
#define METADATA_KEY_LEN_MAX	256u
/** A status with three names of 255 characters has up to 7 kB */
#define METADATA_VALUE_LEN_MAX	8192u

/** Errors in what others write: 20 in 10 s, and then how many more */
#define METADATA_RATELIMIT	((struct spa_ratelimit) { .interval = 10 * SPA_NSEC_PER_SEC, .burst = 20 })

struct metadata_guard_events {
	/** Has the key its place whatever others have filled the object with? */
	bool (*in_use)(void *data, const char *key);
	/** Is it the id of a client that is there? It may have a lease, and tell what it tracks. */
	bool (*is_client)(void *data, uint32_t id);
};

struct metadata_guard {
	struct pw_loop *loop;
	struct pw_metadata *metadata;	/**< NULL: nothing is guarded */
	struct spa_hook listener;
	struct spa_source *event;
	struct spa_list keys;		/**< struct guard_key.link: those that stay */
	uint32_t n_keys[METADATA_KINDS];
	struct spa_list excess;		/**< struct guard_key.link: to be taken out */
	uint32_t n_excess;
	struct spa_ratelimit ratelimit;
	const struct metadata_guard_events *events;
	void *data;
};

/** Guard \a metadata, an implementation of our own. Main loop, like all of this. Returns 0 or -errno. */
int metadata_guard_init(struct metadata_guard *guard, struct pw_loop *loop, struct pw_metadata *metadata,
		const struct metadata_guard_events *events, void *data);

/** What was there under this id is gone, and so is what was said of it. */
void metadata_guard_gone(struct metadata_guard *guard, uint32_t id);

/** A zeroed guard is fine. */
void metadata_guard_finish(struct metadata_guard *guard);

#endif /* BLUEZ_COMBINE_METADATA_GUARD_H */
