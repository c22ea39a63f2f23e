/* The metadata object of a group: another's, or our own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <pipewire/impl.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "graph/metadata.h"
#include "log.h"
#include "names.h"

static int on_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	struct metadata_object *metadata = data;

	metadata->events->property(metadata->data, subject, key, value);
	return 0;
}

static const struct pw_metadata_events object_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

static bool in_use(void *data, const char *key)
{
	struct metadata_object *metadata = data;

	return metadata->events->in_use(metadata->data, key);
}

static bool is_client(void *data, uint32_t id)
{
	struct metadata_object *metadata = data;

	return metadata->events->is_client(metadata->data, id);
}

static const struct metadata_guard_events guard_events = {
	.in_use = in_use,
	.is_client = is_client,
};

static void listen(struct metadata_object *metadata)
{
	pw_metadata_add_listener(metadata->object, &metadata->listener, &object_events, metadata);
}

void metadata_object_init(struct metadata_object *metadata, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, const char *group,
		const struct metadata_object_events *events, void *data)
{
	bool first = spa_streq(group, BLUEZ_COMBINE_GROUP_DEFAULT);

	*metadata = (struct metadata_object) {
		.context = context,
		.core = core,
		.registry = registry,
		.events = events,
		.data = data,
		.id = SPA_ID_INVALID,
	};
	snprintf(metadata->name, sizeof(metadata->name), BLUEZ_COMBINE_METADATA "%s%s", first ? "" : ".",
			first ? "" : group);
}

void metadata_object_finish(struct metadata_object *metadata)
{
	if (metadata->object == NULL)
		return;
	spa_hook_remove(&metadata->listener);
	metadata_guard_finish(&metadata->guard);
	if (metadata->own_proxy)
		pw_proxy_destroy(metadata->own_proxy);
	if (metadata->own)
		pw_impl_metadata_destroy(metadata->own);
	else
		pw_proxy_destroy((struct pw_proxy *)metadata->object);
	metadata->object = NULL;
	metadata->own = NULL;
	metadata->own_proxy = NULL;
	metadata->id = SPA_ID_INVALID;
}

void metadata_object_global(struct metadata_object *metadata, uint32_t id, const struct spa_dict *props,
		const struct owners *owners)
{
	if (metadata->object || !spa_streq(spa_dict_lookup(props, PW_KEY_METADATA_NAME), metadata->name))
		return;
	/* Who may not write the metadata may not bring his own instead */
	if (owners_find(owners, props) == OWNER_RESTRICTED) {
		pw_log_warn("metadata object %u, '%s', is a restricted client's: it is not used", id,
				metadata->name);
		return;
	}
	metadata->object = pw_registry_bind(metadata->registry, id,
			PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);
	if (metadata->object == NULL)
		return;
	metadata->id = id;
	listen(metadata);
	metadata->events->attached(metadata->data);
}

bool metadata_object_global_remove(struct metadata_object *metadata, uint32_t id)
{
	metadata_guard_gone(&metadata->guard, id);
	if (metadata->object == NULL || id != metadata->id)
		return false;
	metadata_object_finish(metadata);
	return true;
}

int metadata_object_ensure(struct metadata_object *metadata)
{
	const struct pw_properties *props;
	int res;

	if (metadata->object)
		return 0;
	metadata->own = pw_context_create_metadata(metadata->context, metadata->name, NULL, 0);
	if (metadata->own == NULL)
		return -errno;
	metadata->object = pw_impl_metadata_get_implementation(metadata->own);
	if ((res = metadata_guard_init(&metadata->guard, pw_context_get_main_loop(metadata->context),
					metadata->object, &guard_events, metadata)) < 0)
		pw_log_warn("the metadata object '%s' is without bounds: %s", metadata->name,
				spa_strerror(res));
	props = pw_impl_metadata_get_properties(metadata->own);
	metadata->own_proxy = pw_core_export(metadata->core, PW_TYPE_INTERFACE_Metadata,
			&props->dict, metadata->object, 0);
	listen(metadata);
	/* Without it nobody else can see or change the group, but it plays. */
	if (metadata->own_proxy == NULL)
		pw_log_warn("can't publish the metadata object '%s': %m", metadata->name);
	return 0;
}
