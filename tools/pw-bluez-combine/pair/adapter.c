/* The pair command: the adapter */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "cli/i18n.h"
#include "pair/pair.h"

#define CALL_MS		5000
#define POWER_MS	10000	/* some controllers load their firmware first */

/** What is on an adapter already */
struct load {
	int speakers, sources;
	bool wanted;			/**< the device that the user means */
};

static struct load count_load(const struct pair *p, const char *adapter)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	struct load load = { 0 };
	GList *l;

	for (l = devices; l; l = l->next) {
		g_autofree char *of = bluez_adapter_of(l->data);

		struct pair_facts facts = device_facts(p, l->data);

		if (g_strcmp0(of, adapter) != 0 || !facts.was_paired)
			continue;
		load.wanted |= facts.address_fits;
		/* An Echo can be both, and is here to send */
		if (bluez_is_source(l->data))
			load.sources++;
		else if (bluez_is_speaker(l->data))
			load.speakers++;
	}
	return load;
}

/*
 * A speaker takes about 15 % of what an adapter can send, and the Echo as much to
 * receive: with several adapters the Echo gets one without speakers, and speakers
 * are spread over those without an Echo. One that is paired already is where it is. Smaller is better.
 */
static int rank_adapter(const struct pair *p, GDBusProxy *adapter)
{
	struct load load = count_load(p, bluez_path(adapter));
	int rank = p->options->echo ? 16 * load.speakers + load.sources : 16 * load.sources + load.speakers;

	return rank + (bluez_bool(adapter, "Powered") ? 0 : 1024) - (load.wanted ? 4096 : 0);
}

static bool is_wanted(const struct pair *p, GDBusProxy *adapter)
{
	const char *wanted = p->options->adapter, *name = strrchr(bluez_path(adapter), '/') + 1;
	g_autofree char *address = bluez_string(adapter, "Address");

	return wanted == NULL || strcmp(wanted, name) == 0 ||
		(address && g_ascii_strcasecmp(wanted, address) == 0);
}

static GDBusProxy *find_adapter(const struct pair *p)
{
	g_autolist(GDBusProxy) adapters = bluez_list(&p->bluez, BLUEZ_ADAPTER);
	GDBusProxy *best = NULL;
	int rank = 0;
	GList *l;

	for (l = adapters; l; l = l->next) {
		int r = rank_adapter(p, l->data);

		if (is_wanted(p, l->data) && (best == NULL || r < rank)) {
			best = l->data;
			rank = r;
		}
	}
	return best ? g_object_ref(best) : NULL;
}

static bool set(struct pair *p, const char *property, GVariant *value, GError **error)
{
	return wait_set(&p->wait, p->bluez.bus, p->adapter.path, BLUEZ_ADAPTER, property, value, error);
}

bool adapter_is_on(const struct pair *p)
{
	g_autoptr(GDBusProxy) adapter = bluez_get(&p->bluez, p->adapter.path, BLUEZ_ADAPTER);

	return adapter && bluez_bool(adapter, "Powered");
}

static bool is_powered(void *data)
{
	return adapter_is_on(data);
}

/* It stays on: what is paired is to play. */
static int power_on(struct pair *p)
{
	g_autoptr(GError) error = NULL;
	int res;

	if (is_powered(p))
		return 0;
	pair_tell(p, "power", _("%s is off, switching it on"), p->adapter.name);
	if (!set(p, "Powered", g_variant_new_boolean(TRUE), &error)) {
		pair_complain(p, error, _("%s can't be switched on"), p->adapter.name);
		return -EIO;
	}
	if ((res = wait_until(&p->wait, is_powered, p, POWER_MS)) == -ETIMEDOUT)
		pair_complain(p, NULL, _("%s does not come on"), p->adapter.name);
	return res;
}

static void tell_load(struct pair *p, struct load load)
{
	g_autofree char *speakers = g_strdup_printf(ngettext_("%d speaker", "%d speakers", load.speakers),
			load.speakers);
	g_autofree char *sources = g_strdup_printf(ngettext_("%d source", "%d sources", load.sources),
			load.sources);

	/* TRANSLATORS: the adapter, then what is paired with it: "3 speakers" and "1 source" */
	pair_tell(p, "adapter", _("Adapter %s, with which are paired: %s and %s"), p->adapter.name, speakers, sources);
}

int adapter_choose(struct pair *p)
{
	g_autoptr(GDBusProxy) adapter = find_adapter(p);
	struct load load;
	int res;

	if (adapter == NULL && p->options->adapter) {
		g_autolist(GDBusProxy) adapters = bluez_list(&p->bluez, BLUEZ_ADAPTER);
		g_autoptr(GString) names = g_string_new(NULL);
		GList *l;

		for (l = adapters; l; l = l->next)
			g_string_append_printf(names, " %s", strrchr(bluez_path(l->data), '/') + 1);
		pair_complain(p, NULL, _("there is no adapter '%s'; there are:%s"), p->options->adapter, names->str);
		return -ENODEV;
	}
	if (adapter == NULL) {
		pair_complain(p, NULL, _("there is no Bluetooth adapter: plug one in, or see rfkill and dmesg"));
		return -ENODEV;
	}
	p->adapter.path = g_strdup(bluez_path(adapter));
	p->adapter.name = g_strdup(strrchr(p->adapter.path, '/') + 1);
	if ((res = power_on(p)) < 0)
		return res;
	load = count_load(p, p->adapter.path);
	tell_load(p, load);
	return 0;
}

struct pair_mode adapter_mode(GDBusProxy *adapter)
{
	return (struct pair_mode) {
		.discoverable = bluez_bool(adapter, "Discoverable"),
		.pairable = bluez_bool(adapter, "Pairable"),
		.discoverable_sec = bluez_number(adapter, "DiscoverableTimeout"),
		.pairable_sec = bluez_number(adapter, "PairableTimeout"),
	};
}

int adapter_open(struct pair *p, bool discoverable, uint32_t limit_sec)
{
	g_autoptr(GDBusProxy) adapter = bluez_get(&p->bluez, p->adapter.path, BLUEZ_ADAPTER);
	g_autofree char *address = adapter ? bluez_string(adapter, "Address") : NULL;
	g_autoptr(GError) error = NULL;

	if (adapter == NULL)
		return -ENODEV;
	p->adapter.change = (struct pair_change) {
		.was = adapter_mode(adapter),
		.limit_sec = limit_sec,
		.discoverable = discoverable,
	};
	p->adapter.changed = true;
	note_write(p, address, &p->adapter.change);
	/* The limits first: BlueZ keeps them even when we can't any more */
	if (!set(p, "PairableTimeout", g_variant_new_uint32(limit_sec), &error) ||
	    !set(p, "Pairable", g_variant_new_boolean(TRUE), &error))
		goto error;
	if (!discoverable)
		return 0;
	p->adapter.opened = true;
	if (!set(p, "DiscoverableTimeout", g_variant_new_uint32(limit_sec), &error) ||
	    !set(p, "Discoverable", g_variant_new_boolean(TRUE), &error))
		goto error;
	return 0;

error:
	if (p->wait.signal)
		return -EINTR;
	pair_complain(p, error, _("%s can't be opened for pairing"), p->adapter.name);
	return -EIO;
}

int adapter_discover(struct pair *p)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) filtered = NULL, reply = NULL;
	GVariantBuilder b;

	/* Not by service: many speakers tell theirs only when they are connected */
	g_variant_builder_init(&b, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&b, "{sv}", "Transport", g_variant_new_string("bredr"));
	filtered = wait_call(&p->wait, p->bluez.bus, p->adapter.path, BLUEZ_ADAPTER, "SetDiscoveryFilter",
			g_variant_new("(a{sv})", &b), CALL_MS, NULL);
	reply = wait_call(&p->wait, p->bluez.bus, p->adapter.path, BLUEZ_ADAPTER, "StartDiscovery", NULL,
			CALL_MS, &error);
	p->adapter.discovering = reply != NULL;
	if (reply)
		return 0;
	if (p->wait.signal)
		return -EINTR;
	pair_complain(p, error, _("%s can't look for devices"), p->adapter.name);
	return -EIO;
}

void adapter_end_discovery(struct pair *p)
{
	if (p->adapter.discovering)
		bluez_call_quietly(&p->bluez, p->adapter.path, BLUEZ_ADAPTER, "StopDiscovery", NULL);
	p->adapter.discovering = false;
}

static bool put_back(struct pair *p, const char *path, const char *property, GVariant *value)
{
	return bluez_call_quietly(&p->bluez, path, "org.freedesktop.DBus.Properties", "Set",
			g_variant_new("(ssv)", BLUEZ_ADAPTER, property, value));
}

bool adapter_put_back(struct pair *p, const char *path, const struct pair_change *change,
		const struct pair_mend *mend)
{
	const struct pair_mode *was = &change->was;
	bool good = true;

	/* The state before the limit: BlueZ would begin to count anew. If it does not answer, no more is asked. */
	if (mend->discoverable)
		good = good && put_back(p, path, "Discoverable", g_variant_new_boolean(was->discoverable));
	if (mend->discoverable_sec)
		good = good && put_back(p, path, "DiscoverableTimeout", g_variant_new_uint32(was->discoverable_sec));
	if (mend->pairable)
		good = good && put_back(p, path, "Pairable", g_variant_new_boolean(was->pairable));
	if (mend->pairable_sec)
		good = good && put_back(p, path, "PairableTimeout", g_variant_new_uint32(was->pairable_sec));
	return good;
}

void adapter_restore(struct pair *p)
{
	g_autoptr(GDBusProxy) adapter = bluez_get(&p->bluez, p->adapter.path, BLUEZ_ADAPTER);
	g_autofree char *address = adapter ? bluez_string(adapter, "Address") : NULL;
	const struct pair_change *change = &p->adapter.change;
	const struct pair_mend all = {
		.discoverable = change->discoverable,
		.discoverable_sec = change->discoverable,
		.pairable = true,
		.pairable_sec = true,
	};

	adapter_end_discovery(p);
	if (!p->adapter.changed)
		return;
	p->adapter.changed = false;
	if (adapter_put_back(p, p->adapter.path, change, &all)) {
		note_remove(p, address);
		pair_tell(p, "restored", _("%s is as it was before"), p->adapter.name);
	} else {
		pair_complain(p, NULL, _("%s could not be put back as it was: the next pw-bluez-combine pair does that"),
				p->adapter.name);
	}
}
