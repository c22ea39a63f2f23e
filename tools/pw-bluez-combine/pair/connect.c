/* The pair command: from a device that is paired to one that plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/i18n.h"
#include "pair/pair.h"

#define CONNECT_MS	30000
#define ATTEMPTS	3
#define ANSWER_MS	60000

/*
 * A device that has paired connects by itself, first its remote control, then its audio, in some
 * seconds. If both sides set up a stream at the same time, each finds the other's end point
 * in use: a transport is left that nothing stands behind, and BlueZ may need a restart before the
 * device can connect again. So it is asked only when it surely does not come by itself, and a
 * transport counts when it stays.
 */
#define OWN_MS		12000	/* to come by itself */
#define ASKED_MS	10000	/* and after it was asked */
#define STAY_MS		1000
#define ASKED_STAY_MS	3000
#define LATE_MS		3000	/* a service that was not told in time comes with the stream */

static bool is_there(const struct pair *p)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE);

	return device != NULL;
}

static struct pair_facts chosen_facts(const struct pair *p)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE);

	return device ? device_facts(p, device) : (struct pair_facts) { .chosen = true };
}

static bool is_busy(const GError *error)
{
	return bluez_error_is(error, "org.bluez.Error.InProgress") || strstr(error->message, "busy") != NULL;
}

static bool never(void *data)
{
	return false;
}

int device_connect(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	int attempt, res;

	pair_tell(p, "connecting", _("Connecting to %s"), name);
	for (attempt = 1; ; attempt++) {
		g_autoptr(GError) error = NULL;

		if (device_call(p, "Connect", NULL, CONNECT_MS, &error) ||
		    bluez_error_is(error, "org.bluez.Error.AlreadyConnected"))
			return 0;
		if (!is_busy(error) || attempt == ATTEMPTS || p->wait.signal)
			return device_fail(p, error, _("could not be connected"));
		/* Something else connects it: after pairing the device itself, often */
		if ((res = pair_wait(p, never, NULL, 1000)) != -ETIMEDOUT)
			return res;
	}
}

static bool is_connected_or_gone(void *data)
{
	return device_has(data, "Connected") || !is_there(data);
}

int device_await_connection(struct pair *p)
{
	int res = pair_wait(p, is_connected_or_gone, p, OWN_MS);

	return res == -ETIMEDOUT ? device_connect(p) : res;
}

/* Its services are known, and what is wanted is not among them. */
static bool lacks_profile(const struct pair *p)
{
	struct pair_facts facts = chosen_facts(p);

	return !facts.has_profile && !facts.has_audio && device_has(p, "ServicesResolved");
}

static bool is_decided(void *data)
{
	struct pair *p = data;

	return !is_there(p) || chosen_facts(p).has_audio || lacks_profile(p);
}

static bool lacks_nothing(void *data)
{
	return !is_there(data) || !lacks_profile(data);
}

static char *transport_of(const struct pair *p)
{
	g_autoptr(GDBusProxy) transport = bluez_transport(&p->bluez, p->device, !p->options->echo);

	return transport ? g_strdup(bluez_path(transport)) : NULL;
}

struct stay {
	struct pair *pair;
	char *transport;
};

static bool has_left(void *data)
{
	struct stay *stay = data;
	g_autofree char *now = transport_of(stay->pair);

	return g_strcmp0(now, stay->transport) != 0 || !device_has(stay->pair, "Connected") ||
		!adapter_is_on(stay->pair);
}

/* 0 if the transport that is there now is there all the time; -EAGAIN: it is not */
static int await_stay(struct pair *p, int stay_ms)
{
	struct stay stay = { .pair = p, .transport = transport_of(p) };
	int res = wait_until(&p->wait, has_left, &stay, stay_ms);

	g_free(stay.transport);
	return res == 0 ? -EAGAIN : res == -ETIMEDOUT ? 0 : res;
}

/* A transport that stays. 0, -ETIMEDOUT, -ENOENT if the device has no such service or is gone, or as pair_wait() */
static int await_transport(struct pair *p, int limit_ms, int stay_ms)
{
	gint64 end_us = g_get_monotonic_time() + limit_ms * G_GINT64_CONSTANT(1000);
	int res;

	do {
		int left_ms = MAX((end_us - g_get_monotonic_time()) / 1000, 0);

		if ((res = pair_wait(p, is_decided, p, left_ms)) < 0)
			return res;
		if (lacks_profile(p) && (res = pair_wait(p, lacks_nothing, p, LATE_MS)) < 0)
			return res == -ETIMEDOUT ? -ENOENT : res;
		if (!is_there(p))
			return -ENOENT;
		res = chosen_facts(p).has_audio ? await_stay(p, stay_ms) : -EAGAIN;
	} while (res == -EAGAIN && g_get_monotonic_time() < end_us);
	return res == -EAGAIN ? -ETIMEDOUT : res;
}

/* BlueZ may also have brought up the other role of a device that has two. */
static int ask_for_audio(struct pair *p)
{
	if (!device_has(p, "Connected"))
		return device_connect(p);
	device_call(p, "ConnectProfile", g_variant_new("(s)", p->options->echo ? BLUEZ_UUID_A2DP_SOURCE :
			BLUEZ_UUID_A2DP_SINK), CONNECT_MS, NULL);
	return 0;
}

/* A connection that carries music, which is more than one that is there */
static int await_audio(struct pair *p)
{
	int res = await_transport(p, OWN_MS, STAY_MS);

	if (res == -ETIMEDOUT && (res = ask_for_audio(p)) == 0)
		res = await_transport(p, ASKED_MS, ASKED_STAY_MS);
	return res;
}

struct question {
	bool answered, yes;
};

static void on_answer(void *data, const char *line)
{
	struct question *q = data;

	q->answered = true;
	q->yes = ask_is_yes(line);
}

static bool is_answered(void *data)
{
	return ((struct question *)data)->answered;
}

static bool may_type(struct pair *p, const char *name)
{
	struct question q = { 0 };

	printf(_("%s can also type, as a keyboard does, and could do so at any time. Is that right? [y/N]"), name);
	putchar(' ');
	fflush(stdout);
	ask_begin(&p->ask, on_answer, &q);
	wait_until(&p->wait, is_answered, &q, ANSWER_MS);
	ask_end(&p->ask);
	return q.yes;
}

static const char *why_not(const struct pair *p, enum pair_verdict verdict)
{
	switch (verdict) {
	case PAIR_NO_PROFILE:
		return p->options->echo ? _("it sends no music, so it is no Echo") :
			_("it plays no music, so it is no speaker");
	case PAIR_NO_INPUT:
		return _("it can also type, as a keyboard does, and nobody can be asked whether it may: "
				"pair it at a terminal");
	case PAIR_ASK:
		return _("it can also type, and you did not say yes to that");
	default:
		return _("its audio does not come, or does not stay: pw-bluez-combine doctor may tell why");
	}
}

/* Trusted: from now on it may connect without a question. */
static int trust(struct pair *p, bool audio_stays)
{
	struct pair_facts facts = chosen_facts(p);
	g_autofree char *name = pair_name(p, p->device);
	g_autoptr(GError) error = NULL;
	enum pair_verdict verdict;

	facts.has_audio &= audio_stays;
	verdict = pair_may_be_trusted(&facts);
	if (verdict != PAIR_YES && (verdict != PAIR_ASK || !may_type(p, name)))
		return device_fail(p, NULL, why_not(p, verdict));
	if (device_has(p, "Trusted"))
		return 0;
	p->trusting = true;
	if (!wait_set(&p->wait, p->bluez.bus, p->device, BLUEZ_DEVICE, "Trusted", g_variant_new_boolean(TRUE), &error))
		return device_fail(p, error, _("could not be trusted"));
	pair_tell(p, "trusted", _("It may connect by itself from now on"));
	return 0;
}

int device_play(struct pair *p)
{
	g_autofree char *name = pair_name(p, p->device);
	int res = await_audio(p);

	if (res < 0 && res != -ETIMEDOUT && res != -ENOENT)
		return res;
	if (!is_there(p)) {
		pair_complain(p, NULL, _("%s is gone: something else has removed it"), name);
		return -ENODEV;
	}
	if ((res = trust(p, res == 0)) < 0)
		return res;
	pair_tell(p, "ready", p->options->echo ? _("%s is ready: what it plays goes to all speakers") :
			_("%s is ready, and plays with the others"), name);
	return 0;
}
