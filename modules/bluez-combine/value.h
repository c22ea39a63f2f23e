/* Values that somebody has written */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_VALUE_H
#define BLUEZ_COMBINE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Log that a value is refused, and what is allowed.
 *
 * \param where  what it stands in; NULL: say nothing
 */
void value_refuse(const char *where, const char *key, const char *value, const char *allowed);

/** A finite number that fills the whole string, whatever the locale is. */
bool value_number(const char *str, double *number);

/** Milliseconds from \a min to \a max. Returns 0, or -EINVAL after value_refuse(); \a ns is as it was then. */
int value_msec(const char *where, const char *key, const char *str,
		double min, double max, int64_t *ns);

#endif /* BLUEZ_COMBINE_VALUE_H */
