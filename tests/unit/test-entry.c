/* Test: what is said of a member, field by field */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "log.h"
#include "member/entry.h"

PW_LOG_TOPIC(mod_topic, "test");

static struct member_config merge(const char *rule_role, const char *json)
{
	struct member_config config = MEMBER_CONFIG_INIT;
	struct member_entry *e = member_entry_new("a", json, NULL, true);

	if (rule_role)
		member_config_set(&config, NULL, "role", rule_role);
	check(e != NULL);
	if (e == NULL)
		return config;
	member_config_merge(&config, &e->config, MEMBER_FIELDS);
	member_entry_free(e);
	return config;
}

static void a_field_that_the_entry_says_wins_over_the_rules(void)
{
	check_int(merge("left", "{ \"role\": \"right\" }").role, ROLE_RIGHT);
}

static void a_field_that_it_does_not_say_is_the_rules(void)
{
	struct member_config c = merge("left", "{ \"gain\": 0.5 }");

	check_int(c.role, ROLE_LEFT);
	check(c.gain == 0.5);
	check_int(merge("left", "{ \"role\": null, \"trim.msec\": 2 }").role, ROLE_LEFT);
	check_int(merge(NULL, "{ \"trim.msec\": 2 }").role, ROLE_STEREO);
}

static void a_default_that_is_said_is_said(void)
{
	check_int(merge("left", "{ \"role\": \"stereo\" }").role, ROLE_STEREO);
}

static void one_that_is_refused_is_the_rules_without_a_former_entry(void)
{
	struct member_config c = merge("left", "{ \"role\": \"centre\", \"gain\": 0.5 }");

	check_int(c.role, ROLE_LEFT);
	check(c.gain == 0.5);
}

static void and_as_in_the_former_one_if_there_is_one(void)
{
	struct member_entry *former = member_entry_new("a",
			"{ \"gain\": 0.5, \"include\": false, \"trim.msec\": 3 }", NULL, true), *e;

	e = member_entry_new("a", "{ \"gain\": 2, \"include\": 7, \"role\": \"mono\" }", former, true);
	check(e != NULL && e->refused);
	check(e && e->config.gain == 0.5 && e->has_include && !e->include);
	check(e && e->config.role == ROLE_MONO);
	/* what is not said any more is not said */
	check(e && !(e->config.given & MEMBER_FIELD_TRIM) && e->config.trim_ns == 0);
	member_entry_free(former);
	if (e)
		member_entry_free(e);
}

static void a_target_stays_until_another_one_or_none_is_named(void)
{
	struct member_entry *former = member_entry_new("a", "{ \"target\": \"x\" }", NULL, true);
	static const struct { const char *json, *target; } cases[] = {
		{ "{ }", "x" }, { "{ \"target\": [ ] }", "x" }, { "{ \"target\": \"y\" }", "y" },
		{ "{ \"target\": null }", NULL }, { "{ \"target\": \"\" }", NULL },
	};

	SPA_FOR_EACH_ELEMENT_VAR(cases, c) {
		struct member_entry *e = member_entry_new("a", c->json, former, true);
		check(e && spa_streq(e->target, c->target));
		if (e)
			member_entry_free(e);
	}
	member_entry_free(former);
}

static void an_unknown_field_is_passed_over_and_is_news_once(void)
{
	struct member_entry *first = member_entry_new("a",
			"{ \"colour\": { \"a\": [ 1 ] }, \"gain\": 0.25, \"version\": 1 }", NULL, true), *e;

	check(first && first->unknown && !first->refused && first->config.gain == 0.25);
	check(first && member_entry_is_news(first, NULL));
	e = member_entry_new("a", "{ \"shape\": 1, \"gain\": 0.5 }", first, true);
	check(e && e->unknown && !member_entry_is_news(e, first));
	member_entry_free(first);
	first = e;
	e = member_entry_new("a", "{ \"gain\": 9 }", first, true);
	check(e && !e->unknown && member_entry_is_news(e, first));
	member_entry_free(first);
	if (e)
		member_entry_free(e);
}

static void what_is_no_object_is_no_entry(void)
{
	check(member_entry_new("a", "loud", NULL, true) == NULL);
	check(member_entry_new("a", "{ \"gain\": 0.5", NULL, true) == NULL);
}

int main(void)
{
	pw_init(NULL, NULL);
	PW_LOG_TOPIC_INIT(mod_topic);
	run(a_field_that_the_entry_says_wins_over_the_rules);
	run(a_field_that_it_does_not_say_is_the_rules);
	run(a_default_that_is_said_is_said);
	run(one_that_is_refused_is_the_rules_without_a_former_entry);
	run(and_as_in_the_former_one_if_there_is_one);
	run(a_target_stays_until_another_one_or_none_is_named);
	run(an_unknown_field_is_passed_over_and_is_news_once);
	run(what_is_no_object_is_no_entry);
	pw_deinit();
	return harness_finish();
}
