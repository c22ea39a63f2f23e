/* The lines of a status in the metadata: which stand there, and when they are written */
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
	struct spa_list link;		/**< status_lines.list */
	char *key;
	char *json;			/**< NULL: not what we have written */
	bool gone;
};

static struct line *find_line(struct status_lines *lines, const char *key)
{
	struct line *line;

	spa_list_for_each(line, &lines->list, link)
		if (spa_streq(line->key, key))
			return line;
	return NULL;
}

static struct line *line_new(struct status_lines *lines, const char *key, const char *json)
{
	struct line *line = calloc(1, sizeof(*line));

	/* Without memory it is written again each time */
	if (line == NULL || (line->key = strdup(key)) == NULL) {
		free(line);
		return NULL;
	}
	line->json = json ? strdup(json) : NULL;
	spa_list_append(&lines->list, &line->link);
	return line;
}

static void line_free(struct status_lines *lines, struct line *line)
{
	lines->n_gone -= line->gone;
	spa_list_remove(&line->link);
	free(line->key);
	free(line->json);
	free(line);
}

static void clear_lines(struct status_lines *lines)
{
	struct line *line;
	spa_list_consume(line, &lines->list, link)
		line_free(lines, line);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct status_lines *lines = data;

	lines->due = false;
	lines->last_ns = loop_now_ns(lines->loop);
	lines->write(lines->data);
}

int status_lines_init(struct status_lines *lines, struct pw_loop *loop, void (*write)(void *data), void *data)
{
	spa_zero(*lines);
	spa_list_init(&lines->list);
	lines->loop = loop;
	lines->write = write;
	lines->data = data;
	lines->last_ns = loop_now_ns(loop) - INTERVAL_NS;
	lines->timer = pw_loop_add_timer(loop, on_timer, lines);
	return lines->timer ? 0 : -errno;
}

void status_lines_finish(struct status_lines *lines)
{
	if (lines->loop == NULL)
		return;
	clear_lines(lines);
	if (lines->timer)
		pw_loop_destroy_source(lines->loop, lines->timer);
	spa_zero(*lines);
}

void status_lines_changed(struct status_lines *lines)
{
	if (lines->loop == NULL || lines->due)
		return;
	lines->due = true;
	/* Not from here: the caller is in the middle of the change */
	loop_set_timer(lines->loop, lines->timer,
			lines->last_ns + (int64_t)INTERVAL_NS - loop_now_ns(lines->loop));
}

void status_lines_forget(struct status_lines *lines)
{
	if (lines->loop == NULL)
		return;
	clear_lines(lines);
	status_lines_changed(lines);
}

void status_lines_set(struct status_lines *lines, struct pw_metadata *metadata,
		const char *key, const char *json)
{
	struct line *line = find_line(lines, key);

	if (line ? json && line->json && spa_streq(line->json, json) && !line->gone : json == NULL)
		return;
	if (line)
		line_free(lines, line);
	if (json)
		line_new(lines, key, json);
	if (metadata)
		pw_metadata_set_property(metadata, 0, key, json ? "Spa:String:JSON" : NULL, json);
}

void status_lines_gone(struct status_lines *lines, const char *key)
{
	struct line *line = find_line(lines, key);

	if (line == NULL || line->gone)
		return;
	line->gone = true;
	lines->n_gone++;
	/* The youngest of them */
	spa_list_remove(&line->link);
	spa_list_append(&lines->list, &line->link);
}

void status_lines_found(struct status_lines *lines, const char *key)
{
	if (find_line(lines, key) || lines->n_gone >= FOUND_MAX || line_new(lines, key, NULL) == NULL)
		return;
	status_lines_gone(lines, key);
	/* Not from here: others have yet to hear of it */
	if (lines->n_gone > STATUS_GONE_MAX)
		status_lines_changed(lines);
}

void status_lines_trim(struct status_lines *lines, struct pw_metadata *metadata)
{
	struct line *line, *t;

	spa_list_for_each_safe(line, t, &lines->list, link) {
		if (lines->n_gone <= STATUS_GONE_MAX)
			return;
		if (!line->gone)
			continue;
		if (metadata)
			pw_metadata_set_property(metadata, 0, line->key, NULL, NULL);
		line_free(lines, line);
	}
}
