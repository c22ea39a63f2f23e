/* Scene pair: from devices that nobody knows to music in all speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/wait.h>

#include "stage/scene.h"

/*
 * What a user types, one command after the other: an Echo that is told to play as soon as it
 * is paired, then each speaker. The devices take 0.3 s to be found, and 0.3 s to pair; real ones take
 * seconds for both. The tool looks for a second whether a transport stays, for each. What is left is
 * what it, BlueZ' side of the room and the policy take.
 */
#define TOOL		ROOM_BUILD_DIR "/tools/pw-bluez-combine/pw-bluez-combine"
#define BOUND_S		10.0
#define PAIR_MS		30000

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

static int pair(struct scene *sc, const char *what, const char *name)
{
	const char *argv[] = { TOOL, "pair", what, "--address", scene_address(sc, name), "--json", NULL };
	g_autofree char *log = g_strdup_printf("pair-%s", name);
	struct process *p = stack_spawn(&sc->stack, log, argv);
	int res;

	if (p == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, has_ended, p, PAIR_MS, "end of pairing")) < 0)
		return res;
	if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0)
		return 0;
	scene_fault(sc, "%s was not paired", name);
	process_print_tail(p, 20);
	return -EIO;
}

static bool is_registered(struct stack *s, void *data)
{
	return stack_find_event(s, "hci1", "registered", 0) != NULL;
}

static int play_pair(struct scene *sc)
{
	int64_t began, now;
	int res;

	if ((res = scene_add_adapters(sc, 1)) < 0 ||
	    (res = stack_wait(&sc->stack, is_registered, NULL, SCENE_PATIENCE_MS, "second adapter")) < 0 ||
	    (res = scene_add_echo(sc, SCENE_ECHO, "'vendor': <'bluetooth:0171'>, 'paired': <false>")) < 0)
		return res;
	for (int i = 0; i < sc->n_wanted; i++) {
		g_autofree char *name = g_strdup_printf("s%02d", i + 1);

		if ((res = scene_add_speaker(sc, name, "{'paired': <false>, 'latency.msec': <150.0>, "
					"'report.msec': <150.0>}")) < 0)
			return res;
	}
	if ((res = scene_search(sc, SCENE_ECHO)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0)
		return res;
	began = stack_now(&sc->stack);
	if ((res = pair(sc, "--echo", SCENE_ECHO)) < 0)
		return res;
	scene_figure(sc, "echo_s", (stack_now(&sc->stack) - began) / 1e9, NAN);
	now = stack_now(&sc->stack);
	for (int i = 0; i < sc->n_speakers; i++)
		if ((res = pair(sc, "--speaker", sc->speakers[i].name)) < 0)
			return res;
	scene_figure(sc, "speakers_s", (stack_now(&sc->stack) - now) / 1e9, NAN);
	if ((res = scene_await_playing(sc, sc->n_speakers, began)) < 0)
		return res;
	now = began;
	for (int i = 0; i < sc->n_speakers; i++)
		now = MAX(now, stack_find_event(&sc->stack, sc->speakers[i].name, "playing", began)->t_ns);
	scene_figure(sc, "music_in_all_s", (now - began) / 1e9, BOUND_S);
	return scene_pass(sc, sc->seconds);
}

const struct scene_type scenes_pair[] = {
	{ .name = "pair", .text = "pw-bluez-combine pair, an Echo and two speakers, until all play",
	  .runs = 5, .speakers = 2, .seconds = 2.0, .brief_runs = 1, .play = play_pair, .no_peer = true,
	  .any_stall = true,
	  .stack = { .system = STACK_POLICY }, .fixed_system = true,
	  .real = "what the tool and the daemons take is what is measured" },
	{ 0 },
};
