/* Latencies that speakers settled at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_KNOWN_H
#define BLUEZ_COMBINE_KNOWN_H

#include <stdint.h>

#include <spa/utils/list.h>

/** The latency that a speaker settled at, in this run or an earlier one. */
struct known {
	struct spa_list link;		/**< the owner's list */
	char *address;
	char *codec;
	int64_t latency_ns;
};

/** Returns NULL if it never settled with this codec. */
struct known *known_find(struct spa_list *list, const char *address, const char *codec);
void known_set(struct spa_list *list, const char *address, const char *codec, int64_t latency_ns);
void known_clear(struct spa_list *list);

#endif /* BLUEZ_COMBINE_KNOWN_H */
