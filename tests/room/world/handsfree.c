/* Calls: an oFono that has a card for each headset */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>
#include <glib-unix.h>

#include "world/roomd.h"

/*
 * PipeWire makes a headset's call from what it finds at BlueZ itself, which opens the SCO link in the kernel, or
 * from oFono, which hands the open link over. The latter needs no Bluetooth in the kernel, and all of the
 * plugin's own (device, profiles, routes, nodes) is the same. Its backend is chosen by
 * bluez5.hfphsp-backend = "ofono".
 *
 * What is said into the call is thrown away, and the headset's microphone sends nothing: PipeWire takes silence.
 */
#define CODEC_CVSD	1

static GVariant *card_properties(const struct device *device)
{
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&b, "{sv}", "RemoteAddress", g_variant_new_string(device->address));
	g_variant_builder_add(&b, "{sv}", "LocalAddress", g_variant_new_string(device->adapter->address));
	/* the side of this computer */
	g_variant_builder_add(&b, "{sv}", "Type", g_variant_new_string("gateway"));
	return g_variant_builder_end(&b);
}

static GVariant *cards(struct room *room)
{
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("a(oa{sv})"));
	for (guint i = 0; i < room->devices->len; i++) {
		const struct device *device = room->devices->pdata[i];

		if (device->connected && device->card != NULL)
			g_variant_builder_add(&b, "(o@a{sv})", device->card, card_properties(device));
	}
	return g_variant_builder_end(&b);
}

static void manager_call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	GVariant *answer = NULL;

	if (g_str_equal(method, "GetCards"))
		answer = g_variant_new("(@a(oa{sv}))", cards(data));
	g_dbus_method_invocation_return_value(invocation, answer);
}

static const struct bus_interface manager_interface = {
	.info = &org_ofono_handsfree_audio_manager_interface,
	.call = manager_call,
};

static void end_call(struct device *device)
{
	if (device->call_fd < 0)
		return;
	g_clear_handle_id(&device->call_source, g_source_remove);
	close(device->call_fd);
	device->call_fd = -1;
	device_event(device, "call-ended", "%s", "");
}

static gboolean on_sound(gint fd, GIOCondition condition, void *data)
{
	struct device *device = data;
	char packet[LINK_MTU_MAX];
	ssize_t n;

	do {
		n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 && errno == EAGAIN && (condition & (G_IO_HUP | G_IO_ERR)) == 0)
		return G_SOURCE_CONTINUE;
	device->call_source = 0;
	end_call(device);
	return G_SOURCE_REMOVE;
}

static void card_call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct device *device = data;
	g_autoptr(GUnixFDList) list = NULL;
	int fds[2];

	if (!device->connected || device->call_fd >= 0) {
		g_dbus_method_invocation_return_dbus_error(invocation, OFONO ".Error.InUse",
				"There is a call, or no device");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
		g_dbus_method_invocation_return_dbus_error(invocation, OFONO ".Error.Failed", strerror(errno));
		return;
	}
	device->call_fd = fds[0];
	device->call_source = g_unix_fd_add(fds[0], G_IO_IN | G_IO_HUP | G_IO_ERR, on_sound, device);
	device_event(device, "call", "%s", "");
	list = g_unix_fd_list_new_from_array(&fds[1], 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(invocation,
			g_variant_new("(hy)", 0, CODEC_CVSD), list);
}

static const struct bus_interface card_interface = {
	.info = &org_ofono_handsfree_audio_card_interface,
	.call = card_call,
};

static void tell(struct device *device, const char *signal, GVariant *args)
{
	g_dbus_connection_emit_signal(device->room->bus, NULL, "/", IFACE_HANDSFREE, signal, args, NULL);
}

void handsfree_init(struct room *room)
{
	bus_export(room, "/", &manager_interface, room);
}

void handsfree_connected(struct device *device)
{
	if (!device->options.handsfree)
		return;
	if (device->card == NULL) {
		device->card = g_strdup_printf("/handsfree/%s", device->address);
		g_strdelimit(device->card, ":", '_');
		bus_export(device->room, device->card, &card_interface, device);
	}
	tell(device, "CardAdded", g_variant_new("(o@a{sv})", device->card, card_properties(device)));
}

void handsfree_disconnected(struct device *device)
{
	end_call(device);
	if (device->card != NULL)
		tell(device, "CardRemoved", g_variant_new("(o)", device->card));
}

void handsfree_finish(struct device *device)
{
	if (device->call_fd >= 0)
		close(device->call_fd);
	g_clear_handle_id(&device->call_source, g_source_remove);
	g_free(device->card);
}
