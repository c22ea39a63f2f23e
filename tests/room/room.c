/* room: scenes with the real PipeWire and WirePlumber in a virtual Bluetooth world */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/pipewire.h>

#include "stage/scene.h"

static const struct scene_type *const all_scenes[] = {
	scenes_self,
	scenes_start,
	scenes_change,
	scenes_delay,
	scenes_offset,
	scenes_lease,
	scenes_flap,
	scenes_codec,
	scenes_call,
	scenes_headroom,
	scenes_pause,
	scenes_ends,
	scenes_echos,
#ifdef ROOM_HAVE_PAIR
	scenes_pair,
#endif
	scenes_announcement,
	scenes_silence,
	scenes_roles,
	scenes_volume,
	scenes_stall,
	scenes_stutter,
	scenes_meanwhile,
	scenes_rates,
	scenes_source,
	scenes_relink,
	scenes_order,
	scenes_hostile,
	scenes_radio,
	scenes_drivers,
	scenes_filter,
	scenes_microphone,
	scenes_calibrate,
	scenes_calibrate_trouble,
	scenes_track,
	scenes_track_trouble,
	scenes_time,
	scenes_links,
	scenes_policy,
	scenes_misfits,
	scenes_unavailable,
	scenes_reports,
	scenes_restart,
	scenes_soak,
	scenes_watchdog,
	scenes_compare,
	scenes_demo,
};

static void usage(FILE *file)
{
	fputs("usage: room list [--names] [--short]\n"
	      "       room SCENE [--short] [--peer] [--module] [--json] [--runs N] [--seconds S]\n"
	      "                  [--speakers N] [--seed N] [--keep DIR] [--clock real|room] [--start first|level]\n"
	      "                  [--hog] [--stops] [--stall MS] [--input WAV]\n"
	      "       room with [--speakers N] [--module | --peer] [--input WAV | --quiet] [--wrong MS]\n"
	      "                 [--microphone OPTIONS]... [--clock real|room] [--keep DIR] -- COMMAND...\n"
	      "\n"
	      "  with        runs the command among the daemons while an Echo plays; status is the command's\n"
	      "  --short     fewer runs and less music: for every change\n"
	      "  --peer      runs PipeWire's combine-stream through the same, too\n"
	      "  --module    our module loaded by the daemon, without the WirePlumber policy\n"
	      "  --keep DIR  leaves timelines, logs and plots there\n"
	      "  --start S   level: speakers begin to play when their buffers are filled; first: at a\n"
	      "              fixed time after the first packet, as most receivers do; default first\n"
	      "  --clock C   the machine's clock, or the room's own, on which nothing is late; the\n"
	      "              default is the scene's: see 'room list'\n"
	      "  --stall MS  a run in which the machine stood still for longer is discarded and done\n"
	      "              again; if that is so three times, nothing is known of it; default 4\n"
	      "  --hog       a busy loop on each processor meanwhile\n"
	      "  --stops     and all processes stand still for 50 ms at random, again and again\n"
	      "  --input WAV what the Echo of the demonstration plays\n"
	      "  --quiet     it is connected, and plays nothing\n"
	      "  --wrong MS  what its speakers report is wrong by up to so much\n"
	      "  --microphone OPTIONS  there is one, e.g. \"'distance.m': <2.0>, 't60.sec': <0.4>\"; '' for\n"
	      "              the defaults. The first one's source is room_microphone.1\n"
	      "\n"
	      "Exit status: 0 all within the bounds, 1 not, 2 could not run, 3 inconclusive: what\n"
	      "there is is within them, but runs were spoilt by stalls in every attempt.\n"
	      "ROOM_SPA_PLUGIN_DIR, ROOM_PIPEWIRE_MODULE_DIR and ROOM_DATA_DIR (.../share) name an\n"
	      "installed tree to test instead of the one that was built. Another WirePlumber is taken\n"
	      "from PATH; ROOM_SYSTEM_DATA_DIR is its .../share.\n", file);
}

static const struct scene_type *find_scene(const char *name)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(all_scenes); i++)
		for (const struct scene_type *t = all_scenes[i]; t->name != NULL; t++)
			if (strcmp(t->name, name) == 0)
				return t;
	return NULL;
}

static int list(bool names, bool brief)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(all_scenes); i++)
		for (const struct scene_type *t = all_scenes[i]; t->name != NULL; t++)
			if (brief && t->only_long)
				continue;
			else if (names)
				puts(t->name);
			else
				printf("%-12s %s%s\n", t->name, t->text, t->real ? " (on the machine's clock)" : "");
	return 0;
}

static double number(const char *option, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= min && value <= max)) {
		fprintf(stderr, "room: --%s: '%s' is not a number from %g to %g\n", option, text, min, max);
		exit(2);
	}
	return value;
}

/* false: the first of two, true: the second */
static bool choice(const char *option, const char *text, const char *a, const char *b)
{
	if (strcmp(text, a) != 0 && strcmp(text, b) != 0) {
		fprintf(stderr, "room: --%s: '%s' is not one of: %s, %s\n", option, text, a, b);
		exit(2);
	}
	return strcmp(text, b) == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "peer", no_argument, NULL, 'p' },
		{ "module", no_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "runs", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "speakers", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 'e' },
		{ "keep", required_argument, NULL, 'k' },
		{ "clock", required_argument, NULL, 'c' },
		{ "start", required_argument, NULL, 't' },
		{ "stall", required_argument, NULL, 'l' },
		{ "short", no_argument, NULL, 'q' },
		{ "names", no_argument, NULL, 'a' },
		{ "hog", no_argument, NULL, 'g' },
		{ "stops", no_argument, NULL, 'o' },
		{ "input", required_argument, NULL, 'i' },
		{ "quiet", no_argument, NULL, 'u' },
		{ "wrong", required_argument, NULL, 'w' },
		{ "microphone", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct scene_options o = { .seed = 1, .stall_ms = 4.0, .microphones = g_ptr_array_new() };
	struct json json = { .file = stdout };
	const struct scene_type *type = NULL;
	bool chosen = false, names = false, with;
	sigset_t signals;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'p': o.peer = true; break;
		case 'm': o.module = true; break;
		case 'j': o.json = true; break;
		case 'r': o.runs = (int)number("runs", optarg, 1, 10000); break;
		case 's': o.seconds = number("seconds", optarg, 1, 86400); break;
		case 'n': o.speakers = (int)number("speakers", optarg, 1, SCENE_SPEAKERS_MAX); break;
		case 'e': o.seed = (uint64_t)number("seed", optarg, 0, 9e15); break;
		case 'k': o.keep = optarg; break;
		case 'c':
			o.own_clock = choice("clock", optarg, "real", "room");
			chosen = true;
			break;
		case 't': o.level = choice("start", optarg, "first", "level"); break;
		case 'l': o.stall_ms = number("stall", optarg, 1, 10000); break;
		case 'q': o.brief = true; break;
		case 'a': names = true; break;
		case 'g': o.hog = true; break;
		case 'o': o.stops = true; break;
		case 'i': o.input = optarg; break;
		case 'u': o.quiet = true; break;
		case 'w': o.wrong_ms = number("wrong", optarg, 0, 2000); break;
		case 'f': g_ptr_array_add(o.microphones, optarg); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	with = optind < argc && strcmp(argv[optind], "with") == 0;
	if (with ? optind + 1 == argc : optind + 1 != argc) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[optind], "list") == 0)
		return list(names, o.brief);
	if (!with && (type = find_scene(argv[optind])) == NULL) {
		fprintf(stderr, "room: there is no scene '%s'; 'room list' tells which there are\n",
			argv[optind]);
		return 2;
	}
	if (!with && !chosen)
		o.own_clock = type->real == NULL;
	/* before there are threads: the loop of a run is to get them, whoever else is there */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	pw_init(&argc, &argv);
	/* this client has no configuration on purpose, which is a warning otherwise */
	pw_log_set_level(SPA_LOG_LEVEL_ERROR);
	if (with)
		return scene_with(&o, (const char *const *)argv + optind + 1);
	if (type->whole != NULL)
		return type->whole(type, &o, &json);
	return scene_run(type, &o, &json);
}
