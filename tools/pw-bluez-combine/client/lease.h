/* A lease of a group: a transient say in who is heard, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_LEASE_H
#define BLUEZ_COMBINE_CLIENT_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/client.h"

/*
 * Nothing of it outlives the program, but for what is tracked: the module ends it when the client is gone, and when it
 * has heard nothing of it for 10 s. docs/reference.md has what is written, and what it means.
 *
 * Threads and ownership are as in client.h. From within an event everything may be called but lease_finish().
 */

/** What the lease says of one speaker: of who is not among them nothing. */
struct lease_speaker {
	const char *address;
	bool heard;			/**< it is one of those that are, if the lease says who is */
	bool corrected;			/**< it is put where it sounds by this much earlier, and stays there: */
	double correction_ms;		/**< positive: it sounds late; -2000 to 2000 */
};

/** What is said of a speaker that is tracked. */
struct lease_track {
	const char *address;
	bool tracked;			/**< from now on it is this that is tracked of it, and else what it was: */
	double tracked_ms;		/**< positive: it sounds late; -2000 to 2000. NAN: nothing any more */
	uint32_t code;			/**< of its dither, 1 to 63, another one for each; 0: none */
};

/** How delays move to and fro, each by its code. */
struct lease_dither {
	uint32_t samples;		/**< how far, 1 to 4; 0: none does */
	double chip_ms;			/**< how long they stay at one end, 100 to 10000 */
};

struct lease_events {
	/** The module has what was last set: it is in place in what is sent within \a ready_ns, and is heard a
	 * speaker's latency later. Once for each lease_set(), but for those that were followed by another one at once. */
	void (*taken)(void *data, uint32_t count, int64_t ready_ns);
	/** It has not, and why: for people, not translated. The lease has ended if it was the first that was set. */
	void (*refused)(void *data, const char *why);
	/** The lease has ended: -ETIMEDOUT, nobody answers, as no module is loaded; -ECANCELED, the module has given it up, or
	 * another program has it now, which lease_set_track() gives way to; -ETIME, this program has stood still for too long;
	 * -ENOENT, the group is gone. Nothing of it is in force, but that what was tracked stays. */
	void (*lost)(void *data, int res);
};

struct lease {
	struct client *client;		/**< NULL: not begun */
	const char *group;
	const struct lease_events *events;
	void *data;
	struct spa_source *timer;
	char *fields;			/**< of what is written, the same each time; NULL: no lease */
	uint32_t count;			/**< of the last time that it was written */
	uint32_t first;			/**< the first one that had what was last set */
	bool awaited;			/**< that has not been answered yet, */
	int64_t asked_ns;		/**< since then */
	bool held;			/**< the module has taken it */
	int64_t written_ns;		/**< when that was */
};

/** Nothing is asked for yet. \a group and \a events stay valid. Returns 0 or -errno; lease_finish() in both cases. */
int lease_init(struct lease *lease, struct client *client, const char *group,
		const struct lease_events *events, void *data);

/** Ends it. A zeroed one is fine. */
void lease_finish(struct lease *lease);

/**
 * Ask for a lease, or for another content of it. It is then renewed until it ends.
 *
 * \param solo  only those speakers are heard that \a speakers say are; false: all are
 * \param count  takes what taken() will name; may be NULL
 * Returns 0 or -errno: -ENOENT if there is no such group.
 */
int lease_set(struct lease *lease, bool solo, const struct lease_speaker *speakers, uint32_t n, uint32_t *count);

/**
 * The same, for what goes on beside anything else: all are heard, and it gives way to who asks by lease_set().
 *
 * \param dither  NULL: nobody's
 * \param count  as for lease_set(), and so is what is returned
 */
int lease_set_track(struct lease *lease, const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither,
		uint32_t *count);

/** All is as it was before. It may be set again. */
void lease_end(struct lease *lease);

/** To be called from the client's event changed. */
void lease_changed(struct lease *lease);

/** What is written, but for who and which time: to be freed; NULL without memory. */
char *lease_print(bool solo, const struct lease_speaker *speakers, uint32_t n);
char *lease_print_track(const struct lease_track *tracks, uint32_t n, const struct lease_dither *dither);

#endif /* BLUEZ_COMBINE_CLIENT_LEASE_H */
