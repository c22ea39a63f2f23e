/* The lines of a status in the metadata: which stand there, and when they are written */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_STATUS_LINES_H
#define BLUEZ_COMBINE_STATUS_LINES_H

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

struct status_lines {
	struct pw_loop *loop;
	struct spa_source *timer;
	bool due;			/**< the timer runs, or would if there were one */
	int64_t last_ns;		/**< when it was written last */
	void (*write)(void *data);	/**< write everything with status_lines_set() */
	void *data;
	struct spa_list list;		/**< struct line.link: what was written last, and what was found */
	uint32_t n_gone;		/**< those of speakers that are gone */
};

/** Returns 0 or -errno. Main loop, like all of this. */
int status_lines_init(struct status_lines *lines, struct pw_loop *loop, void (*write)(void *data), void *data);
void status_lines_finish(struct status_lines *lines);

/** Something changed: write() will be called, now or within half a second. Zeroed lines are fine: there is nothing to be written. */
void status_lines_changed(struct status_lines *lines);

/** From write(): set a key, or remove it with json = NULL. */
void status_lines_set(struct status_lines *lines, struct pw_metadata *metadata,
		const char *key, const char *json);

/** The speaker of this line is gone: it stays until there are too many of those. */
void status_lines_gone(struct status_lines *lines, const char *key);

/** A line stands in the metadata, of a former run perhaps: unless it is ours it is as one of a
 * speaker that is gone. */
void status_lines_found(struct status_lines *lines, const char *key);

/** From write(): remove the oldest lines of speakers that are gone, if there are too many. */
void status_lines_trim(struct status_lines *lines, struct pw_metadata *metadata);

/** What was written is lost: write everything again. */
void status_lines_forget(struct status_lines *lines);

#endif /* BLUEZ_COMBINE_STATUS_LINES_H */
