/* Many changes of a metadata object at once */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * flood [-k] [-u] [-p ID] OBJECT COUNT PREFIX VALUE
 *
 * Sets PREFIX0 to PREFIX<COUNT - 1> to VALUE, then clears them all, as fast as it
 * goes. Exits 0 when the daemon has taken everything, 1 and says why when not.
 *
 *	-k	keep them: clear nothing
 *	-u	as a client that the session manager trusts as little as a Flatpak
 *	-p ID	set the volume in the Props of node ID instead
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

/* Until an object that it may see is seen; only there to end a hang */
#define LIMIT_SEC	20

struct data {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_proxy *object;
	char **argv;
	bool keep, untrusted;
	uint32_t node;			/* SPA_ID_INVALID: the metadata is written */
	int sync;
	int errors;
};

static void flood(struct data *d)
{
	int i, count = atoi(d->argv[1]);
	char key[256];

	for (i = 0; i < (d->keep ? 1 : 2) * count; i++) {
		snprintf(key, sizeof(key), "%s%d", d->argv[2], i % count);
		pw_metadata_set_property((struct pw_metadata *)d->object, 0, key,
				i < count ? "Spa:String:JSON" : NULL,
				i < count ? d->argv[3] : NULL);
	}
}

static void set_volume(struct data *d)
{
	uint8_t buffer[256];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

	pw_node_set_param((struct pw_node *)d->object, SPA_PARAM_Props, 0,
			spa_pod_builder_add_object(&b, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
				SPA_PROP_volume, SPA_POD_Float(1.0f)));
}

static bool is_wanted(const struct data *d, uint32_t id, const char *type, const struct spa_dict *props)
{
	if (d->node != SPA_ID_INVALID)
		return id == d->node && spa_streq(type, PW_TYPE_INTERFACE_Node);
	return props && spa_streq(type, PW_TYPE_INTERFACE_Metadata) &&
		spa_streq(spa_dict_lookup(props, PW_KEY_METADATA_NAME), d->argv[0]);
}

static void registry_global(void *data, uint32_t id, uint32_t permissions,
		const char *type, uint32_t version, const struct spa_dict *props)
{
	struct data *d = data;

	if (d->object || !is_wanted(d, id, type, props))
		return;
	if (d->node != SPA_ID_INVALID) {
		d->object = pw_registry_bind(d->registry, id, type, PW_VERSION_NODE, 0);
		set_volume(d);
	} else {
		d->object = pw_registry_bind(d->registry, id, type, PW_VERSION_METADATA, 0);
		flood(d);
	}
	d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = registry_global,
};

static void core_done(void *data, uint32_t id, int seq)
{
	struct data *d = data;

	if (id == PW_ID_CORE && d->object && seq == d->sync)
		pw_main_loop_quit(d->loop);
}

static void core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct data *d = data;

	if (d->errors++ == 0)
		fprintf(stderr, "flood: %s: %s\n", spa_strerror(res), message);
	if (id == PW_ID_CORE)
		pw_main_loop_quit(d->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = core_done,
	.error = core_error,
};

static void on_limit(void *data, uint64_t expirations)
{
	struct data *d = data;

	fprintf(stderr, "flood: '%s' is not there, or not done\n", d->argv[0]);
	d->errors++;
	pw_main_loop_quit(d->loop);
}

static void parse(struct data *d, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "kup:")) != -1) {
		switch (c) {
		case 'k': d->keep = true; break;
		case 'u': d->untrusted = true; break;
		case 'p': d->node = atoi(optarg); break;
		default: exit(2);
		}
	}
	d->argv = argv + optind;
	if (argc - optind != 4 || atoi(d->argv[1]) <= 0) {
		fprintf(stderr, "usage: flood [-k] [-u] [-p ID] OBJECT COUNT PREFIX VALUE\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct data d = { .node = SPA_ID_INVALID };
	struct timespec limit = { .tv_sec = LIMIT_SEC };
	struct spa_hook core_listener, registry_listener;
	struct pw_properties *props;
	struct spa_source *timer;
	struct pw_context *context;

	parse(&d, argc, argv);
	pw_init(NULL, NULL);
	d.loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(d.loop), NULL, 0);
	props = pw_properties_new(d.untrusted ? PW_KEY_CLIENT_ACCESS : NULL, "flatpak", NULL);
	if ((d.core = pw_context_connect(context, props, 0)) == NULL) {
		fprintf(stderr, "flood: can't connect: %m\n");
		return 1;
	}
	timer = pw_loop_add_timer(pw_main_loop_get_loop(d.loop), on_limit, &d);
	pw_loop_update_timer(pw_main_loop_get_loop(d.loop), timer, &limit, NULL, false);
	pw_core_add_listener(d.core, &core_listener, &core_events, &d);
	d.registry = pw_core_get_registry(d.core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(d.registry, &registry_listener, &registry_events, &d);
	pw_main_loop_run(d.loop);

	if (d.object)
		pw_proxy_destroy(d.object);
	pw_proxy_destroy((struct pw_proxy *)d.registry);
	pw_core_disconnect(d.core);
	pw_context_destroy(context);
	pw_main_loop_destroy(d.loop);
	pw_deinit();
	return d.errors ? 1 : 0;
}
