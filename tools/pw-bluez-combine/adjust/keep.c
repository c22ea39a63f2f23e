/* Keeping where a speaker was put by ear: as the latency offset of its port */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdio.h>
#include <time.h>

#include <spa/utils/result.h>

#include "adjust/adjust.h"
#include "cli/command.h"
#include "cli/i18n.h"

/* WirePlumber and the module take some tenths of a second to have another offset */
#define KEEP_LIMIT_SEC	10
/* Delays are whole samples: what is nearer than this is the same */
#define NEAR_MS		0.05

static int64_t offset_ns(const struct adjust *a)
{
	return llrint(adjust_offset_ms(&a->value) * SPA_NSEC_PER_MSEC);
}

static int write_record(struct adjust *a)
{
	struct calibration_record record = {
		.rate = a->rate,
		.offset_ms = adjust_offset_ms(&a->value),
		.was_ms = a->value.offset_ms,
		.report_ns = isnan(a->value.report_ms) ? 0 : llrint(a->value.report_ms * SPA_NSEC_PER_MSEC),
		.at = time(NULL),
		.sigma_ms = NAN,
		.arrival_ms = NAN,
	};

	/* What is not known by codec and rate is kept as any offset */
	if (a->rate == 0 || a->codec[0] == '\0')
		return 0;
	snprintf(record.codec, sizeof(record.codec), "%s", a->codec);
	return client_set_calibration(&a->session.client, a->options->group, a->address, &record);
}

/* Somebody may have had a hand at the slider */
static bool is_as_it_was(const struct adjust *a)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, a->address);

	return device == NULL || device->offset_ns == llrint(a->value.offset_ms * SPA_NSEC_PER_MSEC);
}

void keep_begin(struct adjust *a)
{
	struct timespec limit = { .tv_sec = KEEP_LIMIT_SEC };
	int res;

	if (!is_as_it_was(a)) {
		adjust_complain(a, _("somebody has changed the offset of %s meanwhile, and it stays like that"), a->name);
		adjust_quit(a, EXIT_OTHER);
		return;
	}
	if ((res = write_record(a)) < 0 ||
	    (res = client_set_offset(&a->session.client, a->address, offset_ns(a))) < 0) {
		adjust_complain(a, _("can't change the offset of %s: %s"), a->name, spa_strerror(res));
		adjust_quit(a, EXIT_OTHER);
		return;
	}
	a->stage = ADJUST_KEEPING;
	pw_loop_update_timer(a->session.loop, a->timer, &limit, NULL, false);
}

static void finish(struct adjust *a)
{
	adjust_end_line(a);
	printf(_("%s: offset %.1f ms -> %.1f ms\n"), a->name, a->value.offset_ms, adjust_offset_ms(&a->value));
	lease_end(&a->lease);
	adjust_quit(a, EXIT_OK);
}

/* Delays stay what they are when the lease ends: the latency is longer by what the correction was */
static bool is_done(const struct adjust *a, const struct report_speaker *s)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, a->address);
	double expected_ms = a->latency_ms - a->value.later_ms;

	if (device == NULL || device->offset_ns != offset_ns(a))
		return false;
	return isnan(expected_ms) || !s->latency_ns.valid ||
		fabs((double)s->latency_ns.value / SPA_NSEC_PER_MSEC - fmax(expected_ms, 0.0)) < NEAR_MS;
}

void keep_follow(struct adjust *a, const struct report_speaker *s)
{
	if (is_done(a, s))
		finish(a);
}

/* It is in the offset, and what the module believes of it is another matter */
void keep_timeout(struct adjust *a)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, a->address);

	if (device && device->offset_ns == offset_ns(a)) {
		finish(a);
		return;
	}
	adjust_complain(a, _("the change of the offset was not accepted: nobody who may change it has asked, or nobody keeps it"));
	adjust_quit(a, EXIT_OTHER);
}
