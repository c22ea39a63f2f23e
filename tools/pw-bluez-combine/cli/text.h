/* Other programs' text, made fit to be shown */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TEXT_H
#define BLUEZ_COMBINE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Names are what other programs and devices chose: any bytes. A terminal acts on
 * control characters, and the marks for writing from right to left can make a
 * line say something else than it does; neither is ever passed on.
 */

#define TEXT_ANY_WIDTH	10000

/** Take the locale's character set, or UTF-8 where there is no locale. Once, at the start. */
void text_init(void);

/** Copy UTF-8 \a str into \a dst in the terminal's character set; '?' stands for
 * what can't be shown. What is wider than \a width columns, or longer than
 * \a size bytes, is cut off and ends in "...". Returns the columns it takes. */
int text_copy(char *dst, size_t size, const char *str, int width);

/** A copy of all of it, made so; to be freed. NULL: no memory */
char *text_dup(const char *str);

/** Print \a str made so, but for the ends of lines. For whole messages, whose parts from
 * elsewhere were made fit one by one: in these an end of a line would begin a forged one. */
void text_print_lines(FILE *out, const char *str);

/** Print \a len bytes at \a str as a JSON string in quotes. */
void text_print_json(FILE *out, const char *str, size_t len);

#endif /* BLUEZ_COMBINE_TEXT_H */
