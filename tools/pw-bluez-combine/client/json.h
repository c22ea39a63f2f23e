/* JSON that others wrote, in PipeWire's relaxed form */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TOOL_JSON_H
#define BLUEZ_COMBINE_TOOL_JSON_H

#include <stdbool.h>
#include <stdio.h>

/** Is all of \a text one object, whole and not nested beyond reason? */
bool json_is_object(const char *text);

/** Print \a text, of which json_is_object() is true, as strict JSON on one line.
 * What is neither a number, true, false nor null becomes a string. */
void json_print(FILE *out, const char *text);

/** Print the fields of \a text, of which json_is_object() is true, each with a comma
 * before it and without the braces; none whose key is in \a except, a NULL-ended list. */
void json_print_fields(FILE *out, const char *text, const char *const *except);

/** Print one field, with a comma before it; \a value NULL is null. */
void json_print_field(FILE *out, const char *key, const char *value);

/** The value of \a key in the object \a text, a string without its quotes. False if it has none, or a longer one. */
bool json_find(const char *text, const char *key, char *value, size_t size);

#endif /* BLUEZ_COMBINE_TOOL_JSON_H */
