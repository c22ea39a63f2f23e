/* Nodes that live in this process */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <pipewire/impl.h>
#include <spa/node/command.h>
#include <spa/utils/keys.h>
#include <spa/utils/string.h>

#include "graph/local-node.h"

struct search {
	const char *name;
	struct pw_impl_node *found;
};

/* A speaker's sink for calls often has the same name */
static bool is_for_calls(const struct pw_properties *props)
{
	const char *profile = pw_properties_get(props, SPA_KEY_API_BLUEZ5_PROFILE);

	return profile && spa_strstartswith(profile, "headset-");
}

/* What another process has made shows no transport: a pointer crosses no socket. Returns 1 to end the search. */
static int look_at(void *data, struct pw_global *global)
{
	struct search *search = data;
	const struct pw_properties *props;
	const char *transport;

	if (!pw_global_is_type(global, PW_TYPE_INTERFACE_Node))
		return 0;
	props = pw_impl_node_get_properties(pw_global_get_object(global));
	transport = pw_properties_get(props, SPA_KEY_API_BLUEZ5_TRANSPORT);
	if (transport == NULL || !spa_strstartswith(transport, "pointer:") || is_for_calls(props) ||
	    !spa_streq(pw_properties_get(props, PW_KEY_NODE_NAME), search->name))
		return 0;
	search->found = pw_global_get_object(global);
	return 1;
}

int local_node_pause(struct pw_context *context, const char *name)
{
	struct search search = { .name = name };

	pw_context_for_each_global(context, look_at, &search);
	if (search.found == NULL)
		return -ENOENT;
	return spa_node_send_command(pw_impl_node_get_implementation(search.found),
			&SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Pause));
}
