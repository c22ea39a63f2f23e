/* Scene order: the user takes a speaker out and in again */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/* It comes back before WirePlumber has suspended its sink, which the daemon takes for one that still runs. */
#define AWAY_S		1.0
#define SILENT_MS	3000.0	/* that, and as one that joins */

static void include(struct scene *sc, const struct scene_speaker *s, bool in)
{
	g_autofree char *key = g_strdup_printf("member.%s", s->address);

	graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON",
			in ? "{ \"include\": true }" : "{ \"include\": false }");
}

static int play_order(struct scene *sc)
{
	const struct scene_speaker *speaker = &sc->speakers[sc->seed % 3];
	int res;

	if ((res = scene_play_all(sc, sc->seconds / 2.0)) < 0)
		return res;
	sc->excused = speaker->name;
	sc->mark_ns = stack_now(&sc->stack);
	include(sc, speaker, false);
	if ((res = scene_pass(sc, AWAY_S)) < 0)
		return res;
	include(sc, speaker, true);
	return scene_pass(sc, sc->seconds / 2.0);
}

static void judge_order(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, sc->excused);
	double silent = i >= 0 ? span_silence(&m->speakers[i].signal, sc->mark_ns / 1e9) : NAN;

	if (silent < AWAY_S * 500.0)
		scene_fault(sc, "%s was not away", sc->excused);
	scene_figure(sc, "silent_ms", silent, SILENT_MS);
}

const struct scene_type scenes_order[] = {
	{ .name = "order", .text = "the user takes a speaker out, and in again a second later, while all play",
	  .runs = 3, .speakers = 3, .seconds = 10.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true },
	  .no_peer = true, .play = play_order, .judge = judge_order },
	{ 0 },
};
