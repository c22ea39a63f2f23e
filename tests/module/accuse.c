/* Tell another client of errors that it has not made */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* accuse NAME TEXT: the client with this application.name is told TEXT of its first node, as soon as it has
 * one. Every client with ordinary rights can do that to every other one. */

#include <errno.h>
#include <stdio.h>

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#define LIMIT_SEC	30

struct data {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_proxy *client;
	uint32_t client_id;
	const char *name, *text;
	int sync;
};

static void on_global(void *object, uint32_t id, uint32_t permissions, const char *type, uint32_t version,
		const struct spa_dict *props)
{
	struct data *data = object;
	const char *of = props ? spa_dict_lookup(props, PW_KEY_CLIENT_ID) : NULL;
	uint32_t client = SPA_ID_INVALID;

	if (spa_streq(type, PW_TYPE_INTERFACE_Client) && props && data->client == NULL &&
	    spa_streq(spa_dict_lookup(props, PW_KEY_APP_NAME), data->name)) {
		data->client = pw_registry_bind(data->registry, id, type, PW_VERSION_CLIENT, 0);
		data->client_id = id;
	}
	if (!spa_streq(type, PW_TYPE_INTERFACE_Node) || !spa_atou32(of, &client, 10) || data->client == NULL ||
	    client != data->client_id)
		return;
	pw_client_error((struct pw_client *)data->client, id, -EIO, data->text);
	data->sync = pw_core_sync(data->core, PW_ID_CORE, 0);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
};

static void on_done(void *object, uint32_t id, int seq)
{
	struct data *data = object;

	if (data->sync && seq == data->sync)
		pw_main_loop_quit(data->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
};

static void on_timeout(void *object, uint64_t expirations)
{
	struct data *data = object;

	fprintf(stderr, "no node of %s\n", data->name);
	pw_main_loop_quit(data->loop);
}

int main(int argc, char *argv[])
{
	struct timespec limit = { .tv_sec = LIMIT_SEC };
	struct spa_hook core_listener, registry_listener;
	struct data data = { 0 };
	struct pw_context *context;
	struct spa_source *timer;

	pw_init(&argc, &argv);
	if (argc != 3)
		return 2;
	data.name = argv[1];
	data.text = argv[2];
	data.loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(data.loop), NULL, 0);
	if ((data.core = pw_context_connect(context, NULL, 0)) == NULL)
		return 1;
	timer = pw_loop_add_timer(pw_main_loop_get_loop(data.loop), on_timeout, &data);
	pw_loop_update_timer(pw_main_loop_get_loop(data.loop), timer, &limit, NULL, false);
	pw_core_add_listener(data.core, &core_listener, &core_events, &data);
	data.registry = pw_core_get_registry(data.core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(data.registry, &registry_listener, &registry_events, &data);
	pw_main_loop_run(data.loop);
	pw_context_destroy(context);
	pw_main_loop_destroy(data.loop);
	pw_deinit();
	return data.sync ? 0 : 1;
}
