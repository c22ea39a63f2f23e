/* calibrate --undo: the offsets from before a calibration */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <spa/utils/result.h>

#include "calibrate/calibrate.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "client/calibration.h"

/* For WirePlumber to have it */
#define UNDO_LIMIT_SEC	3

/* An offset that the user has changed since then is the user's */
static bool is_ours(const struct calibrate_speaker *s, const struct calibration_record *record)
{
	return record->by_ear && isfinite(record->was_ms) &&
		llabs(s->offset_ns - llrint(record->offset_ms * SPA_NSEC_PER_MSEC)) < SPA_NSEC_PER_MSEC / 20;
}

/* Returns 1 if it is on its way, 0 if there is nothing to undo, or -errno */
static int undo_speaker(struct calibrate *c, struct calibrate_speaker *s)
{
	struct calibration_record record;
	const char *before;
	char *json;
	int res;

	if ((res = client_get_calibration(&c->session.client, c->options->group, s->address, &before)) < 0)
		return res;
	if (!s->has_offset || !calibration_find(before, s->codec, s->rate, &record) || !is_ours(s, &record))
		return 0;
	if ((json = calibration_drop(before, s->codec, s->rate)) == NULL)
		return -ENOMEM;
	res = client_write_calibration(&c->session.client, c->options->group, s->address, json);
	free(json);
	if (res < 0)
		return res;
	s->start_offset_ns = llrint(record.was_ms * SPA_NSEC_PER_MSEC);
	if ((res = client_set_offset(&c->session.client, s->address, s->start_offset_ns)) < 0)
		return res;
	s->moved = true;
	return 1;
}

/* Returns how many, or -errno */
static int undo_all(struct calibrate *c)
{
	uint32_t i;
	int res, n = 0;

	for (i = 0; i < c->n_speakers; i++) {
		if ((res = undo_speaker(c, &c->speakers[i])) < 0) {
			complain(_("can't change the offset of %s: %s"), c->speakers[i].name, spa_strerror(res));
			return res;
		}
		n += res;
	}
	if (n == 0)
		puts(_("There is nothing to undo: no speaker that is connected has the offset of a calibration."));
	return n;
}

/* WirePlumber has it when it says so: the record is away, and the offset is the one from before */
static bool is_undone(const struct calibrate *c, const struct calibrate_speaker *s)
{
	const struct graph_object *device = graph_find_device(&c->session.client.graph, s->address);
	struct calibration_record record;
	const char *json;

	return client_get_calibration(&c->session.client, c->options->group, s->address, &json) == 0 &&
		!(calibration_find(json, s->codec, s->rate, &record) && record.by_ear) &&
		device && device->has_route && keep_is_same(device->offset_ns, s->start_offset_ns);
}

static void finish_undone(struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->n_speakers; i++)
		if (c->speakers[i].moved && !is_undone(c, &c->speakers[i]))
			return;
	for (i = 0; i < c->n_speakers; i++)
		if (c->speakers[i].moved)
			printf("  %s: %.2f -> %.2f ms\n", c->speakers[i].name,
					(double)c->speakers[i].offset_ns / SPA_NSEC_PER_MSEC,
					(double)c->speakers[i].start_offset_ns / SPA_NSEC_PER_MSEC);
	session_quit(&c->session, EXIT_OK);
}

void undo_timeout(void *data, uint64_t expirations)
{
	struct calibrate *c = data;

	complain(_("the change of the offset was not accepted: nobody who may change it has asked, or nobody keeps it"));
	session_quit(&c->session, EXIT_OTHER);
}

void undo_changed(void *data)
{
	struct timespec limit = { .tv_sec = UNDO_LIMIT_SEC };
	struct calibrate *c = data;
	int n;

	if (c->state == CALIBRATE_UNDO) {
		finish_undone(c);
		return;
	}
	if (!session_has_group(&c->session)) {
		session_complain_no_group(&c->session);
		session_quit(&c->session, EXIT_NO_GROUP);
		return;
	}
	n = group_read(c) < 0 ? -ENOMEM : undo_all(c);
	if (n > 0) {
		c->state = CALIBRATE_UNDO;
		pw_loop_update_timer(c->session.loop, c->timer, &limit, NULL, false);
	} else {
		session_quit(&c->session, n < 0 ? EXIT_OTHER : EXIT_OK);
	}
}
