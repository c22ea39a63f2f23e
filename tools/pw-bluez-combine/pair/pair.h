/* The pair command: its parts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PAIR_H
#define BLUEZ_COMBINE_PAIR_H

#include "bluez/bluez.h"
#include "cli/options.h"
#include "pair/rules.h"
#include "pair/wait.h"

#define PAIR_JSON_VERSION	1

/** Questions on the terminal: one at a time */
struct ask {
	GString *line;			/**< what was typed of the next one */
	guint source;
	bool ended;			/**< nobody is there any more */
	void (*answer)(void *data, const char *line);	/**< NULL: nothing is asked */
	void *data;
};

/** What was changed on the adapter, so that it can be as before */
struct pair_adapter {
	char *path, *name;		/**< .../hci0, hci0 */
	struct pair_change change;
	bool changed;			/**< there is one */
	bool opened;			/**< others could find it, thanks to us */
	bool discovering;
};

/** The same in a file, for the next command if this one is killed */
struct pair_note {
	int fd;				/**< locked as long as the command runs; -1: there is none */
	GKeyFile *changes;		/**< by the address of the adapter */
};

/** Whom BlueZ asks before a device pairs or connects */
struct pair_agent {
	guint object;			/**< registration of our object; 0: none */
	bool registered;
	char *asked;			/**< path of the device that the user is asked about; NULL: none */
	GDBusMethodInvocation *invocation;	/**< waits for that answer, or NULL */
};

struct pair {
	const struct options *options;
	struct wait wait;
	struct bluez bluez;
	struct ask ask;
	struct pair_adapter adapter;
	struct pair_note note;
	struct pair_agent agent;
	bool interactive;		/**< somebody can be asked */
	gint64 began_us;
	GHashTable *before;		/**< path of each device -> flags: how it was */
	char *wanted;			/**< address of the one that is meant; NULL: not known */
	char *device;			/**< path of the only one that may pair; NULL: not chosen yet */
	gint64 chosen_us;
	bool agreed;			/**< BlueZ was told that it may pair */
	bool trusting;			/**< and to trust it */
};

/* ask.c */

bool ask_is_possible(void);
/** The next line goes to \a answer; an empty one when nobody is there any more. */
void ask_begin(struct ask *ask, void (*answer)(void *data, const char *line), void *data);
void ask_end(struct ask *ask);
void ask_finish(struct ask *ask);
/** Anything but a clear yes is a no. */
bool ask_is_yes(const char *line);

/* tell.c: progress. A line of text, or of JSON with the step's name, the adapter and the device. */

void pair_tell(struct pair *p, const char *step, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** The same on stderr, with what BlueZ said and what helps; \a error may be NULL */
void pair_complain(struct pair *p, const GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** "Kitchen (AA:BB:CC:DD:EE:FF)" in what a terminal may show; to be freed */
char *pair_name(const struct pair *p, const char *device);
/** What this computer is called by its adapter, the same way */
char *pair_alias(const struct pair *p);

/* adapter.c */

/** Choose one and see that it is on. 0 or -errno, having said why. */
int adapter_choose(struct pair *p);
/** Let devices pair, and find it if \a discoverable, for at most \a limit_sec even if we are killed */
int adapter_open(struct pair *p, bool discoverable, uint32_t limit_sec);
int adapter_discover(struct pair *p);
void adapter_end_discovery(struct pair *p);
/** As it was before, whatever has happened */
void adapter_restore(struct pair *p);
/** Put back what \a change tells, and \a mend wants. False if BlueZ would not. */
bool adapter_put_back(struct pair *p, const char *path, const struct pair_change *change,
		const struct pair_mend *mend);
struct pair_mode adapter_mode(GDBusProxy *adapter);
/** It is there, and on */
bool adapter_is_on(const struct pair *p);

/* note.c */

/** Only one command at a time. What one that was killed has left is put back. 0 or -errno, having said why. */
int note_open(struct pair *p);
void note_close(struct pair *p);
void note_write(struct pair *p, const char *address, const struct pair_change *change);
void note_remove(struct pair *p, const char *address);

/* agent.c */

int agent_init(struct pair *p);
void agent_finish(struct pair *p);
/** Ask the user about a device that BlueZ does not ask about. False: something else is being asked. */
bool agent_ask_user(struct pair *p, const char *device, const char *question);

/* device.c: what is known of devices, and what is done with them */

/** From here on it is known how each was. */
void device_remember_all(struct pair *p);
/** It has connected since then, or since it was seen without a connection. */
bool device_came(struct pair *p, GDBusProxy *device);
bool device_was_paired(const struct pair *p, const char *device);
struct pair_facts device_facts(const struct pair *p, GDBusProxy *device);
/** The user has said no to it. */
void device_refuse(struct pair *p, const char *device);
/** Remove the pairing with one that is not meant. */
void device_send_away(struct pair *p, const char *device);
/** The same with all who have paired since the adapter was opened, but for the chosen one */
void device_sweep(struct pair *p);
/** What was done with the chosen one is undone, unless the command has \a done what it is for. */
void device_undo(struct pair *p, bool done);
/** The chosen one has that property. */
bool device_has(const struct pair *p, const char *property);
bool device_call(struct pair *p, const char *method, GVariant *args, int limit_ms, GError **error);
/** Complain about the chosen one. -EIO, or -EINTR after a signal. */
int device_fail(struct pair *p, const GError *error, const char *what);

/* connect.c: from a device that is paired to one that plays */

int device_connect(struct pair *p);
/** The Echo connects by itself; only if it does not it is asked to. */
int device_await_connection(struct pair *p);
/** Wait until its audio is there, and trust it then. */
int device_play(struct pair *p);

/* echo.c, speaker.c */

int pair_echo(struct pair *p, int limit_sec);
int pair_speaker(struct pair *p, int limit_sec);

/* pair.c */

/** From now on this device alone may pair. */
void pair_choose(struct pair *p, const char *device);
bool pair_is_named(const struct pair *p);
/** One that is here already needs nothing but a word. True if it was chosen. */
bool pair_is_here(struct pair *p);
/** As wait_until(); -ENODEV, having said so, when the adapter or BlueZ goes */
int pair_wait(struct pair *p, bool (*done)(void *data), void *data, int limit_ms);
/** Nobody needs to find the adapter, or to pair, any more: it is as before, and who was not meant is gone. */
void pair_close(struct pair *p);

#endif /* BLUEZ_COMBINE_PAIR_H */
