/* Text that is drawn again and again over itself on a terminal */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/screen.h"

#define CLEAR		"\033[H\033[2J"
#define HOME		"\033[H"
#define LINE_REST	"\033[K"	/* nothing of the former line is left of a shorter one */
#define SCREEN_REST	"\033[J"

#define COLUMNS_MIN	20		/* nothing is readable below */
#define ROWS_MIN	3

bool screen_is_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && !spa_streq(term, "dumb");
}

bool screen_measure(struct screen *screen)
{
	struct winsize size = { 0 };

	/* A terminal that does not tell is the one that all programs expect */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		size = (struct winsize) { .ws_row = 24, .ws_col = 80 };
	screen->columns_now = SPA_MAX(size.ws_col, COLUMNS_MIN);
	screen->rows_now = SPA_MAX(size.ws_row, ROWS_MIN);
	return screen->columns_now != screen->columns || screen->rows_now != screen->rows;
}

/* The bytes of \a line that take no more than \a columns */
static size_t fitting(const char *line, size_t len, int columns)
{
	mbstate_t state = { 0 };
	size_t pos = 0, n;
	wchar_t c;
	int w;

	while (pos < len && (n = mbrtowc(&c, line + pos, len - pos, &state)) != 0 &&
	       n != (size_t)-1 && n != (size_t)-2) {
		w = wcwidth(c);
		if (w > columns)
			break;
		columns -= SPA_MAX(w, 0);
		pos += n;
	}
	return pos;
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static int write_all(const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= n)
		if ((n = write(STDOUT_FILENO, text, len)) < 0) {
			if (errno != EINTR)
				return -errno;
			n = 0;
		}
	return 0;
}

int screen_draw(struct screen *screen, const char *text)
{
	bool first = screen->columns != screen->columns_now || screen->rows != screen->rows_now;
	/* The cursor waits in the row after the last: it is kept free */
	int lines = count_lines(text), room = screen->rows_now - 1, row, res;
	int shown = lines <= room ? lines : room - 1;
	const char *next;
	char *out = NULL, more[256];
	size_t size;
	FILE *file = open_memstream(&out, &size);

	if (file == NULL)
		return -errno;
	fputs(first ? CLEAR : HOME, file);
	for (row = 0; row < shown && (next = strchr(text, '\n')); row++, text = next + 1) {
		fwrite(text, 1, fitting(text, next - text, screen->columns_now), file);
		fputs(LINE_REST "\n", file);
	}
	if (shown < lines) {
		snprintf(more, sizeof(more), ngettext_("  ... %d more line: enlarge the window",
				"  ... %d more lines: enlarge the window", lines - shown), lines - shown);
		fwrite(more, 1, fitting(more, strlen(more), screen->columns_now), file);
		fputs(LINE_REST "\n", file);
	}
	fputs(SCREEN_REST, file);
	if (fclose(file) != 0) {
		free(out);
		return -ENOMEM;
	}
	screen->columns = screen->columns_now;
	screen->rows = screen->rows_now;
	res = write_all(out, size);
	free(out);
	return res;
}
