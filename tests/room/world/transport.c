/* Streams between PipeWire and a device */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

#include "world/roomd.h"

const char * const transport_state_names[] = { "idle", "pending", "active" };

/* Of PipeWire's endpoint, which is the other end of the device's */
static const char *local_uuid(enum role role)
{
	return role == ROLE_SPEAKER ? UUID_A2DP_SOURCE : UUID_A2DP_SINK;
}

void transport_set_state(struct transport *t, enum transport_state state)
{
	if (t->state == state)
		return;
	t->state = state;
	device_event(t->device, transport_state_names[state], "%s", "");
	bus_changed(t->device->room, t->path, IFACE_TRANSPORT, "State", NULL);
}

void transport_end_stream(struct transport *t, bool cut)
{
	struct device *device = t->device;

	radio_lock(device->room->radio);
	if (t->role == ROLE_SPEAKER)
		link_detach(device->link, cut);
	else
		sender_detach(device->sender);
	radio_unlock(device->room->radio);
}

static int begin_stream(struct transport *t, int fd)
{
	struct device *device = t->device;
	int res;

	radio_lock(device->room->radio);
	if (t->role == ROLE_SPEAKER)
		res = link_attach(device->link, fd, t->configuration, SBC_CAPS);
	else
		res = sender_attach(device->sender, fd, t->configuration, SBC_CAPS, device->options.mtu);
	radio_unlock(device->room->radio);
	return res;
}

static void open_stream(struct transport *t, GDBusMethodInvocation *invocation)
{
	struct device *device = t->device;
	uint16_t mtu = device->options.mtu;
	g_autoptr(GUnixFDList) list = NULL;
	int fds[2], res;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
		bus_error(invocation, "Failed", strerror(errno));
		return;
	}
	if ((res = begin_stream(t, fds[0])) < 0) {
		close(fds[1]);
		bus_error(invocation, "Failed", strerror(-res));
		return;
	}
	list = g_unix_fd_list_new_from_array(&fds[1], 1);
	device_event(device, "acquired", "\"transport\": \"%s\"", t->path);
	transport_set_state(t, TRANSPORT_ACTIVE);
	g_dbus_method_invocation_return_value_with_unix_fd_list(invocation,
			g_variant_new("(hqq)", 0, mtu, mtu), list);
}

/* The device has made up its mind. */
static void answer(void *data)
{
	struct transport *t = data;
	GDBusMethodInvocation *invocation = g_steal_pointer(&t->acquiring);

	switch (t->device->options.acquire) {
	case ACQUIRE_FAIL:
		bus_error(invocation, "Failed", "Operation failed");
		break;
	case ACQUIRE_NEVER:
		/* until it is released */
		t->acquiring = invocation;
		break;
	default:
		open_stream(t, invocation);
		break;
	}
}

static void acquire(struct transport *t, GDBusMethodInvocation *invocation)
{
	const struct options *o = &t->device->options;

	if (t->state == TRANSPORT_ACTIVE || t->acquiring != NULL) {
		bus_error(invocation, "NotAuthorized", "Operation Not Authorized");
		return;
	}
	t->acquiring = invocation;
	device_event(t->device, "acquire", "%s", "");
	if (o->acquire_ms > 0.0)
		room_later(t->device->room, o->acquire_ms, answer, t);
	else
		answer(t);
}

static void forget_acquire(struct transport *t)
{
	room_not_later(t->device->room, t);
	if (t->acquiring != NULL)
		bus_error(g_steal_pointer(&t->acquiring), "Failed", "Operation canceled");
}

/* The stream is over, and the device has said so at last. */
static void answer_release(void *data)
{
	g_dbus_method_invocation_return_value(data, NULL);
}

static void release(struct transport *t)
{
	bool was = t->state == TRANSPORT_ACTIVE;

	forget_acquire(t);
	transport_end_stream(t, false);
	if (was)
		device_event(t->device, "released", "\"transport\": \"%s\"", t->path);
	transport_set_state(t, TRANSPORT_IDLE);
}

static void call(void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args)
{
	struct transport *t = data;

	if (g_str_equal(method, "Release")) {
		release(t);
		if (t->device->options.release_ms > 0.0)
			room_later(t->device->room, t->device->options.release_ms, answer_release, invocation);
		else
			answer_release(invocation);
	} else if (g_str_equal(method, "TryAcquire") && t->state != TRANSPORT_PENDING) {
		bus_error(invocation, "NotAvailable", "Operation currently not available");
	} else {
		acquire(t, invocation);
	}
}

static GVariant *bytes(const uint8_t *data, size_t size)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, size, 1);
}

static GVariant *get(void *data, const char *property)
{
	struct transport *t = data;
	struct device *device = t->device;

	if (g_str_equal(property, "Device"))
		return g_variant_new_object_path(device->path);
	if (g_str_equal(property, "UUID"))
		return g_variant_new_string(local_uuid(t->role));
	if (g_str_equal(property, "Codec"))
		return g_variant_new_byte(0);
	if (g_str_equal(property, "Configuration"))
		return bytes(t->configuration, SBC_CAPS);
	if (g_str_equal(property, "State"))
		return g_variant_new_string(transport_state_names[t->state]);
	if (g_str_equal(property, "Delay"))
		return t->has_delay ? g_variant_new_uint16(t->delay) : NULL;
	if (g_str_equal(property, "Volume"))
		return device->options.volume >= 0 ? g_variant_new_uint16(device->options.volume) : NULL;
	if (g_str_equal(property, "Endpoint"))
		return g_variant_new_object_path(device->seps[t->role]);
	return NULL;
}

/* PipeWire writes the volume of a speaker, and to an Echo its delay. */
static bool set(void *data, const char *property, GVariant *value, GError **error)
{
	struct transport *t = data;
	struct device *device = t->device;
	uint16_t v = g_variant_get_uint16(value);

	if (g_str_equal(property, "Delay") && t->role == ROLE_ECHO) {
		t->has_delay = true;
		t->delay = v;
		device_event(device, "delay", "\"msec\": %.1f", v / 10.0);
		return true;
	}
	if (g_str_equal(property, "Volume") && device->options.volume >= 0) {
		g_autoptr(GVariant) dict = g_variant_ref_sink(g_variant_new_parsed("{'volume': <%u>}", (guint32)v));

		return device_set(device, dict, error);
	}
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY, "%s cannot be written", property);
	return false;
}

const struct bus_interface transport_interface = {
	.info = &org_bluez_media_transport1_interface,
	.call = call,
	.get = get,
	.set = set,
};

/* Replies may come after the device went, or after another configuration. */
struct pending {
	struct device *device;
	enum role role;
	uint32_t generation;	/* of the role when asked */
};

static struct pending *pending_new(struct device *device, enum role role)
{
	struct pending *p = g_new0(struct pending, 1);

	p->device = device;
	p->role = role;
	p->generation = device->generation[role];
	return p;
}

static void on_configured(GObject *source, GAsyncResult *result, void *data)
{
	g_autofree struct pending *p = data;
	struct transport *t = p->device->transports[p->role];
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(p->device->room->bus, result, &error);

	if (t == NULL || p->generation != p->device->generation[p->role])
		return;
	if (reply == NULL) {
		device_event(p->device, "refused", "%s", "");
		transport_destroy(t, false);
		return;
	}
	t->configured = true;
	device_event(p->device, "configured", "\"transport\": \"%s\", \"rate\": %d", t->path,
		     t->configuration[0] & 0x10 ? 48000 : 44100);
	device_check_resolved(p->device);
	if (t->role == ROLE_ECHO && p->device->playing)
		transport_play(p->device);
}

/* All speakers have the same codec, and so the adapter's one endpoint */
static struct transport *first_of(struct transport *t)
{
	struct room *room = t->device->room;
	struct transport *first = t;

	for (guint i = 0; i < room->devices->len; i++) {
		struct device *d = room->devices->pdata[i];
		struct transport *other = d->transports[t->role];

		if (other != NULL && d->adapter == t->device->adapter && other->number < first->number)
			first = other;
	}
	return first;
}

void transport_report(struct transport *t, uint16_t delay)
{
	struct transport *to = t->device->room->misplaces ? first_of(t) : t;

	to->has_delay = true;
	to->delay = delay;
	device_event(t->device, "report", "\"msec\": %.1f", delay / 10.0);
	bus_changed(t->device->room, to->path, IFACE_TRANSPORT, "Delay", NULL);
}

static void set_configuration(struct device *device, enum role role, struct endpoint *ep,
			      const uint8_t *configuration)
{
	static const char * const names[] = { "Device", "UUID", "Codec", "Configuration", "State", "Delay",
		"Volume", "Endpoint" };
	struct transport *t = g_new0(struct transport, 1);
	GVariantBuilder b;
	uint16_t delay = 0;
	size_t i;

	device->generation[role]++;
	t->device = device;
	t->role = role;
	t->sender = g_strdup(ep->app->sender);
	t->endpoint = g_strdup(ep->path);
	memcpy(t->configuration, configuration, SBC_CAPS);
	t->path = g_strdup_printf("%s/fd%u", device->seps[role], device->n_transports++);
	t->number = device->room->n_transports++;
	t->has_delay = role == ROLE_SPEAKER && device->options.report_ms >= 0.0;
	if (t->has_delay)
		delay = device->options.report_ms * 10.0 + 0.5;
	device->transports[role] = t;
	if (t->has_delay && device->room->misplaces && first_of(t) != t)
		transport_report(t, delay);
	else
		t->delay = delay;
	bus_export(device->room, t->path, &transport_interface, t);

	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		GVariant *value = get(t, names[i]);

		if (value != NULL)
			g_variant_builder_add(&b, "{sv}", names[i], value);
	}
	g_dbus_connection_call(device->room->bus, t->sender, t->endpoint, IFACE_ENDPOINT,
			       "SetConfiguration", g_variant_new("(oa{sv})", t->path, &b), NULL,
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_configured, pending_new(device, role));
}

void transport_configure_with(struct device *device, enum role role, const uint8_t *configuration)
{
	struct endpoint *ep = adapter_endpoint(device->adapter, local_uuid(role));

	if (device->transports[role] != NULL)
		transport_destroy(device->transports[role], true);
	if (ep != NULL && device->connected)
		set_configuration(device, role, ep, configuration);
}

static void on_selected(GObject *source, GAsyncResult *result, void *data)
{
	g_autofree struct pending *p = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_finish(p->device->room->bus, result, &error);
	g_autoptr(GVariant) array = NULL;
	const uint8_t *configuration;
	gsize size = 0;

	if (p->generation != p->device->generation[p->role] || !p->device->connected ||
	    p->device->transports[p->role] != NULL)
		return;
	if (reply != NULL) {
		array = g_variant_get_child_value(reply, 0);
		configuration = g_variant_get_fixed_array(array, &size, 1);
	}
	if (size != SBC_CAPS) {
		device_event(p->device, "refused", "%s", "");
		return;
	}
	transport_configure_with(p->device, p->role, configuration);
}

/* All channel modes; all blocks, subbands, allocations */
void transport_capabilities(const struct device *device, uint8_t caps[SBC_CAPS])
{
	const struct options *o = &device->options;

	caps[0] = 0x0f | (o->rate_44100 ? 0x20 : 0) | (o->rate_48000 ? 0x10 : 0);
	caps[1] = 0xff;
	caps[2] = 2;
	caps[3] = o->bitpool;
}

void transport_configure(struct device *device, enum role role)
{
	struct endpoint *ep = adapter_endpoint(device->adapter, local_uuid(role));
	struct options *o = &device->options;
	bool has_role = o->audio && (role == ROLE_SPEAKER ? o->speaker : o->source);
	uint8_t caps[SBC_CAPS];

	if (!has_role || ep == NULL || device->transports[role] != NULL)
		return;
	transport_capabilities(device, caps);
	if (role == ROLE_ECHO) {
		/* The Echo chooses: joint stereo, 16 blocks, 8 subbands, loudness */
		caps[0] = (o->echo_config.rate == 48000 ? 0x10 : 0x20) | 0x01;
		caps[1] = 0x15;
		set_configuration(device, role, ep, caps);
		return;
	}
	g_dbus_connection_call(device->room->bus, ep->app->sender, ep->path, IFACE_ENDPOINT,
			       "SelectConfiguration", g_variant_new("(@ay)", bytes(caps, SBC_CAPS)),
			       G_VARIANT_TYPE("(ay)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_selected,
			       pending_new(device, role));
}

void transport_destroy(struct transport *t, bool tell)
{
	struct device *device = t->device;

	device->transports[t->role] = NULL;
	forget_acquire(t);
	transport_end_stream(t, true);
	if (tell) {
		transport_set_state(t, TRANSPORT_IDLE);
		g_dbus_connection_call(device->room->bus, t->sender, t->endpoint, IFACE_ENDPOINT,
				       "ClearConfiguration", g_variant_new("(o)", t->path), NULL,
				       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	}
	bus_remove(device->room, t->path);
	g_free(t->path);
	g_free(t->sender);
	g_free(t->endpoint);
	g_free(t);
}

void transport_play(struct device *device)
{
	struct transport *t = device->transports[ROLE_ECHO];

	device->playing = true;
	if (t != NULL && t->configured && t->state == TRANSPORT_IDLE)
		transport_set_state(t, TRANSPORT_PENDING);
}

void transport_pause(struct device *device)
{
	struct transport *t = device->transports[ROLE_ECHO];

	device->playing = false;
	if (t == NULL)
		return;
	transport_end_stream(t, false);
	transport_set_state(t, TRANSPORT_IDLE);
}

void transport_suspend(struct device *device)
{
	struct transport *t = device->transports[ROLE_SPEAKER];

	if (t == NULL || t->state != TRANSPORT_ACTIVE)
		return;
	transport_end_stream(t, true);
	transport_set_state(t, TRANSPORT_IDLE);
}
