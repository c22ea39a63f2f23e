/* A client that claims to be what it is not */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * impostor [-u]
 *
 * Does what the lines of its input say, one after the other, and answers each with one
 * line, "ok" or "failed: why", followed by the global id of what was made, if anything.
 * All that it has made goes with it, at the end of the input.
 *
 *	-u	as a client that the session manager trusts as little as a Flatpak
 *
 *	device KEY=VALUE...	exports a device
 *	route KEY=VALUE...	gives the last device a route, or changes the one of its direction: direction, "Input" or
 *				"Output"; available, "yes", "no" or "unknown"; device; mute; offset, in ns, and takes, whether
 *				it takes another one
 *	adapter KEY=VALUE...	has the daemon make a null sink, which can be played to
 *	node KEY=VALUE...	exports a node without ports
 *	update KEY[=VALUE]...	changes properties of the last node; without a value: unsets them
 *	metadata KEY=VALUE...	exports a metadata object
 *	set KEY VALUE		sets a key of subject 0 in it
 *	drop			destroys what was made last
 *
 * A value of @ is the id of the last device. A key may stand there more than once.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pipewire/impl.h>
#include <pipewire/pipewire.h>
/* These two need what comes before them */
#include <pipewire/extensions/client-node.h>
#include <pipewire/extensions/metadata.h>
#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#define ITEMS_MAX	64
#define OBJECTS_MAX	64
#define DEVICES_MAX	8
#define ROUTES_MAX	2	/* one of each direction */

struct route {
	bool there;
	enum spa_param_availability available;
	int32_t device;
	bool mute;
	int64_t offset_ns;
	bool takes;			/* another offset */
};

struct device {
	struct spa_device object;
	struct spa_hook_list hooks;
	const struct spa_dict *props;	/* while it is made */
	struct route routes[ROUTES_MAX];	/* by direction */
	bool serial;			/* another one each time that a route changes */
};

struct data {
	struct pw_main_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct pw_proxy *objects[OBJECTS_MAX];
	int n_objects;
	struct pw_proxy *node;			/* the last one of "node" */
	struct pw_impl_metadata *metadata;	/* the last one */
	struct device devices[DEVICES_MAX];
	int n_devices;
	uint32_t device;			/* id of the last one */
	int sync;
	char error[256];

	struct spa_dict_item items[ITEMS_MAX];	/* of this line */
	struct spa_dict dict;
};

/* What it is, and that it has routes */
static void tell_device(struct device *device)
{
	struct spa_device_info info = SPA_DEVICE_INFO_INIT();
	struct spa_param_info params[] = {
		SPA_PARAM_INFO(SPA_PARAM_Route, SPA_PARAM_INFO_READWRITE | (device->serial ? SPA_PARAM_INFO_SERIAL : 0)),
	};

	info.change_mask = SPA_DEVICE_CHANGE_MASK_PARAMS | (device->props ? SPA_DEVICE_CHANGE_MASK_PROPS : 0);
	info.props = device->props;
	info.params = params;
	info.n_params = SPA_N_ELEMENTS(params);
	spa_device_emit_info(&device->hooks, &info);
}

static int device_add_listener(void *object, struct spa_hook *listener,
		const struct spa_device_events *events, void *data)
{
	struct device *device = object;
	struct spa_hook_list save;

	spa_hook_list_isolate(&device->hooks, &save, listener, events, data);
	tell_device(device);
	spa_hook_list_join(&device->hooks, &save);
	return 0;
}

static int device_sync(void *object, int seq)
{
	struct device *device = object;

	spa_device_emit_result(&device->hooks, seq, 0, 0, NULL);
	return 0;
}

static struct spa_pod *build_route(struct spa_pod_builder *b, const struct route *route, int direction)
{
	struct spa_pod_frame f[2];

	spa_pod_builder_push_object(b, &f[0], SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
	spa_pod_builder_add(b,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(direction),
			SPA_PARAM_ROUTE_direction, SPA_POD_Id(direction),
			SPA_PARAM_ROUTE_device, SPA_POD_Int(route->device),
			SPA_PARAM_ROUTE_name, SPA_POD_String(direction == SPA_DIRECTION_INPUT ? "input" : "output"),
			SPA_PARAM_ROUTE_available, SPA_POD_Id(route->available), 0);
	spa_pod_builder_prop(b, SPA_PARAM_ROUTE_props, 0);
	spa_pod_builder_push_object(b, &f[1], SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
	spa_pod_builder_add(b,
			SPA_PROP_mute, SPA_POD_Bool(route->mute),
			SPA_PROP_latencyOffsetNsec, SPA_POD_Long(route->offset_ns), 0);
	spa_pod_builder_pop(b, &f[1]);
	return spa_pod_builder_pop(b, &f[0]);
}

static int device_enum_params(void *object, int seq, uint32_t id, uint32_t index,
		uint32_t max, const struct spa_pod *filter)
{
	struct device *device = object;
	struct spa_result_device_params result = { .id = id };

	for (result.index = index; id == SPA_PARAM_Route && result.index < ROUTES_MAX; result.index++) {
		uint8_t buffer[1024];
		struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

		if (!device->routes[result.index].there)
			continue;
		result.next = result.index + 1;
		result.param = build_route(&b, &device->routes[result.index], result.index);
		spa_device_emit_result(&device->hooks, seq, 0, SPA_RESULT_TYPE_DEVICE_PARAMS, &result);
	}
	return 0;
}

static int device_set_param(void *object, uint32_t id, uint32_t flags, const struct spa_pod *param)
{
	struct device *device = object;
	struct spa_pod *props = NULL;
	struct route *route;
	int32_t index;

	if (id != SPA_PARAM_Route || spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL,
			SPA_PARAM_ROUTE_index, SPA_POD_Int(&index),
			SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props)) < 0 || props == NULL || index < 0 || index >= ROUTES_MAX)
		return -EINVAL;
	route = &device->routes[index];
	if (!route->there || !route->takes)
		return 0;
	spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, NULL,
			SPA_PROP_latencyOffsetNsec, SPA_POD_OPT_Long(&route->offset_ns));
	device->serial = !device->serial;
	tell_device(device);
	return 0;
}

static const struct spa_device_methods device_methods = {
	SPA_VERSION_DEVICE_METHODS,
	.add_listener = device_add_listener,
	.sync = device_sync,
	.enum_params = device_enum_params,
	.set_param = device_set_param,
};

static void parse_items(struct data *d, char *words)
{
	static char device[16];
	uint32_t n = 0;
	char *word, *value;

	snprintf(device, sizeof(device), "%u", d->device);
	while ((word = strsep(&words, " ")) != NULL && n < ITEMS_MAX) {
		if (*word == '\0')
			continue;
		if ((value = strchr(word, '=')) != NULL)
			*value++ = '\0';
		d->items[n++] = SPA_DICT_ITEM_INIT(word, spa_streq(value, "@") ? device : value);
	}
	d->dict = SPA_DICT_INIT(d->items, n);
}

static struct pw_proxy *make_device(struct data *d)
{
	struct device *device = &d->devices[d->n_devices];
	struct pw_proxy *proxy;

	if (d->n_devices == DEVICES_MAX)
		return NULL;
	d->n_devices++;
	device->object.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Device, SPA_VERSION_DEVICE,
			&device_methods, device);
	spa_hook_list_init(&device->hooks);
	device->props = &d->dict;
	proxy = pw_core_export(d->core, SPA_TYPE_INTERFACE_Device, &d->dict, &device->object, 0);
	device->props = NULL;
	return proxy;
}

static bool is(const struct data *d, const char *key, const char *value)
{
	return spa_streq(spa_dict_lookup(&d->dict, key), value);
}

static bool set_route(struct data *d)
{
	struct device *device;
	struct route *route;

	if (d->n_devices == 0)
		return false;
	device = &d->devices[d->n_devices - 1];
	route = &device->routes[is(d, "direction", "Input") ? SPA_DIRECTION_INPUT : SPA_DIRECTION_OUTPUT];
	*route = (struct route) {
		.there = true,
		.available = is(d, "available", "yes") ? SPA_PARAM_AVAILABILITY_yes :
			is(d, "available", "no") ? SPA_PARAM_AVAILABILITY_no : SPA_PARAM_AVAILABILITY_unknown,
		.mute = is(d, "mute", "true"),
		.takes = is(d, "takes", "true"),
	};
	spa_atoi32(spa_dict_lookup(&d->dict, "device"), &route->device, 10);
	spa_atoi64(spa_dict_lookup(&d->dict, "offset"), &route->offset_ns, 10);
	device->serial = !device->serial;
	tell_device(device);
	return true;
}

static struct pw_proxy *make_node(struct data *d)
{
	struct spa_node_info info = SPA_NODE_INFO_INIT();
	struct pw_proxy *proxy = pw_core_create_object(d->core, "client-node",
			PW_TYPE_INTERFACE_ClientNode, PW_VERSION_CLIENT_NODE, &d->dict, 0);

	if (proxy == NULL)
		return NULL;
	info.max_input_ports = 1;
	info.change_mask = SPA_NODE_CHANGE_MASK_FLAGS;
	pw_client_node_update((struct pw_client_node *)proxy, PW_CLIENT_NODE_UPDATE_INFO, 0, NULL, &info);
	pw_client_node_set_active((struct pw_client_node *)proxy, true);
	return d->node = proxy;
}

static void update_node(struct data *d)
{
	struct spa_node_info info = SPA_NODE_INFO_INIT();

	info.max_input_ports = 1;
	info.change_mask = SPA_NODE_CHANGE_MASK_PROPS;
	info.props = &d->dict;
	pw_client_node_update((struct pw_client_node *)d->node, PW_CLIENT_NODE_UPDATE_INFO, 0, NULL, &info);
}

static struct pw_proxy *make_metadata(struct data *d)
{
	d->metadata = pw_context_create_metadata(d->context,
			spa_dict_lookup(&d->dict, PW_KEY_METADATA_NAME), NULL, 0);
	if (d->metadata == NULL)
		return NULL;
	return pw_core_export(d->core, PW_TYPE_INTERFACE_Metadata, &d->dict,
			pw_impl_metadata_get_implementation(d->metadata), 0);
}

/* Whether it is done when the daemon has answered; then proxy is what it made, or NULL */
static bool act(struct data *d, char *words, struct pw_proxy **proxy)
{
	char *action = strsep(&words, " ");

	if (spa_streq(action, "drop") && d->n_objects > 0) {
		pw_proxy_destroy(d->objects[--d->n_objects]);
		return true;
	}
	if (spa_streq(action, "set") && d->metadata && words) {
		char *key = strsep(&words, " ");
		pw_impl_metadata_set_property(d->metadata, 0, key, "Spa:String:JSON", words);
		return true;
	}
	parse_items(d, words);
	if (spa_streq(action, "update") && d->node) {
		update_node(d);
		return true;
	}
	if (spa_streq(action, "route"))
		return set_route(d);
	if (spa_streq(action, "device"))
		*proxy = make_device(d);
	else if (spa_streq(action, "adapter"))
		*proxy = pw_core_create_object(d->core, "adapter", PW_TYPE_INTERFACE_Node,
				PW_VERSION_NODE, &d->dict, 0);
	else if (spa_streq(action, "node"))
		*proxy = make_node(d);
	else if (spa_streq(action, "metadata"))
		*proxy = make_metadata(d);
	return *proxy != NULL;
}

static void core_done(void *data, uint32_t id, int seq)
{
	struct data *d = data;

	if (id == PW_ID_CORE && seq == d->sync)
		pw_main_loop_quit(d->loop);
}

static void core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct data *d = data;

	snprintf(d->error, sizeof(d->error), "%s: %s", spa_strerror(res), message);
	if (id == PW_ID_CORE)
		pw_main_loop_quit(d->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = core_done,
	.error = core_error,
};

/* Exported objects are known by their ids some events later */
static void wait_for_daemon(struct data *d)
{
	for (int i = 0; i < 3; i++) {
		d->sync = pw_core_sync(d->core, PW_ID_CORE, 0);
		pw_main_loop_run(d->loop);
	}
}

static void do_line(struct data *d, char *line)
{
	struct pw_proxy *proxy = NULL;
	bool is_device = spa_strstartswith(line, "device ");

	d->error[0] = '\0';
	if (!act(d, line, &proxy)) {
		printf("failed: '%s'\n", line);
		return;
	}
	if (proxy && d->n_objects < OBJECTS_MAX)
		d->objects[d->n_objects++] = proxy;
	wait_for_daemon(d);
	if (d->error[0])
		printf("failed: %s\n", d->error);
	else if (proxy)
		printf("ok %u\n", pw_proxy_get_bound_id(proxy));
	else
		printf("ok\n");
	if (proxy && is_device)
		d->device = pw_proxy_get_bound_id(proxy);
}

static void on_input(void *data, int fd, uint32_t mask)
{
	struct data *d = data;
	static char line[4096];
	static size_t n;
	ssize_t got = read(fd, &line[n], 1);

	/* A character at a time: between two lines the daemon is listened to */
	if (got <= 0)
		pw_main_loop_quit(d->loop);
	else if (line[n] == '\n' || n == sizeof(line) - 1)
		pw_main_loop_quit(d->loop);
	else {
		n++;
		return;
	}
	line[n] = '\0';
	n = 0;
	snprintf(d->error, sizeof(d->error), "%s", got <= 0 ? "end" : "");
	memcpy(pw_context_get_user_data(d->context), line, sizeof(line));
}

int main(int argc, char **argv)
{
	bool untrusted = argc == 2 && spa_streq(argv[1], "-u");
	struct data d = { .device = SPA_ID_INVALID };
	struct spa_hook listener;
	struct spa_source *input;
	struct pw_loop *loop;
	char *line;

	if (argc > 1 && !untrusted) {
		fprintf(stderr, "usage: impostor [-u]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	pw_init(NULL, NULL);
	d.loop = pw_main_loop_new(NULL);
	loop = pw_main_loop_get_loop(d.loop);
	d.context = pw_context_new(loop, NULL, 4096);
	line = pw_context_get_user_data(d.context);
	pw_context_load_module(d.context, "libpipewire-module-client-device", NULL, NULL);
	d.core = pw_context_connect(d.context, pw_properties_new(
			untrusted ? PW_KEY_CLIENT_ACCESS : PW_KEY_APP_NAME,
			untrusted ? "flatpak" : "impostor", NULL), 0);
	if (d.core == NULL) {
		fprintf(stderr, "impostor: can't connect: %m\n");
		return 1;
	}
	pw_core_add_listener(d.core, &listener, &core_events, &d);
	wait_for_daemon(&d);
	input = pw_loop_add_io(loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP, false, on_input, &d);
	for (;;) {
		pw_loop_update_io(loop, input, SPA_IO_IN | SPA_IO_HUP);
		pw_main_loop_run(d.loop);
		pw_loop_update_io(loop, input, 0);
		if (d.error[0])
			break;
		do_line(&d, line);
	}
	pw_core_disconnect(d.core);
	pw_context_destroy(d.context);
	pw_main_loop_destroy(d.loop);
	pw_deinit();
	return 0;
}
