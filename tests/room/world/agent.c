/* Agents: whom the virtual bluetoothd asks before a device pairs or connects */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/roomd.h"

#define ANSWER_MS	60000	/* as bluetoothd waits */

/** As bluetoothd keeps them: one for a client, the default one first */
struct agent {
	struct room *room;
	char *sender, *path, *capability;
	guint watch;
};

static GPtrArray *agents;

static void agent_free(void *data)
{
	struct agent *agent = data;

	g_bus_unwatch_name(agent->watch);
	g_free(agent->sender);
	g_free(agent->path);
	g_free(agent->capability);
	g_free(agent);
}

static struct agent *find_agent(const char *sender)
{
	guint i;

	for (i = 0; i < agents->len; i++) {
		struct agent *agent = agents->pdata[i];

		if (g_str_equal(agent->sender, sender))
			return agent;
	}
	return NULL;
}

static void agent_event(struct agent *agent, const char *event)
{
	recorder_event(agent->room->recorder, room_clock_now_ns(agent->room->clock), "agent", event,
		       "\"capability\": \"%s\"", agent->capability);
}

static void on_vanished(GDBusConnection *bus, const char *name, void *data)
{
	agent_event(data, "agent-gone");
	g_ptr_array_remove(agents, data);
}

static void register_agent(struct room *room, GDBusMethodInvocation *invocation, GVariant *args)
{
	const char *sender = g_dbus_method_invocation_get_sender(invocation), *path, *capability;
	struct agent *agent;

	g_variant_get(args, "(&o&s)", &path, &capability);
	if (find_agent(sender) != NULL) {
		bus_error(invocation, "AlreadyExists", "Already Exists");
		return;
	}
	agent = g_new0(struct agent, 1);
	agent->room = room;
	agent->sender = g_strdup(sender);
	agent->path = g_strdup(path);
	agent->capability = g_strdup(capability);
	agent->watch = g_bus_watch_name_on_connection(room->bus, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
						      on_vanished, agent, NULL);
	g_ptr_array_add(agents, agent);
	agent_event(agent, "agent");
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct agent *agent = find_agent(g_dbus_method_invocation_get_sender(invocation));

	if (g_str_equal(method, "RegisterAgent")) {
		register_agent(data, invocation, args);
		return;
	}
	if (agent == NULL) {
		bus_error(invocation, "DoesNotExist", "Does Not Exist");
		return;
	}
	if (g_str_equal(method, "RequestDefaultAgent")) {
		guint index = 0;

		g_ptr_array_find(agents, agent, &index);
		g_ptr_array_insert(agents, 0, g_ptr_array_steal_index(agents, index));
		agent_event(agent, "agent-default");
	} else {
		agent_event(agent, "agent-gone");
		g_ptr_array_remove(agents, agent);
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static const struct bus_interface manager_interface = {
	.info = &org_bluez_agent_manager1_interface,
	.call = call,
};

void agents_init(struct room *room)
{
	agents = g_ptr_array_new_with_free_func(agent_free);
	bus_export(room, "/org/bluez", &manager_interface, room);
}

void agents_forget(void)
{
	g_ptr_array_set_size(agents, 0);
}

void agents_finish(void)
{
	g_clear_pointer(&agents, g_ptr_array_unref);
}

/* Who pairs with a device by itself asks whoever is the default. */
static struct agent *agent_for(const char *sender)
{
	struct agent *agent = sender != NULL ? find_agent(sender) : NULL;

	return agent == NULL && agents->len > 0 ? agents->pdata[0] : agent;
}

bool agent_can_answer(const char *sender)
{
	struct agent *agent = agent_for(sender);

	/* bluetoothd tells the kernel the same of no agent as of one that can do nothing. */
	return agent != NULL && !g_str_equal(agent->capability, "NoInputNoOutput");
}

struct question {
	struct device *device;
	void (*answered)(struct device *device, GVariant *answer);
};

static void on_answer(GObject *source, GAsyncResult *result, void *data)
{
	g_autofree struct question *q = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(q->device->room->bus, result, &error);

	device_event(q->device, reply != NULL ? "agent-yes" : "agent-no", "%s", "");
	q->answered(q->device, reply);
}

void agent_ask(struct device *device, const char *sender, const char *method, GVariant *args, const char *type,
	       void (*answered)(struct device *device, GVariant *answer))
{
	struct agent *agent = agent_for(sender);
	struct question *q;

	if (agent == NULL) {
		g_variant_unref(g_variant_ref_sink(args));
		device_event(device, "agent-no", "%s", "");
		answered(device, NULL);
		return;
	}
	q = g_new0(struct question, 1);
	q->device = device;
	q->answered = answered;
	g_dbus_connection_call(device->room->bus, agent->sender, agent->path, BLUEZ ".Agent1", method, args,
			       G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, on_answer, q);
}
