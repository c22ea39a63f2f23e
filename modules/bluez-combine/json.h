/* JSON text for others to read */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_JSON_H
#define BLUEZ_COMBINE_JSON_H

#include <stdint.h>

#include <spa/utils/string.h>

/*
 * Each adds ', "<key>": <value>'. The text is valid JSON whatever the value and
 * the locale of the process are.
 */

/** At most this much of a string is written, in bytes. BlueZ's names have 248. */
#define JSON_TEXT_MAX		255u
/** What json_add_string() adds at most, without its key: each byte as \u00xx. */
#define JSON_STRING_MAX		(6 * JSON_TEXT_MAX + 3)

/** What is not UTF-8 in \a value becomes '?'; NULL is the empty string. */
void json_add_string(struct spa_strbuf *b, const char *key, const char *value);
void json_add_int(struct spa_strbuf *b, const char *key, int64_t value);
/** \a value is finite; six digits after the point. */
void json_add_double(struct spa_strbuf *b, const char *key, double value);

#endif /* BLUEZ_COMBINE_JSON_H */
