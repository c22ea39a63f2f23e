/* The doctor command: the Echo and the speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "cli/i18n.h"
#include "doctor/doctor.h"
#include "names.h"

/*
 * A stream takes about 15 % of an adapter's time on the air, 23 % with the slower packets
 * of Bluetooth 2; more than three leave nothing for repeats. A piconet has seven links.
 */
#define SPEAKERS_GOOD	3
#define SPEAKERS_MAX	7

#define FILTERS_MAX	8	/* one after the other: more is a circle */

static const struct fact_device *device_of(const struct facts *f, guint i)
{
	return f->devices->pdata[i];
}

/* Both is an Echo: it plays only if there is nothing better for it to do */
static bool is_speaker(const struct fact_device *d)
{
	return d->connected && d->speaker && !d->source;
}

static bool is_source(const struct fact_device *d)
{
	return d->connected && d->source;
}

static const struct fact_node *find_node(const struct facts *f, uint32_t id)
{
	guint i;

	for (i = 0; i < f->nodes->len; i++)
		if (((struct fact_node *)f->nodes->pdata[i])->id == id)
			return f->nodes->pdata[i];
	return NULL;
}

static const struct fact_card *find_card(const struct facts *f, const char *address)
{
	guint i;

	for (i = 0; i < f->cards->len; i++) {
		const struct fact_card *c = f->cards->pdata[i];

		if (c->address && g_ascii_strcasecmp(c->address, address) == 0)
			return c;
	}
	return NULL;
}

static bool is_bluez_sink(const struct fact_node *n)
{
	return g_strcmp0(n->class, "Audio/Sink") == 0 && g_strcmp0(n->api, "bluez5") == 0;
}

static const char *name_of(const struct fact_node *n)
{
	return n->description ? n->description : n->name ? n->name : "?";
}

static void echo(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->devices->len; i++)
		if (device_of(f, i)->paired && device_of(f, i)->source)
			return;
	doctor_say(d, DOCTOR_WARNING, "pw-bluez-combine pair --echo",
			_("no Echo, or other source of music, was ever paired with this computer"));
}

static const struct fact_source *find_source(const struct facts *f, const char *address)
{
	guint i;

	for (i = 0; i < f->sources->len; i++) {
		const struct fact_source *s = f->sources->pdata[i];

		if (g_ascii_strcasecmp(s->address, address) == 0)
			return s;
	}
	return NULL;
}

/* Somebody's phone is no Echo, and need not be one where there is another */
static bool has_other_source(const struct facts *f, const struct fact_device *than)
{
	guint i;

	for (i = 0; i < f->devices->len; i++)
		if (device_of(f, i) != than && device_of(f, i)->paired && device_of(f, i)->source)
			return true;
	return false;
}

/* Its maker is in its services, which BlueZ asks for once; if that is cut off there is none. */
static void source(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *e = device_of(f, i);
		const struct fact_source *s = is_source(e) ? find_source(f, e->address) : NULL;
		g_autofree char *mend = NULL;

		if (s == NULL || s->taken)
			continue;
		if (g_str_equal(s->why, "no vendor id")) {
			mend = g_strdup_printf(_("if it is an Echo: bluetoothctl remove %s, and pw-bluez-combine pair --echo, which "
					"asks for its services anew; or name it in bluez-combine.rules (man 5 bluez-combine)"), e->address);
			doctor_say(d, DOCTOR_WARNING, mend, _("%s (%s) can send music, but does not say who has made it, and is "
					"not taken for an Echo"), e->name, e->address);
		} else if (g_str_has_prefix(s->why, "vendor ") && !has_other_source(f, e)) {
			doctor_say(d, DOCTOR_WARNING, _("if it shall play on all speakers: name it in bluez-combine.rules, or its "
					"vendor in bluez-combine.source.vendors (man 5 bluez-combine)"),
					_("%s (%s) can send music, and is not taken for an Echo: its maker is %s"), e->name,
					e->address, s->why + strlen("vendor "));
		}
	}
}

static void echo_role(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *e = device_of(f, i);

		if (is_source(e) && e->speaker && e->plays && !e->streams)
			doctor_say(d, DOCTOR_WARNING, _("disconnect it, and let it connect from its side: \"Alexa, connect "
					"Bluetooth\""),
					_("%s (%s) is a source and a speaker, and has come as a speaker"), e->name, e->address);
	}
}

static void profile(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->nodes->len; i++) {
		const struct fact_node *n = f->nodes->pdata[i];

		if (is_bluez_sink(n) && n->profile && !g_str_has_prefix(n->profile, "a2dp"))
			doctor_say(d, DOCTOR_ERROR, _("choose \"High Fidelity Playback (A2DP Sink)\" in pavucontrol, "
					"Configuration; close programs that listen to its microphone"),
					_("%s is used for calls (%s), not for music"), name_of(n), n->profile);
	}
	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *s = device_of(f, i);
		const struct fact_card *c = is_speaker(s) ? find_card(f, s->address) : NULL;

		if (c && g_strcmp0(c->profile, "off") == 0)
			doctor_say(d, DOCTOR_ERROR, _("choose \"High Fidelity Playback (A2DP Sink)\" in pavucontrol, "
					"Configuration"), _("%s (%s) is switched off there"), s->name, s->address);
	}
}

struct share {
	int speakers, sources;
};

static struct share share_of(const struct facts *f, const struct fact_adapter *a)
{
	struct share share = { 0 };
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *dev = device_of(f, i);

		if (g_strcmp0(dev->adapter, a->name) != 0)
			continue;
		share.speakers += is_speaker(dev);
		share.sources += is_source(dev);
	}
	return share;
}

/* The one to move something to: the other one that carries least; NULL if there is none */
static const char *other_adapter(const struct facts *f, const struct fact_adapter *than, bool for_echo)
{
	const char *best = NULL;
	int least = 0;
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];
		struct share share = share_of(f, a);
		int load = for_echo ? 16 * share.speakers + share.sources : 16 * share.sources + share.speakers;

		if (a != than && a->powered && (best == NULL || load < least)) {
			best = a->name;
			least = load;
		}
	}
	return best;
}

static void adapter_shared(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];
		const char *other = other_adapter(f, a, true);
		struct share share = share_of(f, a);
		g_autofree char *mend = g_strdup_printf(other ?
				_("give the Echo another adapter: pw-bluez-combine pair --echo --adapter %s") :
				_("if it stutters, plug in a second adapter, of a few euros, for the Echo: "
				"pw-bluez-combine pair --echo --adapter %s"), other ? other : "hci1");

		if (share.sources > 0 && share.speakers > 0)
			doctor_say(d, DOCTOR_WARNING, mend,
					ngettext_("%s carries the Echo and %d speaker: they share its time on the air, and may "
					"stutter", "%s carries the Echo and %d speakers: they share its time on the air, and may "
					"stutter", share.speakers), a->name, share.speakers);
	}
}

static void adapter_load(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];
		const char *other = other_adapter(f, a, false);
		int n = share_of(f, a).speakers;
		g_autofree char *mend = g_strdup_printf(other ?
				_("pair some of them with another adapter: pw-bluez-combine pair --speaker --adapter %s") :
				_("plug in a second adapter, and pair some of them with it: pw-bluez-combine pair --speaker "
				"--adapter %s"), other ? other : "hci1");

		if (n >= SPEAKERS_MAX)
			doctor_say(d, DOCTOR_ERROR, mend, _("%s carries %d speakers, and 7 devices are all that it can"),
					a->name, n);
		else if (n > SPEAKERS_GOOD)
			doctor_say(d, DOCTOR_WARNING, mend,
					_("%s carries %d speakers; more than 3 seldom play without dropouts"), a->name, n);
	}
}

/*
 * BlueZ gives a delay report to the first transport of the endpoint: one for each codec on each adapter. Before this version an
 * endpoint had one transport, and no version is known in which it is mended (media.c: set_delay()). Where it is, all of them tell
 * their latency; where it is not, one at most.
 */
#define MISPLACES_FROM	"5.83"

static bool shares_endpoint(const struct fact_device *a, const struct fact_device *b)
{
	return is_speaker(a) && is_speaker(b) && a->plays && b->plays && a->codec == b->codec &&
		g_strcmp0(a->adapter, b->adapter) == 0;
}

/* How many share that of this speaker, itself among them, if their reports are given to one of them; 0: they are not */
static int misplaced(const struct facts *f, const struct fact_device *s)
{
	int n = 0, reports = 0;
	guint i;

	if (f->bluez_version && version_compare(f->bluez_version, MISPLACES_FROM) < 0)
		return 0;
	for (i = 0; i < f->devices->len; i++) {
		if (!shares_endpoint(s, device_of(f, i)))
			continue;
		n++;
		reports += device_of(f, i)->reports;
	}
	return n >= 2 && reports == 1 ? n : 0;
}

static bool is_first_of_endpoint(const struct facts *f, guint i)
{
	guint j;

	for (j = 0; j < i; j++)
		if (shares_endpoint(device_of(f, j), device_of(f, i)))
			return false;
	return true;
}

static const struct fact_adapter *adapter_of(const struct facts *f, const struct fact_device *of)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		if (g_strcmp0(of->adapter, a->name) == 0)
			return a;
	}
	return NULL;
}

static void delay_shared(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *s = device_of(f, i);
		const char *other = other_adapter(f, adapter_of(f, s), false);
		g_autofree char *mend = NULL;
		int n = misplaced(f, s);

		if (n == 0 || !is_first_of_endpoint(f, i))
			continue;
		mend = g_strdup_printf(other ?
				_("give each of them an adapter of its own: pw-bluez-combine pair --speaker --adapter %s; or let each "
				"play alone once, or listen with pw-bluez-combine test and set speaker NAME --offset") :
				_("plug in an adapter for each of them: pw-bluez-combine pair --speaker --adapter %s; or let each "
				"play alone once, or listen with pw-bluez-combine test and set speaker NAME --offset"),
				other ? other : "hci1");
		doctor_say(d, DOCTOR_WARNING, mend,
				_("%s has %d speakers of one codec, and BlueZ (5.83 and later) gives the latency that each of them tells "
				"to the first one: they may be out of step"), s->adapter, n);
	}
}

static void delay_report(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *s = device_of(f, i);
		const struct fact_card *c = find_card(f, s->address);
		g_autofree char *mend = NULL;

		if (!is_speaker(s) || !s->plays || s->reports || misplaced(f, s) > 0 || (c && c->offset_ns != 0) ||
		    g_hash_table_contains(f->corrected, s->address))
			continue;
		mend = facts_mend_latency(f, s->address);
		doctor_say(d, DOCTOR_WARNING, mend, _("%s (%s) does not tell its latency: 125 ms are assumed, "
				"or 40 ms with a low-latency codec, and it may be out of step"), s->name, s->address);
	}
}

static bool is_member(const struct facts *f, const char *node)
{
	GHashTableIter iter;
	void *target;

	g_hash_table_iter_init(&iter, f->members);
	while (g_hash_table_iter_next(&iter, NULL, &target))
		if (g_strcmp0(target, node) == 0)
			return true;
	return false;
}

/* The group's word alone is old when its source has gone elsewhere */
static bool is_playing(const struct facts *f)
{
	guint i;

	for (i = 0; f->playing && i < f->nodes->len; i++) {
		const struct fact_node *n = f->nodes->pdata[i];

		if (n->running && g_strcmp0(n->name, f->sink) == 0)
			return true;
	}
	return false;
}

static void suspended(struct doctor *d, const struct facts *f)
{
	bool playing = is_playing(f);
	guint i;

	for (i = 0; playing && i < f->nodes->len; i++) {
		const struct fact_node *n = f->nodes->pdata[i];

		/* One that joins may take seconds to start its stream. Who has failed is not taken, nor is one that the
		 * group has not heard of: connecting it again helps both */
		if (n->broken && is_bluez_sink(n) && is_member(f, n->name) && n->address &&
		    !g_hash_table_contains(f->taken, n->address))
			doctor_say(d, DOCTOR_ERROR, _("disconnect it, switch it off and on, and connect it again"),
					_("music plays, but %s is suspended: its stream could not be opened"), name_of(n));
	}
}

static bool is_ours(const struct fact_node *n)
{
	return n->name && g_str_has_prefix(n->name, BLUEZ_COMBINE_NODE_PREFIX);
}

/* Does it play into the group, itself or what is behind a filter? */
static bool leads_to_ours(const struct facts *f, const struct fact_node *n, int depth)
{
	guint i;

	if (is_ours(n))
		return true;
	for (i = 0; n->link_group && depth < FILTERS_MAX && i < f->links->len; i++) {
		const struct fact_link *l = f->links->pdata[i];
		const struct fact_node *from = find_node(f, l->from), *to = find_node(f, l->to);

		if (from && to && from != n && g_strcmp0(from->link_group, n->link_group) == 0 &&
		    leads_to_ours(f, to, depth + 1))
			return true;
	}
	return false;
}

static void target(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; f->sink && i < f->links->len; i++) {
		const struct fact_link *l = f->links->pdata[i];
		const struct fact_node *from = find_node(f, l->from), *to = find_node(f, l->to);
		guint j;

		if (from == NULL || to == NULL || leads_to_ours(f, to, 0) || g_strcmp0(from->api, "bluez5") != 0 ||
		    g_strcmp0(from->class, "Stream/Output/Audio") != 0)
			continue;
		/* A link for each channel */
		for (j = 0; j < i; j++) {
			const struct fact_link *m = f->links->pdata[j];

			if (m->from == l->from && m->to == l->to)
				break;
		}
		if (j == i)
			doctor_say(d, DOCTOR_WARNING, _("choose \"Bluetooth speakers (combined)\" for it in pavucontrol, "
					"Playback; that is kept"),
					_("%s plays on %s, and not on all speakers: somebody has chosen that"), name_of(from),
					name_of(to));
	}
}

static void default_sink(struct doctor *d, const struct facts *f)
{
	const struct fact_node *n, *chosen = NULL;
	bool other = false;
	guint i;

	for (i = 0; i < f->nodes->len; i++) {
		n = f->nodes->pdata[i];
		if (g_strcmp0(n->name, f->default_sink) == 0 && is_bluez_sink(n) && is_member(f, n->name))
			chosen = n;
		other = other || (g_strcmp0(n->class, "Audio/Sink") == 0 && !is_bluez_sink(n) && !is_ours(n));
	}
	/* Where nothing else plays it has to be one of them */
	if (chosen && other)
		doctor_say(d, DOCTOR_WARNING, _("choose another one: pavucontrol, Output Devices, the green mark"),
				_("%s is the default output: the sounds of the desktop mix with the music there"),
				name_of(chosen));
}

const struct check checks_of_speakers[] = {
	{ "echo", N_("a source of music is paired"), NEEDS_ADAPTER, echo },
	{ "source", N_("what sends music is taken for a source"), NEEDS_WIREPLUMBER | NEEDS_ADAPTER, source },
	{ "echo-role", N_("the Echo has come as a source"), NEEDS_ADAPTER, echo_role },
	{ "profile", N_("speakers are used for music"), NEEDS_PIPEWIRE, profile },
	{ "adapter-shared", N_("the Echo has an adapter for itself"), NEEDS_ADAPTER, adapter_shared },
	{ "adapter-load", N_("no adapter has too many speakers"), NEEDS_ADAPTER, adapter_load },
	{ "delay-shared", N_("each speaker's latency is its own"), NEEDS_ADAPTER, delay_shared },
	{ "delay-report", N_("all speakers tell their latency"), NEEDS_ADAPTER, delay_report },
	{ "suspended", N_("no speaker is silent while music plays"), NEEDS_PIPEWIRE, suspended },
	{ "target", N_("the Echo plays on all speakers"), NEEDS_PIPEWIRE, target },
	{ "default", N_("no speaker is the default output"), NEEDS_PIPEWIRE, default_sink },
	{ 0 },
};
