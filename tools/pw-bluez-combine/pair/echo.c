/* The pair command: an Echo, which begins by itself */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "cli/i18n.h"
#include "pair/pair.h"

#define CHOSEN_US	(30 * G_USEC_PER_SEC)
#define LIMIT_MARGIN	5	/* s that the adapter's own limit is longer */

/* The kernel need not ask before it pairs: not where it did not know of the agent in time, nor
 * before 6.12 if neither side insists on protection. */
static bool paired_unasked(const struct pair *p, GDBusProxy *device)
{
	g_autofree char *of = bluez_adapter_of(device);

	return bluez_bool(device, "Paired") && !device_was_paired(p, bluez_path(device)) &&
		g_strcmp0(of, p->adapter.path) == 0;
}

/* One that was paired before, and connects now, is as good. */
static bool came_back(struct pair *p, GDBusProxy *device)
{
	return device_came(p, device) && device_was_paired(p, bluez_path(device)) && bluez_is_source(device);
}

static void ask_about(struct pair *p, GDBusProxy *device, bool unasked)
{
	g_autofree char *name = pair_name(p, bluez_path(device)), *question = NULL;

	if (g_object_get_data(G_OBJECT(device), "asked"))
		return;
	question = g_strdup_printf(unasked ? _("%s has paired without a question. Is that your Echo? [y/N]") :
			_("%s, which is paired, connects. Is that your Echo? [y/N]"), name);
	if (agent_ask_user(p, bluez_path(device), question))
		g_object_set_data(G_OBJECT(device), "asked", p);
}

/* Devices that BlueZ has not asked about */
static void look_at(struct pair *p, GDBusProxy *device)
{
	bool unasked = paired_unasked(p, device);
	struct pair_facts facts;

	if (!unasked && !came_back(p, device))
		return;
	facts = device_facts(p, device);
	switch (pair_may_come(&facts)) {
	case PAIR_YES:
		pair_choose(p, bluez_path(device));
		break;
	case PAIR_ASK:
		ask_about(p, device, unasked);
		break;
	default:
		if (unasked)
			device_send_away(p, bluez_path(device));
		break;
	}
}

static bool echo_came(void *data)
{
	struct pair *p = data;
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	/* Said yes to, but not done: another one may try */
	if (p->device && !device_has(p, "Paired") && g_get_monotonic_time() - p->chosen_us > CHOSEN_US) {
		g_clear_pointer(&p->device, g_free);
		p->agreed = false;
	}
	for (l = devices; l; l = l->next)
		look_at(p, l->data);
	return device_has(p, "Paired");
}

int pair_echo(struct pair *p, int limit_sec)
{
	g_autofree char *alias = NULL, *name = NULL;
	int res;

	if (pair_is_here(p))
		return device_play(p);
	if ((res = adapter_open(p, true, limit_sec + LIMIT_MARGIN)) < 0)
		return res;
	alias = pair_alias(p);
	pair_tell(p, "waiting", _("This computer can be found as \"%s\" for %d s.\n"
			"Say \"Alexa, connect Bluetooth\", or in the Alexa app: Devices, the Echo, Bluetooth devices,\n"
			"pair a new device; and choose \"%s\" there."), alias, limit_sec, alias);
	res = pair_wait(p, echo_came, p, limit_sec * 1000);
	if (res == -ETIMEDOUT) {
		pair_complain(p, NULL, _("no Echo has come within %d s; was \"%s\" in its list of devices? A nearer or "
				"another adapter (--adapter) may help"), limit_sec, alias);
		return res;
	}
	if (res < 0)
		return res;
	name = pair_name(p, p->device);
	pair_tell(p, "paired", _("%s is paired"), name);
	/* Nobody else needs to find it now. */
	pair_close(p);
	if ((res = device_await_connection(p)) < 0)
		return res;
	pair_tell(p, "connected", _("%s is connected"), name);
	return device_play(p);
}
