/* What a group tells about itself */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/loop.h>
#include <spa/utils/string.h>

#include "loop-time.h"
#include "status.h"

#define INTERVAL_NS	(SPA_NSEC_PER_SEC / 2)

struct line {
	struct spa_list link;		/**< status.lines */
	char *key;
	char *json;
};

static void line_free(struct line *line)
{
	spa_list_remove(&line->link);
	free(line->key);
	free(line->json);
	free(line);
}

static void clear_lines(struct status *status)
{
	struct line *line;
	spa_list_consume(line, &status->lines, link)
		line_free(line);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct status *status = data;

	status->due = false;
	status->last_ns = loop_now_ns(status->loop);
	status->write(status->data);
}

int status_init(struct status *status, struct pw_loop *loop, void (*write)(void *data), void *data)
{
	spa_zero(*status);
	spa_list_init(&status->lines);
	status->loop = loop;
	status->write = write;
	status->data = data;
	status->last_ns = loop_now_ns(loop) - INTERVAL_NS;
	status->timer = pw_loop_add_timer(loop, on_timer, status);
	return status->timer ? 0 : -errno;
}

void status_finish(struct status *status)
{
	if (status->loop == NULL)
		return;
	clear_lines(status);
	if (status->timer)
		pw_loop_destroy_source(status->loop, status->timer);
	spa_zero(*status);
}

void status_changed(struct status *status)
{
	if (status->due)
		return;
	status->due = true;
	/* Not from here: the caller is in the middle of the change */
	loop_set_timer(status->loop, status->timer,
			status->last_ns + (int64_t)INTERVAL_NS - loop_now_ns(status->loop));
}

void status_forget(struct status *status)
{
	if (status->loop == NULL)
		return;
	clear_lines(status);
	status_changed(status);
}

void status_set(struct status *status, struct pw_metadata *metadata,
		const char *key, const char *json)
{
	struct line *line, *l = NULL;

	spa_list_for_each(line, &status->lines, link)
		if (spa_streq(line->key, key)) {
			l = line;
			break;
		}
	if (l && json && spa_streq(l->json, json))
		return;
	if (l)
		line_free(l);
	else if (json == NULL)
		return;

	if (json && (l = calloc(1, sizeof(*l))) != NULL) {
		l->key = strdup(key);
		l->json = strdup(json);
		spa_list_append(&status->lines, &l->link);
	}
	if (metadata)
		pw_metadata_set_property(metadata, 0, key, json ? "Spa:String:JSON" : NULL, json);
}
