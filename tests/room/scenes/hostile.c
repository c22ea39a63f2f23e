/* Scene hostile: a program of the user writes whatever it likes while all play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "stage/scene.h"

/*
 * An ordinary client has all rights: it floods the metadata with keys that are right, wrong and
 * huge, and sets params of the wrong kind. None of it must be heard. On the room's clock music waits
 * while a main loop is busy: what is shown is that nothing of this changes the music, not that the
 * work itself does not delay it.
 */
#define FLOOD		ROOM_BUILD_DIR "/tests/module/flood"
#define HUGE_LEN	30000
#define PATIENCE_MS	60000
#define FLOODS_S	3.0	/* of music before and after */

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

static int run(struct scene *sc, const char *name, const char *const *argv)
{
	struct process *p = stack_spawn(&sc->stack, name, argv);
	int res;

	if (p == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, has_ended, p, PATIENCE_MS, name)) < 0)
		return res;
	/* pw-cli is told what is wrong with what it sets, and that is well */
	if (p->status != 0 && strcmp(argv[0], FLOOD) == 0)
		scene_fault(sc, "the client '%s' was stopped, see its log", name);
	return 0;
}

static int flood(struct scene *sc, const char *name, const char *count, const char *prefix,
		const char *value)
{
	const char *const argv[] = { FLOOD, "bluez-combine", count, prefix, value, NULL };

	return run(sc, name, argv);
}

static int set_props(struct scene *sc, const char *node, const char *value)
{
	const struct graph_node *n = graph_find(sc->stack.graph, node);
	g_autofree char *id = n ? g_strdup_printf("%u", n->id) : NULL;
	const char *const argv[] = { "pw-cli", "set-param", id, "Props", value, NULL };

	if (id == NULL) {
		scene_fault(sc, "there is no node '%s'", node);
		return 0;
	}
	return run(sc, "pw-cli", argv);
}

static int play_hostile(struct scene *sc)
{
	static const char *const nodes[] = { "bluez_combine.default", "bluez_combine.default.output.*" };
	static const char *const values[] = { "{ volume: nan }", "{ volume: \"loud\" }",
		"{ channelVolumes: [ nan inf -1 1e30 ] }", "{ params: [ \"output.0.delay.nsec\" -5 ] }", "7" };
	g_autofree char *zeros = g_strnfill(HUGE_LEN, '0');
	g_autofree char *huge = g_strdup_printf("{ \"target\": \"%s\" }", zeros);
	int res;

	if ((res = scene_play_all(sc, FLOODS_S)) < 0 ||
	    (res = flood(sc, "flood-wrong", "2000", "member.AA:00:", "{ \"gain\": 7 }")) < 0 ||
	    (res = flood(sc, "flood-right", "2000", "member.", "{ \"gain\": 0.5 }")) < 0 ||
	    (res = flood(sc, "flood-huge", "200", "member.huge_", huge)) < 0)
		return res;
	for (size_t n = 0; n < G_N_ELEMENTS(nodes) && res == 0; n++)
		for (size_t i = 0; i < G_N_ELEMENTS(values) && res == 0; i++)
			res = set_props(sc, nodes[n], values[i]);
	sc->mark_ns = stack_now(&sc->stack);
	return res < 0 ? res : scene_pass(sc, FLOODS_S);
}

/* Who has fallen silent for good has no gap. */
static void judge_hostile(struct scene *sc, struct measure *m)
{
	double end = sc->mark_ns / 1e9 + FLOODS_S, silent = 0.0;

	for (int i = 0; i < m->n_speakers; i++)
		silent = fmax(silent, end - (double)m->speakers[i].signal.last / MEASURE_RATE);
	scene_figure(sc, "silent_in_the_end_ms", silent * 1000.0, SCENE_EDGE_S * 1000.0);
}

const struct scene_type scenes_hostile[] = {
	{ .name = "hostile", .text = "a program floods the metadata and sets wrong params while all play",
	  .runs = 10, .speakers = 3, .seconds = 6.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true }, .no_peer = true,
	  .play = play_hostile, .judge = judge_hostile },
	{ 0 },
};
