/* Moving a speaker by ear: a lease puts it where the keys say, at once */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "adjust/adjust.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/screen.h"
#include "cli/text.h"

#define LEVEL_DB	(-20.0)
#define CLICKS_SEC	(24 * 3600.0)	/* nobody listens to clicks for longer */
/* What follows an Esc that a key begins with comes at once, but for a slow line */
#define ESCAPE_NS	(100 * SPA_NSEC_PER_MSEC)

static void show(const struct adjust *a)
{
	bool redraw = screen_is_possible();

	if (!a->raw || !a->held)
		return;
	fputs(redraw ? "\r  " : "  ", stdout);
	if (a->value.later_ms == 0.0)
		printf(_("as it was: its offset is %.1f ms"), a->value.offset_ms);
	else if (a->value.later_ms > 0.0)
		printf(_("%.0f ms later: its offset is then %.1f ms"), a->value.later_ms, adjust_offset_ms(&a->value));
	else
		printf(_("%.0f ms earlier: its offset is then %.1f ms"), -a->value.later_ms, adjust_offset_ms(&a->value));
	if (!a->enough)
		fputs(_(", as far as it goes"), stdout);
	fputs(redraw ? "\033[K" : "\n", stdout);
	fflush(stdout);
}

/* Returns 0 or -errno */
static int place(struct adjust *a)
{
	struct lease_speaker speaker = {
		.address = a->address,
		.corrected = true,
		.correction_ms = -a->value.later_ms,
	};

	return lease_set(&a->lease, false, &speaker, 1, NULL);
}

static void press(struct adjust *a, enum key key)
{
	double step_ms = adjust_step_ms(key);
	int res;

	/* What was typed before there is anything to be moved, or when it is settled, is not meant for this */
	if (a->stage != ADJUST_MOVING || (!a->held && key != KEY_QUIT))
		return;
	if (key == KEY_QUIT || (key == KEY_ENTER && a->value.later_ms == 0.0)) {
		a->value.later_ms = 0.0;
		adjust_finish_unchanged(a);
	} else if (key == KEY_ENTER) {
		keep_begin(a);
	} else if (step_ms != 0.0) {
		a->enough = adjust_move(&a->value, step_ms);
		if ((res = place(a)) < 0) {
			adjust_complain(a, _("%s can't be moved: %s"), a->name, spa_strerror(res));
			adjust_quit(a, EXIT_OTHER);
			return;
		}
		show(a);
	}
}

static void on_input(void *data, int fd, uint32_t mask)
{
	struct timespec pause = { .tv_nsec = ESCAPE_NS };
	struct adjust *a = data;
	char bytes[64];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	for (ssize_t i = 0; i < n; i++)
		press(a, keys_feed(&a->keys, bytes[i]));
	if (n <= 0)
		press(a, KEY_QUIT);
	if (a->stage == ADJUST_MOVING && keys_waits(&a->keys))
		pw_loop_update_timer(a->session.loop, a->timer, &pause, NULL, false);
}

static void on_taken(void *data, uint32_t count, int64_t ready_ns)
{
	struct adjust *a = data;
	bool first = !a->held;

	a->held = true;
	if (first)
		show(a);
}

static void on_refused(void *data, const char *why)
{
	struct adjust *a = data;
	char text[256];

	text_copy(text, sizeof(text), why, TEXT_ANY_WIDTH);
	adjust_complain(a, _("the group lets nobody move its speakers now: %s"), text);
	adjust_quit(a, EXIT_OTHER);
}

static void on_lease_lost(void *data, int res)
{
	struct adjust *a = data;

	/* What is being kept is in the offset, and that tells */
	if (a->stage == ADJUST_OVER || a->stage == ADJUST_KEEPING)
		return;
	if (res == -ETIMEDOUT)
		adjust_complain(a, _("the group does not answer: no module has it"));
	else
		adjust_complain(a, _("%s is where it was: the group has let go of it"), a->name);
	adjust_quit(a, EXIT_OTHER);
}

static const struct lease_events lease_events = {
	.taken = on_taken,
	.refused = on_refused,
	.lost = on_lease_lost,
};

static void on_sound_over(void *data)
{
	adjust_finish_unchanged(data);
}

static void on_sound_failed(void *data)
{
	adjust_quit(data, EXIT_OTHER);
}

/* Returns an exit code */
static int begin_sound(struct adjust *a, const struct report *r)
{
	int res;

	if (a->options->music) {
		if (!spa_streq(r->state, "playing"))
			puts(_("Nothing is playing: begin the music"));
		return EXIT_OK;
	}
	if (r->sink[0] == '\0') {
		session_complain_no_sink(&a->session, "adjust");
		return EXIT_NO_GROUP;
	}
	if (spa_streq(r->state, "playing"))
		puts(_("Music is playing: pause it, or listen to it instead of clicks, with --music"));
	a->sound = (struct sound_stream) { .command = "adjust", .over = on_sound_over, .failed = on_sound_failed, .data = a };
	res = sound_stream_play(&a->sound, a->session.client.core, r->sink, SOUND_BOTH,
			isnan(a->options->level_db) ? LEVEL_DB : a->options->level_db, CLICKS_SEC);
	if (res < 0)
		adjust_complain(a, _("can't play: %s"), spa_strerror(res));
	return res < 0 ? EXIT_OTHER : EXIT_OK;
}

int move_begin(struct adjust *a, const struct report *r)
{
	int res;

	if (!isatty(STDIN_FILENO)) {
		adjust_complain(a, _("this is no terminal, so there are no keys: say how far, with --by MS"));
		return EXIT_USAGE;
	}
	if ((res = begin_sound(a, r)) != EXIT_OK)
		return res;
	a->raw = keys_begin(&a->terminal);
	a->input = pw_loop_add_io(a->session.loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP | SPA_IO_ERR, false, on_input, a);
	if ((res = lease_init(&a->lease, &a->session.client, a->options->group, &lease_events, a)) < 0 ||
	    (res = place(a)) < 0 || a->input == NULL) {
		adjust_complain(a, _("%s can't be moved: %s"), a->name, spa_strerror(res));
		return EXIT_OTHER;
	}
	printf(_("%s: move it until it is one with the others\n"
			"  left, - : 1 ms earlier     right, + : 1 ms later\n"
			"  down    : 10 ms earlier    up       : 10 ms later\n"
			"  Enter keeps it; Esc or q leaves it as it was\n"), a->name);
	fflush(stdout);
	a->stage = ADJUST_MOVING;
	return EXIT_OK;
}

void move_pause(struct adjust *a)
{
	press(a, keys_pause(&a->keys));
}
