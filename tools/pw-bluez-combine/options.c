/* Options of the subcommands */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "i18n.h"
#include "names.h"
#include "options.h"
#include "text.h"

static const struct {
	char letter;
	const char *name;
	const char *value;		/* what to call its value; NULL: it has none */
	uint32_t flag;
	const char *help;
} known[] = {
	{ 'g', "group", "NAME", OPTION_GROUP, N_("the group (default: default)") },
	{ 'r', "remote", "NAME", OPTION_REMOTE, N_("the PipeWire daemon to connect to") },
	{ 'w', "watch", NULL, OPTION_WATCH, N_("show every change until interrupted") },
	{ 'j', "json", NULL, OPTION_JSON, N_("print JSON; with --watch, one object a line") },
	{ 'a', "all", NULL, OPTION_ALL, N_("speakers that are gone or left out, too") },
	{ 'h', "help", NULL, 0, N_("show this") },
};

#define GROUP_CHARS	"abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789_-"

static void complain(const char *command, const char *argument, const char *what)
{
	char text[128];

	text_copy(text, sizeof(text), argument, TEXT_ANY_WIDTH);
	fprintf(stderr, "pw-bluez-combine %s: '%s' %s\n", command, text, what);
}

static int bad_value(const char *command, const char *option, const char *value, const char *allowed)
{
	char text[128];

	text_copy(text, sizeof(text), value, TEXT_ANY_WIDTH);
	fprintf(stderr, _("pw-bluez-combine %s: '%s' = '%s' is not valid: expected %s\n"),
			command, option, text, allowed);
	return -EINVAL;
}

static int option_set(struct options *o, const char *command, int letter, const char *value)
{
	switch (letter) {
	case 'g':
		if (*value == '\0' || value[strspn(value, GROUP_CHARS)] != '\0')
			return bad_value(command, "--group", value, _("letters, digits, '_' and '-'"));
		o->group = value;
		break;
	case 'r':
		if (*value == '\0')
			return bad_value(command, "--remote", value,
					_("the name or the path of a PipeWire socket, such as pipewire-0"));
		o->remote = value;
		break;
	case 'j':
		o->json = true;
		break;
	case 'w':
		o->watch = true;
		break;
	case 'a':
		o->all = true;
		break;
	case 'h':
		o->help = true;
		break;
	}
	return 0;
}

int options_parse(struct options *options, uint32_t allowed, const char *command,
		int argc, char **argv)
{
	struct option longs[SPA_N_ELEMENTS(known) + 1] = { 0 };
	char shorts[2 * SPA_N_ELEMENTS(known) + 2], *s = shorts;
	size_t i, n = 0;
	int c, res;

	*s++ = ':';
	for (i = 0; i < SPA_N_ELEMENTS(known); i++) {
		if (known[i].flag && !(allowed & known[i].flag))
			continue;
		longs[n++] = (struct option) { known[i].name,
			known[i].value ? required_argument : no_argument, NULL, known[i].letter };
		*s++ = known[i].letter;
		if (known[i].value)
			*s++ = ':';
	}
	*s = '\0';

	*options = (struct options) { .group = BLUEZ_COMBINE_GROUP_DEFAULT };
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == ':') {
			complain(command, argv[optind - 1], _("needs a value; see --help"));
			return -EINVAL;
		}
		if (c == '?') {
			/* In "-xy" it is still on the argument that it stopped in */
			char letter[] = { '-', (char)optopt, '\0' };
			bool is_long = optopt == 0 || strncmp(argv[optind - 1], "--", 2) == 0;
			complain(command, is_long ? argv[optind - 1] : letter,
					is_long && optopt != 0 ? _("takes no value; see --help") :
					_("is no option of this command; see --help"));
			return -EINVAL;
		}
		if ((res = option_set(options, command, c, optarg)) < 0)
			return res;
	}
	if (optind < argc) {
		complain(command, argv[optind], _("is not expected: only options are; see --help"));
		return -EINVAL;
	}
	return 0;
}

void options_print_help(FILE *out, uint32_t allowed)
{
	char name[32];
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(known); i++) {
		if (known[i].flag && !(allowed & known[i].flag))
			continue;
		snprintf(name, sizeof(name), "%s%s%s", known[i].name, known[i].value ? " " : "",
				known[i].value ? known[i].value : "");
		fprintf(out, "  -%c, --%-14s %s\n", known[i].letter, name, _(known[i].help));
	}
}
