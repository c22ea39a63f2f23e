/* JSON that others wrote, in PipeWire's relaxed form */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_JSON_H
#define BLUEZ_COMBINE_CLIENT_JSON_H

#include <stdbool.h>
#include <stddef.h>

/** Is all of \a text one object, whole and not nested beyond reason? */
bool json_is_object(const char *text);

/** The value of \a key in the object \a text, a string without its quotes. False if it has none, or a longer one. */
bool json_find(const char *text, const char *key, char *value, size_t size);

#endif /* BLUEZ_COMBINE_CLIENT_JSON_H */
