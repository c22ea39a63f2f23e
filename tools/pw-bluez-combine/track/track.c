/* The track command: the speakers stay together while music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "track/run.h"
#include "track/track.h"

static int run_session(struct track *t)
{
	static const int numbers[SPA_N_ELEMENTS(t->signals)] = { SIGINT, SIGTERM, SIGHUP };
	struct pw_loop *loop = t->session.loop;

	for (size_t i = 0; i < SPA_N_ELEMENTS(numbers); i++)
		t->signals[i] = pw_loop_add_signal(loop, numbers[i], track_signal, t);
	if ((t->timer = pw_loop_add_timer(loop, track_tick, t)) == NULL)
		return EXIT_OTHER;
	return session_run(&t->session);
}

static void track_finish(struct track *t)
{
	listen_end(t);
	lease_finish(&t->lease);
	for (size_t i = 0; i < SPA_N_ELEMENTS(t->signals); i++)
		if (t->signals[i])
			pw_loop_destroy_source(t->session.loop, t->signals[i]);
	if (t->timer)
		pw_loop_destroy_source(t->session.loop, t->timer);
	session_finish(&t->session);
	chosen_finish(&t->microphone);
}

/* What the microphone hears stays in this process, whatever becomes of it. A limit of 0 does not hold for a program that cores
 * are piped to; one of 1 byte does, and no file is as short (Linux, fs/coredump.c). */
static void leave_no_core(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit) { 1, 1 });
}

static int run(const struct options *options)
{
	struct track *t = calloc(1, sizeof(*t));
	int res, number;

	if (t == NULL)
		return EXIT_OTHER;
	if (options->once && options->service) {
		fputs(_("pw-bluez-combine track: --once does not go together with --service\n"), stderr);
		free(t);
		return EXIT_USAGE;
	}
	t->options = options;
	leave_no_core();
	res = session_init(&t->session, options, CLIENT_NODES | CLIENT_PORTS | CLIENT_MICROPHONES, track_changed, t);
	if (res == EXIT_OK)
		res = run_session(t);
	track_finish(t);
	number = t->signal;
	free(t);
	if (number)
		session_end_by(number);
	return res;
}

const struct command track_command = {
	.name = "track",
	.summary = N_("keep the speakers together while music plays, by what a microphone hears"),
	.synopsis = "[--microphone NAME] [--once | --service] [--here] [--json]\n"
		"       [--group NAME] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_JSON | OPTION_TRACK,
	.run = run,
};
