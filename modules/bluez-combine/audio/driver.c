/* The node that drives a group */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/node/node.h>
#include <spa/utils/names.h>

#include "audio/driver.h"
#include "log.h"
#include "spa-handle.h"

/* Above every sink and source: the Bluetooth nodes have 1010 and 2010, the
 * daemon's own dummy driver 20000. */
#define PRIORITY_DRIVER	"30000"

static void proxy_removed(void *data)
{
	struct driver *driver = data;
	pw_proxy_destroy(driver->proxy);
	driver->lost(driver->data);
}

static void proxy_destroy(void *data)
{
	struct driver *driver = data;
	spa_hook_remove(&driver->proxy_listener);
	driver->proxy = NULL;
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.removed = proxy_removed,
	.destroy = proxy_destroy,
};

/* The rate is pinned for as long as the group plays: a change of it moves every speaker. The
 * quantum is, too, by the sink, whose properties can still change: sink_set_quantum(). */
static struct pw_properties *make_properties(const struct args *args)
{
	const char *name = args_node_name(args);
	struct pw_properties *props;

	props = pw_properties_new(
			PW_KEY_NODE_DRIVER, "true",
			PW_KEY_PRIORITY_DRIVER, PRIORITY_DRIVER,
			PW_KEY_NODE_VIRTUAL, "true",
			PW_KEY_NODE_LOCK_QUANTUM, "true",
			PW_KEY_NODE_LOCK_RATE, "true",
			PW_KEY_NODE_PAUSE_ON_IDLE, "false",
			NULL);
	if (props == NULL)
		return NULL;
	pw_properties_setf(props, PW_KEY_NODE_NAME, "%s.driver", name);
	pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "%s: driver",
			pw_properties_get(args->sink_props, PW_KEY_NODE_DESCRIPTION));
	pw_properties_setf(props, "clock.name", "%s", name);
	pw_properties_set(props, PW_KEY_NODE_GROUP,
			pw_properties_get(args->sink_props, PW_KEY_NODE_GROUP));
	pw_properties_setf(props, PW_KEY_NODE_FORCE_RATE, "%u", args->rate);
	return props;
}

int driver_init(struct driver *driver, struct pw_context *context, struct pw_core *core,
		struct pw_loop *data_loop, const struct args *args,
		void (*lost)(void *data), void *data)
{
	struct pw_properties *props;
	void *node;
	int res;

	spa_zero(*driver);
	driver->lost = lost;
	driver->data = data;
	if ((props = make_properties(args)) == NULL)
		return -errno;
	/* The exported node's graph events run where its timer does */
	pw_properties_set(props, PW_KEY_NODE_LOOP_NAME, data_loop->name);

	driver->handle = spa_handle_load(context, data_loop, "support/libspa-support",
			SPA_NAME_SUPPORT_NODE_DRIVER, &props->dict);
	if (driver->handle == NULL)
		goto error_errno;
	if ((res = spa_handle_get_interface(driver->handle, SPA_TYPE_INTERFACE_Node, &node)) < 0)
		goto error;
	driver->proxy = pw_core_export(core, SPA_TYPE_INTERFACE_Node, &props->dict, node, 0);
	if (driver->proxy == NULL)
		goto error_errno;
	pw_proxy_add_listener(driver->proxy, &driver->proxy_listener, &proxy_events, driver);
	pw_properties_free(props);
	return 0;

error_errno:
	res = -errno;
error:
	pw_properties_free(props);
	driver_finish(driver);
	return res;
}

void driver_finish(struct driver *driver)
{
	if (driver->proxy)
		pw_proxy_destroy(driver->proxy);
	if (driver->handle)
		pw_unload_spa_handle(driver->handle);
	spa_zero(*driver);
}

uint32_t driver_id(const struct driver *driver)
{
	return driver->proxy ? pw_proxy_get_bound_id(driver->proxy) : SPA_ID_INVALID;
}
