/* What comes from outside: module arguments, entries of members, names */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * Inputs that are nearly right, mutated: nothing may crash, and what is taken
 * has to be within its limits. Meant to run under the sanitizers
 * (-Db_sanitize=address,undefined). What libFuzzer does is in fuzz-*.c.
 *
 *	test-input [SEED [ROUNDS]]
 */

#include <string.h>

#include <pipewire/pipewire.h>
#include <spa/utils/json.h>

#include "args.h"
#include "harness.h"
#include "json.h"
#include "log.h"
#include "member/entry.h"

PW_LOG_TOPIC(mod_topic, "test");

#define INPUT_MAX	2048u
#define ROUNDS		20000u

static const char * const corpus[] = {
	"{ }",
	"{ combine.group = kitchen combine.headroom.msec = 100 combine.max-delay.msec = 4000 }",
	"{ combine.quantum = 1024 combine.rate = 44100 combine.unaligned = mute }",
	"{ audio.position = [ FL FR FC LFE ] audio.channels = 4 remote.name = other }",
	"{ \"combine.props\": { \"node.name\": \"x\", \"priority.session\": 7 }, \"stream.props\": { } }",
	("{ stream.rules = [ { matches = [ { node.name = \"~bluez.*\" } ] actions = { create-stream = "
		"{ combine.role = left combine.gain = 0.5 combine.trim.msec = -3 } } } ] }"),
	"{ stream.rules = [ ] node.name = a node.description = \"b \\u00e4 \\ud83d\\ude00\" }",
	"{ \"version\": 1, \"target\": \"bluez_output.11_22_33_44_55_66.1\", \"include\": true }",
	"{ \"role\": \"mono\", \"gain\": 1e-3, \"trim.msec\": 12.5, \"correction.msec\": -1999 }",
	"{ \"gain\": 1e999, \"gain\": -0, \"trim.msec\": 1e-999 }",
	"{ \"target\": null, \"include\": false, \"role\": \"right\" } # a comment",
	"{ \"target\": { \"a\": [ 1, { \"b\": \"c\\\\\" } ] } }",
};

/* What a mutation puts in: the characters that parsers look at */
static const char * const pieces[] = {
	"{", "}", "[", "]", "\"", "\\", ":", "=", ",", "#", "\n", " ", "\\u0000", "\\ud800",
	"\xff", "\xc3\xa4", "1e999", "-1", "nan", "inf", "0x10", "null", "true", "99999999999999999999",
	"combine.gain", "create-stream", "matches", "actions", "role",
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void insert(char *str, size_t pos, const char *piece)
{
	size_t len = strlen(str), n = strlen(piece);

	if (len + n >= INPUT_MAX)
		return;
	memmove(str + pos + n, str + pos, len - pos + 1);
	memcpy(str + pos, piece, n);
}

static void mutate(char *str, uint32_t *seed)
{
	size_t len = strlen(str), pos, n;

	if (len == 0)
		return;
	pos = next_random(seed) % len;
	switch (next_random(seed) % 5) {
	case 0:
		str[pos] = (char)(next_random(seed) % 255 + 1);
		break;
	case 1:
		insert(str, pos, pieces[next_random(seed) % SPA_N_ELEMENTS(pieces)]);
		break;
	case 2:
		n = SPA_MIN(1 + next_random(seed) % 16, len - pos);
		memmove(str + pos, str + pos + n, len - pos - n + 1);
		break;
	case 3:
		str[pos] = '\0';
		break;
	case 4:
		insert(str, pos, corpus[next_random(seed) % SPA_N_ELEMENTS(corpus)]);
		break;
	}
}

static void check_config(const struct member_config *c)
{
	check((uint32_t)c->role < ROLE_N);
	check(c->gain >= 0.0 && c->gain <= 1.0);
	check(llabs(c->trim_ns) <= 1000 * (int64_t)SPA_NSEC_PER_MSEC);
	check(llabs(c->correction_ns) <= 2000 * (int64_t)SPA_NSEC_PER_MSEC);
}

static bool try_args(const char *str)
{
	struct args args;

	if (args_init(&args, str) < 0)
		return false;
	check(args.group != NULL && args.rules != NULL && args_node_name(&args) != NULL);
	check(args.info.channels >= 1 && args.info.channels <= ROLE_CHANNELS_MAX);
	check(args.headroom_ns >= 0 && args.headroom_ns <= args.max_delay_ns);
	check(args.max_delay_ns <= 4000 * (int64_t)SPA_NSEC_PER_MSEC);
	check(args.quantum == 0 || (args.quantum >= 64 && args.quantum <= 8192));
	check((args.quantum & (args.quantum - 1)) == 0);
	check(args.rate >= 8000 && args.rate <= 192000);
	args_finish(&args);
	return true;
}

static bool try_entry(const char *str)
{
	struct member_entry *former = member_entry_new("11:22:33:44:55:66",
			"{ \"target\": \"a\", \"gain\": 0.5 }", NULL, false), *e;
	bool good;

	if ((e = member_entry_new("11:22:33:44:55:66", str, former, false)) != NULL) {
		check_config(&e->config);
		check(e->target == NULL || e->has_target);
	}
	good = e && !e->refused;
	if (e)
		member_entry_free(e);
	member_entry_free(former);
	return good;
}

/* A string that spa_json takes back, of valid UTF-8 and as long as it may be */
static void try_name(const char *name)
{
	char json[JSON_STRING_MAX + 64], back[JSON_STRING_MAX];
	struct spa_strbuf b;

	spa_strbuf_init(&b, json, sizeof(json));
	spa_strbuf_append(&b, "{ \"version\": 1");
	json_add_string(&b, "name", name);
	json_add_int(&b, "after", 1);
	spa_strbuf_append(&b, " }");
	check(spa_json_str_object_find(json, strlen(json), "after", back, sizeof(back)) == 1);
	check(strcmp(back, "1") == 0);
	check(spa_json_str_object_find(json, strlen(json), "name", back, sizeof(back)) == 1);
	check(strlen(back) <= JSON_TEXT_MAX);
	check(strlen(name) > JSON_TEXT_MAX || strlen(back) == strlen(name));
}

static void mutated_input_is_refused_or_within_its_limits(uint32_t seed, uint32_t rounds)
{
	uint32_t i, n, args = 0, entries = 0;
	char str[INPUT_MAX + 1];

	for (i = 0; i < rounds; i++) {
		snprintf(str, sizeof(str), "%s",
				corpus[next_random(&seed) % SPA_N_ELEMENTS(corpus)]);
		for (n = next_random(&seed) % 8; n > 0; n--)
			mutate(str, &seed);
		args += try_args(str);
		entries += try_entry(str);
		try_name(str);
	}
	note("%u inputs: %u were taken as arguments, %u as entries", rounds, args, entries);
	check(args > 0 && entries > 0);
}

static void a_name_that_is_not_utf_8_becomes_a_string_that_is(void)
{
	char json[256];
	struct spa_strbuf b;

	spa_strbuf_init(&b, json, sizeof(json));
	/* a lone continuation, an overlong slash, half a surrogate pair, a start
	 * at the end; and a name that is as it should be */
	json_add_string(&b, "bad", "a\x80\xc0\xaf\xed\xa0\x80z\xe2");
	json_add_string(&b, "good", "K\xc3\xbc" "che \xf0\x9f\x94\x8a");
	check(strcmp(json, ", \"bad\": \"a??????z?\", \"good\": \"K\xc3\xbc" "che \xf0\x9f\x94\x8a\"") == 0);
}

static void a_name_is_cut_between_characters(void)
{
	char name[2 * JSON_TEXT_MAX + 1] = { 0 }, json[JSON_STRING_MAX + 64];
	struct spa_strbuf b;
	uint32_t i;

	for (i = 0; i < JSON_TEXT_MAX; i++)
		memcpy(name + 2 * i, "\xc3\xa4", 2);
	spa_strbuf_init(&b, json, sizeof(json));
	json_add_string(&b, "n", name);
	check_int(strlen(json), strlen(", \"n\": \"\"") + JSON_TEXT_MAX / 2 * 2);
	check(strcmp(json + strlen(json) - 3, "\xc3\xa4\"") == 0);
}

static void a_number_that_no_double_holds_is_refused(void)
{
	check(!try_entry("{ \"gain\": 1e999 }"));
	check(!try_entry("{ \"trim.msec\": -1e999 }"));
	check(!try_entry("{ \"gain\": nan }"));
	check(try_entry("{ \"gain\": 1e-999 }"));
}

static void of_a_key_that_stands_twice_the_last_counts(void)
{
	struct member_entry *e = member_entry_new("a",
			"{ \"target\": \"x\", \"gain\": 0.25, \"target\": \"y\", \"gain\": 0.5 }", NULL, false);
	check(e != NULL && strcmp(e->target, "y") == 0 && e->config.gain == 0.5);
	member_entry_free(e);
}

static void a_value_of_any_length_is_taken_or_refused(void)
{
	static char json[1 << 16];
	uint32_t n;

	for (n = 1; n < sizeof(json) - 64; n = n * 3 / 2 + 1) {
		int pos = snprintf(json, sizeof(json), "{ \"target\": \"");
		memset(json + pos, 'x', n);
		snprintf(json + pos + n, sizeof(json) - pos - n, "\" }");
		check(try_entry(json) == (n < 254));
	}
}

/* In quotes the JSON of the arguments is right whatever the rules are.
 * pw_conf_match_rules() would never return from some of these. */
/* strtoull() takes a sign, and wraps around: this is 400 */
static void a_number_below_nothing_is_refused(void)
{
	check(try_args("{ combine.slew.ppm = 400 }"));
	check(!try_args("{ combine.slew.ppm = -18446744073709551216 }"));
	check(!try_args("{ combine.rate = \" -18446744073709503616\" }"));
	check(!try_args("{ audio.channels = -18446744073709551614 }"));
}

static void rules_that_break_off_are_refused(void)
{
	check(try_args("{ stream.rules = \"[ { matches = [ { a = b } ] actions = "
			"{ create-stream = { } } } ]\" }"));
	check(!try_args("{ stream.rules = \"[ { matches = [ { a = b } ] actions = "
			"{ create-stream = { } ] } } ]\" }"));
	check(!try_args("{ stream.rules = \"[ { matches = [ { a = b } ] actions = "
			"{ create-stream = { a = } } } } ]\" }"));
	check(!try_args("{ stream.rules = \"[ { matches = [ { a = b } ] actions = "
			"{ create-stream = { } x\" }"));
	check(!try_args("{ stream.rules = \"[ { matches = [ { a = b } ] actions = { }\" }"));
	check(!try_args("{ stream.rules = \"[ { matches = [ ] ] actions = { } } ]\" }"));
}

int main(int argc, char **argv)
{
	uint32_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	uint32_t rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : ROUNDS;

	setenv("PIPEWIRE_DEBUG", "0", 1);
	pw_init(NULL, NULL);
	PW_LOG_TOPIC_INIT(mod_topic);
	run(a_name_that_is_not_utf_8_becomes_a_string_that_is);
	run(a_name_is_cut_between_characters);
	run(a_number_that_no_double_holds_is_refused);
	run(a_number_below_nothing_is_refused);
	run(rules_that_break_off_are_refused);
	run(of_a_key_that_stands_twice_the_last_counts);
	run(a_value_of_any_length_is_taken_or_refused);
	mutated_input_is_refused_or_within_its_limits(seed, rounds);
	printf("ok mutated_input_is_refused_or_within_its_limits\n");
	harness_count++;
	pw_deinit();
	return harness_finish();
}
