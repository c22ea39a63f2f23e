/* What BlueZ' errors mean */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "bluez/bluez.h"
#include "cli/i18n.h"

/* The first that fits; the message of BlueZ tells more where the name says little. */
static const struct {
	const char *name;		/* ends an error's D-Bus name */
	const char *message;		/* is in its message; NULL: any */
	const char *text;
} known[] = {
	{ "Failed", "page-timeout", N_("it does not answer: switch it on, bring it near, and see that no other "
			"device has it") },
	{ "Failed", "create-socket", N_("BlueZ could not open the connection. BlueZ 5.82 takes one SBC speaker an "
			"adapter: use another adapter for it, or another version of BlueZ") },
	{ "Failed", "profile-unavailable", N_("it offers no audio that is known here, or PipeWire is not there: "
			"see pw-bluez-combine doctor") },
	{ "Failed", "adapter-not-powered", N_("the adapter is off: bluetoothctl power on") },
	{ "Failed", "connection-refused", N_("it refuses: reset it, so that it forgets old pairings, and pair again") },
	{ "Failed", "key-missing", N_("it has forgotten the pairing: bluetoothctl remove, and pair again") },
	{ "Failed", "canceled", N_("it was cancelled by the device") },
	{ "Failed", "busy", N_("it is busy with another connection: try again in a moment") },
	{ "Failed", "concurrent-connection-limit", N_("the adapter has as many connections as it can take: use another "
			"adapter") },
	{ "Failed", "abort-by-remote", N_("the device broke the connection off: is it paired with too many others?") },
	{ "Failed", "abort-by-local", N_("the connection was broken off on this side: try again") },
	{ "Failed", "lmp-protocol-error", N_("the two radios do not understand each other: try again, or another "
			"adapter") },
	{ "AuthenticationCanceled", NULL, N_("pairing was cancelled") },
	{ "AuthenticationFailed", NULL, N_("pairing failed: put the device into pairing mode again; if it was paired "
			"before, let it forget that") },
	{ "AuthenticationRejected", NULL, N_("pairing was refused, by the device or here") },
	{ "AuthenticationTimeout", NULL, N_("pairing took too long: the device did not answer") },
	{ "ConnectionAttemptFailed", NULL, N_("it can't be reached: switch it on, put it into pairing mode, bring it "
			"near") },
	{ "InProgress", NULL, N_("another program is at it at this moment: close other Bluetooth dialogues and try "
			"again") },
	{ "NotReady", NULL, N_("the adapter is off: bluetoothctl power on") },
	{ "Blocked", NULL, N_("the adapter is blocked: rfkill unblock bluetooth, or the switch of the machine") },
	{ "AlreadyConnected", NULL, N_("it is connected already") },
	{ "AlreadyExists", NULL, N_("it is paired already") },
	{ "DoesNotExist", NULL, N_("BlueZ does not know it any more: begin again") },
	{ "NotAvailable", NULL, N_("the device offers no such service now") },
	{ "NotSupported", NULL, N_("the adapter, or the device, can't do that") },
	{ "NotConnected", NULL, N_("it is not connected") },
	{ "NotAuthorized", NULL, N_("BlueZ does not allow it") },
	{ "NotPermitted", NULL, N_("BlueZ does not allow it: has another program taken the adapter?") },
	{ "InvalidArguments", NULL, N_("BlueZ does not understand what was asked: its version may be too old") },
	{ "InvalidLength", NULL, N_("BlueZ does not understand what was asked: its version may be too old") },
	{ "ServiceUnknown", NULL, N_("BlueZ is not running: systemctl start bluetooth") },
	{ "NameHasNoOwner", NULL, N_("BlueZ is not running: systemctl start bluetooth") },
	{ "UnknownObject", NULL, N_("it is gone: BlueZ was restarted, or the adapter was pulled out") },
	{ "UnknownMethod", NULL, N_("it is gone, or the version of BlueZ is too old") },
	{ "AccessDenied", NULL, N_("this user may not: it needs to be logged in at the machine, or in the group "
			"bluetooth") },
	{ "NoReply", NULL, N_("BlueZ does not answer in time") },
	{ "Timeout", NULL, N_("BlueZ does not answer in time") },
	{ "TimedOut", NULL, N_("BlueZ does not answer in time") },
	{ "Failed", NULL, N_("BlueZ could not do it: journalctl -u bluetooth may tell why") },
};

static char *dbus_name(const GError *error)
{
	char *name = g_dbus_error_is_remote_error(error) ? g_dbus_error_get_remote_error(error) : NULL;

	/* Time-outs are GLib's own */
	if (name == NULL && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		name = g_strdup("org.freedesktop.DBus.Error.NoReply");
	return name;
}

const char *bluez_explain(const GError *error)
{
	g_autofree char *name = dbus_name(error);
	const char *last = name ? strrchr(name, '.') : NULL;
	size_t i;

	for (i = 0; last && i < G_N_ELEMENTS(known); i++)
		if (strcmp(last + 1, known[i].name) == 0 &&
		    (known[i].message == NULL || strstr(error->message, known[i].message)))
			return _(known[i].text);
	return _("that is an error which is not known here");
}

bool bluez_error_is(const GError *error, const char *name)
{
	g_autofree char *full = dbus_name(error);

	return g_strcmp0(full, name) == 0;
}
