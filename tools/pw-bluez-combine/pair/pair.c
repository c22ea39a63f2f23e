/* The pair command: from a device that nobody knows to one that plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "pair/pair.h"

#define TIMEOUT_SEC	120

bool pair_is_named(const struct pair *p)
{
	return p->wanted || p->options->name;
}

void pair_choose(struct pair *p, const char *device)
{
	if (g_strcmp0(p->device, device) == 0)
		return;
	g_free(p->device);
	p->device = g_strdup(device);
	p->chosen_us = g_get_monotonic_time();
}

void pair_close(struct pair *p)
{
	adapter_restore(p);
	if (p->adapter.opened)
		device_sweep(p);
	p->adapter.opened = false;
}

struct waiting {
	struct pair *pair;
	bool (*done)(void *data);
	void *data;
};

static bool done_or_off(void *data)
{
	struct waiting *w = data;

	return !adapter_is_on(w->pair) || w->done(w->data);
}

int pair_wait(struct pair *p, bool (*done)(void *data), void *data, int limit_ms)
{
	struct waiting w = { .pair = p, .done = done, .data = data };
	int res = wait_until(&p->wait, done_or_off, &w, limit_ms);

	if (res < 0 || adapter_is_on(p))
		return res;
	if (bluez_is_running(&p->bluez))
		pair_complain(p, NULL, _("%s was switched off, or pulled out"), p->adapter.name);
	else
		pair_complain(p, NULL, _("BlueZ has ended"));
	return -ENODEV;
}

bool pair_is_here(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l && p->device == NULL; l = l->next) {
		g_autofree char *of = bluez_adapter_of(l->data), *name = pair_name(p, bluez_path(l->data));
		struct pair_facts facts = device_facts(p, l->data);
		enum pair_verdict verdict = pair_may_come(&facts);

		if (!facts.was_paired || !facts.has_profile || !bluez_bool(l->data, "Connected") ||
		    (p->options->adapter && g_strcmp0(of, p->adapter.path) != 0))
			continue;
		if (verdict == PAIR_YES) {
			pair_choose(p, bluez_path(l->data));
			pair_tell(p, "connected", _("%s is paired and connected already"), name);
		} else if (verdict == PAIR_ASK && pair_is_named(p)) {
			g_autofree char *question = g_strdup_printf(_("%s is paired and connected already. "
					"Is that the one? [y/N]"), name);

			agent_ask_user(p, bluez_path(l->data), question);
		} else if (verdict == PAIR_ASK) {
			pair_tell(p, "connected", _("%s is paired and connected already; this is for another one, "
					"Ctrl-C ends it"), name);
		}
	}
	return p->device != NULL;
}

/*
 * Anybody near can have any name. Where nobody can be asked, one stands for a device that was
 * paired before: that has a key, which cannot be made up, and from here on its address is meant.
 */
static int resolve_name(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	g_autofree char *found = NULL;
	const char *name = p->options->name;
	GList *l;

	if (p->wanted || name == NULL || p->interactive)
		return 0;
	for (l = devices; l; l = l->next) {
		g_autofree char *address = bluez_string(l->data, "Address");
		struct pair_facts facts = device_facts(p, l->data);

		if (address == NULL || !pair_may_be_named(&facts))
			continue;
		if (found && g_ascii_strcasecmp(found, address) != 0) {
			pair_complain(p, NULL, _("more than one device that is paired has a name that begins with "
					"'%s': give --address"), name);
			return -EEXIST;
		}
		g_free(found);
		found = g_steal_pointer(&address);
	}
	p->wanted = g_steal_pointer(&found);
	if (p->wanted)
		return 0;
	pair_complain(p, NULL, _("nobody can be asked whether a device named '%s' is yours, and none that is paired "
			"has that name: give --address"), name);
	return -ENOENT;
}

static int start(struct pair *p)
{
	g_autoptr(GError) error = NULL;

	if (!bluez_init(&p->bluez, &error)) {
		pair_complain(p, error, _("the system bus can't be reached"));
		return -EIO;
	}
	if (!bluez_is_running(&p->bluez)) {
		pair_complain(p, NULL, _("BlueZ is not running: systemctl start bluetooth"));
		return -ENOENT;
	}
	device_remember_all(p);
	p->wanted = g_strdup(p->options->address);
	return resolve_name(p);
}

static bool check_options(const struct options *o, bool interactive)
{
	const char *what = NULL;

	if (o->echo == o->speaker)
		what = _("say which: --echo or --speaker");
	else if (!interactive && !o->address && !o->name)
		what = _("nobody can be asked which device it is: give --address");
	if (what)
		fprintf(stderr, "pw-bluez-combine pair: %s\n", what);
	return what == NULL;
}

static void finish(struct pair *p, bool done)
{
	/* While BlueZ still asks here */
	if (p->adapter.path)
		pair_close(p);
	device_undo(p, done);
	agent_finish(p);
	ask_finish(&p->ask);
	note_close(p);
	g_clear_pointer(&p->before, g_hash_table_unref);
	bluez_finish(&p->bluez);
	g_free(p->adapter.path);
	g_free(p->adapter.name);
	g_free(p->device);
	g_free(p->wanted);
	wait_finish(&p->wait);
}

static int run(const struct options *options)
{
	int limit_sec = options->timeout_sec ? options->timeout_sec : TIMEOUT_SEC, number, res;
	struct pair pair = { .options = options, .note.fd = -1 };

	pair.interactive = !options->json && ask_is_possible();
	if (!check_options(options, pair.interactive))
		return EXIT_USAGE;
	pair.began_us = g_get_monotonic_time();
	wait_init(&pair.wait);
	if ((res = start(&pair)) == 0 && (res = note_open(&pair)) == 0 && (res = adapter_choose(&pair)) == 0 &&
	    (res = agent_init(&pair)) == 0)
		res = options->echo ? pair_echo(&pair, limit_sec) : pair_speaker(&pair, limit_sec);
	number = pair.wait.signal;
	finish(&pair, res == 0);
	if (res == -EINTR && number) {
		/* As if nobody had caught it: the shell is to see that */
		signal(number, SIG_DFL);
		raise(number);
	}
	/* Nobody may read any more; GIO, which ignores SIGPIPE, lets it come this far. */
	return res < 0 || ferror(stdout) ? EXIT_OTHER : EXIT_OK;
}

const struct command pair_command = {
	.name = "pair",
	.summary = N_("pair an Echo or a speaker with this computer, step by step"),
	.synopsis = "--echo | --speaker [--adapter NAME] [--address ADDRESS] [--name NAME]\n"
		"                             [--timeout SECONDS] [--json]",
	.options = OPTION_ECHO | OPTION_SPEAKER | OPTION_ADAPTER | OPTION_ADDRESS | OPTION_NAME | OPTION_TIMEOUT |
		OPTION_JSON,
	.run = run,
};
