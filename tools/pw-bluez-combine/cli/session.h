/* What commands have in common: a loop, a client, and what they say when there is none */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SESSION_H
#define BLUEZ_COMBINE_SESSION_H

#include "cli/options.h"
#include "client/client.h"

struct session {
	const struct options *options;
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;		/**< its; NULL: there is none */
	struct client client;		/**< of the group in the options */
	int result;			/**< exit code, once the loop has ended */

	void (*changed)(void *data);	/**< as client_events.changed */
	void *data;
};

/** Connect. Returns an exit code: if it is not EXIT_OK, stderr has the reason. In both cases
 * session_finish() is called at the end. \a wants: CLIENT_*. */
int session_init(struct session *session, const struct options *options, uint32_t wants,
		void (*changed)(void *data), void *data);
void session_finish(struct session *session);

/** Handle events until session_quit(), or until the daemon is gone, which is told. Returns the exit code. */
int session_run(struct session *session);
void session_quit(struct session *session, int result);

/** End by a signal that was caught, when all is cleared up. */
void session_end_by(int number);

/** Whether the group is there. */
bool session_has_group(const struct session *session);
/** Say on stderr that it is not, and which ones there are. */
void session_complain_no_group(const struct session *session);
/** Say on stderr that the group has no sink that \a command could play into. */
void session_complain_no_sink(const struct session *session, const char *command);

#endif /* BLUEZ_COMBINE_SESSION_H */
