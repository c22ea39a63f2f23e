/* The pair command: a speaker, which waits to be found */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/i18n.h"
#include "cli/text.h"
#include "pair/pair.h"

#define PAIR_MS		60000

struct listing {
	struct pair *pair;
	GPtrArray *paths;		/* of those that were shown; number n is at n - 1 */
};

static bool is_listed(const struct listing *list, const char *path)
{
	return g_ptr_array_find_with_equal_func(list->paths, path, g_str_equal, NULL);
}

static void on_number(void *data, const char *line)
{
	struct listing *list = data;
	struct pair *p = list->pair;
	char *end, text[128];
	long n = strtol(line, &end, 10);

	if (end != line && *end == '\0' && n >= 1 && n <= (long)list->paths->len) {
		pair_choose(p, list->paths->pdata[n - 1]);
		return;
	}
	if (*line) {
		text_copy(text, sizeof(text), line, 20);
		printf(_("There is no number %s: "), text);
	}
	fflush(stdout);
	ask_begin(&p->ask, on_number, list);
}

static void list_device(struct listing *list, GDBusProxy *device)
{
	struct pair *p = list->pair;
	const char *path = bluez_path(device);
	g_autofree char *name = pair_name(p, path), *question = NULL;
	struct pair_facts facts = device_facts(p, device);

	g_ptr_array_add(list->paths, g_strdup(path));
	if (p->interactive && !pair_is_named(p)) {
		if (list->paths->len == 1)
			puts(_("Type the number of yours:"));
		pair_tell(p, "found", "%4u  %s", list->paths->len, name);
		ask_begin(&p->ask, on_number, list);
		return;
	}
	pair_tell(p, "found", _("Found %s"), name);
	if (pair_may_be_found(&facts) == PAIR_YES) {
		pair_choose(p, path);
	} else {
		question = g_strdup_printf(_("Is %s your speaker? [y/N]"), name);
		agent_ask_user(p, path, question);
	}
}

/* A signal strength: it is in reach now, and not only remembered */
static bool is_in_reach(const struct pair *p, GDBusProxy *device)
{
	g_autofree char *of = bluez_adapter_of(device);

	return g_strcmp0(of, p->adapter.path) == 0 && bluez_has(device, "RSSI") && bluez_is_speaker(device) &&
		!bluez_bool(device, "Connected");
}

static bool speaker_chosen(void *data)
{
	struct listing *list = data;
	struct pair *p = list->pair;
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l && p->device == NULL; l = l->next) {
		struct pair_facts facts = device_facts(p, l->data);
		enum pair_verdict verdict = pair_may_be_found(&facts);

		/* One question at a time, about one of those that are named */
		if (is_in_reach(p, l->data) && !is_listed(list, bluez_path(l->data)) &&
		    (verdict == PAIR_YES || verdict == PAIR_ASK) && !(p->agent.asked && verdict == PAIR_ASK))
			list_device(list, l->data);
	}
	return p->device != NULL;
}

static int find_speaker(struct pair *p, int limit_sec)
{
	struct listing list = { .pair = p, .paths = g_ptr_array_new_with_free_func(g_free) };
	int res = adapter_discover(p);

	if (res == 0) {
		pair_tell(p, "discovering", _("Looking for speakers for %d s. Put yours into pairing mode: mostly by\n"
				"holding its Bluetooth button until it blinks or speaks."), limit_sec);
		res = pair_wait(p, speaker_chosen, &list, limit_sec * 1000);
	}
	if (res == -ETIMEDOUT)
		pair_complain(p, NULL, list.paths->len > 0 ? _("none was chosen within %d s") :
				_("no speaker in pairing mode was found within %d s: is it near, and does it blink?"),
				limit_sec);
	ask_end(&p->ask);
	/* Looking on would disturb what follows, and what plays */
	adapter_end_discovery(p);
	g_ptr_array_free(list.paths, TRUE);
	return res;
}

/* One that BlueZ knows by the address needs not be looked for. */
static void find_known(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l; l = l->next) {
		struct pair_facts facts = device_facts(p, l->data);
		g_autofree char *of = bluez_adapter_of(l->data);

		if (facts.was_paired && facts.by_address && pair_may_be_found(&facts) == PAIR_YES &&
		    g_strcmp0(of, p->adapter.path) == 0)
			pair_choose(p, bluez_path(l->data));
	}
}

static int pair_with(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	g_autoptr(GError) error = NULL;

	if (device_has(p, "Paired"))
		return 0;
	pair_tell(p, "pairing", _("Pairing with %s"), name);
	if (!device_call(p, "Pair", NULL, PAIR_MS, &error) &&
	    !bluez_error_is(error, "org.bluez.Error.AlreadyExists")) {
		/* A call that nobody waits for any more does not end what it began */
		if (p->wait.signal || bluez_error_is(error, "org.freedesktop.DBus.Error.NoReply"))
			bluez_call_quietly(&p->bluez, p->device, BLUEZ_DEVICE, "CancelPairing", NULL);
		return device_fail(p, error, _("could not be paired"));
	}
	pair_tell(p, "paired", _("%s is paired"), name);
	return 0;
}

int pair_speaker(struct pair *p, int limit_sec)
{
	g_autofree char *name = NULL;
	int res;

	if (pair_is_here(p))
		return device_play(p);
	if ((res = adapter_open(p, false, limit_sec + PAIR_MS / 1000)) < 0)
		return res;
	find_known(p);
	if ((p->device == NULL && (res = find_speaker(p, limit_sec)) < 0) || (res = pair_with(p)) < 0)
		return res;
	pair_close(p);
	if ((res = device_connect(p)) < 0)
		return res;
	name = pair_name(p, p->device);
	pair_tell(p, "connected", _("%s is connected"), name);
	return device_play(p);
}
