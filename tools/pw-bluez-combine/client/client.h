/* A client of what PipeWire and bluez-combine make public */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_H
#define BLUEZ_COMBINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

#include "client/calibration.h"
#include "client/graph.h"
#include "client/member.h"
#include "client/metadata.h"
#include "graph/owners.h"

/*
 * What every program that shows or changes a group needs: a command, a window, a tracker.
 *
 * Threads: all of it belongs to the thread of the caller's loop. pw_init() is the caller's.
 * Ownership: a struct client is in the caller's memory. What it points to is its own, may be read at any time,
 * and stays as it is until the next event.
 * Errors: returned as -errno, or told by the event lost. Nothing is printed, translated or kept in a static
 * variable, and nothing ends the process.
 */

/** Only there to end a hang: a daemon answers within milliseconds. */
#define CLIENT_ANSWER_LIMIT_SEC	10

/** What else than groups, links, and which nodes and Bluetooth devices there are */
enum client_wants {
	CLIENT_NODES = 1 << 0,		/**< what nodes tell of themselves, and whether they run */
	CLIENT_ROUTES = 1 << 1,		/**< profiles of Bluetooth devices, and latency offsets of their outputs */
	CLIENT_DAEMONS = 1 << 2,	/**< the session manager, and the defaults */
	CLIENT_MICROPHONES = 1 << 3,	/**< what can be recorded from, whether it is plugged in and muted, and the defaults */
	CLIENT_PORTS = 1 << 4,		/**< of nodes */
};

struct client_events {
	/** All is known that there is to know: at first, and again after each change. Changes that come
	 * together are told together. */
	void (*changed)(void *data);
	/** Nothing will come any more: -EPIPE, the daemon has ended; -ETIMEDOUT, it has told nothing
	 * within CLIENT_ANSWER_LIMIT_SEC; or another error. What is known can still be read. */
	void (*lost)(void *data, int res);
};

struct client {
	const struct client_events *events;
	void *data;
	const char *group;		/**< the only one that is read; NULL: all are */
	uint32_t wants;

	struct pw_loop *loop;		/**< the caller's */
	struct spa_source *timer;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct owners owners;		/**< who is restricted, and has no group */
	int sync;			/**< what is waited for, while syncing */
	bool syncing;
	bool over;			/**< it was lost */

	struct spa_list groups;		/**< struct metadata.link: their objects, bound or not */
	struct metadata *defaults;	/**< if they are wanted; NULL: not there */
	struct graph graph;
	char *version;			/**< of the daemon; NULL: not known */
	pid_t pid;			/**< 0: not known */
};

/**
 * Connect, as libpipewire does: PIPEWIRE_REMOTE in the environment says to which daemon.
 *
 * \param loop the caller's, which lives longer
 * \param group which is read, of these characters that a group's name can have; stays valid. NULL: all
 * \param wants CLIENT_*
 * Returns 0 or -errno: -ENOENT, -ECONNREFUSED and their like if there is no daemon.
 * client_finish() in both cases, but not from within an event.
 */
int client_init(struct client *client, struct pw_loop *loop, const char *group, uint32_t wants,
		const struct client_events *events, void *data);
void client_finish(struct client *client);

/** The global id of this client, which nobody else has while it is there; SPA_ID_INVALID before the first event changed. */
uint32_t client_id(const struct client *client);

/** "now" of the loop's clock, in ns. Any thread. */
int64_t client_now_ns(const struct client *client);

/** The metadata of the group \a name: NULL if PipeWire has no such group, or if it is not read. */
struct metadata *client_group(const struct client *client, const char *name);
/** The name of the group whose object it is. */
const char *client_group_name(const struct metadata *metadata);

/** The names of the default sink and microphone: false if there is none, or without CLIENT_DAEMONS or CLIENT_MICROPHONES. */
bool client_default_sink(const struct client *client, char *name, size_t size);
bool client_default_source(const struct client *client, char *name, size_t size);

/**
 * Say what the user wants of the speaker with an address, on top of what has been said: \a wanted, and nothing any more of the
 * fields in \a clear (MEMBER_*). The policy, or the module, may refuse it or put it in other words: the event changed
 * tells, and member_is() compares.
 * Returns 0 or -errno: -ENOENT if there is no such group.
 */
int client_set_member(struct client *client, const char *group, const char *address,
		const struct member *wanted, uint32_t clear);

/** The records of the speaker with an address, for calibration.h: \a json is valid until the next event, NULL if it has none.
 * Returns 0 or -errno: -ENOENT if there is no such group. */
int client_get_calibration(const struct client *client, const char *group, const char *address, const char **json);
/** Put others in their place: NULL clears. Returns 0 or -errno: -ENOENT if there is no such group. */
int client_write_calibration(struct client *client, const char *group, const char *address, const char *json);
/** Say what was found of the speaker with an address by listening, in the place of what was said for that codec and rate.
 * Returns 0 or -errno: -ENOENT if there is no such group. */
int client_set_calibration(struct client *client, const char *group, const char *address,
		const struct calibration_record *record);

/** The latency offset of a Bluetooth device's output, which pavucontrol shows and changes too, and WirePlumber keeps.
 * Needs CLIENT_ROUTES. Returns 0 or -errno: -ENOENT if it is not connected, or has no output. */
int client_set_offset(struct client *client, const char *address, int64_t offset_ns);

#endif /* BLUEZ_COMBINE_CLIENT_H */
