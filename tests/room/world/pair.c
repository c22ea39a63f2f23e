/* Discovery and pairing in the virtual bluetoothd */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/roomd.h"

#define PIN		"0000"	/* what speakers of old have */
#define DISCONNECT_MS	2000	/* that bluetoothd gives services to end */
#define ORPHAN_MS	1500	/* a transport that nothing stands behind goes */

/* In the order of the names in world/options.c */
enum pair_kind {
	PAIR_JUST_WORKS,
	PAIR_CONFIRM,		/* both show a number */
	PAIR_PIN,
	PAIR_UNASKED,		/* without a question, as kernels before 6.12 have it where neither side insists */
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

static void set_coming(struct device *device, bool coming)
{
	if (device->coming == coming)
		return;
	device->coming = coming;
	bus_changed(device->room, device->path, IFACE_DEVICE, "Connected", NULL);
}

/* Answers who has called Pair(), if anybody has */
static void end_pairing(struct device *device, const char *error)
{
	GDBusMethodInvocation *invocation = g_steal_pointer(&device->pairing.invocation);

	device->pairing.generation++;
	device->pairing.going_on = false;
	set_coming(device, false);
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

void device_forget_pairing(struct device *device)
{
	end_pairing(device, device->pairing.going_on ? "AuthenticationCanceled" : NULL);
	device->orphaned = false;
}

struct removal {
	struct device *device;
	GDBusMethodInvocation *invocation;
};

static gboolean on_removal(void *data)
{
	struct removal *removal = data;

	device_remove(removal->device);
	g_dbus_method_invocation_return_value(removal->invocation, NULL);
	return G_SOURCE_REMOVE;
}

void device_remove_for(struct device *device, GDBusMethodInvocation *invocation)
{
	struct removal *removal = g_new0(struct removal, 1);

	removal->device = device;
	removal->invocation = invocation;
	/* What it is about to do is not done any more. */
	device->pairing.generation++;
	g_timeout_add_full(G_PRIORITY_DEFAULT, device->connected || device->coming ? DISCONNECT_MS : 0,
			   on_removal, removal, g_free);
}

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
	if (!incoming)
		return;
	set_coming(device, true);
	run_later(device, device->options.connect_ms, device_come);
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

/*
 * What the agent is asked; NULL: nothing. The kernel agrees by itself where nobody on this side could
 * be shown anything, and it then makes no difference who began, or whether the device shows a number.
 */
static const char *question_of(const struct device *device)
{
	if (device->options.pairing == PAIR_PIN)
		return "RequestPinCode";
	if (!agent_can_answer(device->pairing.sender))
		return NULL;
	if (device->options.pairing == PAIR_CONFIRM)
		return "RequestConfirmation";
	/* Who asks for it needs not be asked. */
	if (device->pairing.invocation != NULL || device->options.pairing == PAIR_UNASKED)
		return NULL;
	return "RequestAuthorization";
}

static void begin_pairing(struct device *device)
{
	const char *question = question_of(device), *sender = device->pairing.sender;

	device->pairing.going_on = true;
	device_event(device, "pairing", "%s", "");
	if (question == NULL)
		run_later(device, device->options.pair_ms, paired);
	else if (device->options.pairing == PAIR_CONFIRM)
		agent_ask(device, sender, question,
			  g_variant_new("(ou)", device->path, device->options.seed % 1000000), "()", on_agreed);
	else
		agent_ask(device, sender, question, g_variant_new("(o)", device->path),
			  device->options.pairing == PAIR_PIN ? "(s)" : "()", on_agreed);
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
	/* Meanwhile it was removed, or a client has met it. */
	if (!device->coming)
		return;
	if (answer != NULL)
		device_connect(device);
	set_coming(device, false);
}

void device_come(struct device *device)
{
	if (device->orphaned) {
		device_event(device, "end-point-in-use", "%s", "");
	} else if (device->trusted || !device->paired) {
		device_connect(device);
		set_coming(device, false);
	} else {
		/* The channel comes before anybody knows what is to go through it. */
		set_coming(device, true);
		agent_ask(device, NULL, "AuthorizeService",
			  g_variant_new("(os)", device->path, UUID_ADVANCED_AUDIO), "()", on_authorized);
	}
}

/* The transport that two connections at a time have left behind */
static void orphan_gone(struct device *device)
{
	device_close(device);
	device_event(device, "orphan-gone", "%s", "");
}

const char *device_meet(struct device *device)
{
	bool met = device->coming;

	if (device->orphaned)
		return "br-connection-unknown";
	device_connect(device);
	if (!met)
		return NULL;
	set_coming(device, false);
	/* Each side has set up a stream on the end point that the other one wants. */
	device->orphaned = true;
	device->pairing.generation++;
	device_event(device, "collision", "%s", "");
	run_later(device, ORPHAN_MS, orphan_gone);
	return "br-connection-unknown";
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
