/* Options of the subcommands */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/options.h"
#include "cli/suggest.h"
#include "cli/text.h"
#include "client/member.h"
#include "names.h"

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
	{ 'j', "json", NULL, OPTION_JSON, N_("print JSON, each object on a line") },
	{ 'a', "all", NULL, OPTION_ALL, N_("speakers that are gone or left out, too") },
	{ 'R', "role", "ROLE", OPTION_ROLE, N_("what it plays: stereo, left, right, mono; or default") },
	{ 'G', "gain", "GAIN", OPTION_GAIN, N_("how loud: -60dB to 0dB, or 0.0 to 1.0; or default") },
	{ 'T', "trim", "MS", OPTION_TRIM, N_("where you want it, in ms: positive plays later; or default") },
	{ 'O', "offset", "MS", OPTION_OFFSET, N_("by how much it sounds late, in ms: it is sent to earlier") },
	{ 'I', "include", NULL, OPTION_INCLUDE, N_("take it in, whatever settings and rules say") },
	{ 'X', "exclude", NULL, OPTION_INCLUDE, N_("leave it out") },
	{ 'Z', "reset", NULL, OPTION_RESET, N_("forget role, gain, trim and correction") },
	{ 'N', "noise", NULL, OPTION_SOUND, N_("only the noise") },
	{ 'C', "clicks", NULL, OPTION_SOUND, N_("only the clicks") },
	{ 'L', "level", "DB", OPTION_SOUND | OPTION_ADJUST, N_("how loud at most, -60 to 0 dB (default: -20)") },
	{ 'D', "seconds", "S", OPTION_SOUND, N_("how long each lasts, 1 to 3600 (default: 12)") },
	{ 'U', "music", NULL, OPTION_ADJUST, N_("no clicks: listen to what plays") },
	{ 'b', "by", "MS", OPTION_ADJUST, N_("no keys: move it by so much, in ms: positive plays later") },
	{ 'e', "echo", NULL, OPTION_ECHO, N_("pair an Echo, or another source of music") },
	{ 's', "speaker", NULL, OPTION_SPEAKER, N_("pair a speaker") },
	{ 'i', "adapter", "NAME", OPTION_ADAPTER, N_("the adapter: hci0, or its address (default: the best)") },
	{ 'd', "address", "ADDRESS", OPTION_ADDRESS, N_("the device with this address") },
	{ 'n', "name", "NAME", OPTION_NAME, N_("the device whose name begins so") },
	{ 't', "timeout", "SECONDS", OPTION_TIMEOUT, N_("how long to wait for the device, 1 to 600 (default: 120)") },
	{ 'm', "microphone", "NAME", OPTION_CALIBRATE | OPTION_TRACK, N_("the microphone, by its name or a part of that") },
	{ 'M', "distance", "NAME=M", OPTION_CALIBRATE, N_("metres of a speaker from the microphone; of all or of none") },
	{ 'W', "wait", "SECONDS", OPTION_CALIBRATE, N_("how long music may go on before it pauses, 0 to 3600 (default: 60)") },
	{ 'p', "plot", "FILE", OPTION_CALIBRATE, N_("draw what was heard, as PNG, into this file") },
	{ 'y', "dry-run", NULL, OPTION_CALIBRATE, N_("measure, and keep nothing") },
	{ 'u', "undo", NULL, OPTION_CALIBRATE, N_("go back to the offsets from before a calibration") },
	{ 'o', "once", NULL, OPTION_TRACK, N_("learn where each speaker is, put it in its place, and end") },
	{ 'H', "here", NULL, OPTION_TRACK, N_("it is right as it sounds now, whatever a calibration has found") },
	{ 'S', "service", NULL, OPTION_TRACK, N_("wait for the microphone instead of ending, and go on if it was moved") },
	{ 'v', "verbose", NULL, OPTION_VERBOSE, N_("what is well and what can't be known, too") },
	{ 'h', "help", NULL, 0, N_("show this") },
};

#define TRIM_MSEC_MAX	1000
#define WAIT_SEC	60

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

static bool is_role(const char *value)
{
	return spa_streq(value, "stereo") || spa_streq(value, "left") ||
		spa_streq(value, "right") || spa_streq(value, "mono");
}

/* The last one that is given counts */
static bool forgets(struct options *o, const char *value, uint32_t field)
{
	bool is_default = spa_streq(value, "default");

	o->forget = is_default ? o->forget | field : o->forget & ~field;
	return is_default;
}

/* -6dB, or 0.5 */
static bool parse_gain(const char *value, double *gain)
{
	size_t len = strlen(value);
	char number[32];

	if (len < 3 || strcasecmp(value + len - 2, "dB") != 0)
		return spa_atod(value, gain) && *gain >= 0.0 && *gain <= 1.0;
	if (len - 2 >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(len - 2), value);
	if (!spa_atod(number, gain) || !(*gain >= -60.0 && *gain <= 0.0))
		return false;
	*gain = pow(10.0, *gain / 20.0);
	return true;
}

static bool parse_msec(const char *value, double limit, double *msec)
{
	return spa_atod(value, msec) && *msec >= -limit && *msec <= limit;
}

static bool is_address(const char *value)
{
	size_t i;

	for (i = 0; i < 17; i++)
		if (i % 3 == 2 ? value[i] != ':' : !isxdigit((unsigned char)value[i]))
			return false;
	return value[i] == '\0';
}

static bool is_adapter(const char *value)
{
	return spa_strstartswith(value, "hci") && value[3] && value[3 + strspn(value + 3, "0123456789")] == '\0';
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
	case 'i':
		if (!is_adapter(value) && !is_address(value))
			return bad_value(command, "--adapter", value, _("hci0, hci1 ..., or AA:BB:CC:DD:EE:FF"));
		o->adapter = value;
		break;
	case 'd':
		if (!is_address(value))
			return bad_value(command, "--address", value, _("an address such as AA:BB:CC:DD:EE:FF"));
		o->address = value;
		break;
	case 'n':
		if (*value == '\0')
			return bad_value(command, "--name", value, _("the name of a device, or its beginning"));
		o->name = value;
		break;
	case 't':
		if (!spa_atoi32(value, &o->timeout_sec, 10) || o->timeout_sec < 1 || o->timeout_sec > 600)
			return bad_value(command, "--timeout", value, _("seconds, from 1 to 600"));
		break;
	case 'm':
		if (*value == '\0')
			return bad_value(command, "--microphone", value, _("the name of a microphone, or a part of it"));
		o->microphone = value;
		break;
	case 'M':
		if (o->n_distances == OPTIONS_DISTANCES_MAX)
			return bad_value(command, "--distance", value, _("one for each speaker, 64 at most"));
		o->distances[o->n_distances++] = value;
		break;
	case 'W':
		if (!spa_atoi32(value, &o->wait_sec, 10) || o->wait_sec < 0 || o->wait_sec > 3600)
			return bad_value(command, "--wait", value, _("seconds, from 0 to 3600"));
		break;
	case 'p':
		if (*value == '\0')
			return bad_value(command, "--plot", value, _("the name of a file, such as calibration.png"));
		o->plot = value;
		break;
	case 'y':
		o->dry_run = true;
		break;
	case 'u':
		o->undo = true;
		break;
	case 'o':
		o->once = true;
		break;
	case 'H':
		o->here = true;
		break;
	case 'S':
		o->service = true;
		break;
	case 'e':
		o->echo = true;
		break;
	case 's':
		o->speaker = true;
		break;
	case 'v':
		o->verbose = true;
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
	case 'R':
		o->role = value;
		if (forgets(o, value, MEMBER_ROLE))
			o->role = NULL;
		else if (!is_role(value))
			return bad_value(command, "--role", value, "stereo, left, right, mono, default");
		break;
	case 'G':
		if (forgets(o, value, MEMBER_GAIN))
			o->gain = NAN;
		else if (!parse_gain(value, &o->gain))
			return bad_value(command, "--gain", value,
					_("-60dB to 0dB, a linear gain from 0.0 to 1.0, or default"));
		break;
	case 'T':
		if (forgets(o, value, MEMBER_TRIM))
			o->trim_ms = NAN;
		else if (!parse_msec(value, TRIM_MSEC_MAX, &o->trim_ms))
			return bad_value(command, "--trim", value, _("milliseconds, -1000 to 1000, or default"));
		break;
	case 'O':
		if (!parse_msec(value, OPTIONS_OFFSET_MSEC_MAX, &o->offset_ms))
			return bad_value(command, "--offset", value, _("milliseconds, -2000 to 2000"));
		break;
	case 'U':
		o->music = true;
		break;
	case 'b':
		if (!parse_msec(value, OPTIONS_OFFSET_MSEC_MAX, &o->by_ms))
			return bad_value(command, "--by", value, _("milliseconds, -2000 to 2000"));
		break;
	case 'I':
		o->include = true;
		break;
	case 'X':
		o->exclude = true;
		break;
	case 'Z':
		o->reset = true;
		break;
	case 'N':
		o->noise = true;
		break;
	case 'C':
		o->clicks = true;
		break;
	case 'L':
		if (!spa_atod(value, &o->level_db) || !(o->level_db >= -60.0 && o->level_db <= 0.0))
			return bad_value(command, "--level", value, _("decibels, -60 to 0"));
		break;
	case 'D':
		if (!spa_atod(value, &o->seconds) || !(o->seconds >= 1.0 && o->seconds <= 3600.0))
			return bad_value(command, "--seconds", value, _("seconds, 1 to 3600"));
		break;
	case 'h':
		o->help = true;
		break;
	}
	return 0;
}

/* \a stopped: the argument that getopt has stopped in */
static int complain_option(const char *command, const char *stopped, const struct option *longs)
{
	/* In "-xy" it is still on the argument that it stopped in */
	char letter[] = { '-', (char)optopt, '\0' }, name[64];
	bool is_long = optopt == 0 || strncmp(stopped, "--", 2) == 0;
	struct suggest suggest = { 0 };

	complain(command, is_long ? stopped : letter, is_long && optopt != 0 ? _("takes no value; see --help") :
			_("is no option of this command; see --help"));
	if (is_long && optopt == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(stopped + 2, "="), stopped + 2);
		for (; longs->name; longs++)
			suggest_consider(&suggest, name, longs->name);
		suggest_print(&suggest, "--");
	}
	return -EINVAL;
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

	*options = (struct options) {
		.group = BLUEZ_COMBINE_GROUP_DEFAULT,
		.gain = NAN, .trim_ms = NAN, .offset_ms = NAN, .by_ms = NAN,
		.level_db = NAN, .seconds = NAN,
		.wait_sec = WAIT_SEC,
	};
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == ':') {
			complain(command, argv[optind - 1], _("needs a value; see --help"));
			return -EINVAL;
		}
		if (c == '?')
			return complain_option(command, argv[optind - 1], longs);
		if ((res = option_set(options, command, c, optarg)) < 0)
			return res;
	}
	if (options->help)
		return 0;
	if (allowed & (OPTION_ARGUMENT | OPTION_ARGUMENT_OR_NONE) && optind < argc)
		options->argument = argv[optind++];
	if (allowed & OPTION_ARGUMENT && options->argument == NULL) {
		fprintf(stderr, _("pw-bluez-combine %s: a name is missing; see --help\n"), command);
		return -EINVAL;
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
		fprintf(out, "  -%c, --%-16s %s\n", known[i].letter, name, _(known[i].help));
	}
}
