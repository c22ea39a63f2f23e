/* Discovery and pairing in the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "roomd.h"

#define PIN		"0000"	/* what speakers of old have */
#define CONNECT_MS	50	/* an Echo connects its services after it was paired */

/* In the order of the names in options.c */
enum pair_kind {
	PAIR_JUST_WORKS,
	PAIR_CONFIRM,		/* both show a number */
	PAIR_PIN,
};


struct later {
	struct device *device;
	uint32_t generation;	/* of the pairing */
	void (*run)(struct device *device);
};

static gboolean on_later(void *data)
{
	struct later *later = data;

	if (later->generation == later->device->pairing.generation)
		later->run(later->device);
	return G_SOURCE_REMOVE;
}

static void run_later(struct device *device, double msec, void (*run)(struct device *device))
{
	struct later *later = g_new0(struct later, 1);

	later->device = device;
	later->generation = device->pairing.generation;
	later->run = run;
	g_timeout_add_full(G_PRIORITY_DEFAULT, (guint)msec, on_later, later, g_free);
}

static bool can_be_found(const struct device *device, const struct adapter *adapter)
{
	return !device->shown && !device->paired && adapter->powered;
}

/* It is where it was found first. */
static void show_on(struct device *device, struct adapter *adapter)
{
	device->adapter = adapter;
	device->in_reach = true;
	device_show(device);
	device_event(device, "found", "\"adapter\": \"%s\"", adapter->name);
}

static void found(struct device *device)
{
	struct adapter *adapter = device->pairing.adapter;

	if (adapter->discovering && can_be_found(device, adapter) && !device->options.no_pairing_mode)
		show_on(device, adapter);
}

void adapter_discover(struct adapter *adapter)
{
	guint i;

	for (i = 0; i < adapter->room->devices->len; i++) {
		struct device *device = adapter->room->devices->pdata[i];

		/* An Echo looks for others, and is not found itself. */
		if (!can_be_found(device, adapter) || !device->options.speaker)
			continue;
		device->pairing.adapter = adapter;
		run_later(device, device->options.discover_ms, found);
	}
}

/* Answers who has called Pair(), if anybody has */
static void end_pairing(struct device *device, const char *error)
{
	GDBusMethodInvocation *invocation = g_steal_pointer(&device->pairing.invocation);

	device->pairing.generation++;
	device->pairing.going_on = false;
	g_clear_pointer(&device->pairing.sender, g_free);
	if (error != NULL)
		device_event(device, "pairing-failed", "\"error\": \"%s\"", error);
	if (invocation == NULL)
		return;
	if (error != NULL)
		bus_error(invocation, error, "Authentication Failed");
	else
		g_dbus_method_invocation_return_value(invocation, NULL);
}

static void connect_services(struct device *device);

static void paired(struct device *device)
{
	bool incoming = device->pairing.invocation == NULL;

	if (device->options.pair_error[0] != '\0') {
		end_pairing(device, device->options.pair_error);
		return;
	}
	device->paired = true;
	device_event(device, "paired", "%s", "");
	bus_changed(device->room, device->path, IFACE_DEVICE, "Paired", "Bonded", NULL);
	end_pairing(device, NULL);
	if (incoming)
		run_later(device, CONNECT_MS, connect_services);
}

static void on_agreed(struct device *device, GVariant *answer)
{
	const char *pin = NULL;

	if (!device->pairing.going_on)
		return;
	if (answer != NULL && device->options.pairing == PAIR_PIN)
		g_variant_get(answer, "(&s)", &pin);
	if (answer == NULL)
		end_pairing(device, "AuthenticationRejected");
	else if (pin != NULL && !g_str_equal(pin, PIN))
		end_pairing(device, "AuthenticationFailed");
	else
		run_later(device, device->options.pair_ms, paired);
}

static void begin_pairing(struct device *device)
{
	const char *sender = device->pairing.sender;
	GVariant *path = g_variant_new("(o)", device->path);

	device->pairing.going_on = true;
	device_event(device, "pairing", "%s", "");
	if (device->options.pairing == PAIR_CONFIRM) {
		g_variant_unref(g_variant_ref_sink(path));
		agent_ask(device, sender, "RequestConfirmation",
			  g_variant_new("(ou)", device->path, device->options.seed % 1000000), "()", on_agreed);
	} else if (device->options.pairing == PAIR_PIN) {
		agent_ask(device, sender, "RequestPinCode", path, "(s)", on_agreed);
	} else if (device->pairing.invocation == NULL) {
		agent_ask(device, sender, "RequestAuthorization", path, "()", on_agreed);
	} else {
		/* Who asks for it needs not be asked. */
		g_variant_unref(g_variant_ref_sink(path));
		run_later(device, device->options.pair_ms, paired);
	}
}

void device_pair(struct device *device, GDBusMethodInvocation *invocation)
{
	if (device->paired) {
		bus_error(invocation, "AlreadyExists", "Already Exists");
	} else if (!device->adapter->powered) {
		bus_error(invocation, "NotReady", "Resource Not Ready");
	} else if (device->pairing.going_on) {
		bus_error(invocation, "InProgress", "In Progress");
	} else {
		device->pairing.invocation = invocation;
		device->pairing.sender = g_strdup(g_dbus_method_invocation_get_sender(invocation));
		begin_pairing(device);
	}
}

void device_cancel_pairing(struct device *device, GDBusMethodInvocation *invocation)
{
	if (!device->pairing.going_on) {
		bus_error(invocation, "DoesNotExist", "Does Not Exist");
		return;
	}
	end_pairing(device, "AuthenticationCanceled");
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void on_authorized(struct device *device, GVariant *answer)
{
	if (answer != NULL)
		device_connect(device);
}

static void connect_services(struct device *device)
{
	if (device->trusted)
		device_connect(device);
	else
		agent_ask(device, NULL, "AuthorizeService",
			  g_variant_new("(os)", device->path, device->options.source ? UUID_A2DP_SOURCE :
					UUID_A2DP_SINK), "()", on_authorized);
}

static struct adapter *find_discoverable(struct room *room)
{
	guint i;

	for (i = 0; i < room->adapters->len; i++) {
		struct adapter *adapter = room->adapters->pdata[i];

		if (adapter->powered && adapter->discoverable && adapter->pairable)
			return adapter;
	}
	return NULL;
}

static void try_to_pair(struct device *device)
{
	struct adapter *adapter = find_discoverable(device->room);

	if (!device->wants_pairing || adapter == NULL || device->paired || device->pairing.going_on)
		return;
	device->wants_pairing = false;
	if (!device->shown)
		show_on(device, adapter);
	begin_pairing(device);
}

void device_search(struct device *device)
{
	device->wants_pairing = true;
	try_to_pair(device);
}

void adapter_became_discoverable(struct adapter *adapter)
{
	guint i;

	for (i = 0; i < adapter->room->devices->len; i++) {
		struct device *device = adapter->room->devices->pdata[i];

		if (device->wants_pairing)
			run_later(device, device->options.discover_ms, try_to_pair);
	}
}
