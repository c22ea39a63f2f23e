/* A virtual bluetoothd and the devices in its reach */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOMD_H
#define ROOMD_H

#include <stdbool.h>
#include <stdint.h>

#include <gio/gio.h>

#include "clock/clock.h"
#include "listen/recorder.h"
#include "interfaces.h"
#include "world/air.h"
#include "world/options.h"
#include "world/radio.h"

#define BLUEZ			"org.bluez"
#define IFACE_ADAPTER		"org.bluez.Adapter1"
#define IFACE_DEVICE		"org.bluez.Device1"
#define IFACE_ENDPOINT		"org.bluez.MediaEndpoint1"
#define IFACE_TRANSPORT		"org.bluez.MediaTransport1"
#define OFONO			"org.ofono"
#define IFACE_HANDSFREE		"org.ofono.HandsfreeAudioManager"

#define UUID_A2DP_SOURCE	"0000110a-0000-1000-8000-00805f9b34fb"
#define UUID_A2DP_SINK		"0000110b-0000-1000-8000-00805f9b34fb"
#define UUID_ADVANCED_AUDIO	"0000110d-0000-1000-8000-00805f9b34fb"
#define UUID_HID		"00001124-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP_TARGET	"0000110c-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP		"0000110e-0000-1000-8000-00805f9b34fb"
#define UUID_HANDSFREE		"0000111e-0000-1000-8000-00805f9b34fb"

#define SBC_CAPS		4	/* bytes of capabilities, or of a configuration */

/* All of this is the main thread's; what it has in the radio is under its lock. */

struct room {
	GMainLoop *loop;
	GDBusConnection *bus;
	guint name;			/**< the ownership of org.bluez; 0: not there */
	guint ofono;			/**< and of org.ofono */
	bool ready;			/**< said so */
	GDBusObjectManagerServer *objects; /**< of org.bluez */
	GPtrArray *others;		/**< GDBusInterfaceSkeleton of other objects */
	struct room_clock *clock;
	struct recorder *recorder;
	struct radio *radio;
	struct air *air;
	GPtrArray *adapters;		/**< struct adapter */
	GPtrArray *devices;		/**< struct device */
	GPtrArray *laters;		/**< world/later.c */
	uint64_t seed;
	bool misplaces;			/**< a delay report goes to the first transport of an endpoint, as in BlueZ 5.83 to 5.87 */
	uint32_t n_transports;		/**< that there ever were */
	bool finished;
	int result;
};

struct adapter {
	struct room *room;
	char *name;			/**< hci0 */
	char *path;
	char *address;
	char *alias;
	bool powered, discoverable, pairable, discovering;
	bool blocked;			/**< by rfkill: cannot be powered */
	uint32_t discoverable_s, pairable_s;	/**< limits, 0: none */
	guint discoverable_timer;
	GPtrArray *discoverers;		/**< struct discoverer */
	GPtrArray *apps;		/**< struct app, newest last */
};

/** What a client registered with Media1 */
struct app {
	struct adapter *adapter;
	char *sender, *path;
	guint watch;
	GPtrArray *endpoints;		/**< struct endpoint */
};

struct endpoint {
	struct app *app;
	char *path;
	char *uuid;
	uint8_t codec;
};

enum role {
	ROLE_SPEAKER,			/**< the device plays what it is sent */
	ROLE_ECHO,			/**< the device sends */
	N_ROLES,
};

enum transport_state {
	TRANSPORT_IDLE,
	TRANSPORT_PENDING,
	TRANSPORT_ACTIVE,
};

struct transport {
	struct device *device;
	enum role role;
	char *path;
	char *sender, *endpoint;	/**< whose it is */
	uint8_t configuration[SBC_CAPS];
	enum transport_state state;
	bool configured;		/**< SetConfiguration was answered */
	GDBusMethodInvocation *acquiring; /**< an Acquire that the device has not answered yet */
	bool has_delay;
	uint16_t delay;			/**< in 1/10 ms */
	uint32_t number;		/**< in which they came */
};

/** Of a device, with whom it comes first */
struct pairing {
	struct adapter *adapter;	/**< that looks for it */
	bool going_on;
	uint32_t generation;		/**< what was begun in an older one is void */
	GDBusMethodInvocation *invocation;	/**< of Pair(), NULL: the device began it */
	char *sender;			/**< who called */
};

struct device {
	struct room *room;
	struct adapter *adapter;
	char *address, *path;
	struct options options;
	bool connected, resolved, paired, trusted;
	bool shown;			/**< clients see it: it is paired, or was found */
	bool in_reach;			/**< was found, not remembered */
	bool wants_pairing;		/**< an Echo that looks for somebody to play on */
	bool coming;			/**< it is about to connect by itself */
	bool orphaned;			/**< two connections met: its stream end point stays in use */
	struct pairing pairing;
	bool playing;			/**< an Echo that shall play */
	uint32_t n_transports;		/**< so far; numbers the objects */
	uint32_t generation[N_ROLES];	/**< of the configuration: older replies are void */
	struct transport *transports[N_ROLES];
	char *seps[N_ROLES];		/**< paths, while connected */
	struct link *link;		/**< of a speaker */
	struct sender *sender;		/**< of an Echo */
	char *card;			/**< path of its oFono card, NULL: none yet */
	int call_fd;			/**< our end of a call, -1: there is none */
	guint call_source;
};

/* world/bus.c: objects on the bus */

struct bus_interface {
	const GDBusInterfaceInfo *info;	/**< made of world/interfaces.xml */
	/** Must answer the invocation, now or later */
	void (*call) (void *data, GDBusMethodInvocation *invocation, const char *method, GVariant *args);
	/** NULL when the object has no such property. Floating. May itself be NULL: there are none */
	GVariant *(*get) (void *data, const char *property);
	/** May be NULL where all are read-only */
	bool (*set) (void *data, const char *property, GVariant *value, GError **error);
};

void bus_init(struct room *room);
void bus_finish(struct room *room);
void bus_export(struct room *room, const char *path, const struct bus_interface *iface, void *data);
void bus_remove(struct room *room, const char *path);
/** Tell that properties are others now. A list of names, ended by NULL */
void bus_changed(struct room *room, const char *path, const char *iface, ...) G_GNUC_NULL_TERMINATED;
void bus_error(GDBusMethodInvocation *invocation, const char *name, const char *text);

/* world/adapter.c */

struct adapter *adapter_new(struct room *room, const char *name, GError **error);
struct adapter *adapter_find(struct room *room, const char *name);
/** The endpoint for a local UUID and SBC, the newest if there are several. Or NULL */
struct endpoint *adapter_endpoint(struct adapter *adapter, const char *uuid);

/** Endpoints have come or gone */
void adapter_endpoints_changed(struct adapter *adapter);
void adapter_set_blocked(struct adapter *adapter, bool blocked);
void adapter_set_powered(struct adapter *adapter, bool powered);

/* world/agent.c */

void agents_init(struct room *room);
/** bluetoothd ends */
void agents_forget(void);
void agents_finish(void);
/** Can the agent of \a sender, else the default one, show anything, or be told anything? */
bool agent_can_answer(const char *sender);
/** Ask the agent of \a sender, else the default one; \a answer is NULL if it refuses, or there is none */
void agent_ask(struct device *device, const char *sender, const char *method, GVariant *args, const char *type,
	       void (*answered)(struct device *device, GVariant *answer));

/* world/pair.c */

/** Find what is in pairing mode, each after its time */
void adapter_discover(struct adapter *adapter);
void adapter_became_discoverable(struct adapter *adapter);
/** Pair and CancelPairing of the client; they answer the invocation */
void device_pair(struct device *device, GDBusMethodInvocation *invocation);
void device_cancel_pairing(struct device *device, GDBusMethodInvocation *invocation);
/** It looks for an adapter that is discoverable, now or later, and pairs */
void device_search(struct device *device);
/** It connects by itself, if it may */
void device_come(struct device *device);
/** A client connects to it. NULL or an error, as when both sides do at the same time */
const char *device_meet(struct device *device);
/** A client removes it, and is answered when it is gone */
void device_remove_for(struct device *device, GDBusMethodInvocation *invocation);
/** What it was about to do with its pairing is void */
void device_forget_pairing(struct device *device);

/* world/media.c */

extern const struct bus_interface media_interface;
/** \a there: the client lives and can be told that its streams are gone */
void app_remove(struct app *app, bool there);
void app_free(struct app *app);

/* world/device.c */

struct device *device_new(struct room *room, const char *address, struct options *options,
			  GError **error);
void device_destroy(struct device *device);
/** Clients see it from now on */
void device_show(struct device *device);
struct device *device_find(struct room *room, const char *address);
void device_connect(struct device *device);
void device_disconnect(struct device *device);
/** Its transports go, as before it is configured anew; device_connect() makes others. */
void device_close(struct device *device);
/** A user removes it: it is not paired any more, and has to be found again. */
void device_remove(struct device *device);
bool device_set(struct device *device, GVariant *dict, GError **error);
/** Its endpoints were answered for, or not: see whether services are resolved */
void device_check_resolved(struct device *device);
void device_event(struct device *device, const char *event, const char *fields, ...)
	G_GNUC_PRINTF(3, 4);

/* world/transport.c */

extern const struct bus_interface transport_interface;
extern const char * const transport_state_names[];
/** Find an endpoint for the role and configure it; harmless when that is done already */
void transport_configure(struct device *device, enum role role);
/** What the device offers */
void transport_capabilities(const struct device *device, uint8_t caps[SBC_CAPS]);
/** With a configuration of the client's choice, or NULL to let its endpoint choose */
void transport_configure_with(struct device *device, enum role role, const uint8_t *configuration);
/** \a tell: the endpoint's owner is there to be told */
void transport_destroy(struct transport *transport, bool tell);
void transport_set_state(struct transport *transport, enum transport_state state);
void transport_end_stream(struct transport *transport, bool cut);
void transport_play(struct device *device);
void transport_pause(struct device *device);
/** A speaker ends its stream by itself, as when it plays for somebody else; it can be acquired again. */
/** A speaker says how late it is, in 1/10 ms. */
void transport_report(struct transport *t, uint16_t delay);
void transport_suspend(struct device *device);

/* world/later.c */

/** Call \a run after so much of the room's time */
void room_later(struct room *room, double msec, void (*run)(void *data), void *data);
/** Nothing with this \a data any more */
void room_not_later(struct room *room, const void *data);

/* world/handsfree.c */

void handsfree_init(struct room *room);
void handsfree_connected(struct device *device);
void handsfree_disconnected(struct device *device);
void handsfree_finish(struct device *device);

/* world/control.c */

void control_export(struct room *room);

/* world/roomd.c */

void room_finish(struct room *room);
/** bluetoothd ends, with all connections, and is back after \a msec */
void room_restart(struct room *room, double msec);

#endif /* ROOMD_H */
