/* The doctor command: what PipeWire has */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "client/json.h"
#include "doctor/doctor.h"
#include "graph/owners.h"
#include "names.h"

/* Only there to end a hang: a daemon answers within milliseconds */
#define ANSWER_LIMIT_SEC	5
/* Globals, then what is bound tells of itself, then the parameters that were asked for */
#define ROUNDS			3

struct survey {
	struct facts *facts;
	const char *metadata;		/* name of the group's object */
	struct pw_main_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct spa_list objects;	/* struct object.link */
	int sync, rounds;
	bool done;
	struct owners owners;
};

/** What is bound */
struct object {
	struct spa_list link;
	struct survey *survey;
	struct pw_proxy *proxy;
	struct spa_hook listener;
	void *fact;			/* a struct fact_*, which is the facts' */
};

static char *dup_item(const struct spa_dict *props, const char *key)
{
	return props ? g_strdup(spa_dict_lookup(props, key)) : NULL;
}

static void take(char **field, const struct spa_dict *props, const char *key)
{
	const char *value = props ? spa_dict_lookup(props, key) : NULL;

	if (value == NULL)
		return;
	g_free(*field);
	*field = g_strdup(value);
}

static void on_node_info(void *data, const struct pw_node_info *info)
{
	struct object *o = data;
	struct fact_node *n = o->fact;

	n->running = info->state == PW_NODE_STATE_RUNNING;
	n->broken = info->state == PW_NODE_STATE_SUSPENDED || info->state == PW_NODE_STATE_ERROR;
	take(&n->description, info->props, PW_KEY_NODE_DESCRIPTION);
	take(&n->api, info->props, PW_KEY_DEVICE_API);
	take(&n->address, info->props, "api.bluez5.address");
	take(&n->profile, info->props, "api.bluez5.profile");
	take(&n->link_group, info->props, PW_KEY_NODE_LINK_GROUP);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
};

static void on_device_info(void *data, const struct pw_device_info *info)
{
	struct object *o = data;
	struct fact_card *c = o->fact;

	take(&c->address, info->props, "api.bluez5.address");
	if (!(info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
		return;
	pw_device_enum_params((struct pw_device *)o->proxy, 0, SPA_PARAM_Profile, 0, UINT32_MAX, NULL);
	pw_device_enum_params((struct pw_device *)o->proxy, 0, SPA_PARAM_Route, 0, UINT32_MAX, NULL);
}

static void read_route(struct fact_card *c, const struct spa_pod *param)
{
	const struct spa_pod *props = NULL;
	int64_t offset_ns = 0;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL,
			SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props)) >= 0 && props &&
	    spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, NULL,
			SPA_PROP_latencyOffsetNsec, SPA_POD_OPT_Long(&offset_ns)) >= 0 && offset_ns != 0)
		c->offset_ns = offset_ns;
}

static void on_device_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		const struct spa_pod *param)
{
	struct object *o = data;
	struct fact_card *c = o->fact;
	const char *name = NULL;

	if (id == SPA_PARAM_Route) {
		read_route(c, param);
	} else if (id == SPA_PARAM_Profile && spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
			SPA_PARAM_PROFILE_name, SPA_POD_OPT_String(&name)) >= 0 && name) {
		g_free(c->profile);
		c->profile = g_strdup(name);
	}
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_device_info,
	.param = on_device_param,
};

static void on_client_info(void *data, const struct pw_client_info *info)
{
	struct object *o = data;
	struct fact_daemon *d = &o->survey->facts->manager;
	const char *is = info->props ? spa_dict_lookup(info->props, "wireplumber.daemon") : NULL;
	const char *pid = info->props ? spa_dict_lookup(info->props, PW_KEY_SEC_PID) : NULL;

	if (is == NULL || !spa_atob(is))
		return;
	d->running = true;
	take(&d->version, info->props, PW_KEY_APP_VERSION);
	if (pid)
		d->pid = atoi(pid);
}

static const struct pw_client_events client_events = {
	PW_VERSION_CLIENT_EVENTS,
	.info = on_client_info,
};

static double number(const char *json, const char *key)
{
	char text[64];
	double value;

	return json_find(json, key, text, sizeof(text)) && spa_atod(text, &value) ? value : 0.0;
}

static void read_stalls(struct facts *f, const char *json)
{
	char text[8];

	f->stutter = json_find(json, "stutter", text, sizeof(text)) && spa_streq(text, "true");
	f->stalls = number(json, "stalls");
	f->stalls_ms = number(json, "stalls.nsec") / SPA_NSEC_PER_MSEC;
	f->longest_ms = number(json, "stalls.longest.nsec") / SPA_NSEC_PER_MSEC;
}

static void read_member(struct facts *f, const char *address, const char *json)
{
	char text[512];
	double msec;

	if (json_find(json, BLUEZ_COMBINE_MEMBER_TARGET, text, sizeof(text)))
		g_hash_table_replace(f->members, g_strdup(address), g_strdup(text));
	if (json_find(json, BLUEZ_COMBINE_MEMBER_INCLUDE, text, sizeof(text)) && spa_streq(text, "false"))
		g_hash_table_remove(f->members, address);
	if (json_find(json, BLUEZ_COMBINE_MEMBER_CORRECTION, text, sizeof(text)) && spa_atod(text, &msec) && msec != 0.0)
		g_hash_table_add(f->corrected, g_strdup(address));
}

static void read_speaker(struct facts *f, const char *address, const char *json)
{
	char text[64];

	if (number(json, "failures") > 0.0 ||
	    (json_find(json, "state", text, sizeof(text)) && spa_streq(text, "gone")))
		g_hash_table_remove(f->taken, address);
	else
		g_hash_table_add(f->taken, g_strdup(address));
}

static char *dup_found(const char *json, const char *key)
{
	char text[512];

	return g_strdup(json_find(json, key, text, sizeof(text)) ? text : "");
}

static void read_source(struct facts *f, const char *address, const char *json)
{
	struct fact_source *s = g_new0(struct fact_source, 1);
	char text[512];

	s->address = g_strdup(address);
	s->taken = json_find(json, "taken", text, sizeof(text)) && spa_streq(text, "true");
	s->why = dup_found(json, "why");
	g_ptr_array_add(f->sources, s);
}

static void read_setting(struct facts *f, const char *name, const char *json)
{
	struct fact_setting *s = g_new0(struct fact_setting, 1);

	s->name = g_strdup(name);
	s->is = dup_found(json, "is");
	s->allowed = dup_found(json, "allowed");
	s->using = dup_found(json, "using");
	g_ptr_array_add(f->settings, s);
}

static int on_group_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	struct object *o = data;
	struct facts *f = o->survey->facts;
	char text[512];

	if (subject != 0 || key == NULL || value == NULL)
		return 0;
	if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_MEMBER)) {
		read_member(f, key + strlen(BLUEZ_COMBINE_KEY_MEMBER), value);
	} else if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_SOURCE)) {
		read_source(f, key + strlen(BLUEZ_COMBINE_KEY_SOURCE), value);
	} else if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_SETTING)) {
		read_setting(f, key + strlen(BLUEZ_COMBINE_KEY_SETTING), value);
	} else if (spa_strstartswith(key, BLUEZ_COMBINE_KEY_STATUS ".")) {
		read_speaker(f, key + strlen(BLUEZ_COMBINE_KEY_STATUS "."), value);
	} else if (spa_streq(key, BLUEZ_COMBINE_KEY_STATUS)) {
		f->playing = json_find(value, "state", text, sizeof(text)) && spa_streq(text, "playing");
		read_stalls(f, value);
		if (json_find(value, "sink", text, sizeof(text)))
			f->sink = g_strdup(text);
	}
	return 0;
}

static const struct pw_metadata_events group_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_group_property,
};

static int on_default_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	struct object *o = data;
	char text[512];

	if (spa_streq(key, "default.audio.sink") && value && json_find(value, "name", text, sizeof(text)))
		o->survey->facts->default_sink = g_strdup(text);
	return 0;
}

static const struct pw_metadata_events default_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_default_property,
};

static void bind(struct survey *g, uint32_t id, const char *type, uint32_t version, const void *events, void *fact)
{
	struct object *o = g_new0(struct object, 1);

	o->survey = g;
	o->fact = fact;
	spa_list_append(&g->objects, &o->link);
	o->proxy = pw_registry_bind(g->registry, id, type, version, 0);
	if (o->proxy)
		pw_proxy_add_object_listener(o->proxy, &o->listener, events, o);
}

static uint32_t dict_id(const struct spa_dict *props, const char *key)
{
	uint32_t id = SPA_ID_INVALID;

	spa_atou32(spa_dict_lookup(props, key), &id, 10);
	return id;
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type, uint32_t version,
		const struct spa_dict *props)
{
	struct survey *g = data;
	struct facts *f = g->facts;
	const char *name = props ? spa_dict_lookup(props, PW_KEY_METADATA_NAME) : NULL;

	if (props == NULL)
		return;
	owners_global(&g->owners, id, type, props);
	if (spa_streq(type, PW_TYPE_INTERFACE_Node)) {
		struct fact_node *n = g_new0(struct fact_node, 1);

		n->id = id;
		n->name = dup_item(props, PW_KEY_NODE_NAME);
		n->class = dup_item(props, PW_KEY_MEDIA_CLASS);
		g_ptr_array_add(f->nodes, n);
		bind(g, id, type, PW_VERSION_NODE, &node_events, n);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Link)) {
		struct fact_link *l = g_new0(struct fact_link, 1);

		l->from = dict_id(props, PW_KEY_LINK_OUTPUT_NODE);
		l->to = dict_id(props, PW_KEY_LINK_INPUT_NODE);
		g_ptr_array_add(f->links, l);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Device) &&
		   spa_streq(spa_dict_lookup(props, PW_KEY_DEVICE_API), "bluez5")) {
		struct fact_card *c = g_new0(struct fact_card, 1);

		g_ptr_array_add(f->cards, c);
		bind(g, id, type, PW_VERSION_DEVICE, &device_events, c);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Client)) {
		bind(g, id, type, PW_VERSION_CLIENT, &client_events, NULL);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Metadata) && spa_streq(name, g->metadata) &&
		   owners_find(&g->owners, props) != OWNER_RESTRICTED) {
		f->policy = true;
		bind(g, id, type, PW_VERSION_METADATA, &group_events, NULL);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Metadata) && spa_streq(name, "default")) {
		bind(g, id, type, PW_VERSION_METADATA, &default_events, NULL);
	}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
};

static void on_core_info(void *data, const struct pw_core_info *info)
{
	struct survey *g = data;
	struct fact_daemon *d = &g->facts->daemon;
	const char *pid = info->props ? spa_dict_lookup(info->props, PW_KEY_APP_PROCESS_ID) : NULL;

	g_free(d->version);
	d->version = g_strdup(info->version);
	d->running = true;
	if (pid)
		d->pid = atoi(pid);
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct survey *g = data;

	if (id != PW_ID_CORE || seq != g->sync)
		return;
	if (++g->rounds < ROUNDS) {
		g->sync = pw_core_sync(g->core, PW_ID_CORE, 0);
		return;
	}
	g->done = true;
	pw_main_loop_quit(g->loop);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct survey *g = data;

	if (id == PW_ID_CORE)
		pw_main_loop_quit(g->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_core_info,
	.done = on_done,
	.error = on_error,
};

static void on_timeout(void *data, uint64_t expirations)
{
	struct survey *g = data;

	pw_main_loop_quit(g->loop);
}

static void survey_finish(struct survey *g)
{
	struct object *o;

	spa_list_consume(o, &g->objects, link) {
		spa_list_remove(&o->link);
		if (o->proxy) {
			spa_hook_remove(&o->listener);
			pw_proxy_destroy(o->proxy);
		}
		g_free(o);
	}
	if (g->registry) {
		spa_hook_remove(&g->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)g->registry);
	}
	if (g->core) {
		spa_hook_remove(&g->core_listener);
		pw_core_disconnect(g->core);
	}
	if (g->context)
		pw_context_destroy(g->context);
	if (g->loop)
		pw_main_loop_destroy(g->loop);
}

static void read_all(struct survey *g)
{
	struct timespec limit = { .tv_sec = ANSWER_LIMIT_SEC };
	struct pw_loop *loop = pw_main_loop_get_loop(g->loop);
	struct spa_source *timer = pw_loop_add_timer(loop, on_timeout, g);

	pw_loop_update_timer(loop, timer, &limit, NULL, false);
	pw_core_add_listener(g->core, &g->core_listener, &core_events, g);
	g->registry = pw_core_get_registry(g->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(g->registry, &g->registry_listener, &registry_events, g);
	g->sync = pw_core_sync(g->core, PW_ID_CORE, 0);
	pw_main_loop_run(g->loop);
	pw_loop_destroy_source(loop, timer);
}

void facts_read_graph(struct facts *f, const char *remote, const char *group)
{
	g_autofree char *metadata = spa_streq(group, BLUEZ_COMBINE_GROUP_DEFAULT) ?
		g_strdup(BLUEZ_COMBINE_METADATA) : g_strdup_printf(BLUEZ_COMBINE_METADATA ".%s", group);
	struct survey g = { .facts = f, .metadata = metadata };

	/* libpipewire prefers the environment to the property */
	if (remote)
		setenv("PIPEWIRE_REMOTE", remote, true);
	spa_list_init(&g.objects);
	owners_init(&g.owners);
	if ((g.loop = pw_main_loop_new(NULL)) &&
	    (g.context = pw_context_new(pw_main_loop_get_loop(g.loop), NULL, 0)) &&
	    (g.core = pw_context_connect(g.context, NULL, 0)))
		read_all(&g);
	f->pipewire = g.done;
	survey_finish(&g);
	owners_finish(&g.owners);
}
