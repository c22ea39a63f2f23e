/* Combined Bluetooth sink */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pipewire/impl.h>
#include <pipewire/extensions/metadata.h>
#include <spa/node/node.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "args.h"
#include "member/backoff.h"
#include "group/group.h"
#include "log.h"
#include "loop-time.h"
#include "names.h"

/** \page page_module_bluez_combine Combined Bluetooth sink
 *
 * Presents one sink and plays what it gets on any number of Bluetooth
 * speakers, each delayed by what it is faster than the slowest, so that all
 * sound together.
 *
 * ## Module Name
 *
 * `libpipewire-module-bluez-combine`
 *
 * ## Module Options
 *
 * - `combine.group`: name of the group, `default`. A group can be loaded once:
 *   the second instance refuses, and takes over when the first is gone.
 * - `combine.headroom.msec`: how much later than the slowest speaker all play,
 *   so that a speaker that joins or a report that changes moves nobody. 0 to
 *   500, default 30.
 * - `combine.max-delay.msec`: the longest that a speaker is delayed; one whose
 *   latency is further from the others' than this is left out of the
 *   alignment. 0 to 4000, not below the headroom, default 2000.
 * - `combine.unaligned`: what such a speaker does: `play` or `mute`, default
 *   `play`.
 * - `combine.slew.ppm`: how fast a change of a delay of less than 1 ms is
 *   followed, by playing that much faster or slower. 0 to 5000, default 500.
 *   Larger changes are crossfaded; with 0 all are.
 * - `combine.quantum`: samples in a cycle, a power of two from 64 to 8192. If it
 *   is not given, the group chooses before it plays: what holds the longest
 *   packet of the speakers, 1024 or more.
 * - `combine.rate`: rate of the graph while the group plays, in Hz, 8000 to
 *   192000, default 48000.
 * - `combine.keep-warm.msec`: how long after the last sound the speakers are
 *   kept awake with dither, so that the next sound is not cut off at its
 *   start. 0 to 3600000, default 0.
 * - `combine.keep-warm.always`: true: after the first sound as long as the sink
 *   is there, whatever `combine.keep-warm.msec` says. Default false.
 * - `combine.keep-warm.level`: peak of the dither, in steps of 16 bits, 1 to 100,
 *   default 1: -90 dBFS.
 * - `combine.low-latency`: true for games and video: another default of the
 *   headroom, 0.
 * - `combine.props`: properties of the sink
 * - `stream.props`: properties of every output
 * - `stream.rules`: which sinks become members: an array of rules with
 *   `matches` and the action `create-stream`, whose properties are added to
 *   the output's. `combine.role` (stereo, left, right, mono), `combine.gain`
 *   (0.0 to 1.0), `combine.trim.msec` (positive: plays later) and
 *   `combine.correction.msec` (positive: sounds late, is sent to earlier)
 *   among them say what it plays. Default: all A2DP speakers.
 * - `node.name`, `node.description`, `audio.position` (1 to 8 channels, each once,
 *   default [ FL FR ]), `audio.channels` (if given, as many as the positions),
 *   `remote.name`
 *
 * Members can also be named, changed and excluded at run time, by
 * `member.<address>` in the metadata object `bluez-combine` (for another group
 * than the first `bluez-combine.<group>`), which also holds the status.
 *
 * ## Example configuration
 *
 *\code{.unparsed}
 * # ~/.config/pipewire/pipewire.conf.d/bluez-combine.conf
 *
 * context.modules = [
 * {   name = libpipewire-module-bluez-combine
 *     args = {
 *         node.description = "All speakers"
 *         stream.rules = [
 *             {   matches = [ { api.bluez5.profile = "a2dp-sink" } ]
 *                 actions = { create-stream = { } }
 *             }
 *             {   matches = [ { api.bluez5.address = "11:22:33:44:55:66" } ]
 *                 actions = { create-stream = { combine.role = left } }
 *             }
 *         ]
 *     }
 * }
 * ]
 *\endcode
 */

#define NAME "bluez-combine"

PW_LOG_TOPIC(mod_topic, BLUEZ_COMBINE_TOPIC_MODULE);

/* A daemon that restarts is back within a second or two, and so is what somebody has destroyed */
#define RETRY_NS	((int64_t)SPA_NSEC_PER_SEC)

static const struct spa_dict_item module_props[] = {
	{ PW_KEY_MODULE_AUTHOR, "The bluez-combine authors" },
	{ PW_KEY_MODULE_DESCRIPTION, "Play one stream on many Bluetooth speakers in sync" },
	{ PW_KEY_MODULE_USAGE,
		"( combine.group=<name of the group> ) "
		"( combine.headroom.msec=<0-500, default 30> ) "
		"( combine.max-delay.msec=<0-4000, default 2000> ) "
		"( combine.unaligned=<play|mute> ) "
		"( combine.slew.ppm=<0-5000, default 500> ) "
		"( combine.quantum=<samples, chosen if not given> ) "
		"( combine.rate=<Hz, 8000-192000, default 48000> ) "
		"( combine.keep-warm.msec=<0-3600000, default 0> ) "
		"( combine.keep-warm.always=<true|false> ) "
		"( combine.keep-warm.level=<1-100, default 1> ) "
		"( combine.low-latency=<true|false> ) "
		"( combine.props=<properties of the sink> ) "
		"( stream.props=<properties of the outputs> ) "
		"( stream.rules=<which sinks are members> ) "
		"( node.name=<name of the sink> ) "
		"( node.description=<description of the sink> ) "
		"( audio.position=<channel map> ) "
		"( remote.name=<remote to connect to> )" },
	{ PW_KEY_MODULE_VERSION, BLUEZ_COMBINE_VERSION },
};

enum state {
	STATE_AWAY,		/**< no daemon: try again soon */
	STATE_LISTING,		/**< the graph is being listed, to see who has our name */
	STATE_COLLECTING,	/**< the sink is made, the nodes tell their properties */
	STATE_RUNNING,
	STATE_REFUSED,		/**< another instance has the group: wait until it is gone */
};

struct impl {
	struct spa_list link;		/**< instances */
	struct pw_impl_module *module;
	struct spa_hook module_listener;
	struct pw_context *context;
	struct spa_hook context_listener;
	struct pw_loop *main_loop;
	struct pw_loop *data_loop;
	struct args args;

	enum state state;
	struct spa_source *retry;	/**< timer, in STATE_AWAY */
	struct spa_source *lost;	/**< event: leave the daemon, or let go of the group */
	bool losing;			/**< it has been signalled */
	struct backoff backoff;		/**< of attempts to start the group */
	int64_t retry_ns;		/**< how long to wait before the next one */
	bool told_refused;		/**< the log says so */

	struct pw_core *core;
	struct spa_hook core_listener;
	int sync;			/**< sequence number that is waited for */
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	uint32_t other;			/**< the oldest driver of the group's name, our own perhaps, or SPA_ID_INVALID */
	uint64_t other_serial;		/**< its object.serial */

	struct group group;
};

/* Those in this process: they can refuse each other before anything is made.
 * Main loop. */
static struct spa_list instances = { &instances, &instances };

static void leave(struct impl *impl)
{
	group_finish(&impl->group);
	if (impl->registry) {
		spa_hook_remove(&impl->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)impl->registry);
		impl->registry = NULL;
	}
	if (impl->core) {
		spa_hook_remove(&impl->core_listener);
		pw_core_disconnect(impl->core);
		impl->core = NULL;
	}
	impl->other = SPA_ID_INVALID;
}

static void set_retry(struct impl *impl, int64_t wait_ns)
{
	loop_set_timer(impl->main_loop, impl->retry, wait_ns);
}

static void lose(struct impl *impl)
{
	impl->losing = true;
	pw_loop_signal_event(impl->main_loop, impl->lost);
}

static void refuse(struct impl *impl)
{
	if (!impl->told_refused)
		pw_log_error("the group '%s' exists already: the node %u of another instance, %s.driver, is in "
				"the graph. This one waits until that is gone; unload it or give it another "
				BLUEZ_COMBINE_ARG_GROUP, impl->args.group, impl->other, args_node_name(&impl->args));
	impl->told_refused = true;
	impl->state = STATE_REFUSED;
	lose(impl);
}

/* Two that have begun at one time have not seen each other: the one that came first stays */
static bool is_late(const struct impl *impl)
{
	uint32_t own = driver_id(&impl->group.driver);

	return impl->other != SPA_ID_INVALID && own != SPA_ID_INVALID && impl->other != own;
}

/* What has failed again and again is likely to go on: it is tried ever less often, and said once */
static void start_failed(struct impl *impl, const char *why)
{
	int64_t now_ns = loop_now_ns(impl->main_loop);
	bool again;

	/* Parts of one group fail together, and that is one failure */
	if (impl->losing)
		return;
	backoff_fail(&impl->backoff, now_ns);
	again = impl->backoff.failures > 1;
	impl->retry_ns = again ? impl->backoff.until_ns - now_ns : RETRY_NS;
	pw_log(again ? SPA_LOG_LEVEL_INFO : SPA_LOG_LEVEL_ERROR,
			"the group '%s' failed and is made again: %s", impl->args.group, why);
	lose(impl);
}

/* The first that is heard of the daemon, before the group is started */
static void core_info(void *data, const struct pw_core_info *info)
{
	struct impl *impl = data;

	quirks_init(&impl->group.quirks, pw_get_library_version(), info->version,
			getenv(BLUEZ_COMBINE_ENV_QUIRKS_OFF));
}

static void core_done(void *data, uint32_t id, int seq)
{
	struct impl *impl = data;
	int res;

	if (id != PW_ID_CORE || seq != impl->sync)
		return;
	switch (impl->state) {
	case STATE_LISTING:
		if (impl->other != SPA_ID_INVALID) {
			refuse(impl);
			return;
		}
		if ((res = group_start(&impl->group)) < 0) {
			start_failed(impl, spa_strerror(res));
			return;
		}
		impl->state = STATE_COLLECTING;
		impl->sync = pw_core_sync(impl->core, PW_ID_CORE, impl->sync);
		break;
	case STATE_COLLECTING:
		if (is_late(impl)) {
			lose(impl);
			return;
		}
		impl->told_refused = false;
		impl->state = STATE_RUNNING;
		group_activate(&impl->group);
		break;
	case STATE_RUNNING:
		if (is_late(impl))
			lose(impl);
		break;
	default:
		break;
	}
}

static void core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct impl *impl = data;

	if (id == PW_ID_CORE && res == -EPIPE) {
		pw_log_info("the daemon is gone, waiting for it to come back");
		impl->state = STATE_AWAY;
		lose(impl);
		return;
	}
	/* A node's: graph/members.c acts on those of speakers, which come each time that one leaves */
	if (id == PW_ID_CORE)
		pw_log_warn("error seq:%d res:%d (%s): %s", seq, res, spa_strerror(res), message);
	else
		pw_log_info("error id:%u seq:%d res:%d (%s): %s", id, seq, res, spa_strerror(res), message);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = core_info,
	.done = core_done,
	.error = core_error,
};

/* The host ends. Its next step is to disconnect us: go while all is in order. */
static void context_destroy(void *data)
{
	struct impl *impl = data;
	impl->state = STATE_AWAY;
	leave(impl);
}

static const struct pw_context_events context_events = {
	PW_VERSION_CONTEXT_EVENTS,
	.destroy = context_destroy,
};

/*
 * A group is known by its driver, and that by its owner: of a node that a client exports the
 * daemon says whose it is. One that the daemon has made for a client, which can say anything
 * of it, has a factory.id that a driver has not. A node of the sink's name may be anybody's.
 */
static bool is_group(const struct impl *impl, const char *type, const struct spa_dict *props)
{
	const char *own = args_node_name(&impl->args);
	const char *name = props ? spa_dict_lookup(props, PW_KEY_NODE_NAME) : NULL;

	return spa_streq(type, PW_TYPE_INTERFACE_Node) && name &&
		spa_strstartswith(name, own) && spa_streq(name + strlen(own), ".driver") &&
		spa_dict_lookup(props, PW_KEY_CLIENT_ID) && !spa_dict_lookup(props, PW_KEY_FACTORY_ID) &&
		owners_find(&impl->group.members.owners, props) != OWNER_RESTRICTED;
}

static void group_seen(struct impl *impl, uint32_t id, const struct spa_dict *props)
{
	uint64_t serial;

	if (!spa_atou64(spa_dict_lookup(props, PW_KEY_OBJECT_SERIAL), &serial, 10))
		return;
	if (impl->other == SPA_ID_INVALID || serial < impl->other_serial) {
		impl->other = id;
		impl->other_serial = serial;
	}
	/* Which of them is our own is known by then */
	if (impl->state != STATE_LISTING)
		impl->sync = pw_core_sync(impl->core, PW_ID_CORE, impl->sync);
}

static void registry_global(void *data, uint32_t id, uint32_t permissions,
		const char *type, uint32_t version, const struct spa_dict *props)
{
	struct impl *impl = data;

	if (impl->state == STATE_REFUSED)
		return;
	members_global(&impl->group.members, id, type, props);
	rivals_global(&impl->group.rivals, id, type);
	if (is_group(impl, type, props))
		group_seen(impl, id, props);
}

static void registry_global_remove(void *data, uint32_t id)
{
	struct impl *impl = data;

	if (id == impl->other) {
		impl->other = SPA_ID_INVALID;
		if (impl->state == STATE_REFUSED) {
			pw_log_info("the other instance of the group '%s' is gone", impl->args.group);
			lose(impl);
		}
	}
	if (impl->state == STATE_REFUSED)
		return;
	members_global_remove(&impl->group.members, id);
	rivals_global_remove(&impl->group.rivals, id);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = registry_global,
	.global_remove = registry_global_remove,
};

static int load_module(struct impl *impl, const char *name)
{
	int res;

	if (pw_context_load_module(impl->context, name, NULL, NULL) != NULL)
		return 0;
	res = -errno;
	pw_log_error("can't load %s: %m", name);
	return res;
}

/*
 * What streams, nodes and metadata need is loaded by the configuration of most
 * hosts, but not of all: WirePlumber loads it only with its device monitors.
 */
static int load_needed(struct impl *impl)
{
	struct pw_context *context = impl->context;
	int res = 0;

	if (pw_context_find_export_type(context, SPA_TYPE_INTERFACE_Node) == NULL)
		res = load_module(impl, "libpipewire-module-client-node");
	if (res == 0 && pw_context_find_export_type(context, PW_TYPE_INTERFACE_Metadata) == NULL)
		res = load_module(impl, "libpipewire-module-metadata");
	if (res == 0 && pw_context_find_factory(context, "adapter") == NULL)
		res = load_module(impl, "libpipewire-module-adapter");
	return res;
}

/* What it is made of is there, and takes these arguments: what fails later may pass, this does not */
static int check_fanout(struct impl *impl)
{
	struct fanout_host host;
	int res = fanout_host_init(&host, impl->context, impl->data_loop, &impl->args,
			impl->args.max_delay_ns);

	fanout_host_finish(&host);
	return res;
}

/* Somebody has destroyed what it can't do without: begin anew */
static void group_failed(void *data, const char *why)
{
	struct impl *impl = data;

	if (impl->state != STATE_AWAY)
		start_failed(impl, why);
	else
		lose(impl);
}

/* Returns 0 if the daemon is there */
static int join(struct impl *impl)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);

	/* A connection of our own, also where the host has one: what happens to
	 * the host's is not ours to answer for. */
	if (impl->args.remote)
		pw_properties_set(props, PW_KEY_REMOTE_NAME, impl->args.remote);
	impl->core = pw_context_connect(impl->context, props, 0);
	if (impl->core == NULL)
		return -errno;
	pw_core_add_listener(impl->core, &impl->core_listener, &core_events, impl);

	impl->registry = pw_core_get_registry(impl->core, PW_VERSION_REGISTRY, 0);
	if (impl->registry == NULL) {
		int res = -errno;
		leave(impl);
		return res;
	}
	group_init(&impl->group, impl->context, impl->core, impl->registry,
			impl->data_loop, &impl->args, group_failed, impl);
	pw_registry_add_listener(impl->registry, &impl->registry_listener, &registry_events, impl);

	impl->state = STATE_LISTING;
	impl->sync = pw_core_sync(impl->core, PW_ID_CORE, 0);
	return 0;
}

static void on_retry(void *data, uint64_t expirations)
{
	struct impl *impl = data;

	if (impl->state == STATE_AWAY && join(impl) < 0)
		set_retry(impl, RETRY_NS);
}

static void on_lost(void *data, uint64_t count)
{
	struct impl *impl = data;

	impl->losing = false;
	if (impl->state == STATE_REFUSED && impl->other != SPA_ID_INVALID) {
		/* The registry is all that is still needed */
		group_finish(&impl->group);
		return;
	}
	leave(impl);
	impl->state = STATE_AWAY;
	set_retry(impl, impl->retry_ns);
	impl->retry_ns = RETRY_NS;
}

static void impl_destroy(struct impl *impl)
{
	leave(impl);
	spa_list_remove(&impl->link);
	spa_hook_remove(&impl->context_listener);
	if (impl->retry)
		pw_loop_destroy_source(impl->main_loop, impl->retry);
	if (impl->lost)
		pw_loop_destroy_source(impl->main_loop, impl->lost);
	if (impl->data_loop)
		pw_context_release_loop(impl->context, impl->data_loop);
	args_finish(&impl->args);
	free(impl);
}

static void module_destroy(void *data)
{
	struct impl *impl = data;
	spa_hook_remove(&impl->module_listener);
	impl_destroy(impl);
}

static const struct pw_impl_module_events module_events = {
	PW_VERSION_IMPL_MODULE_EVENTS,
	.destroy = module_destroy,
};

static bool in_this_process(const struct impl *impl)
{
	struct impl *i;
	spa_list_for_each(i, &instances, link)
		if (i != impl && i->context == impl->context &&
		    spa_streq(args_node_name(&i->args), args_node_name(&impl->args)))
			return true;
	return false;
}

SPA_EXPORT int pipewire__module_init(struct pw_impl_module *module, const char *args);

SPA_EXPORT
int pipewire__module_init(struct pw_impl_module *module, const char *args)
{
	struct pw_context *context = pw_impl_module_get_context(module);
	struct impl *impl;
	int res;

	PW_LOG_TOPIC_INIT(mod_topic);

	if ((impl = calloc(1, sizeof(*impl))) == NULL)
		return -errno;
	spa_list_append(&instances, &impl->link);
	impl->module = module;
	impl->context = context;
	impl->other = SPA_ID_INVALID;
	impl->retry_ns = RETRY_NS;
	pw_context_add_listener(context, &impl->context_listener, &context_events, impl);
	impl->main_loop = pw_context_get_main_loop(context);

	if ((res = args_init(&impl->args, args)) < 0)
		goto error;
	if (in_this_process(impl)) {
		pw_log_error("the group '%s' is loaded already; give this instance another "
				BLUEZ_COMBINE_ARG_GROUP, impl->args.group);
		res = -EEXIST;
		goto error;
	}
	impl->data_loop = pw_context_acquire_loop(context, &impl->args.sink_props->dict);
	impl->retry = pw_loop_add_timer(impl->main_loop, on_retry, impl);
	impl->lost = pw_loop_add_event(impl->main_loop, on_lost, impl);
	if (impl->data_loop == NULL || impl->retry == NULL || impl->lost == NULL) {
		res = -errno;
		pw_log_error("can't load: %m");
		goto error;
	}
	if ((res = load_needed(impl)) < 0 ||
	    (res = check_fanout(impl)) < 0)
		goto error;
	if ((res = join(impl)) < 0) {
		pw_log_error("can't connect to the daemon: %s", spa_strerror(res));
		goto error;
	}
	pw_impl_module_add_listener(module, &impl->module_listener, &module_events, impl);
	pw_impl_module_update_properties(module, &SPA_DICT_INIT_ARRAY(module_props));
	return 0;

error:
	impl_destroy(impl);
	return res;
}
