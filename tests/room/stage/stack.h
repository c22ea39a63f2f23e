/* The real daemons, around a room of their own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_STACK_H
#define ROOM_STACK_H

#include <gio/gio.h>

#include "stage/graph.h"
#include "stage/process.h"
#include "stage/stack-clock.h"

enum stack_system {
	STACK_STOCK,	/**< nothing but what the distribution has */
	STACK_POLICY,	/**< our package, as installed: WirePlumber loads the module */
	STACK_MODULE,	/**< our module, loaded by the daemon's configuration, no policy */
	STACK_PEER,	/**< the daemon's combine-stream, the Echo sent to it */
	STACK_OWN,	/**< our module in a process of its own, no policy */
	STACK_CLI,	/**< our module in pw-cli, no policy */
};

enum stack_daemon {
	STACK_PIPEWIRE,		/**< wireplumber ends with it, and is started with it */
	STACK_WIREPLUMBER,
	STACK_BLUETOOTHD,	/**< its devices are disconnected */
};

struct stack_options {
	enum stack_system system;
	bool analogue;			/**< alsa_output.test, ranked as a sound card is */
	const char *configured;		/**< default sink that the user chose, NULL: none */
	const char *module_args;	/**< more arguments of the module, SPA-JSON, with STACK_MODULE */
	const char *pipewire_conf;	/**< more for pipewire.conf.d, NULL: none */
	const char *wireplumber_conf;	/**< more for wireplumber.conf.d, NULL: none */
	bool own_clock;			/**< the room's, not the machine's */
	uint64_t seed;
};

/** A line of events.jsonl */
struct stack_event {
	int64_t t_ns;		/**< since the epoch */
	char *device;		/**< name, or that of an adapter */
	char *event;
	double msec;		/**< NAN when the line has none */
	int bitpool;		/**< 0: none */
};

struct stack {
	struct stack_options options;
	char *dir;		/**< private, removed in the end */
	char *out;		/**< timelines, events and logs */
	char **env;		/**< of all processes */
	struct process dbus, roomd, pipewire, wireplumber;
	struct process host;	/**< of the module, where it has a process of its own */
	GPtrArray *clients;	/**< struct process: players */
	GPtrArray *watches;	/**< struct child_watch, stage/stack.c */
	GDBusConnection *bus;
	struct stack_clock clock;
	int64_t epoch_ns;	/**< of the timelines, on that clock */
	int64_t began_ns;	/**< since the epoch: the daemons of now were started */

	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct graph *graph;
	struct spa_source *signals[2];
	int interrupted;	/**< the signal that came, 0: none */

	int inotify;		/**< on events.jsonl */
	struct spa_source *events_source;
	int events_fd;
	GString *events_rest;	/**< a line that has not ended yet */
	GPtrArray *events;	/**< struct stack_event, all so far */
};

/** Start everything and wait until it is there. \a out is created; the logs go there too.
 * 0 or -errno, having said why on stderr. stack_finish() in both cases. */
int stack_init(struct stack *s, const struct stack_options *options, const char *out);
void stack_finish(struct stack *s);

/**
 * End a daemon by a signal and start it again, as systemd does. Returns when the session is
 * there again: 0 or as stack_wait().
 */
int stack_restart(struct stack *s, enum stack_daemon daemon, int signal_number);
/** The name of the sink that plays on all speakers, NULL without one */
const char *stack_sink(const struct stack *s);
/** Have the loop run until \a done or for \a ms. 0, -ETIMEDOUT, -EINTR after a signal,
 * -ECHILD when a daemon has ended. \a what is for the message on stderr. */
int stack_wait(struct stack *s, bool (*done)(struct stack *s, void *data), void *data,
	       int ms, const char *what);
/** Let so much time pass; the room's own goes fast meanwhile. 0 or as stack_wait(). */
int stack_pass(struct stack *s, int ms);
/** Call a method of the room; args is floating or NULL. 0 or -EIO, having said why. */
int stack_call(struct stack *s, const char *method, GVariant *args);
/** As stack_call() for a method that returns a string, to be freed. NULL on failure. */
char *stack_call_string(struct stack *s, const char *method);
/** ns since the epoch of the room */
int64_t stack_now(const struct stack *s);
/** The last event of that kind of a device (NULL: any) at or after \a from_ns; NULL: none */
const struct stack_event *stack_find_event(const struct stack *s, const char *device,
					   const char *event, int64_t from_ns);
/** End WirePlumber as a user does who restarts it, and start it again */
int stack_restart_wireplumber(struct stack *s);
/** Start a client program, at SCHED_FIFO if we may; ends with the stack. NULL with a message on failure. */
struct process *stack_spawn(struct stack *s, const char *name, const char *const *argv);
/** The same of one that is to be seen: with our input and output, at normal priority */
struct process *stack_spawn_visible(struct stack *s, const char *const *argv);
/** For the messages after a failure: tails of all logs */
void stack_print_logs(const struct stack *s);

#endif /* ROOM_STACK_H */
