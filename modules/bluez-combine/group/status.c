/* A group's status as JSON in its metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/atomic.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "group/status.h"
#include "json.h"
#include "member/calibration.h"
#include "timing/known.h"
#include "names.h"

/* Three names and the rest */
#define JSON_LEN_MAX	(3 * JSON_STRING_MAX + 2048)

static void begin(struct spa_strbuf *b, char *json, const struct group *group)
{
	spa_strbuf_init(b, json, JSON_LEN_MAX);
	spa_strbuf_append(b, "{ \"version\": %d", GROUP_STATUS_VERSION);
	json_add_string(b, "group", group->args->group);
}

static enum calibration_state calibration_of(const struct group *group, const struct output *o,
		const struct calibration_record **record)
{
	const struct speaker *s = o->speaker;

	return calibration_judge(calibration_find(&group->calibrations, speaker_address(s)), &(struct calibration_facts) {
		.codec = output_codec(o),
		.rate = s->rate,
		.offset_ns = s->offset_ns,
		.report_ns = s->report.own_ns,
	}, record);
}

static const char *basis(const struct output *o, enum calibration_state calibration)
{
	static const char *const words[] = {
		[REPORT_NONE] = "none",
		[REPORT_REMEMBERED] = "remembered",
		[REPORT_ASSUMED] = "assumed",
		[REPORT_REPORTED] = "reported",
	};

	enum report_basis basis = report_basis(&o->speaker->report);

	if (o->speaker->member.tracking)
		return "tracking";
	if (o->speaker->config.correction_ns != 0)
		return "corrected";
	/* What was found is about what it reports */
	if (basis == REPORT_NONE || basis == REPORT_REMEMBERED)
		return words[basis];
	switch (calibration) {
	case CALIBRATION_GOOD:
		return "calibrated";
	case CALIBRATION_OTHER_CODEC:
	case CALIBRATION_OTHER_RATE:
	case CALIBRATION_OTHER_REPORT:
		return "stale";
	default:
		return words[basis];
	}
}

static void add_basis(struct spa_strbuf *b, const struct group *group, const struct output *o)
{
	static const char * const stale[] = {
		[CALIBRATION_OTHER_CODEC] = "codec",
		[CALIBRATION_OTHER_RATE] = "rate",
		[CALIBRATION_OTHER_REPORT] = "report",
	};
	const struct calibration_record *record;
	enum calibration_state state = calibration_of(group, o, &record);
	const char *word = basis(o, state);
	bool good = spa_streq(word, "calibrated") || (spa_streq(word, "tracking") && state == CALIBRATION_GOOD);

	json_add_string(b, "basis", word);
	if (spa_streq(word, "stale"))
		json_add_string(b, "stale", stale[state]);
	if (state == CALIBRATION_BY_HAND)
		json_add_string(b, "calibration", "by-hand");
	if (record && record->at > 0 && (good || spa_streq(word, "stale")))
		json_add_int(b, "calibrated.at", record->at);
}

static void member_key(char *key, size_t size, const char *address)
{
	snprintf(key, size, BLUEZ_COMBINE_KEY_STATUS ".%s", address);
}

static void write_member(struct group *group, const struct output *o)
{
	const struct speaker *s = o->speaker;
	char json[JSON_LEN_MAX], key[METADATA_KEY_LEN_MAX + 1];
	const struct known *k;
	struct spa_strbuf b;

	begin(&b, json, group);
	json_add_string(&b, "name", pw_properties_get(s->props, PW_KEY_NODE_DESCRIPTION));
	json_add_string(&b, "target", speaker_name(s));
	json_add_string(&b, "codec", output_codec(o));
	if (s->rate > 0)
		json_add_int(&b, "codec.rate", s->rate);
	json_add_string(&b, "state", member_state_name(&s->member, group->warm));
	if (s->member.backoff.failures > 0)
		json_add_int(&b, "failures", s->member.backoff.failures);
	add_basis(&b, group, o);
	json_add_int(&b, "latency.nsec", s->member.latency_ns);
	json_add_int(&b, "delay.nsec", o->delay_ns);
	json_add_string(&b, "role", role_name(s->config.role));
	json_add_double(&b, "gain", s->config.gain);
	json_add_int(&b, "trim.nsec", s->config.trim_ns);
	json_add_int(&b, "correction.nsec", s->config.correction_ns + s->member.tracked_ns);
	if (s->member.tracked_ns != 0)
		json_add_int(&b, "tracked.nsec", s->member.tracked_ns);
	if (o->dither.code > 0)
		json_add_int(&b, "dither", o->dither.code);
	k = known_find(&group->known, speaker_address(s), output_codec(o));
	if (k)
		json_add_int(&b, "settled.nsec", k->latencies_ns[0]);
	if (s->report.packet_ns > 0)
		json_add_int(&b, "packet.nsec", s->report.packet_ns);
	json_add_int(&b, "told", k && k->told);
	spa_strbuf_append(&b, " }");

	member_key(key, sizeof(key), speaker_address(s));
	status_lines_set(&group->lines, group->members.metadata.object, key, json);
}

void group_status_remove(struct group *group, struct output *output)
{
	char key[METADATA_KEY_LEN_MAX + 1];

	write_member(group, output);
	member_key(key, sizeof(key), speaker_address(output->speaker));
	status_lines_gone(&group->lines, key);
	status_lines_changed(&group->lines);
}

void group_status_found(struct group *group, const char *address)
{
	char key[METADATA_KEY_LEN_MAX + 1];

	if (group->lines.loop == NULL)
		return;
	member_key(key, sizeof(key), address);
	status_lines_found(&group->lines, key);
}

static void add_stalls(struct spa_strbuf *b, const struct stutter *s)
{
	if (s->n_stalls == 0)
		return;
	json_add_int(b, "stalls", s->n_stalls);
	json_add_int(b, "stalls.nsec", stutter_sum_ns(s));
	json_add_int(b, "stalls.longest.nsec", stutter_longest_ns(s));
	spa_strbuf_append(b, ", \"stutter\": %s", s->on ? "true" : "false");
}

void group_status_write(struct group *group)
{
	uint32_t quantum = SPA_ATOMIC_LOAD(group->quantum), rate = SPA_ATOMIC_LOAD(group->rate);
	uint32_t members = 0, playing = 0;
	char json[JSON_LEN_MAX];
	struct spa_strbuf b;
	struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		write_member(group, o);
		members++;
		playing += member_is_heard(&o->speaker->member) && !o->speaker->member.silenced;
	}
	begin(&b, json, group);
	json_add_string(&b, "sink", args_node_name(group->args));
	if (group->sink.id != SPA_ID_INVALID)
		json_add_int(&b, "sink.id", group->sink.id);
	json_add_string(&b, "state", !group->sink.playing ? "idle" : group->warm ? "warm" :
			group->ensemble.audible ? "playing" : "starting");
	json_add_int(&b, "latency.nsec", group->align.total_ns);
	if (lease_is_held(&group->lease.lease))
		json_add_int(&b, "lease", group->lease.lease.client);
	json_add_int(&b, "members", members);
	json_add_int(&b, "playing", playing);
	json_add_int(&b, "quantum", quantum);
	json_add_string(&b, "quantum.basis", group->args->quantum > 0 ? "configured" : "chosen");
	if (group->packet_ns > 0)
		json_add_int(&b, "packet.nsec", group->packet_ns);
	json_add_int(&b, "rate", rate);
	json_add_int(&b, "restarts", group->repair.n_restarts);
	json_add_int(&b, "keep-warm.nsec", group->args->keep_warm_ns == KEEP_WARM_ALWAYS ? -1 :
			group->args->keep_warm_ns);
	add_stalls(&b, &group->repair.stutter);
	/* Another client can force another quantum: they stay together, but the
	 * packets no longer leave at a fixed delay. */
	if (quantum != group->quantum_wanted)
		json_add_int(&b, "quantum.wanted", group->quantum_wanted);
	if (rate != group->args->rate)
		json_add_int(&b, "rate.wanted", group->args->rate);
	spa_strbuf_append(&b, " }");
	status_lines_set(&group->lines, group->members.metadata.object, BLUEZ_COMBINE_KEY_STATUS, json);
	status_lines_trim(&group->lines, group->members.metadata.object);
}

void group_status_finish(struct group *group)
{
	if (group->lines.loop)
		status_lines_set(&group->lines, group->members.metadata.object, BLUEZ_COMBINE_KEY_STATUS, NULL);
}
