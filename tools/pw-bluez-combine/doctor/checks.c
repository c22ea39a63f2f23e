/* The doctor command: is everything there, and does it run? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "cli/i18n.h"
#include "doctor/conf.h"
#include "doctor/doctor.h"

#define RESTART		_("log in again, or: systemctl --user restart wireplumber")
#define CLOCK_SLACK	1	/* s: a process' start is known in whole ones */

/** Versions with a fault that concerns this. Both ends belong to it; NULL: no end */
struct fault {
	const char *from, *to;
	enum doctor_level level;
	const char *what, *mend;
};

static const struct fault pipewire_faults[] = {
	{ NULL, "1.3.99", DOCTOR_ERROR, N_("is older than 1.4.0, with which nothing of this was tested"),
		N_("install PipeWire 1.4.0 or later: on Debian 12 from bookworm-backports") },
};

static const struct fault wireplumber_faults[] = {
	{ NULL, "0.5.7", DOCTOR_ERROR, N_("is older than 0.5.8, with which nothing of this was tested"),
		N_("install WirePlumber 0.5.8 or later: on Debian 12 from bookworm-backports") },
	{ "0.5.13", "0.5.13", DOCTOR_WARNING, N_("puts a loopback in front of each speaker that can be a headset, "
			"which adds latency that nobody knows of"),
		N_("install another version of WirePlumber") },
};

static const struct fault bluez_faults[] = {
	{ "5.66", "5.66", DOCTOR_WARNING, N_("can fail to connect a speaker: it loses count of its own messages"),
		N_("if that happens, connect again, or install a later version of BlueZ") },
	{ "5.72", "5.72", DOCTOR_WARNING, N_("brings up an Echo, which is a source and a speaker, in either role by "
			"chance"),
		N_("if the Echo does not play, disconnect it and connect it again, from its side, or install another "
			"version of BlueZ") },
	{ "5.82", "5.82", DOCTOR_WARNING, N_("takes one SBC speaker on each adapter, and refuses the second"),
		N_("use an adapter for each speaker, or install another version of BlueZ: 5.87 takes several") },
	{ "5.83", "5.83", DOCTOR_WARNING, N_("does not tell the Echo how late it is heard: videos are out of step "
			"with the sound"),
		N_("install another version of BlueZ if you watch videos") },
	{ "5.86", "5.86", DOCTOR_WARNING, N_("brings up an Echo, which is a source and a speaker, in the wrong role "
			"often"),
		N_("if the Echo does not play, disconnect it and connect it again, from its side, or install another "
			"version of BlueZ") },
};

static void check_version(struct doctor *d, const char *name, const char *version, const struct fault *faults, size_t n)
{
	size_t i;

	if (version == NULL) {
		doctor_say(d, DOCTOR_UNKNOWN, NULL, _("the version of %s is not known"), name);
		return;
	}
	for (i = 0; i < n; i++)
		if ((faults[i].from == NULL || version_compare(version, faults[i].from) >= 0) &&
		    version_compare(version, faults[i].to) <= 0)
			doctor_say(d, faults[i].level, _(faults[i].mend), "%s %s %s", name, version, _(faults[i].what));
}

static void pipewire(struct doctor *d, const struct facts *f)
{
	if (!f->pipewire)
		doctor_say(d, DOCTOR_ERROR, _("systemctl --user start pipewire.socket"),
				_("PipeWire can't be reached, or does not answer"));
}

static void pipewire_version(struct doctor *d, const struct facts *f)
{
	check_version(d, "PipeWire", f->daemon.version, pipewire_faults, G_N_ELEMENTS(pipewire_faults));
}

static void wireplumber(struct doctor *d, const struct facts *f)
{
	if (!f->manager.running)
		doctor_say(d, DOCTOR_ERROR, _("systemctl --user start wireplumber; journalctl --user -u wireplumber "
				"tells why it has ended"), _("WirePlumber is not running"));
}

static void wireplumber_version(struct doctor *d, const struct facts *f)
{
	check_version(d, "WirePlumber", f->manager.version, wireplumber_faults, G_N_ELEMENTS(wireplumber_faults));
}

static void bluez(struct doctor *d, const struct facts *f)
{
	if (!f->bus)
		doctor_say(d, DOCTOR_ERROR, _("this needs a system with D-Bus"), _("the system bus can't be reached"));
	else if (!f->bluez)
		doctor_say(d, DOCTOR_ERROR, _("sudo systemctl enable --now bluetooth"), _("BlueZ is not running"));
}

static void bluez_version(struct doctor *d, const struct facts *f)
{
	check_version(d, "BlueZ", f->bluez_version, bluez_faults, G_N_ELEMENTS(bluez_faults));
}

int facts_count_powered(const struct facts *f)
{
	int n = 0;
	guint i;

	for (i = 0; i < f->adapters->len; i++)
		n += ((struct fact_adapter *)f->adapters->pdata[i])->powered;
	return n;
}

/* One that is on is enough: a second one may be off on purpose. */
static void adapter(struct doctor *d, const struct facts *f)
{
	guint i;

	if (facts_count_powered(f) > 0)
		return;
	if (f->adapters->len == 0)
		doctor_say(d, DOCTOR_ERROR, _("plug one in; if there is one: rfkill list, and dmesg | grep -i bluetooth"),
				_("there is no Bluetooth adapter"));
	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		doctor_say(d, DOCTOR_ERROR, a->blocked ? _("rfkill unblock bluetooth, or the switch of the machine") :
				_("bluetoothctl power on"),
				a->blocked ? _("the adapter %s is blocked") : _("the adapter %s is off"), a->name);
	}
}

static void module(struct doctor *d, const struct facts *f)
{
	if (f->module.path == NULL)
		doctor_say(d, DOCTOR_ERROR, _("install bluez-combine again, for the PipeWire that runs"),
				_("the module is not where PipeWire looks for modules"));
}

static void plugin(struct doctor *d, const struct facts *f)
{
	if (f->plugin.path == NULL)
		doctor_say(d, DOCTOR_ERROR, _("install bluez-combine again, for the PipeWire that runs"),
				_("the SPA plugin is not where PipeWire looks for plugins"));
}

static void policy(struct doctor *d, const struct facts *f)
{
	const char *mend = _("install bluez-combine again, for the WirePlumber that runs");

	/* Who loads the module by hand needs none */
	if (f->policy)
		return;
	if (f->conf.path == NULL)
		doctor_say(d, DOCTOR_ERROR, mend, _("60-bluez-combine.conf is not where WirePlumber looks for it"));
	else if (f->scripts.path == NULL)
		doctor_say(d, DOCTOR_ERROR, mend, _("the scripts are not where WirePlumber looks for them"));
}

static bool is_installed(const struct facts *f)
{
	return f->module.path && f->plugin.path && f->conf.path && f->scripts.path;
}

/* Did files come after WirePlumber has read what there was? */
static bool is_stale(const struct facts *f)
{
	int64_t newest = MAX(MAX(f->module.changed_sec, f->plugin.changed_sec),
			MAX(f->conf.changed_sec, f->scripts.changed_sec));

	return f->manager.started_sec > 0 && newest > f->manager.started_sec + CLOCK_SLACK;
}

static void restart(struct doctor *d, const struct facts *f)
{
	if (!is_installed(f))
		return;
	if (f->manager.started_sec == 0)
		doctor_say(d, DOCTOR_UNKNOWN, NULL, _("WirePlumber is not a process of this user: when it started is "
				"not known"));
	else if (is_stale(f) && !f->policy)
		doctor_say(d, DOCTOR_ERROR, RESTART, _("bluez-combine is installed, but WirePlumber was not restarted "
				"since"));
	else if (is_stale(f))
		doctor_say(d, DOCTOR_WARNING, RESTART, _("WirePlumber runs with an older bluez-combine than the one that "
				"is installed"));
}

static void loaded(struct doctor *d, const struct facts *f)
{
	if (!is_installed(f) || f->policy || is_stale(f))
		return;
	if (f->disabled_file)
		doctor_say(d, DOCTOR_ERROR, _("take policy.bluez-combine = disabled out of it, and restart WirePlumber"),
				_("the policy is switched off in %s"), f->disabled_file);
	else
		doctor_say(d, DOCTOR_ERROR, _("journalctl --user -u wireplumber tells why, in the lines with "
				"bluez-combine"), _("WirePlumber has not loaded the policy"));
}

static bool any_adapter(const struct facts *f, bool sends)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		if (a->powered && (sends ? a->sends : a->receives))
			return true;
	}
	return false;
}

static bool is_silent(const struct facts *f)
{
	return !any_adapter(f, true) && !any_adapter(f, false);
}

static bool lacks_seat(const struct facts *f)
{
	return f->seat == FACT_NO && f->seat_monitoring == FACT_YES;
}

static void bluez_plugin(struct doctor *d, const struct facts *f)
{
	if (f->bluez_plugin.path == NULL)
		doctor_say(d, DOCTOR_ERROR, _("install it: on Debian the package libspa-0.2-bluetooth; then restart "
				"WirePlumber"), _("PipeWire's Bluetooth plugin is missing"));
}

static void seat(struct doctor *d, const struct facts *f)
{
	if (f->seat == FACT_UNKNOWN)
		doctor_say(d, DOCTOR_UNKNOWN, NULL, _("whether this user is logged in at the machine is not known"));
	else if (is_silent(f) && f->bluez_plugin.path && lacks_seat(f))
		doctor_say(d, DOCTOR_ERROR, _("log in at the machine; on one without a screen: wireplumber.profiles = { main = "
				"{ monitor.bluez.seat-monitoring = disabled } } in a file in "
				"~/.config/wireplumber/wireplumber.conf.d/"),
				_("nobody is logged in at the machine, and WirePlumber waits for that before it uses "
				"Bluetooth"));
}

static void endpoints(struct doctor *d, const struct facts *f)
{
	if (is_silent(f) && f->bluez_plugin.path && !lacks_seat(f) && f->seat != FACT_UNKNOWN)
		doctor_say(d, DOCTOR_ERROR, _("see whether a configuration file switches hardware.bluetooth or monitor.bluez "
				"off, or bluez5.roles names no a2dp role; journalctl --user -u wireplumber"),
				_("WirePlumber has told BlueZ of no audio"));
}

/* A role of this computer: what the configuration has to name for it, and who misses it */
struct role {
	bool sends;
	const char *name;		/* in bluez5.roles */
	const char *left_out;		/* %s: a file */
	const char *missing;
};

static const struct role needed_roles[] = {
	{ false, "a2dp_sink", N_("nothing can send music to this computer: bluez5.roles is without a2dp_sink in %s"),
		N_("nothing can send music to this computer: WirePlumber has not told BlueZ of a2dp_sink, which its "
			"configuration does not leave out") },
	{ true, "a2dp_source", N_("no speaker can be played on: bluez5.roles is without a2dp_source in %s"),
		N_("no speaker can be played on: WirePlumber has not told BlueZ of a2dp_source, which its "
			"configuration does not leave out") },
};

static bool all_adapters(const struct facts *f, bool sends)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		if (a->powered && !(sends ? a->sends : a->receives))
			return false;
	}
	return true;
}

/* One that is off has them as well, and another program may have told of its own on one that is on */
static bool is_registered(const struct facts *f, bool sends)
{
	guint i;

	for (i = 0; i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		if (sends ? a->sends : a->receives)
			return true;
	}
	return false;
}

static void roles(struct doctor *d, const struct facts *f)
{
	size_t i;

	if (is_silent(f))
		return;
	for (i = 0; i < G_N_ELEMENTS(needed_roles); i++) {
		const struct role *r = &needed_roles[i];

		/* A file is accused of what it says, and only when that is so */
		if (f->roles && !conf_has_word(f->roles, r->name) && !all_adapters(f, r->sends))
			doctor_say(d, DOCTOR_ERROR, _("give bluez5.roles both, a2dp_sink and a2dp_source, or take it out; "
					"then restart WirePlumber"), _(r->left_out), f->roles_file);
		else if ((f->roles == NULL || conf_has_word(f->roles, r->name)) && !is_registered(f, r->sends))
			doctor_say(d, DOCTOR_ERROR, _("systemctl --user restart wireplumber; journalctl --user -u wireplumber "
					"may tell why"), "%s", _(r->missing));
	}
}

#define NICE_WANTED	(-11)	/* of a main thread, in PipeWire's and WirePlumber's configuration */
#define NICE_LIMIT(n)	(20 - (n))	/* setrlimit(2), RLIMIT_NICE */

/*
 * PipeWire asks for both, real-time priority for threads of audio and a higher one for the main thread. It uses the
 * limits of the user, or rtkit where one of the two is missing.
 */
static const char *mend_realtime(const struct fact_daemon *p)
{
	bool lacks_nice = p->nice_limit < NICE_LIMIT(NICE_WANTED);

	if (p->slow_loops > 0 && lacks_nice)
		return _("install rtkit, or give this user both limits in /etc/security/limits.d/ (group pipewire on many "
				"distributions): rtprio of 88 and more, and nice of -11; then log in again");
	if (p->slow_loops > 0)
		return _("install rtkit, or give this user an rtprio limit of 88 and more in "
				"/etc/security/limits.d/ (group pipewire on many distributions); then log in again");
	return _("install rtkit, or give this user a nice limit of -11 in /etc/security/limits.d/ (group pipewire on many "
			"distributions), beside that of rtprio; then log in again");
}

static void realtime_of(struct doctor *d, const char *name, const struct fact_daemon *p)
{
	if (p->running && p->data_loops == 0)
		doctor_say(d, DOCTOR_UNKNOWN, NULL, _("the threads of %s can't be seen"), name);
	else if (p->slow_loops > 0)
		doctor_say(d, DOCTOR_WARNING, mend_realtime(p),
				_("%s processes audio without real-time priority: other programs can make it stutter"),
				name);
	/* Without a limit that would keep it from more it is somebody's choice */
	else if (p->running && p->nice >= 0 && p->nice_limit < NICE_LIMIT(NICE_WANTED))
		doctor_say(d, DOCTOR_WARNING, mend_realtime(p),
				_("the main thread of %s has no higher priority than any program: while others are busy, speakers "
				"are connected and linked late"), name);
}

static void realtime(struct doctor *d, const struct facts *f)
{
	realtime_of(d, "PipeWire", &f->daemon);
	realtime_of(d, "WirePlumber", &f->manager);
}

static void stutter(struct doctor *d, const struct facts *f)
{
	if (f->stutter)
		doctor_say(d, DOCTOR_WARNING, _("see what keeps the processors busy (top), and leave PipeWire and "
				"WirePlumber some; a virtual machine needs a host that has time for it; a longer cycle can "
				"help, and makes everything later: wpctl settings bluez-combine.quantum 4096"),
				_("this computer stutters: it stood still %.0f times within a minute, for %.0f ms in all and "
				"%.0f ms at most; speakers fall silent, or are apart meanwhile"), f->stalls,
				f->stalls_ms, f->longest_ms);
}

static void settings(struct doctor *d, const struct facts *f)
{
	for (guint i = 0; i < f->settings->len; i++) {
		const struct fact_setting *s = g_ptr_array_index(f->settings, i);
		g_autofree char *mend = g_strdup_printf(_("wpctl settings --reset bluez-combine.%s; in a file of "
				"wireplumber.conf.d/ change it there. Allowed is: %s"), s->name, s->allowed);

		doctor_say(d, DOCTOR_WARNING, mend, _("bluez-combine.%s is set to %s, which is not allowed: %s is used instead"),
				s->name, s->is, s->using);
	}
}

const struct check checks_of_system[] = {
	{ "pipewire", N_("PipeWire can be reached"), 0, pipewire },
	{ "pipewire-version", N_("PipeWire's version has no known fault"), NEEDS_PIPEWIRE, pipewire_version },
	{ "wireplumber", N_("WirePlumber runs"), NEEDS_PIPEWIRE, wireplumber },
	{ "wireplumber-version", N_("WirePlumber's version has no known fault"), NEEDS_WIREPLUMBER, wireplumber_version },
	{ "bluez", N_("BlueZ runs"), 0, bluez },
	{ "bluez-version", N_("BlueZ' version has no known fault"), NEEDS_BLUEZ, bluez_version },
	{ "adapter", N_("an adapter is on"), NEEDS_BLUEZ, adapter },
	{ "module", N_("the module is installed"), 0, module },
	{ "plugin", N_("the SPA plugin is installed"), 0, plugin },
	{ "policy", N_("the policy is installed"), 0, policy },
	{ "restart", N_("WirePlumber was started after the installation"), NEEDS_WIREPLUMBER, restart },
	{ "loaded", N_("WirePlumber has loaded the policy"), NEEDS_WIREPLUMBER, loaded },
	{ "settings", N_("all settings have values that they can have"), NEEDS_WIREPLUMBER, settings },
	{ "bluez-plugin", N_("PipeWire has its Bluetooth plugin"), 0, bluez_plugin },
	{ "seat", N_("WirePlumber does not wait for a login at the machine"), NEEDS_WIREPLUMBER | NEEDS_ADAPTER, seat },
	{ "endpoints", N_("WirePlumber has told BlueZ of its audio"), NEEDS_WIREPLUMBER | NEEDS_ADAPTER, endpoints },
	{ "roles", N_("music can be sent to this computer, and from it"), NEEDS_WIREPLUMBER | NEEDS_ADAPTER, roles },
	{ "realtime", N_("audio has real-time priority"), NEEDS_PIPEWIRE, realtime },
	{ "stutter", N_("the computer does not stand still again and again"), NEEDS_PIPEWIRE, stutter },
	{ 0 },
};
