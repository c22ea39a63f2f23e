/* Many changes of a metadata object at once */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * flood OBJECT COUNT PREFIX VALUE
 *
 * Sets PREFIX0 to PREFIX<COUNT - 1> to VALUE, then clears them all, as fast as it
 * goes. Exits 0 when the daemon has taken everything.
 */

#include <stdio.h>
#include <stdlib.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

struct data {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_metadata *metadata;
	char **argv;
	int sync;
	bool flooded;
};

static void flood(struct data *d)
{
	int i, count = atoi(d->argv[2]);
	char key[256];

	for (i = 0; i < 2 * count; i++) {
		snprintf(key, sizeof(key), "%s%d", d->argv[3], i % count);
		pw_metadata_set_property(d->metadata, 0, key,
				i < count ? "Spa:String:JSON" : NULL,
				i < count ? d->argv[4] : NULL);
	}
}

static void registry_global(void *data, uint32_t id, uint32_t permissions,
		const char *type, uint32_t version, const struct spa_dict *props)
{
	struct data *d = data;

	if (d->metadata == NULL && props && spa_streq(type, PW_TYPE_INTERFACE_Metadata) &&
	    spa_streq(spa_dict_lookup(props, PW_KEY_METADATA_NAME), d->argv[1]))
		d->metadata = pw_registry_bind(d->registry, id, type, PW_VERSION_METADATA, 0);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = registry_global,
};

static void core_done(void *data, uint32_t id, int seq)
{
	struct data *d = data;

	if (id != PW_ID_CORE || seq != d->sync)
		return;
	if (d->flooded || d->metadata == NULL) {
		pw_main_loop_quit(d->loop);
		return;
	}
	flood(d);
	d->flooded = true;
	d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = core_done,
};

int main(int argc, char **argv)
{
	struct data d = { .argv = argv };
	struct spa_hook core_listener, registry_listener;
	struct pw_context *context;

	if (argc != 5 || atoi(argv[2]) <= 0) {
		fprintf(stderr, "usage: flood OBJECT COUNT PREFIX VALUE\n");
		return 2;
	}
	pw_init(NULL, NULL);
	d.loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(d.loop), NULL, 0);
	if ((d.core = pw_context_connect(context, NULL, 0)) == NULL) {
		fprintf(stderr, "flood: can't connect: %m\n");
		return 1;
	}
	pw_core_add_listener(d.core, &core_listener, &core_events, &d);
	d.registry = pw_core_get_registry(d.core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(d.registry, &registry_listener, &registry_events, &d);
	d.sync = pw_core_sync(d.core, PW_ID_CORE, 0);
	pw_main_loop_run(d.loop);

	if (!d.flooded)
		fprintf(stderr, "flood: no metadata object '%s'\n", argv[1]);
	if (d.metadata)
		pw_proxy_destroy((struct pw_proxy *)d.metadata);
	pw_proxy_destroy((struct pw_proxy *)d.registry);
	pw_core_disconnect(d.core);
	pw_context_destroy(context);
	pw_main_loop_destroy(d.loop);
	pw_deinit();
	return d.flooded ? 0 : 1;
}
