/* The doctor command: what BlueZ has */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "bluez/bluez.h"
#include "doctor/doctor.h"

static void add_adapter(struct facts *f, GDBusProxy *proxy)
{
	struct fact_adapter *a = g_new0(struct fact_adapter, 1);
	g_autofree char *state = bluez_string(proxy, "PowerState");

	a->name = g_path_get_basename(bluez_path(proxy));
	a->address = bluez_string(proxy, "Address");
	a->powered = bluez_bool(proxy, "Powered");
	a->blocked = g_strcmp0(state, "off-blocked") == 0;
	/* The services of this computer, as others see them */
	a->sends = bluez_has_uuid(proxy, BLUEZ_UUID_A2DP_SOURCE);
	a->receives = bluez_has_uuid(proxy, BLUEZ_UUID_A2DP_SINK);
	g_ptr_array_add(f->adapters, a);
}

/* A computer with two adapters that can reach each other is a device of both */
static bool is_this_computer(const struct facts *f, const char *address)
{
	guint i;

	for (i = 0; address && i < f->adapters->len; i++) {
		const struct fact_adapter *a = f->adapters->pdata[i];

		if (a->address && g_ascii_strcasecmp(a->address, address) == 0)
			return true;
	}
	return false;
}

static void add_device(struct facts *f, const struct bluez *bluez, GDBusProxy *proxy)
{
	struct fact_device *d = g_new0(struct fact_device, 1);
	g_autofree char *adapter = bluez_adapter_of(proxy);
	g_autoptr(GDBusProxy) plays = bluez_transport(bluez, bluez_path(proxy), true);
	g_autoptr(GDBusProxy) streams = bluez_transport(bluez, bluez_path(proxy), false);

	d->name = bluez_string(proxy, "Alias");
	d->address = bluez_string(proxy, "Address");
	d->adapter = adapter ? g_path_get_basename(adapter) : NULL;
	d->paired = bluez_bool(proxy, "Paired");
	d->connected = bluez_bool(proxy, "Connected");
	d->speaker = bluez_is_speaker(proxy);
	d->source = bluez_is_source(proxy);
	d->plays = plays != NULL;
	d->streams = streams != NULL;
	d->reports = plays && bluez_number(plays, "Delay") > 0;
	d->codec = plays ? bluez_number(plays, "Codec") : 0;
	if (d->address == NULL)
		d->address = g_strdup("?");
	if (d->name == NULL)
		d->name = g_strdup(d->address);
	g_ptr_array_add(f->devices, d);
}

/*
 * BlueZ does not tell its version on the bus. Its tool is built with it and comes in the
 * same package, or one of the same version; the daemon itself is not in PATH. Until the next
 * start of the machine another version may still run.
 */
static void read_version(struct facts *f)
{
	static const char *const programs[] = {
		"bluetoothctl", "/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd",
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(programs) && f->bluez_version == NULL; i++) {
		char *argv[] = { (char *)programs[i], (char *)"--version", NULL };
		g_autofree char *out = NULL;
		const char *number;

		if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
				&out, NULL, NULL, NULL) || out == NULL)
			continue;
		/* "bluetoothctl: 5.82", "5.82" */
		number = strpbrk(out, "0123456789");
		if (number == NULL)
			continue;
		f->bluez_version = g_strndup(number, strspn(number, "0123456789."));
		f->bluez_version_from = g_strdup(programs[i]);
	}
}

void facts_read_bluez(struct facts *f)
{
	g_autolist(GDBusProxy) adapters = NULL;
	g_autolist(GDBusProxy) devices = NULL;
	struct bluez bluez;
	GList *l;

	f->bus = bluez_init(&bluez, NULL);
	f->bluez = bluez_is_running(&bluez);
	if (f->bluez) {
		read_version(f);
		adapters = bluez_list(&bluez, BLUEZ_ADAPTER);
		devices = bluez_list(&bluez, BLUEZ_DEVICE);
		for (l = adapters; l; l = l->next)
			add_adapter(f, l->data);
		for (l = devices; l; l = l->next) {
			g_autofree char *address = bluez_string(l->data, "Address");

			if (!is_this_computer(f, address))
				add_device(f, &bluez, l->data);
		}
	}
	bluez_finish(&bluez);
}
