/* Figures as a table, as JSON, as a picture */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_REPORT_H
#define ROOM_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "listen/measure.h"

/** Writes JSON as it goes; zero but for the file */
struct json {
	FILE *file;
	int depth;
	bool comma;	/**< a value stands before in this object or array */
};

/** key is NULL within arrays and for the outermost value. */
void json_begin(struct json *j, const char *key, char bracket);
void json_end(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *value);
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
/** NAN and infinity become null. */
void json_double(struct json *j, const char *key, double value);

/** One object with every figure of the measurement. */
void report_json(struct json *j, const char *key, const struct measure *m);
/** A table for people. */
void report_table(FILE *file, const struct measure *m);
/** Skew over time for each speaker as a PNG. Data and script stay beside it, as
 * <path>.dat and <path>.gnuplot. 0 or -errno. */
int report_plot(const struct measure *m, const char *path, const char *title);

/** For other plots: a string in gnuplot's quotes, a colour for the i-th line, and run a script */
void report_quote(FILE *file, const char *s);
const char *report_colour(int i);
int report_draw(const char *script);

#endif /* ROOM_REPORT_H */
