/* What commands have in common: a loop, a client, and what they say when there is none */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/result.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/session.h"
#include "cli/text.h"

static void on_changed(void *data)
{
	struct session *session = data;

	session->changed(session->data);
}

static void on_lost(void *data, int res)
{
	if (res == -ETIMEDOUT)
		fprintf(stderr, _("pw-bluez-combine: PipeWire does not answer: there was nothing for %d s\n"),
				CLIENT_ANSWER_LIMIT_SEC);
	else
		fprintf(stderr, _("pw-bluez-combine: the connection to PipeWire was lost: %s\n"),
				res == -EPIPE ? _("the daemon has ended") : spa_strerror(res));
	session_quit(data, EXIT_NO_DAEMON);
}

static const struct client_events client_events = {
	.changed = on_changed,
	.lost = on_lost,
};

static int complain_no_daemon(const char *remote, int err)
{
	char text[256];

	if (remote == NULL)
		remote = getenv("PIPEWIRE_REMOTE");
	text_copy(text, sizeof(text), remote && *remote ? remote : PW_DEFAULT_REMOTE, TEXT_ANY_WIDTH);
	fprintf(stderr, _("pw-bluez-combine: can't connect to PipeWire at '%s': %s; is it running, "
			"as this user? See: systemctl --user status pipewire\n"), text, strerror(err));
	return EXIT_NO_DAEMON;
}

int session_init(struct session *session, const struct options *options, uint32_t wants,
		void (*changed)(void *data), void *data)
{
	int res;

	*session = (struct session) { .options = options, .changed = changed, .data = data };
	if ((session->main_loop = pw_main_loop_new(NULL)) == NULL) {
		fprintf(stderr, _("pw-bluez-combine: can't set up a PipeWire client: %s\n"), strerror(errno));
		return EXIT_OTHER;
	}
	session->loop = pw_main_loop_get_loop(session->main_loop);
	res = client_init(&session->client, session->loop, options->group, wants, &client_events, session);
	return res < 0 ? complain_no_daemon(options->remote, -res) : EXIT_OK;
}

void session_finish(struct session *session)
{
	client_finish(&session->client);
	if (session->main_loop)
		pw_main_loop_destroy(session->main_loop);
	session->main_loop = NULL;
	session->loop = NULL;
}

int session_run(struct session *session)
{
	pw_main_loop_run(session->main_loop);
	return session->result;
}

void session_quit(struct session *session, int result)
{
	session->result = result;
	pw_main_loop_quit(session->main_loop);
}

bool session_has_group(const struct session *session)
{
	return client_group(&session->client, session->options->group) != NULL;
}

void session_complain_no_group(const struct session *session)
{
	const struct metadata *m;
	const char *separator = _("; there are: ");
	char text[128];

	fprintf(stderr, _("pw-bluez-combine: no group '%s': WirePlumber's policy is not loaded, or no "
			"module with this group is; pw-bluez-combine doctor tells more"), session->options->group);
	spa_list_for_each(m, &session->client.groups, link) {
		text_copy(text, sizeof(text), client_group_name(m), TEXT_ANY_WIDTH);
		fprintf(stderr, "%s%s", separator, text);
		separator = ", ";
	}
	fputc('\n', stderr);
}

void session_complain_no_sink(const struct session *session, const char *command)
{
	fprintf(stderr, _("pw-bluez-combine %s: group %s has no sink; there is one while a source, such as an Echo, "
			"is connected, or with bluez-combine.sink.lifetime = always\n"), command, session->options->group);
}

/* As if nobody had caught it: the shell is to see that, and end the loop that it runs this in */
void session_end_by(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
