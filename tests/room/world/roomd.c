/* roomd: a virtual Bluetooth world on a private bus */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * roomd --out DIR [--seed N] [--clock real|room]
 *
 * Owns org.bluez on the system bus that DBUS_SYSTEM_BUS_ADDRESS names and is
 * bluetoothd enough for PipeWire. Scenes put adapters, speakers and Echos into
 * it and use them through org.bluez_combine.Room1. What the speakers play and
 * the Echos send becomes WAV files in DIR, all on one timeline.
 *
 * Prints "ready <epoch>" when it is there, with the epoch in ns of
 * CLOCK_MONOTONIC or of the room's own clock, which it opens where ROOM_CLOCK
 * says and which stands at first. Ends on SIGTERM, SIGINT and Quit.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <glib-unix.h>

#include "clock/clock-room.h"
#include "world/roomd.h"

static gboolean on_signal(void *data)
{
	struct room *room = data;

	g_main_loop_quit(room->loop);
	return G_SOURCE_CONTINUE;
}

static void on_owned(GDBusConnection *bus, const char *name, void *data)
{
	struct room *room = data;

	if (!room->ready)
		printf("ready %lld\n", (long long)room->clock->epoch_ns);
	fflush(stdout);
	room->ready = true;
}

static void on_lost(GDBusConnection *bus, const char *name, void *data)
{
	struct room *room = data;

	fprintf(stderr, "roomd: %s is not ours on this bus\n", name);
	room->result = 1;
	g_main_loop_quit(room->loop);
}

static gboolean own_name(void *data)
{
	struct room *room = data;

	/* before "ready" is said: PipeWire looks for it once, when it starts */
	if (room->ofono == 0)
		room->ofono = g_bus_own_name_on_connection(room->bus, OFONO,
				G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, NULL, on_lost, room, NULL);
	room->name = g_bus_own_name_on_connection(room->bus, BLUEZ, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
						  on_owned, on_lost, room, NULL);
	return G_SOURCE_REMOVE;
}

void room_restart(struct room *room, double msec)
{
	guint i;

	if (room->name == 0)
		return;
	/* Nobody hears the last words of a daemon that crashed: first the name goes. */
	g_bus_unown_name(room->name);
	room->name = 0;
	agents_forget();
	for (i = 0; i < room->adapters->len; i++) {
		struct adapter *adapter = room->adapters->pdata[i];

		while (adapter->apps->len > 0)
			app_remove(adapter->apps->pdata[adapter->apps->len - 1], false);
	}
	for (i = 0; i < room->devices->len; i++) {
		device_forget_pairing(room->devices->pdata[i]);
		device_disconnect(room->devices->pdata[i]);
	}
	g_timeout_add((guint)msec, own_name, room);
}

void room_finish(struct room *room)
{
	guint i;
	int res;

	if (room->finished)
		return;
	room->finished = true;
	radio_lock(room->radio);
	for (i = 0; i < room->devices->len; i++) {
		struct device *device = room->devices->pdata[i];

		if (device->link != NULL)
			link_process(device->link, room_clock_now_ns(room->clock));
	}
	res = recorder_finish(room->recorder, room_clock_now_ns(room->clock));
	radio_unlock(room->radio);
	if (res < 0) {
		fprintf(stderr, "roomd: a timeline is not whole: %s\n", strerror(-res));
		room->result = 1;
	}
}

static void destroy_adapter(void *data)
{
	struct adapter *adapter = data;
	guint i;

	for (i = 0; i < adapter->apps->len; i++)
		app_free(adapter->apps->pdata[i]);
	g_ptr_array_unref(adapter->apps);
	g_ptr_array_unref(adapter->discoverers);
	g_clear_handle_id(&adapter->discoverable_timer, g_source_remove);
	g_free(adapter->name);
	g_free(adapter->path);
	g_free(adapter->address);
	g_free(adapter->alias);
	g_free(adapter);
}

static void room_destroy(struct room *room)
{
	if (room->recorder != NULL && room->radio != NULL)
		room_finish(room);
	air_destroy(room->air);
	radio_destroy(room->radio);
	if (room->devices != NULL)
		g_ptr_array_unref(room->devices);
	g_clear_pointer(&room->laters, g_ptr_array_unref);
	if (room->adapters != NULL)
		g_ptr_array_unref(room->adapters);
	recorder_destroy(room->recorder);
	if (room->bus != NULL) {
		agents_finish();
		bus_finish(room);
	}
	g_clear_object(&room->bus);
	room_clock_destroy(room->clock);
	g_clear_pointer(&room->loop, g_main_loop_unref);
}

static struct room_clock *make_clock(const char *kind, GError **error)
{
	const char *path = g_getenv("ROOM_CLOCK");
	struct room_clock *clock = NULL;

	if (g_strcmp0(kind, "real") == 0)
		clock = room_clock_new_real();
	else if (g_strcmp0(kind, "room") == 0 && path != NULL)
		clock = room_clock_new_own(path);
	else
		errno = EINVAL;
	if (clock == NULL)
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "--clock '%s': expected real, or room with ROOM_CLOCK set: %s", kind, strerror(errno));
	return clock;
}

static bool room_init(struct room *room, const char *dir, const char *clock, GError **error)
{
	room->loop = g_main_loop_new(NULL, FALSE);
	room->adapters = g_ptr_array_new_with_free_func(destroy_adapter);
	room->devices = g_ptr_array_new_with_free_func((GDestroyNotify)device_destroy);
	room->laters = g_ptr_array_new_with_free_func(g_free);
	if ((room->clock = make_clock(clock, error)) == NULL)
		return false;
	room->recorder = recorder_new(dir);
	if (room->recorder == NULL) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", dir, strerror(errno));
		return false;
	}
	room->radio = radio_new(room->clock, room->recorder);
	if (room->radio == NULL) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "radio: %s", strerror(errno));
		return false;
	}
	room->air = air_new(room->clock, room->recorder, room->radio, room->seed);
	room->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
	if (room->bus == NULL)
		return false;
	g_dbus_connection_set_exit_on_close(room->bus, FALSE);
	bus_init(room);
	agents_init(room);
	handsfree_init(room);
	control_export(room);
	return adapter_new(room, "hci0", error) != NULL;
}

int main(int argc, char *argv[])
{
	struct room room = { 0 };
	g_autofree char *dir = NULL, *clock = g_strdup("real");
	g_autoptr(GError) error = NULL;
	gint64 seed = 1;
	const GOptionEntry entries[] = {
		{ "out", 0, 0, G_OPTION_ARG_FILENAME, &dir, "Where the WAVs and events go", "DIR" },
		{ "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of everything that is drawn (1)", "N" },
		{ "clock", 0, 0, G_OPTION_ARG_STRING, &clock, "The machine's, or the room's own (real)", "real|room" },
		{ NULL }
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- a virtual Bluetooth world");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || dir == NULL || argc > 1) {
		fprintf(stderr, "roomd: %s\n", error != NULL ? error->message :
			dir == NULL ? "--out DIR is missing" : "too many arguments");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	room.seed = seed;
	if (room_init(&room, dir, clock, &error)) {
		g_unix_signal_add(SIGTERM, on_signal, &room);
		g_unix_signal_add(SIGINT, on_signal, &room);
		own_name(&room);
		g_main_loop_run(room.loop);
	} else {
		fprintf(stderr, "roomd: %s\n", error->message);
		room.result = 1;
	}
	room_destroy(&room);
	return room.result;
}
