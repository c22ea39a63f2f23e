/* Who is a member of a group */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/node/command.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/props.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "log.h"
#include "loop-time.h"
#include "member/entry.h"
#include "member/rules.h"
#include "graph/members.h"
#include "names.h"

/* An hour: far beyond anything meant, and sums of it do not overflow */
#define OFFSET_NS_MAX	(3600 * (int64_t)SPA_NSEC_PER_SEC)

const char *speaker_address(const struct speaker *speaker)
{
	return speaker->identity.address;
}

const char *speaker_name(const struct speaker *speaker)
{
	return speaker->identity.name;
}

const struct kind *speaker_kind(const struct speaker *speaker)
{
	return speaker->identity.bluetooth ? &kind_bluetooth : &kind_sink;
}

void speaker_restart(struct speaker *speaker)
{
	struct pw_node *node = (struct pw_node *)speaker->proxy;

	if (node)
		pw_node_send_command(node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend));
}

void speaker_suspend(struct speaker *speaker, uint32_t except)
{
	if (!links_has_other(&speaker->members->links, speaker->id, except))
		speaker_restart(speaker);
}

static struct member_entry *find_entry(struct members *members, const char *address)
{
	struct member_entry *e;
	spa_list_for_each(e, &members->entries, link)
		if (spa_streq(e->address, address))
			return e;
	return NULL;
}

static void speaker_update(struct speaker *speaker)
{
	struct members *members = speaker->members;
	struct pw_properties *stream;
	struct rules_result r;
	bool changed;

	if (!members->active || speaker_address(speaker) == NULL)
		return;
	if ((stream = pw_properties_new(NULL, NULL)) == NULL)
		return;

	r = rules_decide(members->args->rules, args_node_name(members->args), &speaker->props->dict,
			&speaker->identity, find_entry(members, speaker_address(speaker)), stream);
	changed = !member_config_equal(&speaker->config, &r.config);
	speaker->config = r.config;
	pw_properties_free(speaker->rule_props);
	speaker->rule_props = stream;

	if (r.wanted == speaker->wanted) {
		if (r.wanted && changed)
			members->events->changed(members->data, speaker);
		return;
	}
	speaker->wanted = r.wanted;
	pw_log_info("%s is %s member", speaker_address(speaker), r.wanted ? "a" : "no longer a");
	if (r.wanted)
		members->events->added(members->data, speaker);
	else
		members->events->removed(members->data, speaker);
}

static void update_all(struct members *members)
{
	struct speaker *s;
	spa_list_for_each(s, &members->speakers, link)
		speaker_update(s);
}

static void remove_member(struct speaker *speaker)
{
	if (!speaker->wanted)
		return;
	speaker->wanted = false;
	speaker->members->events->removed(speaker->members->data, speaker);
}

static void speaker_free(struct speaker *speaker)
{
	remove_member(speaker);
	spa_list_remove(&speaker->link);
	if (speaker->proxy) {
		struct pw_proxy *proxy = speaker->proxy;
		spa_hook_remove(&speaker->proxy_listener);
		spa_hook_remove(&speaker->object_listener);
		pw_proxy_destroy(proxy);
	}
	identity_finish(&speaker->identity);
	pw_properties_free(speaker->props);
	pw_properties_free(speaker->rule_props);
	free(speaker->serial);
	free(speaker);
}

static void proxy_destroy(void *data)
{
	struct speaker *speaker = data;
	spa_hook_remove(&speaker->proxy_listener);
	spa_hook_remove(&speaker->object_listener);
	speaker->proxy = NULL;
}

static void proxy_error(void *data, int seq, int res, const char *message)
{
	struct speaker *speaker = data;

	if (speaker->wanted)
		speaker->members->events->failed(speaker->members->data, speaker);
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = proxy_destroy,
	.error = proxy_error,
};

static enum member_node node_from_state(enum pw_node_state state)
{
	if (state == PW_NODE_STATE_RUNNING)
		return MEMBER_NODE_RUNNING;
	return state <= PW_NODE_STATE_SUSPENDED ? MEMBER_NODE_SUSPENDED : MEMBER_NODE_IDLE;
}

static void node_state(struct speaker *speaker, enum pw_node_state state)
{
	struct members *members = speaker->members;
	int64_t now_ns = loop_now_ns(pw_context_get_main_loop(members->context));

	if (member_node(&speaker->member, node_from_state(state), speaker->props == NULL, now_ns) &&
	    speaker->wanted)
		members->events->changed(members->data, speaker);
}

/* When its properties have come: the first time, or changed */
static void identify(struct speaker *speaker, bool first)
{
	const struct spa_dict *props = &speaker->props->dict;

	if (first && identity_init(&speaker->identity, props, speaker->owner, speaker->is_bluetooth) == -EACCES)
		pw_log_info("node %u is no speaker: it is not a Bluetooth monitor's, or a restricted client's",
				speaker->id);
	if (speaker_address(speaker) == NULL || identity_fits(&speaker->identity, props))
		return;
	/* What is known of it is filed under what it said that it was: it cannot become another one */
	pw_log_warn("%s, node %u, says that it is another one now: it is no speaker any more",
			speaker_address(speaker), speaker->id);
	remove_member(speaker);
	identity_finish(&speaker->identity);
}

static void node_info(void *data, const struct pw_node_info *info)
{
	struct speaker *speaker = data;
	bool first = speaker->props == NULL;

	if (info->change_mask & PW_NODE_CHANGE_MASK_STATE)
		node_state(speaker, info->state);
	if (!(info->change_mask & PW_NODE_CHANGE_MASK_PROPS) || info->props == NULL)
		return;
	pw_properties_free(speaker->props);
	if ((speaker->props = pw_properties_new_dict(info->props)) == NULL &&
	    (speaker->props = pw_properties_new(NULL, NULL)) == NULL)
		return;
	identify(speaker, first);
	speaker_update(speaker);
}

/* It comes after the latency that has it: that of a speaker whose reports are not believed is worked out with it */
static void hear_offset(struct speaker *speaker, const struct spa_pod *param)
{
	int64_t offset_ns;

	if (param == NULL || spa_pod_parse_object(param, SPA_TYPE_OBJECT_Props, NULL,
			SPA_PROP_latencyOffsetNsec, SPA_POD_Long(&offset_ns)) < 0)
		return;
	offset_ns = SPA_CLAMP(offset_ns, -OFFSET_NS_MAX, OFFSET_NS_MAX);
	if (offset_ns == speaker->offset_ns)
		return;
	speaker->offset_ns = offset_ns;
	if (speaker->wanted)
		speaker->members->events->changed(speaker->members->data, speaker);
}

/* A Bluetooth sink offers what was agreed upon with the device, and nothing else */
static void node_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct speaker *speaker = data;
	int32_t rate;

	if (id == SPA_PARAM_Props)
		hear_offset(speaker, param);
	if (id != SPA_PARAM_EnumFormat || param == NULL || spa_pod_parse_object(param,
			SPA_TYPE_OBJECT_Format, NULL, SPA_FORMAT_AUDIO_rate, SPA_POD_Int(&rate)) < 0)
		return;
	if (rate <= 0 || (uint32_t)rate == speaker->rate)
		return;
	speaker->rate = rate;
	if (speaker->wanted)
		speaker->members->events->changed(speaker->members->data, speaker);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = node_info,
	.param = node_param,
};

/* The registry does not tell what rules match by: api.bluez5.* is only in the
 * node's own properties. */
static void watch_node(struct members *members, uint32_t id, const struct spa_dict *props)
{
	struct speaker *speaker = calloc(1, sizeof(*speaker));
	const char *serial = spa_dict_lookup(props, PW_KEY_OBJECT_SERIAL);

	if (speaker == NULL)
		return;
	speaker->members = members;
	speaker->id = id;
	speaker->owner = owners_find(&members->owners, props);
	speaker->is_bluetooth = owners_is_bluetooth(&members->owners, props);
	speaker->serial = serial ? strdup(serial) : NULL;
	speaker->config = MEMBER_CONFIG_INIT;
	spa_list_append(&members->speakers, &speaker->link);

	speaker->proxy = pw_registry_bind(members->registry, id,
			PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0);
	if (speaker->proxy == NULL) {
		pw_log_warn("can't watch node %u: %m", id);
		speaker_free(speaker);
		return;
	}
	pw_proxy_add_listener(speaker->proxy, &speaker->proxy_listener, &proxy_events, speaker);
	pw_proxy_add_object_listener(speaker->proxy, &speaker->object_listener,
			&node_events, speaker);
	pw_node_subscribe_params((struct pw_node *)speaker->proxy,
			(uint32_t[]) { SPA_PARAM_EnumFormat, SPA_PARAM_Props }, 2);
}

/* Anybody can write anything, and as often as they like: it must not fill the
 * memory nor the log. Whoever owns the object takes out what is too much. */
static struct member_entry *new_entry(struct members *members, const char *address,
		const char *json, const struct member_entry *former)
{
	int64_t now_ns = loop_now_ns(pw_context_get_main_loop(members->context));
	struct member_entry *e;
	int missed;

	if (strlen(address) > METADATA_KEY_LEN_MAX || strlen(json) > METADATA_VALUE_LEN_MAX ||
	    (former == NULL && members->n_entries >= METADATA_MEMBER_MAX))
		return NULL;
	e = member_entry_new(address, json, former, true);
	if (e && !member_entry_is_news(e, former))
		return e;
	missed = spa_ratelimit_test(&members->ratelimit, now_ns);
	if (missed > 0)
		pw_log_error("metadata: %d more values were not valid", missed);
	if (missed < 0)
		return e;
	if (e)
		member_entry_free(e);
	return member_entry_new(address, json, former, false);
}

static void set_entry(struct members *members, const char *address, const char *json)
{
	struct member_entry *old = find_entry(members, address), *e = NULL;
	struct speaker *s;

	if (json && (e = new_entry(members, address, json, old)) == NULL)
		return;
	members->n_entries += (e != NULL) - (old != NULL);
	if (old) {
		spa_list_remove(&old->link);
		member_entry_free(old);
	}
	if (e)
		spa_list_append(&members->entries, &e->link);
	spa_list_for_each(s, &members->speakers, link)
		if (speaker_address(s) && spa_streq(speaker_address(s), address))
			speaker_update(s);
}

static void clear_entries(struct members *members)
{
	struct member_entry *e;
	spa_list_consume(e, &members->entries, link) {
		spa_list_remove(&e->link);
		member_entry_free(e);
	}
	members->n_entries = 0;
}

static bool fits(const char *key, const char *value)
{
	return strlen(key) <= METADATA_KEY_LEN_MAX && strlen(value) <= METADATA_VALUE_LEN_MAX;
}

/* What a client may say of itself; key NULL: nothing any more */
static void client_property(struct members *members, uint32_t client, const char *key, const char *value)
{
	/* Who implements the object may say anything: a value of no key is none */
	if (key == NULL)
		value = NULL;
	else if (!spa_streq(key, BLUEZ_COMBINE_KEY_LEASE) || (value && !fits(key, value)))
		return;
	members->events->lease(members->data, client, owners_client(&members->owners, client, NULL), value);
}

static void metadata_property(void *data, uint32_t subject, const char *key, const char *value)
{
	struct members *members = data;
	const char *status = BLUEZ_COMBINE_KEY_STATUS ".";

	if (subject != 0) {
		client_property(members, subject, key, value);
	} else if (key == NULL) {
		clear_entries(members);
		members->events->calibrated(members->data, NULL, NULL);
		update_all(members);
		/* Somebody has cleared what stood there of ours, too */
		members->events->attached(members->data);
	} else if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_MEMBER)) {
		key += strlen(BLUEZ_COMBINE_KEY_MEMBER);
		if (*key)
			set_entry(members, key, value);
	} else if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_CALIBRATION)) {
		if (value == NULL || fits(key, value))
			members->events->calibrated(members->data, key + strlen(BLUEZ_COMBINE_KEY_CALIBRATION), value);
	} else if (spa_strstartswith(key, status) && value && fits(key, value)) {
		members->events->told(members->data, key + strlen(status));
	}
}

static void metadata_attached(void *data)
{
	struct members *members = data;

	members->events->attached(members->data);
}

static bool metadata_is_client(void *data, uint32_t id)
{
	struct members *members = data;
	bool there;

	owners_client(&members->owners, id, &there);
	return there;
}

bool members_want(const struct members *members, const char *address)
{
	const struct speaker *s;

	spa_list_for_each(s, &members->speakers, link)
		if (s->wanted && spa_streq(speaker_address(s), address))
			return true;
	return false;
}

/* The group's own lines, and what is there of its members */
static bool metadata_in_use(void *data, const char *key)
{
	static const char * const own[] = {
		BLUEZ_COMBINE_KEY_STATUS,
		BLUEZ_COMBINE_KEY_LEASE_TAKEN,
		BLUEZ_COMBINE_KEY_LEASE_REFUSED,
	};
	static const char * const prefixes[] = {
		BLUEZ_COMBINE_KEY_MEMBER,
		BLUEZ_COMBINE_KEY_STATUS ".",
		BLUEZ_COMBINE_KEY_CALIBRATION,
	};

	SPA_FOR_EACH_ELEMENT_VAR(own, o)
		if (spa_streq(key, *o))
			return true;
	SPA_FOR_EACH_ELEMENT_VAR(prefixes, p)
		if (spa_strstartswith(key, *p) && members_want(data, key + strlen(*p)))
			return true;
	return false;
}

static const struct metadata_object_events metadata_events = {
	.property = metadata_property,
	.attached = metadata_attached,
	.in_use = metadata_in_use,
	.is_client = metadata_is_client,
};

int members_ensure_metadata(struct members *members)
{
	return metadata_object_ensure(&members->metadata);
}

void members_init(struct members *members, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, const struct args *args,
		const struct members_events *events, void *data)
{
	spa_zero(*members);
	members->context = context;
	members->registry = registry;
	members->args = args;
	members->events = events;
	members->data = data;
	members->ratelimit = METADATA_RATELIMIT;
	spa_list_init(&members->speakers);
	spa_list_init(&members->entries);
	links_init(&members->links);
	owners_init(&members->owners);
	metadata_object_init(&members->metadata, context, core, registry, args->group, &metadata_events, members);
}

void members_finish(struct members *members)
{
	struct speaker *s;

	if (members->args == NULL)
		return;
	spa_list_consume(s, &members->speakers, link)
		speaker_free(s);
	clear_entries(members);
	links_finish(&members->links);
	owners_finish(&members->owners);
	metadata_object_finish(&members->metadata);
	spa_zero(*members);
}

static void link_changed(struct members *members, uint32_t node)
{
	if (node != SPA_ID_INVALID)
		members->events->linked(members->data, node);
}

void members_global(struct members *members, uint32_t id, const char *type,
		const struct spa_dict *props)
{
	const char *media_class;

	if (props == NULL)
		return;
	owners_global(&members->owners, id, type, props);
	link_changed(members, links_global(&members->links, id, type, props));
	if (spa_streq(type, PW_TYPE_INTERFACE_Metadata)) {
		metadata_object_global(&members->metadata, id, props, &members->owners);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Node)) {
		/* Audio/Sink/Internal too: sinks that are behind a loopback */
		media_class = spa_dict_lookup(props, PW_KEY_MEDIA_CLASS);
		if (media_class && spa_strstartswith(media_class, "Audio/Sink") &&
		    !rules_is_own(args_node_name(members->args), props))
			watch_node(members, id, props);
	}
}

void members_global_remove(struct members *members, uint32_t id)
{
	struct speaker *s;

	if (metadata_is_client(members, id))
		members->events->lease(members->data, id, OWNER_RESTRICTED, NULL);
	owners_global_remove(&members->owners, id);
	link_changed(members, links_global_remove(&members->links, id));
	if (metadata_object_global_remove(&members->metadata, id)) {
		clear_entries(members);
		members->events->calibrated(members->data, NULL, NULL);
		update_all(members);
		members->events->detached(members->data);
		return;
	}
	spa_list_for_each(s, &members->speakers, link) {
		if (s->id == id) {
			speaker_free(s);
			return;
		}
	}
}

void members_activate(struct members *members)
{
	members->active = true;
	update_all(members);
}
