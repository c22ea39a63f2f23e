/* Module arguments */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/debug/log.h>
#include <spa/param/audio/raw-json.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "args.h"
#include "timing/keep-warm.h"
#include "log.h"
#include "member/config.h"
#include "names.h"
#include "value.h"

#define DEFAULT_POSITION	"[ FL FR ]"
#define DEFAULT_DESCRIPTION	"Bluetooth speakers (combined)"
#define DEFAULT_HEADROOM_MSEC	30.0
#define DEFAULT_MAX_DELAY_MSEC	2000.0
#define DEFAULT_KEEP_WARM_MSEC	0.0
#define DEFAULT_KEEP_WARM_LEVEL	1
/* 0.9 cent; a change of pitch of 3 to 6 cents can be heard in a pure tone */
#define DEFAULT_SLEW_PPM	500
#define DEFAULT_QUANTUM		0	/* group-quantum.c chooses */
/* What PipeWire negotiates with a speaker that takes both 44.1 and 48 kHz, as
 * every A2DP sink must: no resampling on the way to the speakers. */
#define DEFAULT_RATE		48000
/* Every A2DP speaker that BlueZ has connected */
#define DEFAULT_RULES \
	"[ { matches = [ { media.class = \"Audio/Sink\" api.bluez5.profile = \"a2dp-sink\" } ]" \
	"    actions = { create-stream = { } } } ]"

/* For games and video. Not a smaller quantum: with one of 256 the Echo is heard 15 ms later,
 * measured: that much longer from its packets to our sink, in PipeWire's decode buffer. */
#define LOW_LATENCY_HEADROOM_MSEC	0.0

#define HEADROOM_MSEC_MAX	500.0
#define KEEP_WARM_MSEC_MAX	3600000.0
/* -50 dBFS: as loud as a quiet room where music is loud */
#define KEEP_WARM_LEVEL_MAX	100
/* Within the longest history that the fan-out keeps */
#define MAX_DELAY_MSEC_MAX	4000.0
#define SLEW_PPM_MAX		5000
#define QUANTUM_MIN		64
#define QUANTUM_MAX		8192
#define RATE_MIN		8000
#define RATE_MAX		192000
#define GROUP_LEN_MAX		64

static int get_msec(const struct pw_properties *props, const char *key,
		double def, double max, int64_t *ns)
{
	const char *str = pw_properties_get(props, key);
	if (str == NULL) {
		*ns = llrint(def * SPA_NSEC_PER_MSEC);
		return 0;
	}
	return value_msec("module arguments", key, str, 0.0, max, ns);
}

/* strtoull() takes a sign as well, and wraps around */
static bool parse_uint(const char *str, uint32_t *value)
{
	return strspn(str, "0123456789") == strlen(str) && spa_atou32(str, value, 10);
}

static int get_uint(const struct pw_properties *props, const char *key,
		uint32_t def, uint32_t min, uint32_t max, bool power_of_two, uint32_t *value)
{
	const char *str = pw_properties_get(props, key);
	char allowed[96];

	*value = def;
	if (str == NULL)
		return 0;
	if (!parse_uint(str, value) || *value < min || *value > max ||
	    (power_of_two && (*value & (*value - 1)) != 0)) {
		snprintf(allowed, sizeof(allowed), "a %s from %u to %u",
				power_of_two ? "power of two" : "whole number", min, max);
		value_refuse("module arguments", key, str, allowed);
		return -EINVAL;
	}
	return 0;
}

/* combine-stream's arguments that mean the same thing here, and our own */
static const char * const known_args[] = {
	BLUEZ_COMBINE_ARG_GROUP,
	BLUEZ_COMBINE_ARG_PROPS,
	BLUEZ_COMBINE_ARG_STREAM_PROPS,
	BLUEZ_COMBINE_ARG_STREAM_RULES,
	BLUEZ_COMBINE_ARG_HEADROOM,
	BLUEZ_COMBINE_ARG_MAX_DELAY,
	BLUEZ_COMBINE_ARG_UNALIGNED,
	BLUEZ_COMBINE_ARG_SLEW,
	BLUEZ_COMBINE_ARG_QUANTUM,
	BLUEZ_COMBINE_ARG_RATE,
	BLUEZ_COMBINE_ARG_KEEP_WARM,
	BLUEZ_COMBINE_ARG_KEEP_WARM_ALWAYS,
	BLUEZ_COMBINE_ARG_KEEP_WARM_LEVEL,
	BLUEZ_COMBINE_ARG_LOW_LATENCY,
	PW_KEY_NODE_NAME,
	PW_KEY_NODE_DESCRIPTION,
	PW_KEY_AUDIO_CHANNELS,
	SPA_KEY_AUDIO_POSITION,
	PW_KEY_REMOTE_NAME,
};

static int check_keys(const struct pw_properties *props)
{
	const struct spa_dict_item *it;

	/* The items of an empty dictionary are NULL, which spa_dict_for_each() adds to */
	if (props->dict.n_items == 0)
		return 0;
	spa_dict_for_each(it, &props->dict) {
		bool known = false;
		SPA_FOR_EACH_ELEMENT_VAR(known_args, k)
			known = known || spa_streq(it->key, *k);
		if (known)
			continue;
		pw_log_error("module arguments: '%.64s' = '%.256s' is not known: expected "
				"combine.{group,props,headroom.msec,max-delay.msec,unaligned,slew.ppm,quantum,rate,"
				"keep-warm.{msec,always,level},low-latency}, "
				"stream.{props,rules}, node.{name,description}, "
				"audio.{channels,position} or remote.name", it->key, it->value);
		return -EINVAL;
	}
	return 0;
}

/* The slowest member is delayed by the headroom */
static int check_room(const struct pw_properties *props, const struct args *args)
{
	const char *str = pw_properties_get(props, BLUEZ_COMBINE_ARG_MAX_DELAY);

	if (args->max_delay_ns >= args->headroom_ns)
		return 0;
	value_refuse("module arguments", BLUEZ_COMBINE_ARG_MAX_DELAY, str ? str : "(default)",
			"at least " BLUEZ_COMBINE_ARG_HEADROOM);
	return -EINVAL;
}

static int get_group(const struct pw_properties *props, struct args *args)
{
	const char *str = pw_properties_get(props, BLUEZ_COMBINE_ARG_GROUP);
	size_t len, i;

	if (str == NULL)
		str = BLUEZ_COMBINE_GROUP_DEFAULT;

	/* It becomes part of node names and of a metadata name */
	len = strlen(str);
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)str[i]) && strchr("_-", str[i]) == NULL)
			break;
	if (len == 0 || len > GROUP_LEN_MAX || i < len) {
		value_refuse("module arguments", BLUEZ_COMBINE_ARG_GROUP, str,
				"1 to 64 letters, digits, '_' or '-'");
		return -EINVAL;
	}
	args->group = strdup(str);
	return args->group ? 0 : -ENOMEM;
}

static bool contains(const uint32_t *positions, uint32_t n, uint32_t position)
{
	for (uint32_t i = 0; i < n; i++)
		if (positions[i] == position)
			return true;
	return false;
}

static int get_position(const struct pw_properties *props, struct args *args)
{
	const char *str = pw_properties_get(props, SPA_KEY_AUDIO_POSITION);
	const char *allowed = "a list of 1 to 8 channel names, each of them once, such as [ FL FR ]";
	uint32_t i, channels = 0, positions[SPA_AUDIO_MAX_CHANNELS];

	if (str == NULL)
		str = DEFAULT_POSITION;
	if (spa_audio_parse_position(str, strlen(str), positions, &channels) < 0 ||
	    channels < 1 || channels > ROLE_CHANNELS_MAX) {
		value_refuse("module arguments", SPA_KEY_AUDIO_POSITION, str, allowed);
		return -EINVAL;
	}
	for (i = 0; i < channels; i++) {
		if (positions[i] == SPA_AUDIO_CHANNEL_UNKNOWN || positions[i] == SPA_AUDIO_CHANNEL_NA ||
		    contains(positions, i, positions[i])) {
			value_refuse("module arguments", SPA_KEY_AUDIO_POSITION, str, allowed);
			return -EINVAL;
		}
		args->info.position[i] = positions[i];
	}
	args->info.format = SPA_AUDIO_FORMAT_F32P;
	args->info.channels = channels;

	if ((str = pw_properties_get(props, PW_KEY_AUDIO_CHANNELS)) != NULL) {
		uint32_t n;
		if (!parse_uint(str, &n) || n != channels) {
			value_refuse("module arguments", PW_KEY_AUDIO_CHANNELS, str,
					"as many channels as audio.position names");
			return -EINVAL;
		}
	}
	return 0;
}

/* A rule is only acted on when a speaker appears, and that is late to be told that it says
 * something wrong of it. What is wrong there counts as not said. */
static void check_member_field(const char *key, const char *value, int len)
{
	struct member_config config = MEMBER_CONFIG_INIT;
	char str[64];

	if (spa_json_is_null(value, len))
		return;
	if (member_field_find(key) == 0)
		pw_log_warn(BLUEZ_COMBINE_ARG_STREAM_RULES ": unknown field '" MEMBER_CONFIG_PREFIX "%s', "
				"ignored: known are " MEMBER_FIELD_NAMES, key);
	else if (spa_json_is_container(value, len) || spa_json_parse_stringn(value, len, str, sizeof(str)) <= 0)
		member_config_set(&config, BLUEZ_COMBINE_ARG_STREAM_RULES, key, "[ ... ]");
	else
		member_config_set(&config, BLUEZ_COMBINE_ARG_STREAM_RULES, key, str);
}

/* create-stream, an object */
static bool actions_are_valid(struct spa_json *actions)
{
	struct spa_json props;
	char key[64];
	const char *value;
	int len;

	while ((len = spa_json_object_next(actions, key, sizeof(key), &value)) > 0) {
		if (!spa_streq(key, "create-stream") || !spa_json_is_object(value, len))
			return false;
		spa_json_enter(actions, &props);
		while ((len = spa_json_object_next(&props, key, sizeof(key), &value)) > 0)
			if (spa_strstartswith(key, MEMBER_CONFIG_PREFIX))
				check_member_field(key + strlen(MEMBER_CONFIG_PREFIX), value, len);
		if (len < 0)
			return false;
	}
	return len == 0;
}

/* One rule: an object with matches, an array, and actions, an object that knows
 * create-stream only. pw_conf_match_rules() passes over what it cannot read, and
 * in 1.4.2 never returns where actions break off. */
static bool rule_is_valid(struct spa_json *rule)
{
	struct spa_json sub;
	char key[64];
	const char *value;
	bool have_matches = false, have_actions = false;
	int len;

	while ((len = spa_json_object_next(rule, key, sizeof(key), &value)) > 0) {
		if (spa_streq(key, "matches")) {
			if (!spa_json_is_array(value, len))
				return false;
			have_matches = true;
		} else if (spa_streq(key, "actions")) {
			if (!spa_json_is_object(value, len))
				return false;
			spa_json_enter(rule, &sub);
			if (!actions_are_valid(&sub))
				return false;
			have_actions = true;
		} else {
			return false;
		}
	}
	return len == 0 && have_matches && have_actions;
}

static int get_rules(const struct pw_properties *props, struct args *args)
{
	const char *str = pw_properties_get(props, BLUEZ_COMBINE_ARG_STREAM_RULES);
	struct spa_json it, rule;
	bool valid = true;
	const char *value;
	int len = 0;

	if (str == NULL)
		str = DEFAULT_RULES;

	if (spa_json_begin_array(&it, str, strlen(str)) <= 0)
		valid = false;
	while (valid && (len = spa_json_next(&it, &value)) > 0) {
		if (!spa_json_is_object(value, len)) {
			valid = false;
			break;
		}
		spa_json_enter(&it, &rule);
		valid = rule_is_valid(&rule);
	}
	if (!valid || len < 0) {
		value_refuse("module arguments", BLUEZ_COMBINE_ARG_STREAM_RULES, str,
				"[ { matches = [ { <property> = <value> } ] "
				"actions = { create-stream = { <property> = <value> } } } ]");
		return -EINVAL;
	}
	args->rules = strdup(str);
	return args->rules ? 0 : -ENOMEM;
}

static int get_dict(const struct pw_properties *props, const char *key,
		struct pw_properties **dict)
{
	const char *str = pw_properties_get(props, key);

	if ((*dict = pw_properties_new(NULL, NULL)) == NULL)
		return -errno;
	if (str == NULL)
		return 0;
	if (!spa_json_is_object(str, strlen(str)) ||
	    pw_properties_update_string(*dict, str, strlen(str)) < 0) {
		value_refuse("module arguments", key, str, "{ <property> = <value> ... }");
		return -EINVAL;
	}
	return 0;
}

static int get_bool(const struct pw_properties *props, const char *key, bool *value)
{
	const char *str = pw_properties_get(props, key);

	*value = spa_streq(str, "true");
	if (str == NULL || *value || spa_streq(str, "false"))
		return 0;
	value_refuse("module arguments", key, str, "true or false");
	return -EINVAL;
}

static int get_keep_warm(const struct pw_properties *props, struct args *args)
{
	bool always;
	int res;

	if ((res = get_msec(props, BLUEZ_COMBINE_ARG_KEEP_WARM, DEFAULT_KEEP_WARM_MSEC,
			    KEEP_WARM_MSEC_MAX, &args->keep_warm_ns)) < 0 ||
	    (res = get_bool(props, BLUEZ_COMBINE_ARG_KEEP_WARM_ALWAYS, &always)) < 0)
		return res;
	if (always)
		args->keep_warm_ns = KEEP_WARM_ALWAYS;
	return get_uint(props, BLUEZ_COMBINE_ARG_KEEP_WARM_LEVEL, DEFAULT_KEEP_WARM_LEVEL,
			1, KEEP_WARM_LEVEL_MAX, false, &args->keep_warm_level);
}

static int get_unaligned(const struct pw_properties *props, struct args *args)
{
	const char *str = pw_properties_get(props, BLUEZ_COMBINE_ARG_UNALIGNED);

	if (str == NULL || spa_streq(str, "play"))
		args->mute_unaligned = false;
	else if (spa_streq(str, "mute"))
		args->mute_unaligned = true;
	else {
		value_refuse("module arguments", BLUEZ_COMBINE_ARG_UNALIGNED, str, "play or mute");
		return -EINVAL;
	}
	return 0;
}

/* Names as the user sees them, and what keeps the session manager from treating
 * a group as several unrelated streams. */
static void fill_names(const struct pw_properties *props, struct args *args)
{
	struct pw_properties *sink = args->sink_props, *out = args->stream_props;
	char name[GROUP_LEN_MAX + 32];
	const char *str;

	snprintf(name, sizeof(name), BLUEZ_COMBINE_NODE_PREFIX "%s", args->group);
	if ((str = pw_properties_get(props, PW_KEY_NODE_NAME)) == NULL)
		str = name;
	properties_set_default(sink, PW_KEY_NODE_NAME, str);
	if ((str = pw_properties_get(props, PW_KEY_NODE_DESCRIPTION)) == NULL)
		str = DEFAULT_DESCRIPTION;
	properties_set_default(sink, PW_KEY_NODE_DESCRIPTION, str);

	/* The node.group is what our driver drives; it is not the user's to change,
	 * and neither is the link group, which keeps our outputs off our own sink. */
	pw_properties_set(sink, PW_KEY_NODE_GROUP, name);
	pw_properties_set(sink, PW_KEY_NODE_LINK_GROUP, name);
	pw_properties_set(out, PW_KEY_NODE_GROUP, name);
	pw_properties_set(out, PW_KEY_NODE_LINK_GROUP, name);
}

int args_init(struct args *args, const char *str)
{
	struct spa_error_location loc = { 0 };
	struct pw_properties *props;
	const char *remote;
	bool low = false;
	int res;

	spa_zero(*args);
	if (str == NULL)
		str = "";

	props = pw_properties_new_string_checked(str, strlen(str), &loc);
	if (props == NULL) {
		res = -errno;
		if (loc.reason)
			spa_debug_log_error_location(pw_log_get(), SPA_LOG_LEVEL_ERROR, &loc,
					"module arguments are not valid: %s", loc.reason);
		else
			pw_log_error("module arguments are not valid: expected { <key> = <value> ... }");
		return res;
	}
	if ((res = check_keys(props)) < 0 ||
	    (res = get_group(props, args)) < 0 ||
	    (res = get_position(props, args)) < 0 ||
	    (res = get_rules(props, args)) < 0 ||
	    (res = get_dict(props, BLUEZ_COMBINE_ARG_PROPS, &args->sink_props)) < 0 ||
	    (res = get_dict(props, BLUEZ_COMBINE_ARG_STREAM_PROPS, &args->stream_props)) < 0 ||
	    (res = get_bool(props, BLUEZ_COMBINE_ARG_LOW_LATENCY, &low)) < 0 ||
	    (res = get_msec(props, BLUEZ_COMBINE_ARG_HEADROOM,
			    low ? LOW_LATENCY_HEADROOM_MSEC : DEFAULT_HEADROOM_MSEC,
			    HEADROOM_MSEC_MAX, &args->headroom_ns)) < 0 ||
	    (res = get_keep_warm(props, args)) < 0 ||
	    (res = get_msec(props, BLUEZ_COMBINE_ARG_MAX_DELAY, DEFAULT_MAX_DELAY_MSEC,
			    MAX_DELAY_MSEC_MAX, &args->max_delay_ns)) < 0 ||
	    (res = check_room(props, args)) < 0 ||
	    (res = get_unaligned(props, args)) < 0 ||
	    (res = get_uint(props, BLUEZ_COMBINE_ARG_SLEW, DEFAULT_SLEW_PPM,
			    0, SLEW_PPM_MAX, false, &args->slew_ppm)) < 0 ||
	    (res = get_uint(props, BLUEZ_COMBINE_ARG_QUANTUM, DEFAULT_QUANTUM,
			    QUANTUM_MIN, QUANTUM_MAX, true, &args->quantum)) < 0 ||
	    (res = get_uint(props, BLUEZ_COMBINE_ARG_RATE, DEFAULT_RATE,
			    RATE_MIN, RATE_MAX, false, &args->rate)) < 0)
		goto error;

	if ((remote = pw_properties_get(props, PW_KEY_REMOTE_NAME)) != NULL &&
	    (args->remote = strdup(remote)) == NULL) {
		res = -errno;
		goto error;
	}
	fill_names(props, args);
	pw_properties_free(props);
	return 0;

error:
	pw_properties_free(props);
	args_finish(args);
	return res;
}

void properties_set_default(struct pw_properties *props, const char *key, const char *value)
{
	if (pw_properties_get(props, key) == NULL)
		pw_properties_set(props, key, value);
}

void args_finish(struct args *args)
{
	free(args->group);
	free(args->remote);
	free(args->rules);
	pw_properties_free(args->sink_props);
	pw_properties_free(args->stream_props);
	spa_zero(*args);
}

const char *args_node_name(const struct args *args)
{
	return pw_properties_get(args->sink_props, PW_KEY_NODE_NAME);
}
