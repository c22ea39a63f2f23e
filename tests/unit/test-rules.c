/* Test: which sinks become members */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <spa/utils/string.h>

#include "harness.h"
#include "member/rules.h"

PW_LOG_TOPIC(mod_topic, "test");

#define ADDRESS	"AA:BB:CC:00:00:01"
#define OWN	"my_speakers"

/* All A2DP sinks, and this one plays the left channel */
static const char rules[] = "[ "
	"{ matches = [ { api.bluez5.profile = a2dp-sink } ] actions = { create-stream = { some.property = 1 } } } "
	"{ matches = [ { api.bluez5.address = \"" ADDRESS "\" } ] "
		"actions = { create-stream = { combine.role = left combine.gain = 0.5 } } } ]";

static struct pw_properties *stream;

/* A sink of these properties, of which the metadata says so, or nothing */
static struct rules_result decide(const char *text, const char *json)
{
	struct pw_properties *props = pw_properties_new_string(text);
	struct member_entry *entry = json ? member_entry_new(ADDRESS, json, NULL, true) : NULL;
	struct identity identity = { 0 };
	struct rules_result r;

	check(props != NULL && (json == NULL || entry != NULL));
	pw_properties_free(stream);
	stream = pw_properties_new(NULL, NULL);
	check_int(identity_init(&identity, &props->dict, OWNER_UNRESTRICTED, true), 0);
	r = rules_decide(rules, OWN, &props->dict, &identity, entry, stream);
	identity_finish(&identity);
	if (entry)
		member_entry_free(entry);
	pw_properties_free(props);
	return r;
}

#define SPEAKER	"node.name = speaker api.bluez5.address = \"" ADDRESS "\" "
#define MUSIC	SPEAKER "api.bluez5.profile = a2dp-sink "
#define OTHER	"node.name = other api.bluez5.address = \"AA:BB:CC:00:00:02\" "

static void a_sink_that_a_rule_matches_is_wanted_with_what_the_rule_says(void)
{
	struct rules_result r = decide(MUSIC, NULL);

	check(r.wanted);
	check_int(r.config.role, ROLE_LEFT);
	check(r.config.gain == 0.5);
	check(spa_streq(pw_properties_get(stream, "some.property"), "1"));
	/* These are no properties of a stream */
	check(pw_properties_get(stream, "combine.role") == NULL);
}

static void one_that_none_matches_is_not(void)
{
	check(!decide(OTHER, NULL).wanted);
	check(decide(OTHER "api.bluez5.profile = a2dp-sink", NULL).wanted);
}

static void the_metadata_has_the_last_word_field_by_field(void)
{
	struct rules_result r = decide(MUSIC, "{ \"gain\": 0.25 }");

	check(r.wanted);
	check_int(r.config.role, ROLE_LEFT);
	check(r.config.gain == 0.25);
}

static void who_is_taken_out_is_none_whatever_rules_say(void)
{
	check(!decide(MUSIC, "{ \"include\": false }").wanted);
	check(!decide(MUSIC, "{ \"include\": false, \"target\": \"speaker\" }").wanted);
	check(decide(OTHER, "{ \"include\": true }").wanted);
}

static void with_a_target_it_is_that_node_and_no_other_of_the_address(void)
{
	check(decide(SPEAKER, "{ \"target\": \"speaker\" }").wanted);
	check(!decide(MUSIC, "{ \"target\": \"speaker.2\" }").wanted);
}

static void nothing_of_ours_is_one_whoever_wants_it(void)
{
	const char *yes = "{ \"include\": true }";

	check(!decide(MUSIC "node.link-group = bluez_combine.x", yes).wanted);
	check(!decide(OTHER "node.name = bluez_combine.kitchen", yes).wanted);
	check(!decide(OTHER "node.name = " OWN, yes).wanted);
}

static void a_sink_for_calls_is_none_whoever_wants_it(void)
{
	check(!decide(SPEAKER "api.bluez5.profile = headset-head-unit", "{ \"include\": true }").wanted);
}

int main(int argc, char *argv[])
{
	pw_init(&argc, &argv);
	PW_LOG_TOPIC_INIT(mod_topic);
	run(a_sink_that_a_rule_matches_is_wanted_with_what_the_rule_says);
	run(one_that_none_matches_is_not);
	run(the_metadata_has_the_last_word_field_by_field);
	run(who_is_taken_out_is_none_whatever_rules_say);
	run(with_a_target_it_is_that_node_and_no_other_of_the_address);
	run(nothing_of_ours_is_one_whoever_wants_it);
	run(a_sink_for_calls_is_none_whoever_wants_it);
	pw_properties_free(stream);
	pw_deinit();
	return harness_finish();
}
