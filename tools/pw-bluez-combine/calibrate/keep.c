/* What is kept: each speaker's latency offset, and a record of how it was found */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calibrate/calibrate.h"
#include "client/calibration.h"

/* Less is another rounding */
#define NEAR_MS		0.05

static bool takes_part(const struct calibrate *c, uint32_t i)
{
	return c->plan.speakers[i].place == PLAN_IN && c->speakers[i].here && c->speakers[i].has_offset;
}

int64_t keep_offset_ns(const struct calibrate *c, uint32_t i)
{
	/* Nobody shows, or keeps, more digits than microseconds */
	return c->speakers[i].start_offset_ns + llrint(c->plan.speakers[i].change_ms * 1e3) * SPA_NSEC_PER_USEC;
}

/* What --undo goes back to: from before the first of several that have found the same */
static double was_ms(const char *json, const struct calibration_record *record, double offset_ms)
{
	struct calibration_record last;

	return json && calibration_find(json, record->codec, record->rate, &last) && last.by_ear &&
		isfinite(last.was_ms) && fabs(last.offset_ms - offset_ms) < NEAR_MS &&
		fabs(record->offset_ms - offset_ms) < NEAR_MS ? last.was_ms : offset_ms;
}

static struct calibration_record make_record(const struct calibrate *c, uint32_t i)
{
	const struct calibrate_speaker *s = &c->speakers[i];
	const double offset_ms = (double)s->start_offset_ns / SPA_NSEC_PER_MSEC;
	struct calibration_record record = {
		.rate = s->rate,
		.offset_ms = (double)keep_offset_ns(c, i) / SPA_NSEC_PER_MSEC,
		.report_ns = llrint((s->start_latency_ms - offset_ms) * SPA_NSEC_PER_MSEC),
		.by_ear = true,
		.at = time(NULL),
		.sigma_ms = c->plan.speakers[i].sigma_ms,
		.arrival_ms = c->plan.speakers[i].distance_ms,
	};

	snprintf(record.codec, sizeof(record.codec), "%s", s->codec);
	snprintf(record.microphone, sizeof(record.microphone), "%s", c->microphone.name);
	record.was_ms = was_ms(s->record_before, &record, offset_ms);
	return record;
}

static int write_record(struct calibrate *c, uint32_t i)
{
	struct calibrate_speaker *s = &c->speakers[i];
	struct calibration_record record;
	const char *before;
	int res;

	if ((res = client_get_calibration(&c->session.client, c->options->group, s->address, &before)) < 0)
		return res;
	if (before && (s->record_before = strdup(before)) == NULL)
		return -ENOMEM;
	record = make_record(c, i);
	s->recorded = true;
	return client_set_calibration(&c->session.client, c->options->group, s->address, &record);
}

/* Somebody may have had a hand at the slider */
static bool is_as_it_was(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		if (takes_part(c, i) && c->speakers[i].offset_ns != c->speakers[i].start_offset_ns)
			return false;
	return true;
}

static bool is_in_range(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		if (takes_part(c, i) && llabs(keep_offset_ns(c, i)) > CALIBRATION_OFFSET_MAX_MS * SPA_NSEC_PER_MSEC)
			return false;
	return true;
}

/* The records first: whoever sees an offset change finds there that it is no user's word */
int keep_write(struct calibrate *c)
{
	uint32_t i;
	int res;

	if (client_group(&c->session.client, c->options->group) == NULL)
		return -ENOENT;
	if (!is_as_it_was(c))
		return -ESTALE;
	if (!is_in_range(c))
		return -ERANGE;
	c->written = true;
	for (i = 0; i < c->plan.n_speakers; i++)
		if (takes_part(c, i) && c->speakers[i].rate > 0 && (res = write_record(c, i)) < 0)
			return res;
	for (i = 0; i < c->plan.n_speakers; i++)
		if (takes_part(c, i) && keep_offset_ns(c, i) != c->speakers[i].start_offset_ns) {
			c->speakers[i].moved = true;
			if ((res = client_set_offset(&c->session.client, c->speakers[i].address, keep_offset_ns(c, i))) < 0)
				return res;
		}
	return 0;
}

bool keep_is_done(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++) {
		const struct calibrate_speaker *s = &c->speakers[i];
		double expected_ms = s->start_latency_ms + c->plan.speakers[i].change_ms;

		if (takes_part(c, i) && (!keep_is_same(s->offset_ns, keep_offset_ns(c, i)) ||
				fabs(s->latency_ms - expected_ms) > NEAR_MS))
			return false;
	}
	return true;
}

/* The record first, as with what is kept; it goes back for one that has left, too: it would have the offset when it
 * comes back. Who has an offset that is neither has it from the user, and its record with it */
void keep_undo(struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++) {
		struct calibrate_speaker *s = &c->speakers[i];
		const struct graph_object *device = graph_find_device(&c->session.client.graph, s->address);

		if (device && device->has_route && !keep_is_same(device->offset_ns, s->start_offset_ns) &&
		    !keep_is_same(device->offset_ns, keep_offset_ns(c, i)))
			s->recorded = s->moved = false;
		if (s->recorded && client_write_calibration(&c->session.client, c->options->group, s->address,
				s->record_before) >= 0)
			s->recorded = false;
		if (s->moved && client_set_offset(&c->session.client, s->address, s->start_offset_ns) >= 0)
			s->moved = false;
	}
}

/* Has all been written back, and does nobody have what was to be kept? */
bool keep_is_undone(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++) {
		const struct calibrate_speaker *s = &c->speakers[i];
		int64_t kept_ns = keep_offset_ns(c, i);

		if (s->recorded || s->moved ||
		    (s->has_offset && kept_ns != s->start_offset_ns && keep_is_same(s->offset_ns, kept_ns)))
			return false;
	}
	return true;
}
