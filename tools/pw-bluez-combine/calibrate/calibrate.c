/* The calibrate command: all speakers together, by what a microphone hears */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <stdlib.h>

#include "calibrate/calibrate.h"
#include "calibrate/events.h"
#include "calibrate/run.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"

static int run_session(struct calibrate *c)
{
	static const int numbers[SPA_N_ELEMENTS(c->signals)] = { SIGINT, SIGTERM, SIGHUP };
	struct pw_loop *loop = c->session.loop;

	for (size_t i = 0; i < SPA_N_ELEMENTS(numbers); i++)
		c->signals[i] = pw_loop_add_signal(loop, numbers[i], events_signal, c);
	if ((c->timer = pw_loop_add_timer(loop, c->options->undo ? undo_timeout : run_tick, c)) == NULL)
		return EXIT_OTHER;
	return session_run(&c->session);
}

static void calibrate_finish(struct calibrate *c)
{
	uint32_t i;

	music_finish(c);
	player_finish(&c->player);
	recorder_finish(&c->recorder);
	round_finish(c);
	lease_finish(&c->lease);
	for (i = 0; i < SPA_N_ELEMENTS(c->signals); i++)
		if (c->signals[i])
			pw_loop_destroy_source(c->session.loop, c->signals[i]);
	if (c->timer)
		pw_loop_destroy_source(c->session.loop, c->timer);
	session_finish(&c->session);
	for (i = 0; i < PLAN_SPEAKERS_MAX; i++) {
		round_response_finish(&c->speakers[i].before);
		round_response_finish(&c->speakers[i].after);
		free(c->speakers[i].record_before);
	}
	free(c->sweep);
	chosen_finish(&c->microphone);
}

static int run(const struct options *options)
{
	struct calibrate *c = calloc(1, sizeof(*c));
	int res, number;

	if (c == NULL)
		return EXIT_OTHER;
	if (options->undo && (options->dry_run || options->json || options->plot)) {
		complain(_("--undo does not go together with --dry-run, --json or --plot"));
		free(c);
		return EXIT_USAGE;
	}
	c->options = options;
	res = session_init(&c->session, options, CLIENT_NODES | CLIENT_ROUTES | CLIENT_MICROPHONES,
			options->undo ? undo_changed : events_changed, c);
	if (res == EXIT_OK)
		res = run_session(c);
	if (res == EXIT_NO_DAEMON && c->begun_ns)
		complain("%s", tell_state(c));
	calibrate_finish(c);
	number = c->signal;
	free(c);
	if (number)
		session_end_by(number);
	return res;
}

const struct command calibrate_command = {
	.name = "calibrate",
	.summary = N_("hear through a microphone how late each speaker is, and make them one"),
	.synopsis = "[--microphone NAME] [--distance NAME=M]... [--wait SECONDS]\n"
		"       [--plot FILE] [--dry-run | --undo] [--json] [--group NAME] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_JSON | OPTION_CALIBRATE,
	.run = run,
};
