/* Options as D-Bus brings them */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_OPTION_H
#define ROOM_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/** One of them, and the field of a struct that it is for */
struct option {
	const char *key;
	/**
	 * d: double, u: uint32_t, i: int32_t, s: string, n: the same without '/', b: bool,
	 * e: int32_t, one of names, R: uint32_t, min or max
	 */
	char type;
	size_t offset;
	double min, max;		/**< of a string: characters */
	int use;			/**< bits that say where it is allowed */
	const char * const *names;
	size_t n_names;
};

struct option_table {
	const struct option *options;
	size_t n;
};

/**
 * Read a dictionary into the struct that the table is about. On an error some of it may have been read.
 * \param dict a{sv}
 * \param use allowed is what has all of these bits
 * \param error tells key, value and what is allowed
 */
bool option_read(const struct option_table *table, void *fields, GVariant *dict, int use, GError **error);

#endif /* ROOM_OPTION_H */
