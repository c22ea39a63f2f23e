/* Nodes of others that force a cycle or a rate upon their graph */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/string.h>

#include "log.h"
#include "names.h"
#include "graph/rivals.h"

static void rival_free(struct rival *rival)
{
	spa_list_remove(&rival->link);
	if (rival->proxy) {
		struct pw_proxy *proxy = rival->proxy;
		spa_hook_remove(&rival->proxy_listener);
		spa_hook_remove(&rival->object_listener);
		pw_proxy_destroy(proxy);
	}
	free(rival);
}

static void proxy_destroy(void *data)
{
	struct rival *rival = data;
	spa_hook_remove(&rival->proxy_listener);
	spa_hook_remove(&rival->object_listener);
	rival->proxy = NULL;
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = proxy_destroy,
};

static uint32_t get_uint32(const struct spa_dict *props, const char *key, uint32_t none)
{
	const char *str = spa_dict_lookup(props, key);
	uint32_t value;

	return str && spa_atou32(str, &value, 0) ? value : none;
}

/* As PipeWire reads it (impl-node.c: check_properties()): a rate of 0 is that of node.rate */
static uint32_t forced_rate(const struct spa_dict *props)
{
	uint32_t rate = get_uint32(props, PW_KEY_NODE_FORCE_RATE, SPA_ID_INVALID);
	const char *str = spa_dict_lookup(props, PW_KEY_NODE_RATE);
	struct spa_fraction f;

	if (rate == 0 && str && sscanf(str, "%u/%u", &f.num, &f.denom) == 2)
		return f.denom;
	return rate == SPA_ID_INVALID ? 0 : rate;
}

/* Whatever its name is: two groups must not outdo each other for ever, nor one itself */
static bool is_group(const struct spa_dict *props)
{
	const char *group = spa_dict_lookup(props, PW_KEY_NODE_GROUP);
	const char *link_group = spa_dict_lookup(props, PW_KEY_NODE_LINK_GROUP);

	return (group && spa_strstartswith(group, BLUEZ_COMBINE_NODE_PREFIX)) ||
		(link_group && spa_strstartswith(link_group, BLUEZ_COMBINE_NODE_PREFIX));
}

static void node_info(void *data, const struct pw_node_info *info)
{
	struct rival *rival = data;
	const char *name;
	uint32_t quantum, rate;

	if (!(info->change_mask & PW_NODE_CHANGE_MASK_PROPS) || info->props == NULL ||
	    is_group(info->props))
		return;
	quantum = get_uint32(info->props, PW_KEY_NODE_FORCE_QUANTUM, 0);
	rate = forced_rate(info->props);
	if (quantum == rival->quantum && rate == rival->rate)
		return;
	rival->quantum = quantum;
	rival->rate = rate;
	name = spa_dict_lookup(info->props, PW_KEY_NODE_NAME);
	if (quantum > 0 || rate > 0)
		rival->rivals->forced(rival->rivals->data, rival, name ? name : "a node");
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = node_info,
};

void rivals_init(struct rivals *rivals, struct pw_registry *registry,
		void (*forced)(void *data, const struct rival *rival, const char *name), void *data)
{
	*rivals = (struct rivals) { .registry = registry, .forced = forced, .data = data };
	spa_list_init(&rivals->list);
}

void rivals_finish(struct rivals *rivals)
{
	struct rival *rival;

	if (rivals->registry == NULL)
		return;
	spa_list_consume(rival, &rivals->list, link)
		rival_free(rival);
	spa_zero(*rivals);
}

void rivals_global(struct rivals *rivals, uint32_t id, const char *type)
{
	struct rival *rival;

	if (!spa_streq(type, PW_TYPE_INTERFACE_Node) ||
	    (rival = calloc(1, sizeof(*rival))) == NULL)
		return;
	rival->rivals = rivals;
	rival->id = id;
	spa_list_append(&rivals->list, &rival->link);
	/* What is forced is only in the node's own properties */
	rival->proxy = pw_registry_bind(rivals->registry, id, PW_TYPE_INTERFACE_Node,
			PW_VERSION_NODE, 0);
	if (rival->proxy == NULL) {
		pw_log_warn("can't watch node %u: %m", id);
		rival_free(rival);
		return;
	}
	pw_proxy_add_listener(rival->proxy, &rival->proxy_listener, &proxy_events, rival);
	pw_proxy_add_object_listener(rival->proxy, &rival->object_listener, &node_events, rival);
}

void rivals_global_remove(struct rivals *rivals, uint32_t id)
{
	struct rival *rival;

	spa_list_for_each(rival, &rivals->list, link) {
		if (rival->id == id) {
			rival_free(rival);
			return;
		}
	}
}
