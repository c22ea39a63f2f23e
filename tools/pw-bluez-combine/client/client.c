/* The tool's connection to PipeWire, and a group's metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/text.h"
#include "client/client.h"
#include "names.h"

/* Only there to end a hang: a daemon answers within milliseconds */
#define ANSWER_LIMIT_SEC	10

static const char *group_of_object(const char *name)
{
	if (spa_streq(name, BLUEZ_COMBINE_METADATA))
		return BLUEZ_COMBINE_GROUP_DEFAULT;
	if (spa_strstartswith(name, BLUEZ_COMBINE_METADATA "."))
		return name + strlen(BLUEZ_COMBINE_METADATA ".");
	return NULL;
}

/* Tell of the change when everything that was sent together with it is here */
static void changed_soon(struct client *client)
{
	if (client->syncing)
		return;
	client->sync = pw_core_sync(client->core, PW_ID_CORE, 0);
	client->syncing = true;
}

/* The same when something was bound: a sync that was sent before is done before that tells of itself */
static void changed_anew(struct client *client)
{
	client->syncing = false;
	changed_soon(client);
}

static void on_graph_changed(void *data)
{
	changed_soon(data);
}

static void entry_free(struct client_entry *e)
{
	spa_list_remove(&e->link);
	free(e->key);
	free(e->value);
	free(e);
}

static void object_clear(struct client_object *object)
{
	struct client_entry *e;

	spa_list_consume(e, &object->entries, link)
		entry_free(e);
}

static void object_free(struct client_object *object)
{
	spa_list_remove(&object->link);
	if (object->proxy) {
		spa_hook_remove(&object->listener);
		pw_proxy_destroy(object->proxy);
	}
	object_clear(object);
	free(object->name);
	free(object);
}

/* value NULL: the key is cleared */
static void object_set(struct client_object *object, const char *key, const char *value)
{
	struct client_entry *e, *after = NULL;

	spa_list_for_each(e, &object->entries, link) {
		int order = strcmp(e->key, key);
		if (order == 0) {
			entry_free(e);
			break;
		}
		if (order > 0)
			break;
	}
	if (value == NULL || (e = calloc(1, sizeof(*e))) == NULL)
		return;
	e->key = strdup(key);
	e->value = strdup(value);
	spa_list_for_each(after, &object->entries, link)
		if (strcmp(after->key, key) > 0)
			break;
	spa_list_append(&after->link, &e->link);
	if (e->key == NULL || e->value == NULL)
		entry_free(e);
}

static int on_property(void *data, uint32_t subject, const char *key,
		const char *type, const char *value)
{
	struct client_object *object = data;

	if (subject != 0)
		return 0;
	if (key == NULL)
		object_clear(object);
	else
		object_set(object, key, value);
	changed_soon(object->client);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		uint32_t version, const struct spa_dict *props)
{
	struct client *client = data;
	const char *name, *group;
	struct client_object *object;

	if (graph_add(&client->graph, id, type, props))
		changed_anew(client);
	owners_global(&client->owners, id, type, props);
	/* The module and the policy do not use one that a restricted client has made */
	if (!spa_streq(type, PW_TYPE_INTERFACE_Metadata) || props == NULL ||
	    owners_find(&client->owners, props) == OWNER_RESTRICTED ||
	    (name = spa_dict_lookup(props, PW_KEY_METADATA_NAME)) == NULL ||
	    (group = group_of_object(name)) == NULL ||
	    (object = calloc(1, sizeof(*object))) == NULL)
		return;
	object->client = client;
	object->id = id;
	object->name = strdup(name);
	spa_list_init(&object->entries);
	spa_list_append(&client->objects, &object->link);
	if (!spa_streq(group, client->group))
		return;

	object->proxy = pw_registry_bind(client->registry, id, type, PW_VERSION_METADATA, 0);
	if (object->proxy == NULL) {
		object_free(object);
		return;
	}
	pw_proxy_add_object_listener(object->proxy, &object->listener, &metadata_events, object);
	changed_anew(client);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct client *client = data;
	struct client_object *object;

	if (graph_remove(&client->graph, id))
		changed_soon(client);
	owners_global_remove(&client->owners, id);
	spa_list_for_each(object, &client->objects, link)
		if (object->id == id) {
			object_free(object);
			changed_soon(client);
			return;
		}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static void on_done(void *data, uint32_t id, int seq)
{
	struct client *client = data;

	if (id != PW_ID_CORE || !client->syncing || seq != client->sync)
		return;
	client->syncing = false;
	pw_loop_update_timer(pw_main_loop_get_loop(client->loop), client->timer, NULL, NULL, false);
	client->changed(client->data);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct client *client = data;

	/* Other objects can go before they are bound: their removal is on its way */
	if (id != PW_ID_CORE)
		return;
	fprintf(stderr, _("pw-bluez-combine: the connection to PipeWire was lost: %s\n"),
			res == -EPIPE ? _("the daemon has ended") : spa_strerror(res));
	client_quit(client, EXIT_NO_DAEMON);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
	.error = on_error,
};

static void on_timeout(void *data, uint64_t expirations)
{
	fprintf(stderr, _("pw-bluez-combine: PipeWire does not answer: there was nothing for %d s\n"),
			ANSWER_LIMIT_SEC);
	client_quit(data, EXIT_NO_DAEMON);
}

static int complain_no_daemon(const char *remote, int err)
{
	char text[256];

	if (remote == NULL)
		remote = getenv("PIPEWIRE_REMOTE");
	text_copy(text, sizeof(text), remote && *remote ? remote : PW_DEFAULT_REMOTE, TEXT_ANY_WIDTH);
	fprintf(stderr, _("pw-bluez-combine: can't connect to PipeWire at '%s': %s; is it running, "
			"as this user? See: systemctl --user status pipewire\n"), text, strerror(err));
	return EXIT_NO_DAEMON;
}

int client_init(struct client *client, const char *remote, const char *group,
		void (*changed)(void *data), void *data)
{
	struct timespec limit = { .tv_sec = ANSWER_LIMIT_SEC };
	struct pw_loop *loop;

	spa_zero(*client);
	client->group = group;
	client->changed = changed;
	client->data = data;
	spa_list_init(&client->objects);
	owners_init(&client->owners);
	graph_init(&client->graph, on_graph_changed, client);

	/* libpipewire prefers the environment to the property */
	if (remote)
		setenv("PIPEWIRE_REMOTE", remote, true);
	if ((client->loop = pw_main_loop_new(NULL)) == NULL)
		goto error;
	loop = pw_main_loop_get_loop(client->loop);
	if ((client->timer = pw_loop_add_timer(loop, on_timeout, client)) == NULL ||
	    (client->context = pw_context_new(loop, NULL, 0)) == NULL)
		goto error;
	if ((client->core = pw_context_connect(client->context, NULL, 0)) == NULL)
		return complain_no_daemon(remote, errno);
	pw_core_add_listener(client->core, &client->core_listener, &core_events, client);
	if ((client->registry = pw_core_get_registry(client->core, PW_VERSION_REGISTRY, 0)) == NULL)
		goto error;
	client->graph.registry = client->registry;
	pw_registry_add_listener(client->registry, &client->registry_listener, &registry_events, client);
	changed_soon(client);
	pw_loop_update_timer(loop, client->timer, &limit, NULL, false);
	return EXIT_OK;

error:
	fprintf(stderr, _("pw-bluez-combine: can't set up a PipeWire client: %s\n"), strerror(errno));
	return EXIT_OTHER;
}

void client_finish(struct client *client)
{
	struct client_object *object;

	spa_list_consume(object, &client->objects, link)
		object_free(object);
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
		pw_loop_destroy_source(pw_main_loop_get_loop(client->loop), client->timer);
	if (client->loop)
		pw_main_loop_destroy(client->loop);
}

int client_run(struct client *client)
{
	pw_main_loop_run(client->loop);
	return client->result;
}

void client_quit(struct client *client, int result)
{
	client->result = result;
	pw_main_loop_quit(client->loop);
}

const struct client_object *client_group(const struct client *client)
{
	const struct client_object *object;

	spa_list_for_each(object, &client->objects, link)
		if (object->proxy)
			return object;
	return NULL;
}

const char *client_object_get(const struct client_object *object, const char *key)
{
	const struct client_entry *e;

	spa_list_for_each(e, &object->entries, link)
		if (spa_streq(e->key, key))
			return e->value;
	return NULL;
}

void client_complain_no_group(const struct client *client)
{
	const struct client_object *object;
	const char *separator = _("; there are: ");
	char text[128];

	fprintf(stderr, _("pw-bluez-combine: no group '%s': WirePlumber's policy is not loaded, or no "
			"module with this group is; pw-bluez-combine doctor tells more"), client->group);
	spa_list_for_each(object, &client->objects, link) {
		text_copy(text, sizeof(text), group_of_object(object->name), TEXT_ANY_WIDTH);
		fprintf(stderr, "%s%s", separator, text);
		separator = ", ";
	}
	fputc('\n', stderr);
}
