/* The pair command: its parts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PAIR_H
#define BLUEZ_COMBINE_PAIR_H

#include "bluez.h"
#include "options.h"
#include "wait.h"

#define PAIR_JSON_VERSION	1

/** Questions on the terminal: one at a time */
struct ask {
	GString *line;			/**< what was typed of the next one */
	guint source;
	bool ended;			/**< nobody is there any more */
	void (*answer)(void *data, const char *line);	/**< NULL: nothing is asked */
	void *data;
};

/** How an adapter was, so that it can be so again */
struct pair_adapter {
	char *path, *name;		/**< .../hci0, hci0 */
	bool was_discoverable, was_pairable;
	uint32_t discoverable_sec, pairable_sec;	/**< its limits, 0: none */
	bool changed_discoverable, changed_pairable;
	bool discovering;
};

/** Whom BlueZ asks before a device pairs or connects */
struct pair_agent {
	guint object;			/**< registration of our object; 0: none */
	bool registered;
	GDBusMethodInvocation *invocation;	/**< waits for an answer on the terminal */
	char *asked;			/**< path of the device that it is about */
};

struct pair {
	const struct options *options;
	struct wait wait;
	struct bluez bluez;
	struct ask ask;
	struct pair_adapter adapter;
	struct pair_agent agent;
	bool interactive;		/**< somebody can be asked */
	gint64 began_us;
	char *device;			/**< path of the only one that may pair; NULL: not chosen yet */
	gint64 chosen_us;
};

/* pair-ask.c */

bool ask_is_possible(void);
/** The next line goes to \a answer. */
void ask_begin(struct ask *ask, void (*answer)(void *data, const char *line), void *data);
void ask_end(struct ask *ask);
void ask_finish(struct ask *ask);
/** Anything but a clear yes is a no. */
bool ask_is_yes(const char *line);

/* pair-tell.c: progress. A line of text, or of JSON with the step's name, the adapter and the device. */

void pair_tell(struct pair *p, const char *step, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** The same on stderr, with what BlueZ said and what helps; \a error may be NULL */
void pair_complain(struct pair *p, const GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** "Kitchen (AA:BB:CC:DD:EE:FF)" in what a terminal may show; to be freed */
char *pair_name(const struct pair *p, const char *device);
/** What this computer is called by its adapter, the same way */
char *pair_alias(const struct pair *p);

/* pair-adapter.c */

/** Choose one and see that it is on. 0 or -errno, having said why. */
int adapter_choose(struct pair *p);
/** Let devices pair, and find it if \a discoverable, for at most \a limit_sec even if we are killed */
int adapter_open(struct pair *p, bool discoverable, uint32_t limit_sec);
int adapter_discover(struct pair *p);
void adapter_end_discovery(struct pair *p);
/** As it was before, whatever has happened */
void adapter_restore(struct pair *p);

/* pair-agent.c */

int agent_init(struct pair *p);
void agent_finish(struct pair *p);

/* pair.c */

/** Is it the one that --address or --name wants? True if neither is given. */
bool pair_fits(const struct pair *p, GDBusProxy *device);
/** From now on this device alone may pair. */
void pair_choose(struct pair *p, const char *device);
bool pair_is_named(const struct pair *p);

#endif /* BLUEZ_COMBINE_PAIR_H */
