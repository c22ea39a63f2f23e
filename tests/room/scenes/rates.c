/* Scenes of rates: speakers of 44.1 and of 48 kHz in one group, and graphs of other rates than the group's */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <pipewire/pipewire.h>
#include <spa/node/command.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * The sink of a speaker that takes 44.1 kHz only resamples for itself, by another way than the others. Its
 * resampler must neither drift nor shift it.
 */
static const struct {
	const char *name, *rates;
	double latency;
	int bitpool;
} speakers[] = {
	{ "s1-48k", "48000", 50.0, 53 },
	{ "s2-44k", "44100", 150.0, 53 },
	{ "s3-48k", "48000", 220.0, 53 },
	{ "s4-44k-low", "44100", 180.0, 35 },
};

static int play_rates(struct scene *sc)
{
	int res = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(speakers) && res == 0; i++)
		res = scene_add_speaker(sc, speakers[i].name, "{'rates': <'%s'>, 'bitpool': <%d>, "
				"'latency.msec': <%.1f>, 'report.msec': <%.1f>, 'start': <'first'>}",
				speakers[i].rates, speakers[i].bitpool, speakers[i].latency, speakers[i].latency);
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, sc->seconds);
}

/*
 * Of a speaker that says nothing of itself PipeWire takes 125 ms, and adds the encoder and the packet at the codec's own rate. The
 * status says that it is assumed; the one that says 133 ms is at 48 kHz three frames away from it.
 */
static const struct {
	const char *name, *rates;
	double latency, report;
	int bitpool;
	const char *basis;
} told[] = {
	{ "s1-48k", "48000", 133.0, 133.0, 53, "reported" },
	{ "s2-48k-untold", "48000", 125.0, -1.0, 35, "assumed" },
	{ "s3-44k", "44100", 150.0, 150.0, 53, "reported" },
	{ "s4-44k-untold", "44100", 125.0, -1.0, 53, "assumed" },
	{ "s5-44k-low-untold", "44100", 125.0, -1.0, 35, "assumed" },
};
static int n_right;

static int count_right(struct scene *sc)
{
	int n = 0;

	for (size_t i = 0; i < SPA_N_ELEMENTS(told); i++) {
		g_autofree char *key = g_strdup_printf("status.%s", sc->speakers[i].address);
		g_autofree char *basis = graph_combine_string(sc->stack.graph, key, "basis");

		n += g_strcmp0(basis, told[i].basis) == 0;
	}
	return n;
}

static int play_basis(struct scene *sc)
{
	int res = 0;

	for (size_t i = 0; i < SPA_N_ELEMENTS(told) && res == 0; i++) {
		g_autofree char *report = told[i].report < 0.0 ? g_strdup("") :
			g_strdup_printf("'report.msec': <%.1f>, ", told[i].report);

		res = scene_add_speaker(sc, told[i].name, "{'rates': <'%s'>, 'bitpool': <%d>, 'latency.msec': <%.1f>, "
				"%s'start': <'first'>}", told[i].rates, told[i].bitpool, told[i].latency, report);
	}
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 || (res = scene_pass(sc, sc->seconds)) < 0)
		return res;
	n_right = count_right(sc);
	return 0;
}

static void judge_basis(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "wrong", (double)SPA_N_ELEMENTS(told) - n_right, 0.0);
}

/*
 * While there is no group the sinks of the speakers, and whoever else plays to them, have the rate of the daemon's
 * configuration. What an encoder has left of a frame then is the beginning of the first packet of the next stream.
 */
#define APART_S		0.06
#define AWAY_S		1.0
#define AFTER_S		1.0	/* a start's crossfades */
#define TOGETHER_MS	0.05	/* two samples, and what is left of a resampler's phase */

static bool is_gone(struct stack *s, void *data)
{
	return graph_find(s->graph, "bluez_combine.default") == NULL;
}

/*
 * WirePlumber suspends each sink five seconds after it has lost its links, one of them sooner and one later. But its timers are
 * the machine's, and may come within a moment of the room's: so they are suspended here, before that.
 */
static int suspend_in_turn(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++) {
		g_autofree char *name = g_strdup_printf("bluez_output.AA_BB_CC_00_00_%02X.*", i + 1);
		struct graph_node *n = graph_find(sc->stack.graph, name);

		if ((res = scene_pass(sc, APART_S)) < 0 || n == NULL)
			return res < 0 ? res : -ENOENT;
		pw_node_send_command((struct pw_node *)n->proxy, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend));
	}
	return res;
}

/* The Echo leaves until its sink is gone, and comes back. */
static int play_return(struct scene *sc)
{
	int res;

	if ((res = scene_play_all(sc, sc->seconds / 2.0)) < 0 ||
	    (res = scene_disconnect(sc, SCENE_ECHO)) < 0 ||
	    (res = stack_wait(&sc->stack, is_gone, NULL, SCENE_PATIENCE_MS, "the end of the sink")) < 0 ||
	    (res = suspend_in_turn(sc)) < 0 || (res = scene_pass(sc, AWAY_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

static void judge_return(struct scene *sc, struct measure *m)
{
	double back = sc->mark_ns / 1e9;

	scene_figure(sc, "skew_before_ms", span_spread(m, AFTER_S, sc->seconds / 2.0), TOGETHER_MS);
	scene_figure(sc, "skew_after_ms", span_spread(m, back + AFTER_S, back + sc->seconds / 2.0), TOGETHER_MS);
}

#define RETURN_OF(conf)	\
	.runs = 3, .speakers = 3, .seconds = 12.0, .brief_runs = 1, .brief_seconds = 8.0, \
	.bounds = { .median = 0.05 }, .no_peer = true, .play = play_return, .judge = judge_return, \
	.stack = { .pipewire_conf = "context.properties = { " conf " }\n" }

const struct scene_type scenes_rates[] = {
	{ .name = "rates", .text = "speakers of 44.1 and of 48 kHz play for five minutes",
	  .runs = 1, .speakers = G_N_ELEMENTS(speakers), .seconds = 300.0, .brief_seconds = 10.0,
	  .bounds = { .median = 0.5, .worst = 0.5, .whole = true }, .play = play_rates },
	{ .name = "basis", .text = "speakers of both rates, with and without reports: the status says what each latency rests on",
	  .runs = 1, .speakers = SPA_N_ELEMENTS(told), .seconds = 6.0, .no_peer = true,
	  .bounds = { .median = 0.5 }, .play = play_basis, .judge = judge_basis },
	{ .name = "return-48000", .text = "the Echo leaves until its sink is gone, and comes back",
	  RETURN_OF("default.clock.rate = 48000") },
	{ .name = "return-44100", .text = "the same, with default.clock.rate = 44100",
	  RETURN_OF("default.clock.rate = 44100") },
	{ .name = "return-96000", .text = "the same, with default.clock.rate = 96000",
	  RETURN_OF("default.clock.rate = 96000") },
	{ .name = "return-allowed", .text = "the same, with more than one rate allowed",
	  RETURN_OF("default.clock.rate = 44100 default.clock.allowed-rates = [ 44100 48000 96000 ]") },
	{ 0 },
};
