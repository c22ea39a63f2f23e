/* Which sinks become members, by rules and by the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <spa/utils/string.h>

#include "member/rules.h"
#include "names.h"

/* A sink can have any name, but the link group of each is made from its group's. */
bool rules_is_own(const char *own, const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_NODE_NAME);
	const char *str = spa_dict_lookup(props, PW_KEY_NODE_LINK_GROUP);

	return (name && spa_strstartswith(name, BLUEZ_COMBINE_NODE_PREFIX)) ||
		(str && spa_strstartswith(str, BLUEZ_COMBINE_NODE_PREFIX)) ||
		(name && spa_streq(name, own));
}

/* A speaker that has a microphone gets another sink for a call, often of the same name. Music does not
 * belong there, whoever says so. */
static bool is_for_calls(const struct spa_dict *props)
{
	const char *profile = spa_dict_lookup(props, "api.bluez5.profile");

	return profile && spa_strstartswith(profile, "headset-");
}

struct match {
	struct member_config *config;
	struct pw_properties *stream;
	bool matched;
};

static int rule_matched(void *data, const char *location, const char *action,
		const char *str, size_t len)
{
	struct match *match = data;
	const char *name, *value;
	char key[64];
	uint32_t i;

	if (!spa_streq(action, "create-stream"))
		return 0;
	match->matched = true;
	pw_properties_update_string(match->stream, str, len);

	/* What create-stream holds besides properties of the stream */
	for (i = 0; (name = member_field_name(i)) != NULL; i++) {
		snprintf(key, sizeof(key), MEMBER_CONFIG_PREFIX "%s", name);
		if ((value = pw_properties_get(match->stream, key)) == NULL)
			continue;
		/* What is wrong there was told when the module was loaded */
		member_config_set(match->config, NULL, name, value);
		pw_properties_set(match->stream, key, NULL);
	}
	return 0;
}

static bool is_wanted(const struct member_entry *entry, const char *name, bool matched)
{
	if (entry == NULL)
		return matched;
	if (entry->has_include && !entry->include)
		return false;
	if (entry->target)
		return spa_streq(entry->target, name);
	return matched || (entry->has_include && entry->include);
}

struct rules_result rules_decide(const char *rules, const char *own, const struct spa_dict *props,
		const struct identity *identity, const struct member_entry *entry,
		struct pw_properties *stream)
{
	struct rules_result result = { .config = MEMBER_CONFIG_INIT };
	struct match match = { .config = &result.config, .stream = stream };

	if (rules_is_own(own, props) || is_for_calls(props))
		return result;
	pw_conf_match_rules(rules, strlen(rules), BLUEZ_COMBINE_MODULE, props, rule_matched, &match);
	if (entry)
		member_config_merge(&result.config, &entry->config, MEMBER_FIELDS);
	result.wanted = is_wanted(entry, identity->name, match.matched);
	return result;
}
