/* The status command: who plays, with what */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spa/utils/string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/screen.h"
#include "cli/session.h"
#include "cli/status-bars.h"
#include "cli/status.h"

struct status {
	const struct options *options;
	struct session session;
	bool redraw;			/* watch on a terminal */
	struct screen screen;		/* redraw */
	bool resized;
	char *shown;			/* watch: what was printed last */
	struct status_bars bars;	/* redraw */
	struct spa_source *tick;	/* redraw: timer of the bars */
};

static char *render(struct status *status, const struct report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (status->options->json)
		status_json_print(out, report);
	else if (status->options->watch && !status->redraw)
		status_table_print_fixed(out, report);
	else
		status_table_print(out, report, status->options->all, status->screen.columns_now);
	if (status->redraw)
		status_bars_print(&status->bars, out, report, status->screen.columns_now);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static bool has_line(const char *text, const char *line, size_t len)
{
	const char *next;

	for (; text && (next = strchr(text, '\n')); text = next + 1)
		if ((size_t)(next - text) == len && memcmp(text, line, len) == 0)
			return true;
	return false;
}

static void print_changed_lines(const char *text, const char *before)
{
	const char *next;

	for (; (next = strchr(text, '\n')); text = next + 1)
		if (!has_line(before, text, next - text))
			fwrite(text, 1, next + 1 - text, stdout);
}

/* Takes text over. Returns 0 or -errno. */
static int show(struct status *status, char *text)
{
	bool same = status->shown && spa_streq(text, status->shown);
	int res = 0;

	if (status->redraw)
		res = same && !status->resized ? 0 : screen_draw(&status->screen, text);
	else if (status->options->watch)
		print_changed_lines(text, status->shown);
	else
		fputs(text, stdout);
	free(status->shown);
	status->shown = text;
	if (res < 0)
		return res;
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -errno;
}

static void on_changed(void *data)
{
	struct status *status = data;
	struct report report;
	char *text = NULL;
	int res;

	if (!session_has_group(&status->session) && !status->options->watch) {
		session_complain_no_group(&status->session);
		session_quit(&status->session, EXIT_NO_GROUP);
		return;
	}
	if (report_init(&report, &status->session.client, status->options->group) == 0) {
		if (status->redraw) {
			status->resized = screen_measure(&status->screen);
			status_bars_follow(&status->bars, &report);
		}
		text = render(status, &report);
	}
	report_finish(&report);
	if (text == NULL) {
		fputs(_("pw-bluez-combine: no memory\n"), stderr);
		session_quit(&status->session, EXIT_OTHER);
	} else if ((res = show(status, text)) < 0) {
		fprintf(stderr, _("pw-bluez-combine: can't write the output: %s\n"), strerror(-res));
		session_quit(&status->session, EXIT_OTHER);
	} else if (!status->options->watch) {
		session_quit(&status->session, EXIT_OK);
	}
}

static void on_tick(void *data, uint64_t expirations)
{
	struct status *status = data;

	/* Nothing is known yet */
	if (status->shown)
		on_changed(data);
}

/* Returns an exit code */
static int start_bars(struct status *status)
{
	struct pw_loop *loop = status->session.loop;
	struct timespec t = { .tv_nsec = (long)(STATUS_BARS_PERIOD_SEC * SPA_NSEC_PER_SEC) };

	status_bars_init(&status->bars, status->session.client.core);
	if ((status->tick = pw_loop_add_timer(loop, on_tick, status)) == NULL)
		return EXIT_OTHER;
	pw_loop_update_timer(loop, status->tick, &t, &t, false);
	return EXIT_OK;
}

/* Nobody reads any more, as in a pipe into head */
static void on_output_closed(void *data, int fd, uint32_t mask)
{
	struct status *status = data;

	session_quit(&status->session, EXIT_OTHER);
}

/* A file can't be waited for, and needs not: this is for pipes and terminals */
static void watch_output(struct status *status)
{
	pw_loop_add_io(status->session.loop, STDOUT_FILENO,
			SPA_IO_ERR | SPA_IO_HUP, false, on_output_closed, status);
}

static int run(const struct options *options)
{
	struct status status = { .options = options };
	int res;

	status.redraw = options->watch && !options->json && screen_is_possible();
	res = session_init(&status.session, options, 0, on_changed, &status);
	if (res == EXIT_OK && options->watch)
		watch_output(&status);
	if (res == EXIT_OK && status.redraw)
		res = start_bars(&status);
	if (res == EXIT_OK)
		res = session_run(&status.session);
	if (status.tick)
		pw_loop_destroy_source(status.session.loop, status.tick);
	status_bars_finish(&status.bars);
	session_finish(&status.session);
	free(status.shown);
	return res;
}

const struct command status_command = {
	.name = "status",
	.summary = N_("show which speakers play, with what latency and delay"),
	.synopsis = "[--group NAME] [--watch] [--json] [--all] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_WATCH | OPTION_JSON | OPTION_ALL,
	.run = run,
};
