/* The pair command: whom BlueZ asks before a device pairs or connects */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include "cli/i18n.h"
#include "cli/text.h"
#include "pair/pair.h"

/*
 * While we wait, anybody in reach can try to pair. Whom this agent agrees to is decided in
 * rules.c; here BlueZ is answered, and the user asked.
 */

#define AGENT_PATH	"/org/bluez_combine/agent"
/* With an agent that can do nothing the kernel would agree to whoever comes, and ask nobody. */
#define AGENT_CAPABILITY "DisplayYesNo"
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

static const char *why_not(enum pair_verdict verdict)
{
	switch (verdict) {
	case PAIR_NO_OTHER:
		return _("it is not the one that was chosen");
	case PAIR_NO_REFUSED:
		return _("you said so");
	case PAIR_NO_NAME:
		return _("anybody can be named so: without a terminal give --address");
	case PAIR_NO_NUMBER:
		return _("it shows a number that somebody at a terminal has to compare");
	case PAIR_NO_PIN:
		return _("it wants a number that a speaker has no keys for");
	case PAIR_NO_SERVICE:
		return _("what it wants is not audio");
	default:
		return _("it is not the one that was asked for");
	}
}

static void refuse(struct pair *p, GDBusMethodInvocation *invocation, const char *device, const char *why)
{
	g_autofree char *name = pair_name(p, device);

	pair_tell(p, "refused", _("%s was refused: %s"), name, why);
	if (invocation)
		g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.Rejected", "Rejected");
}

static void accept(struct pair *p, GDBusMethodInvocation *invocation, const char *device)
{
	pair_choose(p, device);
	if (invocation == NULL)
		return;
	p->agreed = true;
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void on_answer(void *data, const char *line)
{
	struct pair *p = data;
	GDBusMethodInvocation *invocation = g_steal_pointer(&p->agent.invocation);
	g_autofree char *device = g_steal_pointer(&p->agent.asked);

	if (ask_is_yes(line)) {
		accept(p, invocation, device);
		return;
	}
	refuse(p, invocation, device, why_not(PAIR_NO_REFUSED));
	device_refuse(p, device);
}

bool agent_ask_user(struct pair *p, const char *device, const char *question)
{
	/* An answer is to what was read: nothing takes the place of a question. */
	if (p->ask.answer)
		return false;
	p->agent.asked = g_strdup(device);
	printf("%s ", question);
	fflush(stdout);
	ask_begin(&p->ask, on_answer, p);
	return true;
}

static void ask(struct pair *p, GDBusMethodInvocation *invocation, const char *device, const char *question)
{
	/* The user is being asked about this one already, which has paired unasked and goes on. */
	bool same = p->agent.asked && p->agent.invocation == NULL && g_str_equal(p->agent.asked, device);

	if (same || agent_ask_user(p, device, question))
		p->agent.invocation = invocation;
	else
		refuse(p, invocation, device, _("another one is being asked about"));
}

static char *question_of(const struct pair *p, const char *device, const char *method, GVariant *args)
{
	g_autofree char *name = pair_name(p, device);
	uint32_t number;

	if (g_str_equal(method, "RequestConfirmation")) {
		g_variant_get_child(args, 1, "u", &number);
		return g_strdup_printf(_("%s wants to pair. Does it show %06u? [y/N]"), name, number);
	}
	if (g_str_equal(method, "RequestAuthorization"))
		return g_strdup_printf(_("%s wants to pair. Is that your Echo? [y/N]"), name);
	return g_strdup_printf(p->options->echo ? _("%s, which is paired, connects. Is that your Echo? [y/N]") :
			_("%s, which is paired, connects. Is that your speaker? [y/N]"), name);
}

static void display(struct pair *p, const char *device, const char *method, GVariant *args)
{
	g_autofree char *name = pair_name(p, device), *code = NULL;
	char text[64];
	uint32_t number;

	if (g_str_equal(method, "DisplayPinCode")) {
		g_variant_get_child(args, 1, "s", &code);
	} else {
		g_variant_get_child(args, 1, "u", &number);
		code = g_strdup_printf("%06u", number);
	}
	text_copy(text, sizeof(text), code, TEXT_ANY_WIDTH);
	pair_tell(p, "code", _("Type %s on %s"), text, name);
}

static enum pair_verdict judge(const struct pair *p, const char *path, const char *method, GVariant *args)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, path, BLUEZ_DEVICE);
	struct pair_facts facts;
	const char *uuid;

	if (device == NULL)
		return PAIR_NO_STRANGER;
	facts = device_facts(p, device);
	if (g_str_equal(method, "RequestAuthorization"))
		return pair_may_come(&facts);
	if (g_str_equal(method, "RequestConfirmation"))
		return pair_may_compare(&facts);
	if (g_str_equal(method, "AuthorizeService")) {
		g_variant_get_child(args, 1, "&s", &uuid);
		return pair_may_use(&facts, uuid);
	}
	/* There are no keys here. */
	if (g_str_equal(method, "RequestPasskey"))
		facts.chosen = false;
	return pair_may_have_pin(&facts);
}

/* The methods that are about a device */
static void call_device(struct pair *p, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	enum pair_verdict verdict;
	const char *device;

	g_variant_get_child(args, 0, "&o", &device);
	verdict = judge(p, device, method, args);
	if (verdict == PAIR_ASK) {
		g_autofree char *question = question_of(p, device, method, args);

		ask(p, invocation, device, question);
	} else if (verdict != PAIR_YES) {
		refuse(p, invocation, device, why_not(verdict));
	} else if (g_str_equal(method, "RequestPinCode")) {
		g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", PIN_OF_SPEAKERS));
	} else if (g_str_has_prefix(method, "Display")) {
		display(p, device, method, args);
		g_dbus_method_invocation_return_value(invocation, NULL);
	} else {
		accept(p, invocation, device);
	}
}

/* A question of our own is not BlueZ' to cancel. */
static void cancel(struct pair *p)
{
	GDBusMethodInvocation *asked = g_steal_pointer(&p->agent.invocation);

	if (asked == NULL)
		return;
	ask_end(&p->ask);
	g_clear_pointer(&p->agent.asked, g_free);
	g_dbus_method_invocation_return_dbus_error(asked, "org.bluez.Error.Canceled", "Canceled");
	pair_tell(p, "cancelled", _("The device does not wait any longer"));
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
		p->agent.registered &= g_str_equal(method, "Cancel");
		cancel(p);
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
				AGENT_CAPABILITY), &error);
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
