/* JSON that others wrote, printed as strict JSON */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_JSON_PRINT_H
#define BLUEZ_COMBINE_JSON_PRINT_H

#include <stdio.h>

/** Print \a text, of which json_is_object() is true, as strict JSON on one line.
 * What is neither a number, true, false nor null becomes a string. */
void json_print(FILE *out, const char *text);

/** Print the fields of \a text, of which json_is_object() is true, each with a comma
 * before it and without the braces; none whose key is in \a except, a NULL-ended list. */
void json_print_fields(FILE *out, const char *text, const char *const *except);

/** Print one field, with a comma before it; \a value NULL is null. */
void json_print_field(FILE *out, const char *key, const char *value);

#endif /* BLUEZ_COMBINE_JSON_PRINT_H */
