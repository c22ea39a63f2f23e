/* The command line tool: from its first word to the command */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/suggest.h"
#include "cli/text.h"

static const struct command *const commands[] = {
	&status_command,
	&speaker_command,
	&test_command,
	&adjust_command,
#ifdef HAVE_EAR
	&calibrate_command,
	&track_command,
#endif
#ifdef HAVE_GIO
	&doctor_command,
	&pair_command,
#endif
};

static void print_help(FILE *out)
{
	size_t i;

	fputs(_("usage: pw-bluez-combine COMMAND [OPTION]...\n"
			"       pw-bluez-combine --help | --version\n\n"
			"One Bluetooth stream, in sync, on all Bluetooth speakers.\n\n"
			"Commands:\n"), out);
	for (i = 0; i < SPA_N_ELEMENTS(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, _(commands[i]->summary));
	fputs(_("\npw-bluez-combine COMMAND --help tells more of one, the manual page all.\n"), out);
}

static void print_version(void)
{
	printf(_("pw-bluez-combine %s\ncompiled with libpipewire %s\nlinked with libpipewire %s\n"),
			BLUEZ_COMBINE_VERSION, pw_get_headers_version(), pw_get_library_version());
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(commands); i++)
		if (spa_streq(name, commands[i]->name))
			return commands[i];
	return NULL;
}

static void print_command_help(const struct command *command)
{
	printf(_("usage: pw-bluez-combine %s %s\n\n%s\n\n"), command->name, command->synopsis,
			_(command->summary));
	options_print_help(stdout, command->options);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct options options;

	if (options_parse(&options, command->options, command->name, argc, argv) < 0)
		return EXIT_USAGE;
	if (options.help) {
		print_command_help(command);
		return EXIT_OK;
	}
	/* libpipewire prefers the environment to a property */
	if (options.remote)
		setenv("PIPEWIRE_REMOTE", options.remote, true);
	return command->run(&options);
}

static int complain_no_command(const char *name)
{
	struct suggest suggest = { 0 };
	char text[64];
	size_t i;

	text_copy(text, sizeof(text), name, TEXT_ANY_WIDTH);
	fprintf(stderr, _("pw-bluez-combine: '%s' is no command; there are:"), text);
	for (i = 0; i < SPA_N_ELEMENTS(commands); i++) {
		fprintf(stderr, " %s", commands[i]->name);
		suggest_consider(&suggest, name, commands[i]->name);
	}
	fputs(_("; see --help\n"), stderr);
	suggest_print(&suggest, "pw-bluez-combine ");
	return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if ((command = find_command(argv[1])) != NULL)
		return run_command(command, argc - 1, argv + 1);
	if (spa_streq(argv[1], "--version") || spa_streq(argv[1], "-V")) {
		print_version();
		return EXIT_OK;
	}
	if (!spa_streq(argv[1], "--help") && !spa_streq(argv[1], "-h") && !spa_streq(argv[1], "help"))
		return complain_no_command(argv[1]);
	if (argc == 2) {
		print_help(stdout);
		return EXIT_OK;
	}
	if ((command = find_command(argv[2])) == NULL)
		return complain_no_command(argv[2]);
	print_command_help(command);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	int res;

	text_init();
	i18n_init();
	pw_init(&argc, &argv);
	res = run(argc, argv);
	pw_deinit();
	return res;
}
