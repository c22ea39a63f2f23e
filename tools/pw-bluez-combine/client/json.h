/* JSON that others wrote, in PipeWire's relaxed form */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_JSON_H
#define BLUEZ_COMBINE_CLIENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Is all of \a text one object, whole and not nested beyond reason? */
bool json_is_object(const char *text);

/** The value of \a key in the object \a text, a string without its quotes. False if it has none, or a longer one. */
bool json_find(const char *text, const char *key, char *value, size_t size);

/** Write a value: the point of a number is one in every locale. */
void json_write_string(FILE *out, const char *text);
void json_write_number(FILE *out, int digits, double value);

/** The same with its key, into an object that is open, and has a first member. */
void json_add_string(FILE *out, const char *key, const char *value);
void json_add_number(FILE *out, const char *key, int digits, double value);

/** The members of the object \a text, NULL or a broken one for none, as they stand there, as far as \a is_kept says so. */
void json_add_others(FILE *out, const char *text, bool (*is_kept)(const void *data, const char *key), const void *data);

#endif /* BLUEZ_COMBINE_CLIENT_JSON_H */
