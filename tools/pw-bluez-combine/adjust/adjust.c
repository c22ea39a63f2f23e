/* The adjust command: a speaker is moved by ear, at once, until it is one with the others */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "adjust/keys.h"
#include "adjust/value.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/sound-stream.h"
#include "cli/screen.h"
#include "cli/session.h"
#include "cli/speaker.h"
#include "cli/text.h"
#include "client/lease.h"
#include "client/report.h"

#define LEVEL_DB	(-20.0)
#define CLICKS_SEC	(24 * 3600.0)	/* nobody listens to clicks for longer */
/* What follows an Esc that a key begins with comes at once, but for a slow line */
#define ESCAPE_NS	(100 * SPA_NSEC_PER_MSEC)
/* WirePlumber and the module take some tenths of a second to have another offset */
#define KEEP_LIMIT_SEC	10
/* Delays are whole samples: what is nearer than this is the same */
#define NEAR_MS		0.05

enum stage {
	STAGE_FINDING,
	STAGE_MOVING,			/**< by the lease, which nobody keeps */
	STAGE_KEEPING,			/**< its offset is changed, and the lease stays until all have it */
	STAGE_OVER,
};

struct adjust {
	const struct options *options;
	struct session session;
	enum stage stage;
	struct adjust_value value;
	bool enough;			/**< it goes as far as was wanted */
	bool held;			/**< the lease was taken */

	/* of the speaker */
	char *address, *name;
	char codec[32];
	uint32_t rate;			/**< 0: not known */
	double latency_ms;		/**< that counted before its offset was changed; NAN: not known */

	struct lease lease;
	struct sound_stream sound;
	struct keys keys;
	bool raw;			/**< the terminal gives each key: */
	struct termios terminal;	/**< how it was before */
	struct spa_source *input, *timer, *signals[3];
	int signal;			/**< that has ended it; 0: none */
};

static void quit(struct adjust *a, int result)
{
	a->stage = STAGE_OVER;
	session_quit(&a->session, result);
}

/* In its own line, where the last one can be drawn over */
static void end_line(const struct adjust *a)
{
	if (a->raw && screen_is_possible())
		putchar('\n');
	fflush(stdout);
}

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

SPA_PRINTF_FUNC(2, 3)
static void complain(const struct adjust *a, const char *format, ...)
{
	va_list args;

	end_line(a);
	va_start(args, format);
	fputs("pw-bluez-combine adjust: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
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

static int64_t wanted_offset_ns(const struct adjust *a)
{
	return llrint(adjust_offset_ms(&a->value) * SPA_NSEC_PER_MSEC);
}

static int write_record(struct adjust *a)
{
	struct calibration_record record = {
		.rate = a->rate,
		.offset_ms = adjust_offset_ms(&a->value),
		.was_ms = a->value.offset_ms,
		.report_ns = isnan(a->value.report_ms) ? 0 : llrint(a->value.report_ms * SPA_NSEC_PER_MSEC),
		.at = time(NULL),
		.sigma_ms = NAN,
	};

	/* What is not known by codec and rate is kept as any offset */
	if (a->rate == 0 || a->codec[0] == '\0')
		return 0;
	snprintf(record.codec, sizeof(record.codec), "%s", a->codec);
	return client_set_calibration(&a->session.client, a->options->group, a->address, &record);
}

/* Somebody may have had a hand at the slider */
static bool is_as_it_was(const struct adjust *a)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, a->address);

	return device == NULL || device->offset_ns == llrint(a->value.offset_ms * SPA_NSEC_PER_MSEC);
}

static void keep(struct adjust *a)
{
	struct timespec limit = { .tv_sec = KEEP_LIMIT_SEC };
	int res;

	if (!is_as_it_was(a)) {
		complain(a, _("somebody has changed the offset of %s meanwhile, and it stays like that"), a->name);
		quit(a, EXIT_OTHER);
		return;
	}
	if ((res = write_record(a)) < 0 ||
	    (res = client_set_offset(&a->session.client, a->address, wanted_offset_ns(a))) < 0) {
		complain(a, _("can't change the offset of %s: %s"), a->name, spa_strerror(res));
		quit(a, EXIT_OTHER);
		return;
	}
	a->stage = STAGE_KEEPING;
	pw_loop_update_timer(a->session.loop, a->timer, &limit, NULL, false);
}

static void finish_kept(struct adjust *a)
{
	end_line(a);
	printf(_("%s: offset %.1f ms -> %.1f ms\n"), a->name, a->value.offset_ms, adjust_offset_ms(&a->value));
	lease_end(&a->lease);
	quit(a, EXIT_OK);
}

static void finish_unchanged(struct adjust *a)
{
	end_line(a);
	printf(_("%s: offset %.1f ms, as it was\n"), a->name, a->value.offset_ms);
	quit(a, EXIT_OK);
}

static void press(struct adjust *a, enum key key)
{
	double step_ms = adjust_step_ms(key);
	int res;

	/* What was typed before there is anything to be moved, or when it is settled, is not meant for this */
	if (a->stage != STAGE_MOVING || (!a->held && key != KEY_QUIT))
		return;
	if (key == KEY_QUIT || (key == KEY_ENTER && a->value.later_ms == 0.0)) {
		a->value.later_ms = 0.0;
		finish_unchanged(a);
	} else if (key == KEY_ENTER) {
		keep(a);
	} else if (step_ms != 0.0) {
		a->enough = adjust_move(&a->value, step_ms);
		if ((res = place(a)) < 0) {
			complain(a, _("%s can't be moved: %s"), a->name, spa_strerror(res));
			quit(a, EXIT_OTHER);
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
	if (a->stage == STAGE_MOVING && keys_waits(&a->keys))
		pw_loop_update_timer(a->session.loop, a->timer, &pause, NULL, false);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct adjust *a = data;
	const struct graph_object *device;

	if (a->stage != STAGE_KEEPING) {
		press(a, keys_pause(&a->keys));
		return;
	}
	/* It is in the offset, and what the module believes of it is another matter */
	device = graph_find_device(&a->session.client.graph, a->address);
	if (device && device->offset_ns == wanted_offset_ns(a)) {
		finish_kept(a);
		return;
	}
	complain(a, _("the change of the offset was not accepted: nobody who may change it has asked, or nobody keeps it"));
	quit(a, EXIT_OTHER);
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
	complain(a, _("the group lets nobody move its speakers now: %s"), text);
	quit(a, EXIT_OTHER);
}

static void on_lease_lost(void *data, int res)
{
	struct adjust *a = data;

	/* What is being kept is in the offset, and that tells */
	if (a->stage == STAGE_OVER || a->stage == STAGE_KEEPING)
		return;
	if (res == -ETIMEDOUT)
		complain(a, _("the group does not answer: no module has it"));
	else
		complain(a, _("%s is where it was: the group has let go of it"), a->name);
	quit(a, EXIT_OTHER);
}

static const struct lease_events lease_events = {
	.taken = on_taken,
	.refused = on_refused,
	.lost = on_lease_lost,
};

static void on_sound_over(void *data)
{
	finish_unchanged(data);
}

static void on_sound_failed(void *data)
{
	quit(data, EXIT_OTHER);
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
	res = sound_stream_play(&a->sound, a->session.client.core, r->sink, SOUND_BOTH,
			isnan(a->options->level_db) ? LEVEL_DB : a->options->level_db, CLICKS_SEC);
	if (res < 0)
		complain(a, _("can't play: %s"), spa_strerror(res));
	return res < 0 ? EXIT_OTHER : EXIT_OK;
}

/* Returns an exit code */
static int begin_moving(struct adjust *a, const struct report *r)
{
	int res;

	if (!isatty(STDIN_FILENO)) {
		complain(a, _("this is no terminal, so there are no keys: say how far, with --by MS"));
		return EXIT_USAGE;
	}
	if ((res = begin_sound(a, r)) != EXIT_OK)
		return res;
	a->raw = keys_begin(&a->terminal);
	a->input = pw_loop_add_io(a->session.loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP | SPA_IO_ERR, false, on_input, a);
	if ((res = lease_init(&a->lease, &a->session.client, a->options->group, &lease_events, a)) < 0 ||
	    (res = place(a)) < 0 || a->input == NULL) {
		complain(a, _("%s can't be moved: %s"), a->name, spa_strerror(res));
		return EXIT_OTHER;
	}
	printf(_("%s: move it until it is one with the others\n"
			"  left, - : 1 ms earlier     right, + : 1 ms later\n"
			"  down    : 10 ms earlier    up       : 10 ms later\n"
			"  Enter keeps it; Esc or q leaves it as it was\n"), a->name);
	fflush(stdout);
	a->stage = STAGE_MOVING;
	return EXIT_OK;
}

/* Returns an exit code */
static int move_by(struct adjust *a)
{
	if (!adjust_move(&a->value, a->options->by_ms)) {
		complain(a, _("%s can be moved by %.1f ms that way"), a->name, a->value.later_ms);
		return EXIT_USAGE;
	}
	if (a->value.later_ms == 0.0)
		finish_unchanged(a);
	else
		keep(a);
	return EXIT_OK;
}

/* What is known of it, as soon as it plays */
static void look(struct adjust *a, const struct report_speaker *s)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, s->address);
	struct report_int bare;

	if (a->stage == STAGE_KEEPING || a->stage == STAGE_OVER)
		return;
	snprintf(a->codec, sizeof(a->codec), "%s", s->codec);
	a->rate = s->codec_rate.valid && s->codec_rate.value > 0 ? s->codec_rate.value : 0;
	bare = speaker_bare_latency(s, device ? device->offset_ns : 0);
	a->value.report_ms = bare.valid ? (double)bare.value / SPA_NSEC_PER_MSEC : NAN;
	a->latency_ms = bare.valid ? (double)s->latency_ns.value / SPA_NSEC_PER_MSEC : NAN;
}

/* Returns an exit code */
static int begin(struct adjust *a, const struct report *r)
{
	const struct report_speaker *s = speaker_find(r, a->options->argument, "adjust");
	const struct graph_object *device;

	if (s == NULL)
		return EXIT_NO_SPEAKER;
	a->address = strdup(s->address);
	a->name = text_dup(s->name[0] ? s->name : s->address);
	if (a->address == NULL || a->name == NULL)
		return EXIT_OTHER;
	device = graph_find_device(&a->session.client.graph, s->address);
	if (!s->here || device == NULL || !device->has_route) {
		complain(a, _("%s is not connected, or left out, or no Bluetooth speaker"), a->name);
		return EXIT_NO_SPEAKER;
	}
	a->value.offset_ms = (double)device->offset_ns / SPA_NSEC_PER_MSEC;
	look(a, s);
	return isnan(a->options->by_ms) ? begin_moving(a, r) : move_by(a);
}

/* Delays stay what they are when the lease ends: the latency is longer by what the correction was */
static bool is_kept(const struct adjust *a, const struct report_speaker *s)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, a->address);
	double expected_ms = a->latency_ms - a->value.later_ms;

	if (device == NULL || device->offset_ns != wanted_offset_ns(a))
		return false;
	return isnan(expected_ms) || !s->latency_ns.valid ||
		fabs((double)s->latency_ns.value / SPA_NSEC_PER_MSEC - fmax(expected_ms, 0.0)) < NEAR_MS;
}

static void follow(struct adjust *a, const struct report *r)
{
	const struct report_speaker *s = report_speaker(r, a->address);

	if (s == NULL || !s->here) {
		complain(a, _("%s has left"), a->name);
		quit(a, EXIT_OTHER);
		return;
	}
	look(a, s);
	if (a->stage == STAGE_KEEPING && is_kept(a, s))
		finish_kept(a);
}

static void on_changed(void *data)
{
	struct adjust *a = data;
	struct report report;
	int res = EXIT_OTHER;

	lease_changed(&a->lease);
	if (a->stage == STAGE_OVER)
		return;
	if (!session_has_group(&a->session)) {
		session_complain_no_group(&a->session);
		quit(a, EXIT_NO_GROUP);
		return;
	}
	if (report_init(&report, &a->session.client, a->options->group) == 0) {
		res = EXIT_OK;
		if (a->stage == STAGE_FINDING)
			res = begin(a, &report);
		else
			follow(a, &report);
	}
	report_finish(&report);
	if (res != EXIT_OK)
		quit(a, res);
}

static void on_signal(void *data, int number)
{
	struct adjust *a = data;

	a->signal = number;
	end_line(a);
	quit(a, EXIT_OTHER);
}

static int run_session(struct adjust *a)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct pw_loop *loop = a->session.loop;

	for (size_t i = 0; i < SPA_N_ELEMENTS(numbers); i++)
		a->signals[i] = pw_loop_add_signal(loop, numbers[i], on_signal, a);
	if ((a->timer = pw_loop_add_timer(loop, on_timer, a)) == NULL)
		return EXIT_OTHER;
	return session_run(&a->session);
}

static void destroy_source(struct adjust *a, struct spa_source *source)
{
	if (source)
		pw_loop_destroy_source(a->session.loop, source);
}

static void adjust_finish(struct adjust *a)
{
	if (a->raw)
		keys_end(&a->terminal);
	sound_stream_stop(&a->sound);
	lease_finish(&a->lease);
	destroy_source(a, a->input);
	destroy_source(a, a->timer);
	for (size_t i = 0; i < SPA_N_ELEMENTS(a->signals); i++)
		destroy_source(a, a->signals[i]);
	session_finish(&a->session);
	free(a->address);
	free(a->name);
}

static int run(const struct options *options)
{
	struct adjust a = { .options = options, .enough = true, .value.report_ms = NAN, .latency_ms = NAN };
	int res;

	a.sound = (struct sound_stream) { .command = "adjust", .over = on_sound_over, .failed = on_sound_failed, .data = &a };
	res = session_init(&a.session, options, CLIENT_ROUTES, on_changed, &a);
	if (res == EXIT_OK)
		res = run_session(&a);
	adjust_finish(&a);
	if (a.signal)
		session_end_by(a.signal);
	return res;
}

const struct command adjust_command = {
	.name = "adjust",
	.summary = N_("move a speaker by ear, with keys, until it is one with the others"),
	.synopsis = "NAME [--music | --by MS] [--level DB] [--group NAME] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_ARGUMENT | OPTION_ADJUST,
	.run = run,
};
