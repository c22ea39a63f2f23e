/* The pair command: what is known of devices, and what is done with them */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "cli/i18n.h"
#include "pair/pair.h"

enum {
	WAS_PAIRED = 1 << 0,
	WAS_TRUSTED = 1 << 1,
	WAS_CONNECTED = 1 << 2,
	IS_REFUSED = 1 << 3,		/* since then */
};

static void set_flags(struct pair *p, const char *device, guint flags)
{
	g_hash_table_insert(p->before, g_strdup(device), GUINT_TO_POINTER(flags));
}

void device_remember_all(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	p->before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (l = devices; l; l = l->next) {
		guint flags = (bluez_bool(l->data, "Paired") ? WAS_PAIRED : 0) |
			(bluez_bool(l->data, "Trusted") ? WAS_TRUSTED : 0) |
			(bluez_bool(l->data, "Connected") ? WAS_CONNECTED : 0);

		set_flags(p, bluez_path(l->data), flags);
	}
}

static guint how_it_was(const struct pair *p, const char *device)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(p->before, device));
}

bool device_was_paired(const struct pair *p, const char *device)
{
	return how_it_was(p, device) & WAS_PAIRED;
}

bool device_came(struct pair *p, GDBusProxy *device)
{
	guint flags = how_it_was(p, bluez_path(device));

	if (bluez_bool(device, "Connected"))
		return !(flags & WAS_CONNECTED);
	if (flags & WAS_CONNECTED)
		set_flags(p, bluez_path(device), flags & ~WAS_CONNECTED);
	return false;
}

void device_refuse(struct pair *p, const char *path)
{
	/* One that wants to pair may have been meant all the same, and tries again. */
	if (device_was_paired(p, path))
		set_flags(p, path, how_it_was(p, path) | IS_REFUSED);
	else
		device_send_away(p, path);
}

struct pair_facts device_facts(const struct pair *p, GDBusProxy *device)
{
	const struct options *o = p->options;
	const char *path = bluez_path(device);
	g_autofree char *address = bluez_string(device, "Address"), *alias = bluez_string(device, "Alias");
	g_autoptr(GDBusProxy) transport = bluez_transport(&p->bluez, path, !o->echo);
	bool source = bluez_has_uuid(device, BLUEZ_UUID_A2DP_SOURCE);
	bool sink = bluez_has_uuid(device, BLUEZ_UUID_A2DP_SINK);
	guint was = how_it_was(p, path);

	return (struct pair_facts) {
		.echo = o->echo,
		.can_ask = p->interactive && !p->ask.ended,
		.chosen = g_strcmp0(p->device, path) == 0,
		.other_chosen = p->device && g_strcmp0(p->device, path) != 0,
		.by_address = p->wanted,
		.by_name = o->name,
		.address_fits = p->wanted && address && g_ascii_strcasecmp(address, p->wanted) == 0,
		.name_fits = o->name && alias && g_ascii_strncasecmp(alias, o->name, strlen(o->name)) == 0,
		.refused = was & IS_REFUSED,
		.was_paired = was & WAS_PAIRED,
		.was_trusted = was & WAS_TRUSTED,
		.has_profile = o->echo ? source : sink,
		.has_other = o->echo ? sink : source,
		.has_input = bluez_is_input(device),
		.has_audio = transport,
	};
}

bool device_has(const struct pair *p, const char *property)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE);

	return device && bluez_bool(device, property);
}

bool device_call(struct pair *p, const char *method, GVariant *args, int limit_ms, GError **error)
{
	g_autoptr(GVariant) reply = wait_call(&p->wait, p->bluez.bus, p->device, BLUEZ_DEVICE, method, args, limit_ms,
			error);

	return reply != NULL;
}

int device_fail(struct pair *p, const GError *error, const char *what)
{
	g_autofree char *name = pair_name(p, p->device);

	if (p->wait.signal)
		return -EINTR;
	pair_complain(p, error, "%s: %s", name, what);
	return -EIO;
}

/* BlueZ forgets its key, and breaks off what it is doing. */
static bool forget(struct pair *p, GDBusProxy *device)
{
	g_autofree char *adapter = bluez_adapter_of(device);

	return adapter && bluez_call_quietly(&p->bluez, adapter, BLUEZ_ADAPTER, "RemoveDevice",
			g_variant_new("(o)", bluez_path(device)));
}

void device_send_away(struct pair *p, const char *path)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, path, BLUEZ_DEVICE);
	g_autofree char *name = pair_name(p, path), *address = NULL;

	if (device == NULL || !bluez_bool(device, "Paired"))
		return;
	address = bluez_string(device, "Address");
	if (forget(p, device))
		pair_tell(p, "removed", _("%s has paired and was not meant: it is not paired any more"), name);
	else
		pair_complain(p, NULL, _("%s could not be removed: bluetoothctl remove %s"), name, address);
}

/* What BlueZ has told by now */
static void catch_up(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

void device_sweep(struct pair *p)
{
	g_autolist(GDBusProxy) devices = NULL;
	GList *l;

	catch_up();
	devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	for (l = devices; l; l = l->next) {
		struct pair_facts facts = device_facts(p, l->data);
		g_autofree char *of = bluez_adapter_of(l->data);

		if (!facts.chosen && pair_undo(&facts, true) == PAIR_FORGET && g_strcmp0(of, p->adapter.path) == 0)
			device_send_away(p, bluez_path(l->data));
	}
}

void device_undo(struct pair *p, bool done)
{
	g_autoptr(GDBusProxy) device = NULL;
	g_autofree char *name = NULL, *address = NULL;
	struct pair_facts facts;
	bool paired, good = true;

	catch_up();
	if ((device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE)) == NULL)
		return;
	name = pair_name(p, p->device);
	address = bluez_string(device, "Address");
	facts = device_facts(p, device);
	paired = bluez_bool(device, "Paired");
	switch (pair_undo(&facts, done)) {
	case PAIR_FORGET:
		/* A pairing that goes on ends with it, too. */
		if (!paired && !p->agreed)
			return;
		good = forget(p, device);
		if (good && paired)
			pair_tell(p, "removed", _("%s is not paired any more"), name);
		break;
	case PAIR_UNTRUST:
		/* Somebody else may have trusted it meanwhile. */
		good = !p->trusting || bluez_call_quietly(&p->bluez, p->device, "org.freedesktop.DBus.Properties",
				"Set", g_variant_new("(ssv)", BLUEZ_DEVICE, "Trusted", g_variant_new_boolean(FALSE)));
		break;
	case PAIR_KEEP:
		break;
	}
	if (!good)
		pair_complain(p, NULL, _("%s could not be removed: bluetoothctl remove %s"), name, address);
}
