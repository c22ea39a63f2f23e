/* Wait until something is so in the graph */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * await [-t SECONDS] node NAME              a node of this name is there
 * await [-t SECONDS] gone NAME              no node of this name is there
 * await [-t SECONDS] link FROM TO           a port of FROM is linked to one of TO
 * await [-t SECONDS] prop NODE KEY VALUE    the node has this property
 * await [-t SECONDS] metadata OBJECT KEY [TEXT]
 *                                           the key is set, and its value has TEXT in it
 *
 * Exits 0 as soon as it is so, printing the metadata's value, and 1 after SECONDS
 * (60), which are only there to end a hang. Waits for events and never polls, but for metadata,
 * because of what PipeWire does (1.4.2 to 1.6.8 at least, module-metadata/metadata.c: pending, busy). While a
 * client binds such an object all others are told nothing of its changes, and never again if that
 * client leaves before the owner has answered; if it is the owner who leaves, the client is never heard again.
 * So the object is bound anew each second, not left before, and a connection that is not heard is given up.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

/* Nobody is as slow as this, for a while */
#define UNHEARD_SEC	5

struct global {
	struct spa_list link;		/* data.globals */
	struct data *data;
	uint32_t id;
	char *type;
	struct pw_properties *props;
	struct pw_proxy *proxy;		/* of a node or metadata object that is watched */
	struct spa_hook listener;
	char *value;			/* of the key that is waited for */
};

struct data {
	struct pw_main_loop *loop;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct spa_hook core_listener;
	struct spa_list globals;	/* struct global.link */
	struct pw_context *context;
	struct pw_core *core;
	int sync;
	bool listed;			/* what was there at the start is known */
	int asked;			/* how many seconds ago an answer was asked for, 0: it is there */
	int argc;
	char **argv;			/* the condition */
	bool met;
};

static struct global *find_node(struct data *d, const char *name)
{
	struct global *g;
	spa_list_for_each(g, &d->globals, link)
		if (spa_streq(g->type, PW_TYPE_INTERFACE_Node) &&
		    spa_streq(pw_properties_get(g->props, PW_KEY_NODE_NAME), name))
			return g;
	return NULL;
}

static bool linked(struct data *d, const char *from, const char *to)
{
	struct global *f = find_node(d, from), *t = find_node(d, to), *g;

	if (f == NULL || t == NULL)
		return false;
	spa_list_for_each(g, &d->globals, link)
		if (spa_streq(g->type, PW_TYPE_INTERFACE_Link) &&
		    pw_properties_get_uint32(g->props, PW_KEY_LINK_OUTPUT_NODE, 0) == f->id &&
		    pw_properties_get_uint32(g->props, PW_KEY_LINK_INPUT_NODE, 0) == t->id)
			return true;
	return false;
}

static bool metadata_is(struct data *d, const char *object, const char *text)
{
	struct global *g;
	spa_list_for_each(g, &d->globals, link)
		if (g->value && spa_streq(g->type, PW_TYPE_INTERFACE_Metadata) &&
		    spa_streq(pw_properties_get(g->props, PW_KEY_METADATA_NAME), object) &&
		    (text == NULL || strstr(g->value, text))) {
			printf("%s\n", g->value);
			return true;
		}
	return false;
}

static bool is_met(struct data *d)
{
	const char *what = d->argv[0];

	if (spa_streq(what, "node"))
		return find_node(d, d->argv[1]) != NULL;
	if (spa_streq(what, "gone"))
		return find_node(d, d->argv[1]) == NULL;
	if (spa_streq(what, "link"))
		return linked(d, d->argv[1], d->argv[2]);
	if (spa_streq(what, "prop")) {
		struct global *g = find_node(d, d->argv[1]);
		return g && g->value && spa_streq(g->value, d->argv[3]);
	}
	return metadata_is(d, d->argv[1], d->argc > 3 ? d->argv[3] : NULL);
}

static void check(struct data *d)
{
	if (d->listed && !d->met && is_met(d)) {
		d->met = true;
		d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
	}
}

static void set_value(struct global *g, const char *value)
{
	free(g->value);
	g->value = value ? strdup(value) : NULL;
	check(g->data);
}

static void node_info(void *data, const struct pw_node_info *info)
{
	struct global *g = data;
	if (info->props)
		set_value(g, spa_dict_lookup(info->props, g->data->argv[2]));
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = node_info,
};

static int metadata_property(void *data, uint32_t subject, const char *key,
		const char *type, const char *value)
{
	struct global *g = data;
	if (key == NULL || spa_streq(key, g->data->argv[2]))
		set_value(g, key ? value : NULL);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = metadata_property,
};

static void watch(struct global *g)
{
	struct data *d = g->data;

	if (spa_streq(d->argv[0], "prop") && spa_streq(g->type, PW_TYPE_INTERFACE_Node)) {
		g->proxy = pw_registry_bind(d->registry, g->id, g->type, PW_VERSION_NODE, 0);
		pw_proxy_add_object_listener(g->proxy, &g->listener, &node_events, g);
	} else if (spa_streq(d->argv[0], "metadata") &&
			spa_streq(g->type, PW_TYPE_INTERFACE_Metadata) &&
			spa_streq(pw_properties_get(g->props, PW_KEY_METADATA_NAME), d->argv[1])) {
		g->proxy = pw_registry_bind(d->registry, g->id, g->type, PW_VERSION_METADATA, 0);
		pw_proxy_add_object_listener(g->proxy, &g->listener, &metadata_events, g);
	}
}

static void registry_global(void *data, uint32_t id, uint32_t permissions,
		const char *type, uint32_t version, const struct spa_dict *props)
{
	struct data *d = data;
	struct global *g = calloc(1, sizeof(*g));

	g->data = d;
	g->id = id;
	g->type = strdup(type);
	g->props = props ? pw_properties_new_dict(props) : pw_properties_new(NULL, NULL);
	spa_list_append(&d->globals, &g->link);
	watch(g);
	check(d);
}

static void unwatch(struct global *g)
{
	if (g->proxy == NULL)
		return;
	spa_hook_remove(&g->listener);
	pw_proxy_destroy(g->proxy);
	g->proxy = NULL;
}

static void global_free(struct global *g)
{
	spa_list_remove(&g->link);
	unwatch(g);
	pw_properties_free(g->props);
	free(g->type);
	free(g->value);
	free(g);
}

static void registry_global_remove(void *data, uint32_t id)
{
	struct data *d = data;
	struct global *g, *t;

	spa_list_for_each_safe(g, t, &d->globals, link)
		if (g->id == id)
			global_free(g);
	check(d);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = registry_global,
	.global_remove = registry_global_remove,
};

static void core_done(void *data, uint32_t id, int seq)
{
	struct data *d = data;

	if (id != PW_ID_CORE || seq != d->sync)
		return;
	d->asked = 0;
	if (d->met) {
		pw_main_loop_quit(d->loop);
		return;
	}
	d->listed = true;
	check(d);
}

static void core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct data *d = data;
	if (id == PW_ID_CORE)
		pw_main_loop_quit(d->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = core_done,
	.error = core_error,
};

static void on_timeout(void *data, uint64_t expirations)
{
	struct data *d = data;
	pw_main_loop_quit(d->loop);
}

static bool join(struct data *d)
{
	if ((d->core = pw_context_connect(d->context, NULL, 0)) == NULL)
		return false;
	pw_core_add_listener(d->core, &d->core_listener, &core_events, d);
	d->registry = pw_core_get_registry(d->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(d->registry, &d->registry_listener, &registry_events, d);
	d->listed = false;
	d->asked = 0;
	d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
	return true;
}

static void leave(struct data *d)
{
	struct global *g;

	spa_list_consume(g, &d->globals, link)
		global_free(g);
	spa_hook_remove(&d->registry_listener);
	pw_proxy_destroy((struct pw_proxy *)d->registry);
	spa_hook_remove(&d->core_listener);
	pw_core_disconnect(d->core);
}

static void on_again(void *data, uint64_t expirations)
{
	struct data *d = data;
	struct global *g;

	if (d->met || (d->asked >= UNHEARD_SEC && (leave(d), !join(d)))) {
		pw_main_loop_quit(d->loop);
		return;
	}
	if (d->asked++ > 0 || !d->listed)
		return;
	spa_list_for_each(g, &d->globals, link)
		if (g->proxy && spa_streq(g->type, PW_TYPE_INTERFACE_Metadata)) {
			unwatch(g);
			watch(g);
		}
	d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
}

static bool valid(int argc, char **argv)
{
	if (argc < 2)
		return false;
	if (spa_streq(argv[0], "node") || spa_streq(argv[0], "gone"))
		return argc == 2;
	if (spa_streq(argv[0], "link"))
		return argc == 3;
	if (spa_streq(argv[0], "prop"))
		return argc == 4;
	return spa_streq(argv[0], "metadata") && (argc == 3 || argc == 4);
}

int main(int argc, char **argv)
{
	struct data d = { 0 };
	struct timespec limit = { .tv_sec = 60 }, second = { .tv_sec = 1 };
	struct spa_source *timer;
	int opt;

	pw_init(&argc, &argv);
	while ((opt = getopt(argc, argv, "+t:")) == 't')
		limit.tv_sec = atoi(optarg);
	d.argc = argc - optind;
	d.argv = argv + optind;
	if (opt != -1 || limit.tv_sec <= 0 || !valid(d.argc, d.argv)) {
		fprintf(stderr, "usage: await [-t SECONDS] node NAME | gone NAME | link FROM TO | "
				"prop NODE KEY VALUE | metadata OBJECT KEY [TEXT]\n");
		return 2;
	}
	spa_list_init(&d.globals);
	d.loop = pw_main_loop_new(NULL);
	d.context = pw_context_new(pw_main_loop_get_loop(d.loop), NULL, 0);
	if (!join(&d)) {
		fprintf(stderr, "await: can't connect: %s\n", strerror(errno));
		return 1;
	}
	timer = pw_loop_add_timer(pw_main_loop_get_loop(d.loop), on_timeout, &d);
	pw_loop_update_timer(pw_main_loop_get_loop(d.loop), timer, &limit, NULL, false);
	timer = pw_loop_add_timer(pw_main_loop_get_loop(d.loop), on_again, &d);
	pw_loop_update_timer(pw_main_loop_get_loop(d.loop), timer, &second, &second, false);

	pw_main_loop_run(d.loop);

	if (!d.met)
		fprintf(stderr, "await: waited %ld s in vain for: %s %s %s %s\n", (long)limit.tv_sec,
				d.argv[0], d.argv[1], d.argc > 2 ? d.argv[2] : "",
				d.argc > 3 ? d.argv[3] : "");
	if (d.core)
		leave(&d);
	pw_context_destroy(d.context);
	pw_main_loop_destroy(d.loop);
	pw_deinit();
	return d.met ? 0 : 1;
}
