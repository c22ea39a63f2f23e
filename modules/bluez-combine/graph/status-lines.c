/* What a group tells about itself */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/loop.h>
#include <spa/utils/string.h>

#include "loop-time.h"
#include "graph/status-lines.h"

#define INTERVAL_NS	(SPA_NSEC_PER_SEC / 2)
/* Anybody can write lines. What is found beyond this is let stand, unless it is written again when there is room */
#define FOUND_MAX	(4 * STATUS_GONE_MAX)

struct line {
	struct spa_list link;		/**< status.lines */
	char *key;
	char *json;			/**< NULL: not what we have written */
	bool gone;
};

static struct line *find_line(struct status *status, const char *key)
{
	struct line *line;

	spa_list_for_each(line, &status->lines, link)
		if (spa_streq(line->key, key))
			return line;
	return NULL;
}

static struct line *line_new(struct status *status, const char *key, const char *json)
{
	struct line *line = calloc(1, sizeof(*line));

	/* Without memory it is written again each time */
	if (line == NULL || (line->key = strdup(key)) == NULL) {
		free(line);
		return NULL;
	}
	line->json = json ? strdup(json) : NULL;
	spa_list_append(&status->lines, &line->link);
	return line;
}

static void line_free(struct status *status, struct line *line)
{
	status->n_gone -= line->gone;
	spa_list_remove(&line->link);
	free(line->key);
	free(line->json);
	free(line);
}

static void clear_lines(struct status *status)
{
	struct line *line;
	spa_list_consume(line, &status->lines, link)
		line_free(status, line);
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
	struct line *line = find_line(status, key);

	if (line ? json && line->json && spa_streq(line->json, json) && !line->gone : json == NULL)
		return;
	if (line)
		line_free(status, line);
	if (json)
		line_new(status, key, json);
	if (metadata)
		pw_metadata_set_property(metadata, 0, key, json ? "Spa:String:JSON" : NULL, json);
}

void status_gone(struct status *status, const char *key)
{
	struct line *line = find_line(status, key);

	if (line == NULL || line->gone)
		return;
	line->gone = true;
	status->n_gone++;
	/* The youngest of them */
	spa_list_remove(&line->link);
	spa_list_append(&status->lines, &line->link);
}

void status_found(struct status *status, const char *key)
{
	if (find_line(status, key) || status->n_gone >= FOUND_MAX || line_new(status, key, NULL) == NULL)
		return;
	status_gone(status, key);
	/* Not from here: others have yet to hear of it */
	if (status->n_gone > STATUS_GONE_MAX)
		status_changed(status);
}

void status_trim(struct status *status, struct pw_metadata *metadata)
{
	struct line *line, *t;

	spa_list_for_each_safe(line, t, &status->lines, link) {
		if (status->n_gone <= STATUS_GONE_MAX)
			return;
		if (!line->gone)
			continue;
		if (metadata)
			pw_metadata_set_property(metadata, 0, line->key, NULL, NULL);
		line_free(status, line);
	}
}
