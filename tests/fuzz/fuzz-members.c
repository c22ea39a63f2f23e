/* Fuzz target: what anybody may write to the metadata, as the module takes it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * The input is a row of lines, "key\tvalue\n": writes to the metadata object, or
 * with "?" at its very beginning the rules, up to the first "\n". No value clears.
 * A key of "@" and a digit: the lease of the client 1, or the restricted one 2; of "@" alone: all of the former's is cleared; of "@0": it leaves, and
 * another one comes.
 * A key of "*" and a digit: the value is what that node says now of itself, as an object.
 */

#include <math.h>

#include "fuzz.h"
/* Its callbacks are what is tested, and those have no other name */
#include "graph/members.c"
#include "member/calibration.h"
#include "member/lease.h"

PW_LOG_TOPIC(mod_topic, "fuzz");

#define SPEAKERS	3

static struct pw_main_loop *loop;
static struct pw_context *context;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	setenv("PIPEWIRE_DEBUG", "0", 1);
	pw_init(NULL, NULL);
	PW_LOG_TOPIC_INIT(mod_topic);
	loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(loop),
			pw_properties_new(PW_KEY_CONFIG_NAME, "null", NULL), 0);
	return context ? 0 : 1;
}

static void check_config(const struct speaker *s)
{
	const struct member_config *c = &s->config;

	fuzz_check((uint32_t)c->role < ROLE_N);
	fuzz_check(c->gain >= 0.0 && c->gain <= 1.0);
	fuzz_check(llabs(c->trim_ns) <= 1000 * (int64_t)SPA_NSEC_PER_MSEC);
	fuzz_check(llabs(c->correction_ns) <= 2000 * (int64_t)SPA_NSEC_PER_MSEC);
}

static void on_added(void *data, struct speaker *speaker)
{
	fuzz_check(speaker->user_data == NULL);
	speaker->user_data = speaker;
	check_config(speaker);
}

static void on_changed(void *data, struct speaker *speaker)
{
	fuzz_check(speaker->user_data != NULL);
	check_config(speaker);
}

static void on_removed(void *data, struct speaker *speaker)
{
	fuzz_check(speaker->user_data != NULL);
	speaker->user_data = NULL;
}

static void on_linked(void *data, uint32_t node)
{
	fuzz_check(node != SPA_ID_INVALID);
}

static void on_told(void *data, const char *address)
{
	fuzz_check(address != NULL);
}

static struct spa_list calibrations = SPA_LIST_INIT(&calibrations);

static void on_calibrated(void *data, const char *address, const char *json)
{
	static const struct calibration_facts facts = { .codec = "sbc", .rate = 48000, .report_ns = 150000000 };
	const struct calibration_record *record;
	const struct calibration *c;

	if (address == NULL) {
		calibration_clear(&calibrations);
		return;
	}
	calibration_put(&calibrations, address, json, METADATA_CALIBRATION_MAX);
	c = calibration_find(&calibrations, address);
	fuzz_check(c == NULL || (json && c->n_records > 0 && c->n_records <= CALIBRATION_RECORDS_MAX));
	fuzz_check((calibration_judge(c, &facts, &record) == CALIBRATION_NONE) == (record == NULL));
}

static struct lease lease;
static int64_t written;			/* the fuzzer's clock: 1 s for each */

static void check_speaker(const struct lease_speaker *s)
{
	struct lease_dither d = lease_dither(&lease, s->address);
	int64_t tracked_ns = 1;
	bool tracks = lease_tracks(&lease, s->address, &tracked_ns);

	fuzz_check(llabs(s->correction_ns) <= 2000 * (int64_t)SPA_NSEC_PER_MSEC);
	fuzz_check(llabs(tracked_ns) <= 2000 * (int64_t)SPA_NSEC_PER_MSEC);
	fuzz_check(!tracks || tracked_ns == s->tracked_ns);
	fuzz_check(d.code <= LEASE_CODE_MAX);
	fuzz_check(d.code == 0 || (d.samples >= LEASE_SAMPLES_MIN && d.samples <= LEASE_SAMPLES_MAX &&
			d.chip_ns >= LEASE_CHIP_MSEC_MIN * (int64_t)SPA_NSEC_PER_MSEC &&
			d.chip_ns <= LEASE_CHIP_MSEC_MAX * (int64_t)SPA_NSEC_PER_MSEC));
}

static void on_lease(void *data, uint32_t client, enum owner owner, const char *json)
{
	struct lease_refusal refusal = { 0 };
	int64_t next_ns = INT64_MAX, now_ns = ++written * SPA_NSEC_PER_SEC;

	fuzz_check(client != 0);
	switch (lease_write(&lease, client, owner, json, now_ns, &refusal)) {
	case LEASE_REFUSED:
		fuzz_check(json && refusal.why[0] && refusal.client == client);
		break;
	case LEASE_TAKEN:
		fuzz_check(owner != OWNER_RESTRICTED && lease.client == client);
		break;
	case LEASE_ENDED:
		fuzz_check(json == NULL && !lease_is_held(&lease));
		break;
	case LEASE_UNCHANGED:
		break;
	}
	for (uint32_t i = 0; i < lease.n_speakers; i++)
		check_speaker(&lease.speakers[i]);
	lease_tick(&lease, now_ns, &next_ns);
}

static void on_nothing(void *data)
{
}

static const struct members_events events = {
	.added = on_added,
	.changed = on_changed,
	.removed = on_removed,
	.linked = on_linked,
	.told = on_told,
	.calibrated = on_calibrated,
	.lease = on_lease,
	.attached = on_nothing,
	.detached = on_nothing,
};

static void add_speaker(struct members *members, uint32_t n)
{
	struct speaker *s = calloc(1, sizeof(*s));
	char name[32], address[32];

	s->members = members;
	s->id = n;
	s->config = MEMBER_CONFIG_INIT;
	s->owner = OWNER_UNRESTRICTED;
	s->is_bluetooth = n > 0;
	snprintf(name, sizeof(name), "speaker_%u", n);
	snprintf(address, sizeof(address), "AA:00:00:00:00:%02u", n);
	s->props = pw_properties_new(PW_KEY_NODE_NAME, name, NULL);
	if (n > 0)
		pw_properties_set(s->props, "api.bluez5.address", address);
	spa_list_append(&members->speakers, &s->link);
	identify(s, true);
}

static void change_node(struct members *members, char n, const char *text)
{
	struct pw_properties *props = pw_properties_new_string(text ? text : "");
	struct pw_node_info info = { .change_mask = PW_NODE_CHANGE_MASK_PROPS };
	struct speaker *s;

	spa_list_for_each(s, &members->speakers, link) {
		if (props == NULL || s->id != (uint32_t)(n - '0'))
			continue;
		info.props = &props->dict;
		node_info(s, &info);
		fuzz_check(!s->wanted || (speaker_address(s) && speaker_name(s)));
		break;
	}
	pw_properties_free(props);
}

static void add_client(struct members *members)
{
	struct spa_dict_item items[] = { SPA_DICT_ITEM_INIT(PW_KEY_ACCESS, "default") };

	members_global(members, 1, PW_TYPE_INTERFACE_Client, &SPA_DICT_INIT_ARRAY(items));
}

static void write_line(struct members *members, char *line)
{
	char *value = strchr(line, '\t');

	if (value)
		*value++ = '\0';
	if (line[0] == '*') {
		change_node(members, line[1], value);
		return;
	}
	if (line[0] == '@' && line[1] == '0') {
		members_global_remove(members, 1);
		fuzz_check(lease.client != 1);
		add_client(members);
		return;
	}
	if (line[0] == '@') {
		metadata_property(members, line[1] == '2' ? 2 : 1, line[1] ? BLUEZ_COMBINE_KEY_LEASE : NULL, value);
		return;
	}
	metadata_property(members, 0, line[0] ? line : NULL, value);
}

/* Rules that are not refused are acted on */
static bool take_args(struct fuzz_input *in, struct args *args)
{
	char *text, *rules = NULL;
	int res;

	if (in->size > 0 && in->data[0] == '?') {
		fuzz_u8(in);
		rules = fuzz_string(in, '\n');
	}
	if (asprintf(&text, "{ stream.rules = %s }", rules ? rules : "[ ]") < 0)
		abort();
	res = args_init(args, text);
	free(text);
	free(rules);
	return res == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct args args;
	struct members members;
	uint32_t n;

	if (!take_args(&in, &args))
		return 0;
	members_init(&members, context, NULL, NULL, &args, &events, NULL);
	for (n = 0; n < SPEAKERS; n++)
		add_speaker(&members, n);
	add_client(&members);
	lease_init(&lease);
	written = 0;
	members_activate(&members);
	while (in.size > 0) {
		char *line = fuzz_string(&in, '\n');
		write_line(&members, line);
		free(line);
	}
	lease_clear(&lease);
	members_finish(&members);
	calibration_clear(&calibrations);
	args_finish(&args);
	return 0;
}
