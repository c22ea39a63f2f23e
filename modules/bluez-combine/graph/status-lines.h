/* What a group tells about itself */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_STATUS_H
#define BLUEZ_COMBINE_STATUS_H

#include <stdbool.h>

#include <pipewire/extensions/metadata.h>
#include <spa/support/system.h>
#include <spa/utils/list.h>

/*
 * Every client that listens to metadata is woken by every change, so a status
 * is written at most twice a second, and only when it differs from the last.
 */

/** Lines of speakers that are gone; the oldest goes */
#define STATUS_GONE_MAX		256u

struct status {
	struct pw_loop *loop;
	struct spa_source *timer;
	bool due;			/**< the timer runs, or would if there were one */
	int64_t last_ns;		/**< when it was written last */
	void (*write)(void *data);	/**< write everything with status_set() */
	void *data;
	struct spa_list lines;		/**< struct line.link: what was written last, and what was found */
	uint32_t n_gone;		/**< those of speakers that are gone */
};

/** Returns 0 or -errno. Main loop, like all of this. */
int status_init(struct status *status, struct pw_loop *loop, void (*write)(void *data), void *data);
void status_finish(struct status *status);

/** Something changed: write() will be called, now or within half a second. */
void status_changed(struct status *status);

/** From write(): set a key, or remove it with json = NULL. */
void status_set(struct status *status, struct pw_metadata *metadata,
		const char *key, const char *json);

/** The speaker of this line is gone: it stays until there are too many of those. */
void status_gone(struct status *status, const char *key);

/** A line stands in the metadata, of a former run perhaps: unless it is ours it is as one of a
 * speaker that is gone. */
void status_found(struct status *status, const char *key);

/** From write(): remove the oldest lines of speakers that are gone, if there are too many. */
void status_trim(struct status *status, struct pw_metadata *metadata);

/** What was written is lost: write everything again. */
void status_forget(struct status *status);

#endif /* BLUEZ_COMBINE_STATUS_H */
