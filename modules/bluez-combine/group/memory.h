/* What a group keeps over restarts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMORY_H
#define BLUEZ_COMBINE_MEMORY_H

#include <stdbool.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

/**
 * The latencies that speakers settled at, in a file of PipeWire's state: not where other clients could
 * change them, and there after a restart of whatever it may be. It is read once, and written
 * some seconds after a change, and at the end.
 */
struct memory {
	struct pw_loop *loop;		/**< NULL: there is none */
	struct spa_source *timer;
	const char *group;
	struct spa_list *known;		/**< struct known.link */
	int64_t changed_ns;		/**< since when there is something to be written; 0: there is not */
	bool failed;			/**< it could not be written */
};

/** Read what is known of the members of \a group. Returns 0 or -errno. Main loop, like all of this. */
int memory_init(struct memory *memory, struct pw_loop *loop, const char *group, struct spa_list *known);
/** A zeroed one is fine. */
void memory_finish(struct memory *memory);

/** Something else is known than before. */
void memory_changed(struct memory *memory);

#endif /* BLUEZ_COMBINE_MEMORY_H */
