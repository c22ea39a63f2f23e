/* Options of the subcommands */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_OPTIONS_H
#define BLUEZ_COMBINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Which options a command takes; what one means is the same in all of them. */
enum {
	OPTION_GROUP = 1 << 0,
	OPTION_REMOTE = 1 << 1,
	OPTION_JSON = 1 << 2,
	OPTION_WATCH = 1 << 3,
	OPTION_ALL = 1 << 4,
	OPTION_ECHO = 1 << 5,
	OPTION_SPEAKER = 1 << 6,
	OPTION_ADAPTER = 1 << 7,
	OPTION_ADDRESS = 1 << 8,
	OPTION_NAME = 1 << 9,
	OPTION_TIMEOUT = 1 << 10,
	OPTION_VERBOSE = 1 << 11,
	OPTION_TRACK = 1 << 13,		/**< microphone, once, here, service */
	OPTION_ARGUMENT = 1 << 16,	/**< one argument that is no option, and has to be there */
	OPTION_ROLE = 1 << 17,
	OPTION_GAIN = 1 << 18,
	OPTION_TRIM = 1 << 19,
	OPTION_OFFSET = 1 << 20,
	OPTION_INCLUDE = 1 << 21,	/**< and exclude */
	OPTION_RESET = 1 << 22,
	OPTION_ARGUMENT_OR_NONE = 1 << 23,	/**< one argument may be there */
	OPTION_SOUND = 1 << 24,		/**< noise, clicks, level, seconds */
	OPTION_ADJUST = 1 << 12,	/**< music, by, level */
	OPTION_CALIBRATE = 1 << 25,	/**< microphone, distance, wait, plot, dry-run, undo */
};

#define OPTIONS_OFFSET_MSEC_MAX	2000
#define OPTIONS_DISTANCES_MAX	64	/**< as many as a group has speakers */

struct options {
	const char *group;		/**< never NULL */
	const char *remote;		/**< NULL: the default daemon */
	bool json;
	bool watch;
	bool all;
	const char *argument;		/**< never NULL where the command needs one */
	const char *role;		/**< a word of the metadata; NULL: not given */
	double gain;			/**< linear, 0.0-1.0; NaN: not given */
	double trim_ms, offset_ms;	/**< NaN: not given */
	bool include, exclude;
	bool reset;
	uint32_t forget;		/**< MEMBER_*: it is as a rule has it, or as by default */
	bool noise, clicks;
	bool music;
	double by_ms;			/**< positive: later; NaN: not given */
	double level_db;		/**< of the peak, -60 to 0; NaN: not given */
	double seconds;			/**< NaN: not given */
	bool echo, speaker;		/**< what to pair */
	const char *adapter;		/**< hci0, or its address; NULL: any */
	const char *address, *name;	/**< of the device; NULL: any */
	int timeout_sec;		/**< 0: the command's own */
	const char *microphone;		/**< NULL: the only one */
	const char *distances[OPTIONS_DISTANCES_MAX];	/**< SPEAKER=METRES */
	uint32_t n_distances;
	int wait_sec;			/**< for music to pause */
	const char *plot;		/**< file; NULL: none */
	bool dry_run, undo;
	bool once, here, service;
	bool verbose;
	bool help;			/**< help is asked for: run nothing */
};

/** Read what follows the name of \a command, which is argv[0], of the options \a allowed.
 * Says on stderr what is wrong. Returns 0 or -EINVAL. */
int options_parse(struct options *options, uint32_t allowed, const char *command,
		int argc, char **argv);

/** One line for each option that is \a allowed. */
void options_print_help(FILE *out, uint32_t allowed);

#endif /* BLUEZ_COMBINE_OPTIONS_H */
