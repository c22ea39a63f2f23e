/* The PipeWire graph as a client sees it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <pipewire/extensions/metadata.h>
#include <pipewire/impl.h>
#include <spa/utils/json.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "names.h"
#include "stage/graph-device.h"
#include "stage/graph.h"

static void node_info(void *data, const struct pw_node_info *info)
{
	struct graph_node *n = data;

	n->state = info->state;
	if (info->props != NULL)
		pw_properties_update(n->props, info->props);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = node_info,
};

static void node_free(struct graph_node *n)
{
	spa_list_remove(&n->link);
	if (n->proxy != NULL) {
		spa_hook_remove(&n->listener);
		spa_hook_remove(&n->proxy_listener);
		pw_proxy_destroy(n->proxy);
	}
	pw_properties_free(n->props);
	free(n);
}

static void node_proxy_destroy(void *data)
{
	struct graph_node *n = data;

	spa_hook_remove(&n->listener);
	spa_hook_remove(&n->proxy_listener);
	n->proxy = NULL;
}

static const struct pw_proxy_events node_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = node_proxy_destroy,
};

static void add_node(struct graph *g, uint32_t id, const struct spa_dict *props)
{
	struct graph_node *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return;
	n->graph = g;
	n->id = id;
	n->props = pw_properties_new_dict(props);
	spa_list_append(&g->nodes, &n->link);
	n->proxy = pw_registry_bind(g->registry, id, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0);
	if (n->proxy != NULL) {
		pw_proxy_add_listener(n->proxy, &n->proxy_listener, &node_proxy_events, n);
		pw_node_add_listener((struct pw_node *)n->proxy, &n->listener, &node_events, n);
	}
}

static uint32_t dict_id(const struct spa_dict *props, const char *key)
{
	const char *s = props ? spa_dict_lookup(props, key) : NULL;

	return s ? (uint32_t)atoi(s) : SPA_ID_INVALID;
}

static void add_port(struct graph *g, uint32_t id, const struct spa_dict *props)
{
	struct graph_port *p = calloc(1, sizeof(*p));
	const char *name = props ? spa_dict_lookup(props, PW_KEY_PORT_NAME) : NULL;

	if (p == NULL)
		return;
	p->id = id;
	p->node = dict_id(props, PW_KEY_NODE_ID);
	p->name = strdup(name ? name : "?");
	spa_list_append(&g->ports, &p->link);
}

static void add_link(struct graph *g, uint32_t id, const struct spa_dict *props)
{
	struct graph_link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	l->id = id;
	l->out_node = dict_id(props, PW_KEY_LINK_OUTPUT_NODE);
	l->out_port = dict_id(props, PW_KEY_LINK_OUTPUT_PORT);
	l->in_node = dict_id(props, PW_KEY_LINK_INPUT_NODE);
	l->in_port = dict_id(props, PW_KEY_LINK_INPUT_PORT);
	spa_list_append(&g->links, &l->link);
}

static void set_name(char **where, const char *value)
{
	char name[256];

	free(*where);
	*where = NULL;
	if (value != NULL && spa_json_str_object_find(value, strlen(value), "name",
				name, sizeof(name)) > 0)
		*where = strdup(name);
}

static int metadata_property(void *data, uint32_t subject, const char *key,
		const char *type, const char *value)
{
	struct graph *g = data;

	if (subject != 0)
		return 0;
	if (key == NULL || spa_streq(key, "default.audio.sink"))
		set_name(&g->default_sink, key ? value : NULL);
	if (key == NULL || spa_streq(key, "default.configured.audio.sink"))
		set_name(&g->configured_sink, key ? value : NULL);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = metadata_property,
};

static void metadata_destroy(void *data)
{
	struct graph *g = data;

	spa_hook_remove(&g->metadata_listener);
	spa_hook_remove(&g->metadata_proxy_listener);
	g->metadata = NULL;
	set_name(&g->default_sink, NULL);
	set_name(&g->configured_sink, NULL);
}

static const struct pw_proxy_events metadata_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = metadata_destroy,
};

static int combine_property(void *data, uint32_t subject, const char *key,
		const char *type, const char *value)
{
	struct graph *g = data;

	if (subject != 0) {
		if (key != NULL && strcmp(key, BLUEZ_COMBINE_KEY_TRACK) != 0)
			return 0;
		g_free(g->tracking);
		g->tracking = g_strdup(value);
		return 0;
	}
	if (key == NULL)
		g_hash_table_remove_all(g->combine_values);
	else if (value == NULL)
		g_hash_table_remove(g->combine_values, key);
	else
		g_hash_table_insert(g->combine_values, g_strdup(key), g_strdup(value));
	return 0;
}

static const struct pw_metadata_events combine_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = combine_property,
};

static void combine_removed(void *data)
{
	struct graph *g = data;

	pw_proxy_destroy((struct pw_proxy *)g->combine);
}

static void combine_destroy(void *data)
{
	struct graph *g = data;

	spa_hook_remove(&g->combine_listener);
	spa_hook_remove(&g->combine_proxy_listener);
	g->combine = NULL;
}

static const struct pw_proxy_events combine_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = combine_destroy,
	.removed = combine_removed,
};

static void add_combine(struct graph *g, uint32_t id)
{
	g->combine = pw_registry_bind(g->registry, id, PW_TYPE_INTERFACE_Metadata,
			PW_VERSION_METADATA, 0);
	if (g->combine == NULL)
		return;
	pw_proxy_add_listener((struct pw_proxy *)g->combine, &g->combine_proxy_listener,
			&combine_proxy_events, g);
	pw_metadata_add_listener(g->combine, &g->combine_listener, &combine_events, g);
}

double graph_combine_number(const struct graph *g, const char *key, const char *field)
{
	const char *json = g_hash_table_lookup(g->combine_values, key);
	char text[64];

	if (json == NULL || spa_json_str_object_find(json, strlen(json), field, text, sizeof(text)) <= 0)
		return NAN;
	return g_ascii_strtod(text, NULL);
}

char *graph_combine_string(const struct graph *g, const char *key, const char *field)
{
	const char *json = g_hash_table_lookup(g->combine_values, key);
	char text[512];

	if (json == NULL || spa_json_str_object_find(json, strlen(json), field, text, sizeof(text)) <= 0)
		return NULL;
	return g_strdup(text);
}

uint32_t graph_client(const struct graph *g)
{
	return pw_proxy_get_bound_id((struct pw_proxy *)pw_core_get_client(g->core));
}

void graph_set_metadata(struct graph *g, bool combine, uint32_t subject, const char *key,
			const char *type, const char *value)
{
	struct pw_metadata *m = combine ? g->combine : g->metadata;

	if (m != NULL)
		pw_metadata_set_property(m, subject, key, type, value);
}

static void add_metadata(struct graph *g, uint32_t id, const struct spa_dict *props)
{
	const char *name = props ? spa_dict_lookup(props, PW_KEY_METADATA_NAME) : NULL;

	if (g->combine == NULL && spa_streq(name, BLUEZ_COMBINE_METADATA))
		add_combine(g, id);
	if (g->metadata != NULL || !spa_streq(name, "default"))
		return;
	g->metadata = pw_registry_bind(g->registry, id, PW_TYPE_INTERFACE_Metadata,
			PW_VERSION_METADATA, 0);
	if (g->metadata == NULL)
		return;
	g->metadata_id = id;
	pw_proxy_add_listener((struct pw_proxy *)g->metadata, &g->metadata_proxy_listener,
			&metadata_proxy_events, g);
	pw_metadata_add_listener(g->metadata, &g->metadata_listener, &metadata_events, g);
}

static void registry_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		uint32_t version, const struct spa_dict *props)
{
	struct graph *g = data;

	if (spa_streq(type, PW_TYPE_INTERFACE_Node))
		add_node(g, id, props);
	else if (spa_streq(type, PW_TYPE_INTERFACE_Port))
		add_port(g, id, props);
	else if (spa_streq(type, PW_TYPE_INTERFACE_Link))
		add_link(g, id, props);
	else if (spa_streq(type, PW_TYPE_INTERFACE_Device))
		graph_device_add(g, id, props);
	else if (spa_streq(type, PW_TYPE_INTERFACE_Metadata))
		add_metadata(g, id, props);
}

static void port_free(struct graph_port *p)
{
	spa_list_remove(&p->link);
	free(p->name);
	free(p);
}

static void link_free(struct graph_link *l)
{
	spa_list_remove(&l->link);
	free(l);
}

static void registry_global_remove(void *data, uint32_t id)
{
	struct graph *g = data;
	struct graph_device *d;
	struct graph_node *n;
	struct graph_port *p;
	struct graph_link *l;

	spa_list_for_each(d, &g->devices, link)
		if (d->id == id)
			return graph_device_free(d);
	spa_list_for_each(n, &g->nodes, link)
		if (n->id == id)
			return node_free(n);
	spa_list_for_each(p, &g->ports, link)
		if (p->id == id)
			return port_free(p);
	spa_list_for_each(l, &g->links, link)
		if (l->id == id)
			return link_free(l);
	if (g->metadata != NULL && id == g->metadata_id)
		pw_proxy_destroy((struct pw_proxy *)g->metadata);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = registry_global,
	.global_remove = registry_global_remove,
};

static void core_done(void *data, uint32_t id, int seq)
{
	struct graph *g = data;

	if (id == PW_ID_CORE)
		g->synced = seq;
}

static void core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct graph *g = data;

	if (id == PW_ID_CORE && res == -EPIPE)
		g->lost = true;
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = core_done,
	.error = core_error,
};

struct graph *graph_new(struct pw_loop *loop, const char *remote)
{
	struct graph *g = calloc(1, sizeof(*g));
	int err;

	if (g == NULL)
		return NULL;
	g->combine_values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	spa_list_init(&g->nodes);
	spa_list_init(&g->ports);
	spa_list_init(&g->links);
	spa_list_init(&g->devices);
	/* no configuration: this client must be the same on every machine */
	g->context = pw_context_new(loop, pw_properties_new(PW_KEY_CONFIG_NAME, "null", NULL), 0);
	if (g->context == NULL ||
	    pw_context_load_module(g->context, "libpipewire-module-protocol-native", NULL, NULL) == NULL ||
	    pw_context_load_module(g->context, "libpipewire-module-metadata", NULL, NULL) == NULL)
		goto error;
	g->core = pw_context_connect(g->context, pw_properties_new(
				PW_KEY_REMOTE_NAME, remote,
				PW_KEY_APP_NAME, "room", NULL), 0);
	if (g->core == NULL)
		goto error;
	pw_core_add_listener(g->core, &g->core_listener, &core_events, g);
	g->registry = pw_core_get_registry(g->core, PW_VERSION_REGISTRY, 0);
	if (g->registry == NULL)
		goto error;
	pw_registry_add_listener(g->registry, &g->registry_listener, &registry_events, g);
	return g;
error:
	err = errno;
	graph_destroy(g);
	errno = err;
	return NULL;
}

void graph_destroy(struct graph *g)
{
	struct graph_device *d;
	struct graph_node *n;
	struct graph_port *p;
	struct graph_link *l;

	if (g == NULL)
		return;
	spa_list_consume(d, &g->devices, link)
		graph_device_free(d);
	spa_list_consume(n, &g->nodes, link)
		node_free(n);
	spa_list_consume(p, &g->ports, link)
		port_free(p);
	spa_list_consume(l, &g->links, link)
		link_free(l);
	if (g->metadata != NULL)
		pw_proxy_destroy((struct pw_proxy *)g->metadata);
	if (g->combine != NULL)
		pw_proxy_destroy((struct pw_proxy *)g->combine);
	g_hash_table_unref(g->combine_values);
	g_free(g->tracking);
	if (g->registry != NULL) {
		spa_hook_remove(&g->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)g->registry);
	}
	if (g->core != NULL) {
		spa_hook_remove(&g->core_listener);
		pw_core_disconnect(g->core);
	}
	if (g->context != NULL)
		pw_context_destroy(g->context);
	free(g->default_sink);
	free(g->configured_sink);
	free(g);
}

int graph_sync(struct graph *g)
{
	return pw_core_sync(g->core, PW_ID_CORE, 0);
}

const char *graph_node_get(const struct graph_node *n, const char *key)
{
	return n ? pw_properties_get(n->props, key) : NULL;
}

static bool node_matches(const struct graph_node *n, const char *pattern)
{
	const char *name = graph_node_get(n, PW_KEY_NODE_NAME);

	return name != NULL && g_pattern_match_simple(pattern, name);
}

struct graph_node *graph_find(struct graph *g, const char *name)
{
	struct graph_node *n;

	spa_list_for_each(n, &g->nodes, link)
		if (node_matches(n, name))
			return n;
	return NULL;
}

int graph_count(struct graph *g, const char *name)
{
	struct graph_node *n;
	int count = 0;

	spa_list_for_each(n, &g->nodes, link)
		count += node_matches(n, name);
	return count;
}

static struct graph_node *by_id(struct graph *g, uint32_t id)
{
	struct graph_node *n;

	spa_list_for_each(n, &g->nodes, link)
		if (n->id == id)
			return n;
	return NULL;
}

int graph_count_links(struct graph *g, const char *name, bool out)
{
	struct graph_link *l;
	int count = 0;

	spa_list_for_each(l, &g->links, link) {
		struct graph_node *n = by_id(g, out ? l->out_node : l->in_node);
		count += n != NULL && node_matches(n, name);
	}
	return count;
}

bool graph_linked(struct graph *g, const char *out, const char *in)
{
	struct graph_link *l;

	spa_list_for_each(l, &g->links, link) {
		struct graph_node *a = by_id(g, l->out_node), *b = by_id(g, l->in_node);

		if (a != NULL && b != NULL && node_matches(a, out) && node_matches(b, in))
			return true;
	}
	return false;
}

static const char *port_name(struct graph *g, uint32_t id)
{
	struct graph_port *p;

	spa_list_for_each(p, &g->ports, link)
		if (p->id == id)
			return p->name;
	return "?";
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *graph_describe_links(struct graph *g,
			   bool (*accept)(const struct graph_node *out, const struct graph_node *in))
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	struct graph_link *l;
	char *text;

	spa_list_for_each(l, &g->links, link) {
		struct graph_node *out = by_id(g, l->out_node), *in = by_id(g, l->in_node);

		if (out == NULL || in == NULL || (accept != NULL && !accept(out, in)))
			continue;
		g_ptr_array_add(lines, g_strdup_printf("%s:%s -> %s:%s",
				graph_node_get(out, PW_KEY_NODE_NAME), port_name(g, l->out_port),
				graph_node_get(in, PW_KEY_NODE_NAME), port_name(g, l->in_port)));
	}
	g_ptr_array_sort(lines, compare_lines);
	g_ptr_array_add(lines, NULL);
	text = g_strjoinv("\n", (char **)lines->pdata);
	g_ptr_array_free(lines, TRUE);
	return text;
}
