/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_KNOWN_H
#define BLUEZ_COMBINE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/list.h>

#define KNOWN_LATENCIES	4
#define KNOWN_KEY_SIZE	161u	/* an address of BlueZ, or a node.name of no more than that, and the codec */
#define KNOWN_VALUE_SIZE	256u

/**
 * The latencies that a speaker settled at, in this run or an earlier one.
 *
 * The same codec has others at another rate or bitpool, with longer or shorter packets, and no
 * node tells which it is. So the last few are kept: the last of all is used until the
 * speaker reports, and one that it reports again is believed.
 */
struct known {
	struct spa_list link;		/**< the owner's list */
	char *address;
	char *codec;
	int64_t latencies_ns[KNOWN_LATENCIES];	/**< the last one first */
	uint32_t n_latencies;		/**< >= 1 */
	int64_t packet_ns;		/**< 0: not known */
	bool told;			/**< it has reported that itself, and PipeWire did not assume it */
};

/** Returns NULL if it never settled with this codec. */
struct known *known_find(struct spa_list *list, const char *address, const char *codec);
/**
 * It has settled at \a latency_ns, with packets of \a packet_ns, 0 if that is not known.
 * Returns whether that is news, like those below.
 */
bool known_set(struct spa_list *list, const char *address, const char *codec,
		int64_t latency_ns, int64_t packet_ns);
/** It has told the latency itself that it settled at. */
bool known_set_told(struct spa_list *list, const char *address, const char *codec);
/** Did it settle there, with this codec, one of the last times? */
bool known_has(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns);
/** The same, of one that was found. */
bool known_settled(const struct known *known, int64_t latency_ns);
/** It never settled at \a latency_ns, if it did anywhere else. */
bool known_forget(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns);
void known_clear(struct spa_list *list);

/**
 * The line of a file that says all this, as JSON. Lines are in the order in which speakers settled.
 * Returns false if there is none: its name is too long for one.
 */
bool known_print(const struct known *known, char key[KNOWN_KEY_SIZE], char value[KNOWN_VALUE_SIZE]);
/**
 * Take in such a line, whatever somebody has made of it: a field that can't be is as if it was not known.
 * Returns false if there is anything wrong with it.
 */
bool known_read(struct spa_list *list, const char *key, const char *value);

#endif /* BLUEZ_COMBINE_KNOWN_H */
