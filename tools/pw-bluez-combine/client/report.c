/* What the metadata of a group says, as structs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "client/json.h"
#include "client/report.h"
#include "names.h"

#define KEY_STATUS_OF	BLUEZ_COMBINE_KEY_STATUS "."

static void get_string(const char *json, const char *key, char *value, size_t size)
{
	if (!json_find(json, key, value, size))
		value[0] = '\0';
}

static bool get_flag(const char *json, const char *key)
{
	char flag[8];

	return json_find(json, key, flag, sizeof(flag)) && spa_streq(flag, "true");
}

static struct report_int get_int(const char *json, const char *key)
{
	struct report_int i = { 0 };
	char str[32];

	get_string(json, key, str, sizeof(str));
	i.valid = spa_atoi64(str, &i.value, 10);
	return i;
}

static double get_double(const char *json, const char *key)
{
	char str[32];
	double value;

	get_string(json, key, str, sizeof(str));
	return spa_atod(str, &value) && isfinite(value) ? value : NAN;
}

static void read_group(struct report *r, const char *json)
{
	struct report_int id;

	if (json == NULL)
		return;
	if (!json_is_object(json)) {
		r->bad_status = true;
		return;
	}
	r->status = json;
	r->version = get_int(json, "version");
	get_string(json, "sink", r->sink, sizeof(r->sink));
	get_string(json, "state", r->state, sizeof(r->state));
	r->latency_ns = get_int(json, "latency.nsec");
	r->lease = get_int(json, "lease");
	r->members = get_int(json, "members");
	r->playing = get_int(json, "playing");
	r->restarts = get_int(json, "restarts");
	r->keep_warm_ns = get_int(json, "keep-warm.nsec");
	r->stalls = get_int(json, "stalls");
	r->stalls_ns = get_int(json, "stalls.nsec");
	r->longest_ns = get_int(json, "stalls.longest.nsec");
	r->stutter = get_flag(json, "stutter");
	r->quantum = get_int(json, "quantum");
	r->rate = get_int(json, "rate");
	get_string(json, "quantum.basis", r->quantum_basis, sizeof(r->quantum_basis));
	r->packet_ns = get_int(json, "packet.nsec");
	id = get_int(json, "sink.id");
	if (id.valid && id.value >= 0 && id.value < SPA_ID_INVALID)
		r->sink_id = id.value;
	r->quantum_wanted = get_int(json, "quantum.wanted");
	r->rate_wanted = get_int(json, "rate.wanted");
}

static void read_status(struct report_speaker *s, const char *json)
{
	s->bad_status = !json_is_object(json);
	if (s->bad_status)
		return;
	s->status = json;
	get_string(json, "name", s->name, sizeof(s->name));
	get_string(json, BLUEZ_COMBINE_MEMBER_TARGET, s->target, sizeof(s->target));
	get_string(json, "state", s->state, sizeof(s->state));
	get_string(json, "basis", s->basis, sizeof(s->basis));
	get_string(json, "stale", s->stale, sizeof(s->stale));
	get_string(json, "calibration", s->calibration, sizeof(s->calibration));
	s->calibrated_at = get_int(json, "calibrated.at");
	get_string(json, "codec", s->codec, sizeof(s->codec));
	s->codec_rate = get_int(json, "codec.rate");
	get_string(json, BLUEZ_COMBINE_MEMBER_ROLE, s->role, sizeof(s->role));
	s->latency_ns = get_int(json, "latency.nsec");
	s->delay_ns = get_int(json, "delay.nsec");
	s->trim_ns = get_int(json, "trim.nsec");
	s->correction_ns = get_int(json, "correction.nsec");
	s->tracked_ns = get_int(json, "tracked.nsec");
	s->dither = get_int(json, "dither");
	s->failures = get_int(json, "failures");
	s->gain = get_double(json, BLUEZ_COMBINE_MEMBER_GAIN);
}

static void read_member(struct report_speaker *s, const char *json)
{
	s->bad_member = !json_is_object(json);
	if (s->bad_member)
		return;
	s->member = json;
	member_parse(&s->wish, json);
}

/* One that is no JSON object says nothing */
static void read_source(struct report_source *s, const char *address, const char *json)
{
	bool valid = json_is_object(json);

	*s = (struct report_source) { .address = address };
	s->taken = valid && get_flag(json, "taken");
	if (valid)
		get_string(json, "why", s->why, sizeof(s->why));
}

static void read_setting(struct report_setting *s, const char *name, const char *json)
{
	*s = (struct report_setting) { .name = name };
	if (!json_is_object(json))
		return;
	get_string(json, "is", s->is, sizeof(s->is));
	get_string(json, "allowed", s->allowed, sizeof(s->allowed));
	get_string(json, "using", s->using, sizeof(s->using));
}

static void finish_speaker(const struct report *r, struct report_speaker *s)
{
	const struct graph_object *device = graph_find_device(r->graph, s->address);
	bool left_out = member_is_left_out(&s->wish);
	const char *name;

	if (r->track)
		track_find(r->track, s->address, &s->heard);
	if (device && device->adapter)
		snprintf(s->adapter, sizeof(s->adapter), "%s", device->adapter);

	/* Who has not played yet has no status: its device has the name as well */
	if (s->name[0] == '\0' && (name = graph_describe(r->graph, s->address)) != NULL)
		snprintf(s->name, sizeof(s->name), "%s", name);
	/* Without a sink a status is what was last. What is connected then is known
	 * from the policy: it names a target just as long. */
	if (r->status == NULL && !r->bad_status) {
		snprintf(s->state, sizeof(s->state), s->wish.target[0] && !left_out ? "idle" : "gone");
		s->delay_ns.valid = false;
	}
	if (s->state[0] == '\0')
		snprintf(s->state, sizeof(s->state), s->bad_status ? "?" : "gone");
	s->here = !spa_streq(s->state, "gone");
	if (!s->here && left_out)
		snprintf(s->state, sizeof(s->state), "left out");
}

static struct report_speaker *find_speaker(struct report *r, const char *address)
{
	uint32_t i;

	for (i = 0; i < r->n_speakers; i++)
		if (spa_streq(r->speakers[i].address, address))
			return &r->speakers[i];
	r->speakers[i] = (struct report_speaker) { .address = address, .gain = NAN };
	r->n_speakers++;
	return &r->speakers[i];
}

static int compare_speakers(const void *a, const void *b)
{
	const struct report_speaker *s = a, *t = b;
	int res;

	if (s->here != t->here)
		return s->here ? -1 : 1;
	/* speaker 2 before speaker 10 */
	res = strverscmp(s->name, t->name);
	return res ? res : strcmp(s->address, t->address);
}

/* Several may tell, and one has the lease, and with it a say in what is heard */
static void read_track(struct report *r, const struct metadata *metadata)
{
	const struct metadata_entry *e;

	if (r->lease.valid && r->lease.value > 0 && r->lease.value < SPA_ID_INVALID)
		r->track = metadata_get_track(metadata, r->lease.value);
	r->lease_tracks = r->track != NULL;
	spa_list_for_each(e, &metadata->others, link)
		if (r->track == NULL)
			r->track = e->value;
	if (!track_read(r->track, &r->tracking))
		r->track = NULL;
}

/* Whoever tracks need not tell of it */
static void read_lease(struct report *r)
{
	uint32_t i;

	for (i = 0; i < r->n_speakers; i++)
		r->lease_tracks |= spa_streq(r->speakers[i].basis, "tracking");
}

/* What follows \a prefix in \a key; NULL if it does not begin so */
static const char *after(const char *key, const char *prefix)
{
	return spa_strstartswith(key, prefix) ? key + strlen(prefix) : NULL;
}

static void read_entry(struct report *r, const struct metadata_entry *e)
{
	const char *what;

	if ((what = after(e->key, KEY_STATUS_OF)))
		read_status(find_speaker(r, what), e->value);
	else if ((what = after(e->key, BLUEZ_COMBINE_KEY_MEMBER)))
		read_member(find_speaker(r, what), e->value);
	else if ((what = after(e->key, BLUEZ_COMBINE_KEY_SOURCE)))
		read_source(&r->sources[r->n_sources++], what, e->value);
	else if ((what = after(e->key, BLUEZ_COMBINE_KEY_SETTING)))
		read_setting(&r->settings[r->n_settings++], what, e->value);
}

/* Of each kind as many as there can be: two keys may speak of one speaker */
static int allocate(struct report *r, const struct metadata *metadata)
{
	const struct metadata_entry *e;
	size_t speakers = 0, sources = 0, settings = 0;

	spa_list_for_each(e, &metadata->entries, link) {
		sources += after(e->key, BLUEZ_COMBINE_KEY_SOURCE) != NULL;
		settings += after(e->key, BLUEZ_COMBINE_KEY_SETTING) != NULL;
		speakers += after(e->key, KEY_STATUS_OF) || after(e->key, BLUEZ_COMBINE_KEY_MEMBER);
	}
	if ((r->speakers = calloc(speakers + 1, sizeof(*r->speakers))) == NULL ||
	    (r->sources = calloc(sources + 1, sizeof(*r->sources))) == NULL ||
	    (r->settings = calloc(settings + 1, sizeof(*r->settings))) == NULL)
		return -errno;
	return 0;
}

int report_init(struct report *report, const struct client *client, const char *group)
{
	const struct metadata *metadata = client_group(client, group);
	const struct metadata_entry *e;
	uint32_t i;
	int res;

	*report = (struct report) { .group = group, .graph = &client->graph, .sink_id = SPA_ID_INVALID,
		.found = metadata != NULL };
	if (metadata == NULL)
		return 0;
	if ((res = allocate(report, metadata)) < 0)
		return res;
	read_group(report, metadata_get(metadata, BLUEZ_COMBINE_KEY_STATUS));
	spa_list_for_each(e, &metadata->entries, link)
		read_entry(report, e);
	read_track(report, metadata);
	read_lease(report);
	for (i = 0; i < report->n_speakers; i++)
		finish_speaker(report, &report->speakers[i]);
	if (report->n_speakers > 0)
		qsort(report->speakers, report->n_speakers, sizeof(*report->speakers), compare_speakers);
	return 0;
}

const struct report_speaker *report_speaker(const struct report *report, const char *address)
{
	uint32_t i;

	for (i = 0; i < report->n_speakers; i++)
		if (spa_streq(report->speakers[i].address, address))
			return &report->speakers[i];
	return NULL;
}

void report_finish(struct report *report)
{
	free(report->speakers);
	free(report->sources);
	free(report->settings);
	spa_zero(*report);
}
