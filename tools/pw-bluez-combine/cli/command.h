/* A subcommand of the tool */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_COMMAND_H
#define BLUEZ_COMBINE_COMMAND_H

#include "cli/options.h"

/** Exit codes: those of the manual page. */
enum {
	EXIT_OK = 0,
	EXIT_OTHER = 1,			/**< it did not work; no memory, output that can't be written */
	EXIT_USAGE = 2,			/**< wrong arguments */
	EXIT_NO_DAEMON = 3,		/**< PipeWire is not there, or has gone */
	EXIT_NO_GROUP = 4,		/**< PipeWire has no such group */
	EXIT_NO_SPEAKER = 5,		/**< no speaker, or more than one, is named so */
};

struct command {
	const char *name;
	const char *summary;		/**< for the list of commands */
	const char *synopsis;		/**< what may follow the name */
	uint32_t options;		/**< OPTION_* that it takes, besides --help */
	int (*run)(const struct options *options);	/**< returns an exit code */
};

extern const struct command speaker_command;
extern const struct command status_command;
extern const struct command test_command;
extern const struct command adjust_command;
extern const struct command calibrate_command;
extern const struct command track_command;
extern const struct command doctor_command;
extern const struct command pair_command;

#endif /* BLUEZ_COMBINE_COMMAND_H */
