/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_KNOWN_H
#define BLUEZ_COMBINE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/list.h>

#define KNOWN_LATENCIES	4

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
/** It has settled at \a latency_ns, with packets of \a packet_ns, 0 if that is not known. */
void known_set(struct spa_list *list, const char *address, const char *codec,
		int64_t latency_ns, int64_t packet_ns);
/** It has told the latency itself that it settled at. */
void known_set_told(struct spa_list *list, const char *address, const char *codec);
/** Did it settle there, with this codec, one of the last times? */
bool known_has(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns);
/** It never settled at \a latency_ns, if it did anywhere else. */
void known_forget(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns);
void known_clear(struct spa_list *list);

#endif /* BLUEZ_COMBINE_KNOWN_H */
