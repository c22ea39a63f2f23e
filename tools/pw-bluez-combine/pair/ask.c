/* The pair command: questions on the terminal */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "cli/i18n.h"
#include "pair/pair.h"

bool ask_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void take_line(struct ask *ask)
{
	void (*answer)(void *data, const char *line) = ask->answer;
	char *end = strchr(ask->line->str, '\n');
	g_autofree char *line = g_strndup(ask->line->str, end - ask->line->str);

	g_string_erase(ask->line, 0, end + 1 - ask->line->str);
	/* What was typed before anything was asked is no answer */
	if (answer == NULL)
		return;
	ask->answer = NULL;
	answer(ask->data, g_strstrip(line));
}

static gboolean on_input(int fd, GIOCondition condition, void *data)
{
	struct ask *ask = data;
	char buffer[256];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	if (n <= 0) {
		ask->ended = true;
		ask->source = 0;
		/* The question that waits is not answered any more. */
		g_string_assign(ask->line, "\n");
		take_line(ask);
		return G_SOURCE_REMOVE;
	}
	g_string_append_len(ask->line, buffer, n);
	while (strchr(ask->line->str, '\n'))
		take_line(ask);
	return G_SOURCE_CONTINUE;
}

void ask_begin(struct ask *ask, void (*answer)(void *data, const char *line), void *data)
{
	if (ask->line == NULL) {
		ask->line = g_string_new(NULL);
		ask->source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, ask);
	}
	ask->answer = answer;
	ask->data = data;
}

void ask_end(struct ask *ask)
{
	ask->answer = NULL;
}

void ask_finish(struct ask *ask)
{
	g_clear_handle_id(&ask->source, g_source_remove);
	if (ask->line)
		g_string_free(ask->line, TRUE);
	ask->line = NULL;
}

bool ask_is_yes(const char *line)
{
	/* TRANSLATORS: the letters, small and large, that mean yes; y always does */
	const char *letters = _("yY");

	return *line && (strchr(letters, *line) || *line == 'y' || *line == 'Y');
}
