/* The adjust command: a speaker is moved by ear, at once, until it is one with the others */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adjust/adjust.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/screen.h"
#include "cli/speaker.h"
#include "cli/text.h"

void adjust_quit(struct adjust *a, int result)
{
	a->stage = ADJUST_OVER;
	session_quit(&a->session, result);
}

void adjust_end_line(const struct adjust *a)
{
	if (a->raw && screen_is_possible())
		putchar('\n');
	fflush(stdout);
}

void adjust_complain(const struct adjust *a, const char *format, ...)
{
	va_list args;

	adjust_end_line(a);
	va_start(args, format);
	fputs("pw-bluez-combine adjust: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

void adjust_finish_unchanged(struct adjust *a)
{
	adjust_end_line(a);
	printf(_("%s: offset %.1f ms, as it was\n"), a->name, a->value.offset_ms);
	adjust_quit(a, EXIT_OK);
}

/* Returns an exit code */
static int move_by(struct adjust *a)
{
	if (!adjust_move(&a->value, a->options->by_ms)) {
		adjust_complain(a, _("%s can be moved by %.1f ms that way"), a->name, a->value.later_ms);
		return EXIT_USAGE;
	}
	if (a->value.later_ms == 0.0)
		adjust_finish_unchanged(a);
	else
		keep_begin(a);
	return EXIT_OK;
}

/* What is known of it, as soon as it plays */
static void look(struct adjust *a, const struct report_speaker *s)
{
	const struct graph_object *device = graph_find_device(&a->session.client.graph, s->address);
	struct report_int bare;

	if (a->stage == ADJUST_KEEPING || a->stage == ADJUST_OVER)
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
		adjust_complain(a, _("%s is not connected, or left out, or no Bluetooth speaker"), a->name);
		return EXIT_NO_SPEAKER;
	}
	a->value.offset_ms = (double)device->offset_ns / SPA_NSEC_PER_MSEC;
	look(a, s);
	return isnan(a->options->by_ms) ? move_begin(a, r) : move_by(a);
}

static void follow(struct adjust *a, const struct report *r)
{
	const struct report_speaker *s = report_speaker(r, a->address);

	if (s == NULL || !s->here) {
		adjust_complain(a, _("%s has left"), a->name);
		adjust_quit(a, EXIT_OTHER);
		return;
	}
	look(a, s);
	if (a->stage == ADJUST_KEEPING)
		keep_follow(a, s);
}

static void on_changed(void *data)
{
	struct adjust *a = data;
	struct report report;
	int res = EXIT_OTHER;

	lease_changed(&a->lease);
	if (a->stage == ADJUST_OVER)
		return;
	if (!session_has_group(&a->session)) {
		session_complain_no_group(&a->session);
		adjust_quit(a, EXIT_NO_GROUP);
		return;
	}
	if (report_init(&report, &a->session.client, a->options->group) == 0) {
		res = EXIT_OK;
		if (a->stage == ADJUST_FINDING)
			res = begin(a, &report);
		else
			follow(a, &report);
	}
	report_finish(&report);
	if (res != EXIT_OK)
		adjust_quit(a, res);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct adjust *a = data;

	if (a->stage == ADJUST_KEEPING)
		keep_timeout(a);
	else
		move_pause(a);
}

static void on_signal(void *data, int number)
{
	struct adjust *a = data;

	a->signal = number;
	adjust_end_line(a);
	adjust_quit(a, EXIT_OTHER);
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
