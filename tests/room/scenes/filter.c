/* Scenes with a smart filter, such as an equaliser */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdio.h>

#include "scenes/policy.h"
#include "stage/stack-files.h"

/* PipeWire's filter-chain, as its manual has it: WirePlumber puts it in front of \a target. One of biquads takes no
 * time by itself. */
#define FILTER(target)	\
	"context.modules = [ { name = libpipewire-module-filter-chain args = {\n" \
	"  node.description = Equaliser media.name = Equaliser audio.channels = 2 audio.position = [ FL FR ]\n" \
	"  filter.graph = { nodes = [ { type = builtin name = eq label = bq_highshelf\n" \
	"    control = { Freq = 8000.0 Q = 1.0 Gain = -3.0 } } ] }\n" \
	"  capture.props = { node.name = equaliser media.class = Audio/Sink\n" \
	"    filter.smart = true filter.smart.target = { node.name = \"" target "\" } }\n" \
	"  playback.props = { node.name = equaliser.output node.passive = true } } } ]\n"

#define EQUALISER	"equaliser"
#define EQUALISER_OUT	"equaliser.output"
#define FIRST_SINK	"bluez_output.AA_BB_CC_00_00_01.1"

static void expect_linked(struct scene *sc, const char *out, const char *in, bool linked)
{
	if (graph_linked(sc->stack.graph, out, in) != linked)
		scene_fault(sc, "%s is %slinked to %s", out, linked ? "not " : "", in);
}

static int play_before(struct scene *sc)
{
	int res = scene_play_echo(sc);

	if (res < 0)
		return res;
	expect_linked(sc, ECHO_STREAM, EQUALISER, true);
	expect_linked(sc, ECHO_STREAM, COMBINED, false);
	expect_linked(sc, EQUALISER_OUT, COMBINED, true);
	expect_linked(sc, SPEAKER_OUT(1), FIRST_SINK, true);
	return 0;
}

static int play_speaker(struct scene *sc)
{
	int res = scene_play_echo(sc);

	if (res < 0)
		return res;
	expect_linked(sc, ECHO_STREAM, COMBINED, true);
	expect_linked(sc, EQUALISER_OUT, FIRST_SINK, true);
	expect_linked(sc, SPEAKER_OUT(1), FIRST_SINK, true);
	expect_linked(sc, SPEAKER_OUT(1), EQUALISER, false);
	return 0;
}

static void judge(struct scene *sc, struct measure *m)
{
	double slowest = 0.0;

	for (int i = 0; m->source_on_timeline && i < m->n_speakers; i++)
		slowest = fmax(slowest, m->speakers[i].latency);
	scene_figure(sc, "echo_to_sound_ms", slowest, NAN);
}

/* It comes between when it is there, and keeps nothing awake */

const char tale_of_filters_conf[] = FILTER(COMBINED);

static void disable_filter(struct tale *t, const char *disabled)
{
	const char *argv[] = { "pw-metadata", "-n", "filters", NULL, "filter.smart.disabled", disabled,
		"Spa:String:JSON", NULL };
	g_autofree char *id = NULL;

	if (t->res < 0)
		return;
	id = g_strdup_printf("%u", graph_find(t->scene.stack.graph, EQUALISER)->id);
	argv[3] = id;
	tale_run_program(t, argv);
}

void tale_of_filters(struct tale *t)
{
	tale_begin(t, 2, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "the Echo's stream goes through a filter whose target is the sink", ECHO_STREAM, EQUALISER,
			COMBINED);
	tale_linked(t, "which plays into the sink", EQUALISER_OUT, COMBINED, ANALOGUE_SINK);
	tale_linked(t, "and that to the speakers", SPEAKER_OUT(2), SPEAKER_SINK(2), EQUALISER);
	disable_filter(t, "true");
	tale_linked(t, "a filter that is switched off is passed by", ECHO_STREAM, COMBINED, EQUALISER);
	disable_filter(t, "false");
	tale_linked(t, "until it is switched on again", ECHO_STREAM, EQUALISER, COMBINED);
	tale_move(t, ECHO_STREAM, ANALOGUE_SINK);
	tale_linked(t, "a stream that is moved elsewhere has no filter of the sink's", ECHO_STREAM, ANALOGUE_SINK,
			EQUALISER);
	tale_move(t, ECHO_STREAM, NULL);
	tale_linked(t, "and has it when it is back", ECHO_STREAM, EQUALISER, ANALOGUE_SINK);
	tale_connect(t, SCENE_ECHO, false);
	tale_there(t, "a filter does not keep the sink when the Echo has gone", COMBINED, false);
	tale_connect(t, SCENE_ECHO, true);
	tale_echo(t, true);
	tale_linked(t, "and is there again with it", ECHO_STREAM, EQUALISER, COMBINED);
}

#define IN_SYNC	{ .median = 0.3, .worst = 1.0, .whole = true }

const struct scene_type scenes_filter[] = {
	{ .name = "filter", .text = "an equaliser in front of the group: all play it, in sync",
	  .runs = 3, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .brief_seconds = 15.0,
	  .bounds = IN_SYNC, .play = play_before, .judge = judge, .no_peer = true,
	  .stack = { .pipewire_conf = FILTER(COMBINED) } },
	{ .name = "filter-speaker", .text = "one in front of a single speaker: the group plays past it, in sync",
	  .runs = 3, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .brief_seconds = 15.0,
	  .bounds = IN_SYNC, .play = play_speaker, .judge = judge, .no_peer = true,
	  .stack = { .pipewire_conf = FILTER(FIRST_SINK) } },
	{ 0 },
};
