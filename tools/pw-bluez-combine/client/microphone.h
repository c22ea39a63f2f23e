/* Which microphone is listened through */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_MICROPHONE_H
#define BLUEZ_COMBINE_CLIENT_MICROPHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is to be said against one */
enum microphone_doubt {
	MICROPHONE_FITS,
	/* Taken if it is named: */
	MICROPHONE_BLUETOOTH,		/**< to record from a headset makes it one for calls: it plays no music any more */
	MICROPHONE_PROCESSED,		/**< a filter's, which may take out just what is to be heard: an echo canceller */
	/* Never taken: */
	MICROPHONE_MUTED,
	MICROPHONE_UNPLUGGED,		/**< nothing is in its jack */
	MICROPHONE_FOREIGN,		/**< a sandboxed program's, which could let us hear anything */
	MICROPHONE_DOUBTS
};

struct microphone {
	uint32_t id;			/**< of its node */
	const char *name;		/**< node.name, never NULL */
	const char *description;	/**< for people; NULL: it has none */
	enum microphone_doubt doubt;
	bool is_default;
	const char *used_by;		/**< a program that records from it now; NULL: none */
};

struct client;

/**
 * Those that a client with CLIENT_MICROPHONES knows. Strings are the client's, and stay valid until its next event.
 * Returns their number, the \a list to be freed; -errno without memory.
 */
int microphones_find(const struct client *client, struct microphone **list);

/**
 * Order a list: those that can be listened through come first, the default one before others, and then those that were
 * meant and can't be, whose doubt says why.
 *
 * \param name the user's word: a node.name, a description or a part of one; NULL: none
 * \param meant how many were meant: all without a name; 0: there is none of that name
 * Returns how many can be: of one it is that, of several the user has to say which.
 */
size_t microphones_choose(struct microphone *list, size_t n, const char *name, size_t *meant);

/** One word for programs: fits, bluetooth, processed, muted, unplugged, foreign */
const char *microphone_doubt_name(enum microphone_doubt doubt);

#endif /* BLUEZ_COMBINE_CLIENT_MICROPHONE_H */
