/* The status command: its two forms */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TOOL_STATUS_H
#define BLUEZ_COMBINE_TOOL_STATUS_H

#include <stdio.h>

#include "client/report.h"

/** For people: lines. \a all: with the speakers that are not here. Of a table that is wider than
 * \a width columns some are left out; 0: none is. */
void status_table_print(FILE *out, const struct report *report, bool all, int width);

/** For logs: the same with all speakers and all columns, each of a width of its own,
 * so that a line is the same as long as what it says is. */
void status_table_print_fixed(FILE *out, const struct report *report);

/** For programs: one JSON object on one line. */
void status_json_print(FILE *out, const struct report *report);

#endif /* BLUEZ_COMBINE_TOOL_STATUS_H */
