/* A client of what PipeWire and bluez-combine make public */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <spa/support/system.h>
#include <spa/utils/string.h>

#include "client/client.h"
#include "client/json.h"
#include "names.h"

static const char *group_of_object(const char *name)
{
	if (spa_streq(name, BLUEZ_COMBINE_METADATA))
		return BLUEZ_COMBINE_GROUP_DEFAULT;
	if (spa_strstartswith(name, BLUEZ_COMBINE_METADATA "."))
		return name + strlen(BLUEZ_COMBINE_METADATA ".");
	return NULL;
}

/* Tell of the change when everything that was sent together with it is here */
static void changed_soon(void *data)
{
	struct client *client = data;

	if (client->syncing)
		return;
	client->sync = pw_core_sync(client->core, PW_ID_CORE, 0);
	client->syncing = true;
}

/* The same when something was asked for: a sync that was sent before is done before that is answered */
static void changed_anew(struct client *client)
{
	client->syncing = false;
	changed_soon(client);
}

static void on_graph_changed(void *data, bool asked)
{
	if (asked)
		changed_anew(data);
	else
		changed_soon(data);
}

static void add_group(struct client *client, uint32_t id, const char *name)
{
	struct metadata *m = metadata_new(id, name);

	if (m == NULL)
		return;
	spa_list_append(&client->groups, &m->link);
	if ((client->group == NULL || spa_streq(group_of_object(name), client->group)) &&
	    metadata_bind(m, client->registry, changed_soon, client) >= 0)
		changed_anew(client);
}

static void add_defaults(struct client *client, uint32_t id, const char *name)
{
	struct metadata *m;

	if (client->defaults || !(client->wants & (CLIENT_DAEMONS | CLIENT_MICROPHONES)) || (m = metadata_new(id, name)) == NULL)
		return;
	client->defaults = m;
	if (metadata_bind(m, client->registry, changed_soon, client) >= 0)
		changed_anew(client);
}

static void add_metadata(struct client *client, uint32_t id, const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);

	/* The module and the policy do not use one that a restricted client has made */
	if (name && group_of_object(name) && owners_find(&client->owners, props) != OWNER_RESTRICTED)
		add_group(client, id, name);
	else if (spa_streq(name, "default"))
		add_defaults(client, id, name);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		uint32_t version, const struct spa_dict *props)
{
	struct client *client = data;

	if (props == NULL)
		return;
	if (graph_add(&client->graph, id, type, props))
		changed_anew(client);
	owners_global(&client->owners, id, type, props);
	if (spa_streq(type, PW_TYPE_INTERFACE_Metadata))
		add_metadata(client, id, props);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct client *client = data;
	struct metadata *m;

	if (graph_remove(&client->graph, id))
		changed_soon(client);
	owners_global_remove(&client->owners, id);
	if (client->defaults && client->defaults->id == id) {
		spa_clear_ptr(client->defaults, metadata_destroy);
		changed_soon(client);
	}
	spa_list_for_each(m, &client->groups, link)
		if (m->id == id) {
			spa_list_remove(&m->link);
			metadata_destroy(m);
			changed_soon(client);
			return;
		}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static void on_info(void *data, const struct pw_core_info *info)
{
	struct client *client = data;
	int32_t pid = 0;

	free(client->version);
	client->version = info->version ? strdup(info->version) : NULL;
	if (info->props && spa_atoi32(spa_dict_lookup(info->props, PW_KEY_APP_PROCESS_ID), &pid, 10))
		client->pid = pid;
}

static void lose(struct client *client, int res)
{
	if (client->over)
		return;
	client->over = true;
	client->events->lost(client->data, res);
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct client *client = data;

	if (id != PW_ID_CORE || !client->syncing || seq != client->sync || client->over)
		return;
	client->syncing = false;
	pw_loop_update_timer(client->loop, client->timer, NULL, NULL, false);
	client->events->changed(client->data);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct client *client = data;

	/* Other objects can go before they are bound, or asked for something (the daemon says that of itself, as
	 * -ENOENT): their removal is on its way */
	if (id == PW_ID_CORE && res != -ENOENT)
		lose(client, res);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_info,
	.done = on_done,
	.error = on_error,
};

static void on_timeout(void *data, uint64_t expirations)
{
	lose(data, -ETIMEDOUT);
}

int client_init(struct client *client, struct pw_loop *loop, const char *group, uint32_t wants,
		const struct client_events *events, void *data)
{
	struct timespec limit = { .tv_sec = CLIENT_ANSWER_LIMIT_SEC };

	*client = (struct client) { .events = events, .data = data, .group = group, .wants = wants, .loop = loop };
	spa_list_init(&client->groups);
	owners_init(&client->owners);
	graph_init(&client->graph, on_graph_changed, client);
	client->graph.wants_nodes = wants & CLIENT_NODES;
	client->graph.wants_routes = wants & CLIENT_ROUTES;
	client->graph.wants_clients = wants & CLIENT_DAEMONS;
	client->graph.wants_microphones = wants & CLIENT_MICROPHONES;
	client->graph.wants_ports = wants & CLIENT_PORTS;

	if ((client->timer = pw_loop_add_timer(loop, on_timeout, client)) == NULL ||
	    (client->context = pw_context_new(loop, NULL, 0)) == NULL ||
	    (client->core = pw_context_connect(client->context, NULL, 0)) == NULL)
		return -errno;
	pw_core_add_listener(client->core, &client->core_listener, &core_events, client);
	if ((client->registry = pw_core_get_registry(client->core, PW_VERSION_REGISTRY, 0)) == NULL)
		return -errno;
	client->graph.registry = client->registry;
	pw_registry_add_listener(client->registry, &client->registry_listener, &registry_events, client);
	changed_soon(client);
	pw_loop_update_timer(loop, client->timer, &limit, NULL, false);
	return 0;
}

void client_finish(struct client *client)
{
	struct metadata *m;

	if (client->loop == NULL)
		return;
	spa_list_consume(m, &client->groups, link) {
		spa_list_remove(&m->link);
		metadata_destroy(m);
	}
	spa_clear_ptr(client->defaults, metadata_destroy);
	owners_finish(&client->owners);
	graph_finish(&client->graph);
	if (client->registry) {
		spa_hook_remove(&client->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)client->registry);
	}
	if (client->core) {
		spa_hook_remove(&client->core_listener);
		pw_core_disconnect(client->core);
	}
	if (client->context)
		pw_context_destroy(client->context);
	if (client->timer)
		pw_loop_destroy_source(client->loop, client->timer);
	free(client->version);
	spa_zero(*client);
}

uint32_t client_id(const struct client *client)
{
	return pw_proxy_get_bound_id((struct pw_proxy *)pw_core_get_client(client->core));
}

struct metadata *client_group(const struct client *client, const char *name)
{
	struct metadata *m;

	spa_list_for_each(m, &client->groups, link)
		if (m->proxy && spa_streq(client_group_name(m), name))
			return m;
	return NULL;
}

int64_t client_now_ns(const struct client *client)
{
	struct timespec now = { 0 };

	spa_system_clock_gettime(client->loop->system, CLOCK_MONOTONIC, &now);
	return SPA_TIMESPEC_TO_NSEC(&now);
}

const char *client_group_name(const struct metadata *metadata)
{
	return group_of_object(metadata->name);
}

static bool get_default(const struct client *client, const char *key, char *name, size_t size)
{
	const char *json = client->defaults ? metadata_get(client->defaults, key) : NULL;

	return json && json_find(json, "name", name, size);
}

bool client_default_sink(const struct client *client, char *name, size_t size)
{
	return get_default(client, "default.audio.sink", name, size);
}

bool client_default_source(const struct client *client, char *name, size_t size)
{
	return get_default(client, "default.audio.source", name, size);
}

int client_set_member(struct client *client, const char *group, const char *address,
		const struct member *wanted, uint32_t clear)
{
	struct metadata *m = client_group(client, group);
	char *key = NULL, *value = NULL;
	int res = -ENOMEM;

	if (m == NULL)
		return -ENOENT;
	if ((key = spa_aprintf(BLUEZ_COMBINE_KEY_MEMBER "%s", address)) &&
	    (value = member_change(metadata_get(m, key), wanted, clear)))
		res = metadata_set(m, key, value);
	free(key);
	free(value);
	return res;
}

int client_get_calibration(const struct client *client, const char *group, const char *address, const char **json)
{
	struct metadata *m = client_group(client, group);
	char *key;

	if (m == NULL)
		return -ENOENT;
	if ((key = spa_aprintf(BLUEZ_COMBINE_KEY_CALIBRATION "%s", address)) == NULL)
		return -ENOMEM;
	*json = metadata_get(m, key);
	free(key);
	return 0;
}

int client_write_calibration(struct client *client, const char *group, const char *address, const char *json)
{
	struct metadata *m = client_group(client, group);
	char *key;
	int res;

	if (m == NULL)
		return -ENOENT;
	if ((key = spa_aprintf(BLUEZ_COMBINE_KEY_CALIBRATION "%s", address)) == NULL)
		return -ENOMEM;
	res = metadata_set(m, key, json);
	free(key);
	return res;
}

int client_set_calibration(struct client *client, const char *group, const char *address,
		const struct calibration_record *record)
{
	const char *before;
	char *json;
	int res;

	if ((res = client_get_calibration(client, group, address, &before)) < 0)
		return res;
	if ((json = calibration_put(before, record)) == NULL)
		return -ENOMEM;
	res = client_write_calibration(client, group, address, json);
	free(json);
	return res;
}

int client_set_offset(struct client *client, const char *address, int64_t offset_ns)
{
	const struct graph_object *device = graph_find_device(&client->graph, address);

	return device && device->has_route ? graph_set_offset(device, offset_ns) : -ENOENT;
}
