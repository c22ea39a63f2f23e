/* The pair command: whom BlueZ asks before a device pairs or connects */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include "i18n.h"
#include "pair.h"
#include "text.h"

/*
 * While we wait, anybody in reach can try to pair. So this agent agrees to one
 * device only: the one that was chosen from the list, that --address or --name
 * names, or that the user says yes to; and only to services of audio.
 */

#define AGENT_PATH	"/org/bluez_combine/agent"
#define CALL_MS		5000
#define PIN_OF_SPEAKERS	"0000"	/* before Bluetooth 2.1: what has no keys has this one */

static const char agent_xml[] =
	"<node><interface name='org.bluez.Agent1'>"
	" <method name='Release'/>"
	" <method name='RequestPinCode'>"
	"  <arg type='o' direction='in'/><arg type='s' direction='out'/></method>"
	" <method name='DisplayPinCode'>"
	"  <arg type='o' direction='in'/><arg type='s' direction='in'/></method>"
	" <method name='RequestPasskey'>"
	"  <arg type='o' direction='in'/><arg type='u' direction='out'/></method>"
	" <method name='DisplayPasskey'>"
	"  <arg type='o' direction='in'/><arg type='u' direction='in'/><arg type='q' direction='in'/></method>"
	" <method name='RequestConfirmation'>"
	"  <arg type='o' direction='in'/><arg type='u' direction='in'/></method>"
	" <method name='RequestAuthorization'><arg type='o' direction='in'/></method>"
	" <method name='AuthorizeService'>"
	"  <arg type='o' direction='in'/><arg type='s' direction='in'/></method>"
	" <method name='Cancel'/>"
	"</interface></node>";

/* A2DP and its remote control; nothing that could read or type */
static bool is_audio(const char *uuid)
{
	static const char *const allowed[] = { "0000110a", "0000110b", "0000110c", "0000110d", "0000110e", "0000110f" };
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(allowed); i++)
		if (g_ascii_strncasecmp(uuid, allowed[i], 8) == 0 &&
		    g_ascii_strcasecmp(uuid + 8, "-0000-1000-8000-00805f9b34fb") == 0)
			return true;
	return false;
}

static void refuse(struct pair *p, GDBusMethodInvocation *invocation, const char *device, const char *why)
{
	g_autofree char *name = pair_name(p, device);

	pair_tell(p, "refused", _("%s was refused: %s"), name, why);
	g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.Rejected", "Rejected");
}

static void on_answer(void *data, const char *line)
{
	struct pair *p = data;
	GDBusMethodInvocation *invocation = g_steal_pointer(&p->agent.invocation);
	g_autofree char *device = g_steal_pointer(&p->agent.asked);

	if (ask_is_yes(line)) {
		pair_choose(p, device);
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else {
		refuse(p, invocation, device, _("you said so"));
	}
}

static void ask_user(struct pair *p, GDBusMethodInvocation *invocation, const char *device, const char *question)
{
	if (p->agent.invocation) {
		refuse(p, invocation, device, _("another one is being asked about"));
		return;
	}
	p->agent.invocation = invocation;
	p->agent.asked = g_strdup(device);
	printf("%s ", question);
	fflush(stdout);
	ask_begin(&p->ask, on_answer, p);
}

static bool may_pair(const struct pair *p, const char *device)
{
	g_autoptr(GDBusProxy) proxy = bluez_get(&p->bluez, device, BLUEZ_DEVICE);

	if (p->device)
		return g_strcmp0(p->device, device) == 0;
	/* Before one is chosen only an Echo can come: a speaker waits to be found. */
	return p->options->echo && proxy && pair_fits(p, proxy);
}

/* It pairs without a number to compare: whoever is near could be that. */
static void request_authorization(struct pair *p, GDBusMethodInvocation *invocation, const char *device)
{
	g_autofree char *name = pair_name(p, device), *question = NULL;

	if (p->device || pair_is_named(p)) {
		pair_choose(p, device);
		g_dbus_method_invocation_return_value(invocation, NULL);
		return;
	}
	question = g_strdup_printf(_("%s wants to pair. Is that your Echo? [y/N]"), name);
	ask_user(p, invocation, device, question);
}

static void request_confirmation(struct pair *p, GDBusMethodInvocation *invocation, const char *device,
		uint32_t passkey)
{
	g_autofree char *name = pair_name(p, device), *question = NULL;

	if (!p->interactive) {
		refuse(p, invocation, device, _("it shows a number that somebody at a terminal has to compare"));
		return;
	}
	question = g_strdup_printf(_("%s wants to pair. Does it show %06u? [y/N]"), name, passkey);
	ask_user(p, invocation, device, question);
}

static void display(struct pair *p, const char *device, const char *code)
{
	g_autofree char *name = pair_name(p, device);
	char text[64];

	text_copy(text, sizeof(text), code, TEXT_ANY_WIDTH);
	pair_tell(p, "code", _("Type %s on %s"), text, name);
}

/* The methods that are about a device */
static void call_device(struct pair *p, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	const char *device, *text;
	uint32_t number;

	g_variant_get_child(args, 0, "&o", &device);
	if (!may_pair(p, device)) {
		refuse(p, invocation, device, p->device ? _("it is not the one that was chosen") :
				_("it is not the one that was asked for"));
	} else if (g_str_equal(method, "RequestAuthorization")) {
		request_authorization(p, invocation, device);
	} else if (g_str_equal(method, "RequestConfirmation")) {
		g_variant_get_child(args, 1, "u", &number);
		request_confirmation(p, invocation, device, number);
	} else if (g_str_equal(method, "AuthorizeService")) {
		g_variant_get_child(args, 1, "&s", &text);
		if (p->device && is_audio(text))
			g_dbus_method_invocation_return_value(invocation, NULL);
		else
			refuse(p, invocation, device, _("what it wants is not audio"));
	} else if (g_str_equal(method, "RequestPinCode") && p->device) {
		g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", PIN_OF_SPEAKERS));
	} else if (g_str_equal(method, "DisplayPinCode")) {
		g_variant_get_child(args, 1, "&s", &text);
		display(p, device, text);
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else if (g_str_equal(method, "DisplayPasskey")) {
		char code[16];

		g_variant_get_child(args, 1, "u", &number);
		snprintf(code, sizeof(code), "%06u", number);
		display(p, device, code);
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else {
		refuse(p, invocation, device, _("it wants a number that a speaker has no keys for"));
	}
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		const char *method, GVariant *args, GDBusMethodInvocation *invocation, void *data)
{
	struct pair *p = data;
	g_autofree char *owner = g_dbus_object_manager_client_get_name_owner(
			G_DBUS_OBJECT_MANAGER_CLIENT(p->bluez.manager));

	/* Anybody on the bus can call; only BlueZ is answered. */
	if (g_strcmp0(sender, owner) != 0) {
		g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.Rejected", "Rejected");
		return;
	}
	if (g_str_equal(method, "Release") || g_str_equal(method, "Cancel")) {
		GDBusMethodInvocation *asked = g_steal_pointer(&p->agent.invocation);

		if (asked) {
			ask_end(&p->ask);
			g_dbus_method_invocation_return_dbus_error(asked, "org.bluez.Error.Canceled", "Canceled");
			pair_tell(p, "cancelled", _("The device does not wait any longer"));
		}
		g_clear_pointer(&p->agent.asked, g_free);
		p->agent.registered &= g_str_equal(method, "Cancel");
		g_dbus_method_invocation_return_value(invocation, NULL);
		return;
	}
	call_device(p, invocation, method, args);
}

static bool call_manager(struct pair *p, const char *method, GVariant *args, GError **error)
{
	g_autoptr(GVariant) reply = wait_call(&p->wait, p->bluez.bus, "/org/bluez", BLUEZ_AGENT_MANAGER, method, args,
			CALL_MS, error);

	return reply != NULL;
}

int agent_init(struct pair *p)
{
	static const GDBusInterfaceVTable vtable = { .method_call = on_call };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(agent_xml, NULL);
	g_autoptr(GError) error = NULL;

	p->agent.object = g_dbus_connection_register_object(p->bluez.bus, AGENT_PATH, node->interfaces[0], &vtable,
			p, NULL, &error);
	if (p->agent.object != 0)
		p->agent.registered = call_manager(p, "RegisterAgent", g_variant_new("(os)", AGENT_PATH,
				p->interactive ? "DisplayYesNo" : "NoInputNoOutput"), &error);
	/* The desktop's agent would be asked instead when a device begins by itself. */
	if (p->agent.registered &&
	    call_manager(p, "RequestDefaultAgent", g_variant_new("(o)", AGENT_PATH), &error))
		return 0;
	if (p->wait.signal)
		return -EINTR;
	pair_complain(p, error, _("BlueZ takes no agent from here"));
	return -EIO;
}

void agent_finish(struct pair *p)
{
	if (p->agent.invocation)
		g_dbus_method_invocation_return_dbus_error(g_steal_pointer(&p->agent.invocation),
				"org.bluez.Error.Canceled", "Canceled");
	g_clear_pointer(&p->agent.asked, g_free);
	if (p->agent.registered)
		bluez_call_quietly(&p->bluez, "/org/bluez", BLUEZ_AGENT_MANAGER, "UnregisterAgent",
				g_variant_new("(o)", AGENT_PATH));
	p->agent.registered = false;
	if (p->agent.object != 0)
		g_dbus_connection_unregister_object(p->bluez.bus, p->agent.object);
	p->agent.object = 0;
}
