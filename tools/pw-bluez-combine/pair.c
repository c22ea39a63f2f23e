/* The pair command: from a device that nobody knows to one that plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "i18n.h"
#include "pair.h"
#include "text.h"

#define TIMEOUT_SEC	120
#define PAIR_MS		60000
#define CONNECT_MS	30000
#define AUDIO_MS	10000	/* from a connection to its transport */
#define HINT_MS		3000	/* then BlueZ is told which service is meant */
#define ECHO_MS		5000	/* an Echo connects by itself after pairing */
#define CHOSEN_US	(30 * G_USEC_PER_SEC)
#define ATTEMPTS	3
#define LIMIT_MARGIN	5	/* s that the adapter's own limit is longer */

bool pair_is_named(const struct pair *p)
{
	return p->options->address || p->options->name;
}

bool pair_fits(const struct pair *p, GDBusProxy *device)
{
	g_autofree char *address = bluez_string(device, "Address"), *alias = bluez_string(device, "Alias");
	const struct options *o = p->options;

	if (o->address && (address == NULL || g_ascii_strcasecmp(address, o->address) != 0))
		return false;
	return o->name == NULL || (alias && g_ascii_strncasecmp(alias, o->name, strlen(o->name)) == 0);
}

void pair_choose(struct pair *p, const char *device)
{
	if (g_strcmp0(p->device, device) == 0)
		return;
	g_free(p->device);
	p->device = g_strdup(device);
	p->chosen_us = g_get_monotonic_time();
}

static bool has(struct pair *p, const char *property)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE);

	return device && bluez_bool(device, property);
}

static bool call(struct pair *p, const char *method, GVariant *args, int limit_ms, GError **error)
{
	g_autoptr(GVariant) reply = wait_call(&p->wait, p->bluez.bus, p->device, BLUEZ_DEVICE, method, args, limit_ms,
			error);

	return reply != NULL;
}

static int fail(struct pair *p, const GError *error, const char *what)
{
	g_autofree char *name = pair_name(p, p->device);

	if (p->wait.signal)
		return -EINTR;
	pair_complain(p, error, "%s: %s", name, what);
	return -EIO;
}

/* Trusted: from now on it may connect without a question. */
static int trust(struct pair *p)
{
	g_autoptr(GError) error = NULL;

	if (has(p, "Trusted"))
		return 0;
	if (!wait_set(&p->wait, p->bluez.bus, p->device, BLUEZ_DEVICE, "Trusted", g_variant_new_boolean(TRUE), &error))
		return fail(p, error, _("could not be trusted"));
	pair_tell(p, "trusted", _("It may connect by itself from now on"));
	return 0;
}

static bool is_busy(const GError *error)
{
	return bluez_error_is(error, "org.bluez.Error.InProgress") || strstr(error->message, "busy") != NULL;
}

static bool never(void *data)
{
	return false;
}

static int connect_device(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	int attempt;

	pair_tell(p, "connecting", _("Connecting to %s"), name);
	for (attempt = 1; ; attempt++) {
		g_autoptr(GError) error = NULL;

		if (call(p, "Connect", NULL, CONNECT_MS, &error) ||
		    bluez_error_is(error, "org.bluez.Error.AlreadyConnected"))
			return 0;
		if (!is_busy(error) || attempt == ATTEMPTS || p->wait.signal)
			return fail(p, error, _("could not be connected"));
		/* Something else connects it: after pairing the device itself, often */
		wait_until(&p->wait, never, NULL, 1000);
	}
}

static bool has_audio(void *data)
{
	struct pair *p = data;
	g_autoptr(GDBusProxy) transport = bluez_transport(&p->bluez, p->device, !p->options->echo);

	return transport != NULL;
}

/* A connection that carries music, which is more than one that is there */
static int await_audio(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	int res = wait_until(&p->wait, has_audio, p, HINT_MS);

	if (res == -ETIMEDOUT) {
		/* BlueZ may have brought up the other role of a device that has two */
		call(p, "ConnectProfile", g_variant_new("(s)", p->options->echo ? BLUEZ_UUID_A2DP_SOURCE :
				BLUEZ_UUID_A2DP_SINK), CONNECT_MS, NULL);
		res = wait_until(&p->wait, has_audio, p, AUDIO_MS);
	}
	if (res == -ETIMEDOUT) {
		pair_complain(p, NULL, _("%s is paired and connected, but its audio is not: pw-bluez-combine doctor "
				"may tell why"), name);
		return -EIO;
	}
	if (res < 0)
		return res;
	pair_tell(p, "ready", p->options->echo ? _("%s is ready: what it plays goes to all speakers") :
			_("%s is ready, and plays with the others"), name);
	return 0;
}

/* One that is here already needs nothing but a word: waiting for it to come would be in vain.
 * True if it was chosen. */
static bool is_here_already(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l && p->device == NULL; l = l->next) {
		g_autofree char *of = bluez_adapter_of(l->data), *name = pair_name(p, bluez_path(l->data));

		if (!bluez_bool(l->data, "Paired") || !bluez_bool(l->data, "Connected") ||
		    !(p->options->echo ? bluez_is_source(l->data) : bluez_is_speaker(l->data)) ||
		    (p->options->adapter && g_strcmp0(of, p->adapter.path) != 0))
			continue;
		if (pair_is_named(p) && pair_fits(p, l->data)) {
			pair_choose(p, bluez_path(l->data));
			pair_tell(p, "connected", _("%s is paired and connected already"), name);
		} else if (!pair_is_named(p) && p->options->echo) {
			pair_tell(p, "connected", _("%s is paired and connected already; this is for another one, "
					"Ctrl-C ends it"), name);
		}
	}
	return p->device != NULL;
}

/* The Echo */

static bool echo_came(void *data)
{
	struct pair *p = data;
	g_autolist(GDBusProxy) devices = NULL;
	GList *l;

	/* Said yes to, but not done: another one may try */
	if (p->device && !has(p, "Paired") && g_get_monotonic_time() - p->chosen_us > CHOSEN_US)
		g_clear_pointer(&p->device, g_free);
	if (p->device)
		return has(p, "Paired");
	/* One that was paired before, and comes back now, is as good */
	devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	for (l = devices; l; l = l->next)
		if (bluez_bool(l->data, "Paired") && bluez_bool(l->data, "Connected") && bluez_is_source(l->data) &&
		    pair_fits(p, l->data) && !g_object_get_data(l->data, "was-connected")) {
			pair_choose(p, bluez_path(l->data));
			return true;
		}
	return false;
}

static void mark_connected(struct pair *p)
{
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l; l = l->next)
		if (bluez_bool(l->data, "Connected"))
			g_object_set_data(l->data, "was-connected", p);
}

static bool is_connected(void *data)
{
	return has(data, "Connected");
}

static int pair_echo(struct pair *p, int limit_sec)
{
	g_autofree char *alias = NULL, *name = NULL;
	int res;

	if (is_here_already(p))
		return (res = trust(p)) < 0 ? res : await_audio(p);
	mark_connected(p);
	if ((res = adapter_open(p, true, limit_sec + LIMIT_MARGIN)) < 0)
		return res;
	alias = pair_alias(p);
	pair_tell(p, "waiting", _("This computer can be found as \"%s\" for %d s.\n"
			"Say \"Alexa, connect Bluetooth\", or in the Alexa app: Devices, the Echo, Bluetooth devices,\n"
			"pair a new device; and choose \"%s\" there."), alias, limit_sec, alias);
	res = wait_until(&p->wait, echo_came, p, limit_sec * 1000);
	if (res == -ETIMEDOUT) {
		pair_complain(p, NULL, _("no Echo has come within %d s; was \"%s\" in its list of devices? A nearer or "
				"another adapter (--adapter) may help"), limit_sec, alias);
		return res;
	}
	if (res < 0)
		return res;
	name = pair_name(p, p->device);
	pair_tell(p, "paired", _("%s is paired"), name);
	if ((res = trust(p)) < 0)
		return res;
	if ((res = wait_until(&p->wait, is_connected, p, ECHO_MS)) == -ETIMEDOUT)
		res = connect_device(p);
	if (res < 0)
		return res;
	pair_tell(p, "connected", _("%s is connected"), name);
	return await_audio(p);
}

/* A speaker */

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
	g_autofree char *name = pair_name(p, bluez_path(device));

	g_ptr_array_add(list->paths, g_strdup(bluez_path(device)));
	if (p->interactive && !pair_is_named(p)) {
		if (list->paths->len == 1)
			puts(_("Type the number of yours:"));
		pair_tell(p, "found", "%4u  %s", list->paths->len, name);
		ask_begin(&p->ask, on_number, list);
	} else {
		pair_tell(p, "found", _("Found %s"), name);
	}
}

static bool speaker_chosen(void *data)
{
	struct listing *list = data;
	struct pair *p = list->pair;
	g_autolist(GDBusProxy) devices = bluez_list(&p->bluez, BLUEZ_DEVICE);
	GList *l;

	for (l = devices; l && p->device == NULL; l = l->next) {
		g_autofree char *of = bluez_adapter_of(l->data);

		/* A signal strength: it is in reach now, and not only remembered */
		if (g_strcmp0(of, p->adapter.path) != 0 || !bluez_has(l->data, "RSSI") ||
		    !bluez_is_speaker(l->data) || bluez_bool(l->data, "Connected") ||
		    is_listed(list, bluez_path(l->data)))
			continue;
		if (pair_is_named(p) && !pair_fits(p, l->data))
			continue;
		list_device(list, l->data);
		if (pair_is_named(p))
			pair_choose(p, bluez_path(l->data));
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
		res = wait_until(&p->wait, speaker_chosen, &list, limit_sec * 1000);
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
		g_autofree char *of = bluez_adapter_of(l->data);

		if (p->options->address && pair_fits(p, l->data) && bluez_bool(l->data, "Paired") &&
		    g_strcmp0(of, p->adapter.path) == 0)
			pair_choose(p, bluez_path(l->data));
	}
}

static int pair_with(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	g_autoptr(GError) error = NULL;

	if (has(p, "Paired"))
		return 0;
	pair_tell(p, "pairing", _("Pairing with %s"), name);
	if (!call(p, "Pair", NULL, PAIR_MS, &error) && !bluez_error_is(error, "org.bluez.Error.AlreadyExists")) {
		/* The interrupted call does not end what it began */
		if (p->wait.signal)
			bluez_call_quietly(&p->bluez, p->device, BLUEZ_DEVICE, "CancelPairing", NULL);
		return fail(p, error, _("could not be paired"));
	}
	pair_tell(p, "paired", _("%s is paired"), name);
	return 0;
}

static int pair_speaker(struct pair *p, int limit_sec)
{
	g_autofree char *name = NULL;
	int res;

	if (is_here_already(p))
		return (res = trust(p)) < 0 ? res : await_audio(p);
	if ((res = adapter_open(p, false, limit_sec + PAIR_MS / 1000)) < 0)
		return res;
	find_known(p);
	if ((p->device == NULL && (res = find_speaker(p, limit_sec)) < 0) || (res = pair_with(p)) < 0 ||
	    (res = trust(p)) < 0 || (res = connect_device(p)) < 0)
		return res;
	name = pair_name(p, p->device);
	pair_tell(p, "connected", _("%s is connected"), name);
	return await_audio(p);
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
	return 0;
}

static bool check_options(const struct options *o, bool interactive)
{
	const char *what = NULL;

	if (o->echo == o->speaker)
		what = _("say which: --echo or --speaker");
	else if (!interactive && !o->address && !o->name)
		what = _("nobody can be asked which device it is: give --address or --name");
	if (what)
		fprintf(stderr, "pw-bluez-combine pair: %s\n", what);
	return what == NULL;
}

static int run(const struct options *options)
{
	int limit_sec = options->timeout_sec ? options->timeout_sec : TIMEOUT_SEC, number, res;
	struct pair pair = { .options = options };

	pair.interactive = !options->json && ask_is_possible();
	if (!check_options(options, pair.interactive))
		return EXIT_USAGE;
	pair.began_us = g_get_monotonic_time();
	wait_init(&pair.wait);
	if ((res = start(&pair)) == 0 && (res = adapter_choose(&pair)) == 0 && (res = agent_init(&pair)) == 0)
		res = options->echo ? pair_echo(&pair, limit_sec) : pair_speaker(&pair, limit_sec);
	number = pair.wait.signal;
	agent_finish(&pair);
	adapter_restore(&pair);
	ask_finish(&pair.ask);
	bluez_finish(&pair.bluez);
	g_free(pair.device);
	wait_finish(&pair.wait);
	if (res == -EINTR && number) {
		/* As if nobody had caught it: the shell is to see that */
		signal(number, SIG_DFL);
		raise(number);
	}
	return res < 0 ? EXIT_OTHER : EXIT_OK;
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
