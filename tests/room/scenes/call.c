/* Scene call: a speaker with a microphone is used for a call while all play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"
#include "stage/stack-files.h"

/*
 * A program begins to record from the microphone of one of three speakers, as a video call does. No Bluetooth
 * speaker plays music at the same time, so WirePlumber gives it the profile for calls half a second later, and the
 * one for music two seconds after the program has ended. In a call it is no member: music does not go into
 * it, the others play on, and the default is where it was. Afterwards it is back as one that joins, with the latency
 * offset that the user has set before: in a call the port has another one, of which nobody has said anything.
 *
 * Who records from whatever there is gets the microphone of the sound card, and takes no speaker away.
 */
#define KNOWN_S		0.3
#define LEAD_S		2.0
#define CALL_S		3.0
#define HOLD_S		5.0
#define SYNC_AFTER_S	3.0
#define SYNC_MS		0.5
#define BACK_MS		4000.0	/* from its sink to its sound, as for one that joins */
#define HIDDEN_MS	20.0	/* that it is later than it says */

#define MICROPHONE	"bluez_input.AA*"	/* only one speaker has one; the Echo's stream is bluez_input.EC */
#define CARD		"alsa_input.test"
#define CALL_PROFILE	"headset-head-unit"

static const char calls_conf[] =
	"monitor.bluez.properties = {\n"
	"  bluez5.roles = [ hfp_ag ]\n"
	"  bluez5.hfphsp-backend = \"ofono\"\n"
	"}\n";

static const char card_conf[] =
	"context.objects = [ { factory = adapter args = {\n"
	"  factory.name = support.null-audio-sink\n"
	"  node.name = \"" CARD "\"\n"
	"  media.class = Audio/Source\n"
	"  priority.session = 2009\n"
	"  audio.position = [ FL FR ]\n"
	"} } ]\n";

struct caller {
	const char *name;
	char *sink, *output;		/**< names of nodes; sinks of both profiles */
	int64_t call_ns, music_ns;	/**< ns since the epoch: from when on */
	char *record;			/**< calibration.<address>, as it was before the call */
};

static struct caller caller;

static void caller_init(struct caller *c, const struct scene_speaker *speaker)
{
	g_autofree char *address = g_strdelimit(g_strdup(speaker->address), ":", '_');

	*c = (struct caller) { .name = speaker->name };
	c->sink = g_strdup_printf("bluez_output.%s*", address);
	c->output = g_strdup_printf("bluez_combine.default.output.%s", address);
}

static void caller_finish(struct caller *c)
{
	g_free(c->sink);
	g_free(c->output);
	g_free(c->record);
}

static char *read_record(struct scene *sc, const char *address)
{
	g_autofree char *key = g_strdup_printf("calibration.%s", address);

	return g_strdup(g_hash_table_lookup(sc->stack.graph->combine_values, key));
}

static bool has_microphone(struct stack *s, void *data)
{
	return graph_find(s->graph, MICROPHONE) != NULL;
}

static bool is_in_call(struct stack *s, void *data)
{
	const struct caller *c = data;
	struct graph_node *n = graph_find(s->graph, c->sink);
	const char *profile = n ? graph_node_get(n, "api.bluez5.profile") : NULL;

	return g_strcmp0(profile, CALL_PROFILE) == 0 && stack_find_event(s, c->name, "call", c->call_ns) != NULL;
}

static bool is_out_of_call(struct stack *s, void *data)
{
	const struct caller *c = data;
	struct graph_node *n = graph_find(s->graph, c->sink);
	const char *profile = n ? graph_node_get(n, "api.bluez5.profile") : NULL;

	return g_strcmp0(profile, "a2dp-sink") == 0;
}

/* NULL: from where it is sent */
static struct process *record(struct scene *sc, const char *from)
{
	struct graph_node *n = from ? graph_find(sc->stack.graph, from) : NULL;
	const char *name = n ? graph_node_get(n, PW_KEY_NODE_NAME) : NULL;
	g_autofree char *file = g_build_filename(sc->out, from ? "call.wav" : "card.wav", NULL);
	const char *argv[] = { "pw-record", file, name ? "--target" : NULL, name, NULL };

	return stack_spawn(&sc->stack, "pw-record", argv);
}

static bool records_from_card(struct stack *s, void *data)
{
	return graph_linked(s->graph, CARD, "pw-record");
}

static bool echo_is_known(struct stack *s, void *data)
{
	return stack_find_event(s, SCENE_ECHO, "configured", 0) != NULL;
}

/* What nobody hears, but what would be wrong */
static void look_at_call(struct scene *sc, const struct caller *c)
{
	struct graph *g = sc->stack.graph;
	g_autofree char *links = graph_describe_links(g, NULL);

	if (graph_linked(g, "bluez_combine.*", c->sink) || graph_find(g, c->output) != NULL)
		scene_fault(sc, "the speaker is a member while it is in a call:\n%s", links);
	if (!graph_linked(g, "bluez_input.EC*", "bluez_combine.default"))
		scene_fault(sc, "the Echo does not play to the group during the call");
	if (g_strcmp0(g->default_sink, ANALOGUE_SINK) != 0)
		scene_fault(sc, "the default sink is %s during the call", g->default_sink);
}

static void look_at_record(struct scene *sc, const struct caller *c, const char *address)
{
	g_autofree char *now = read_record(sc, address);

	if (c->record == NULL)
		scene_fault(sc, "what the user has set of the offset was not recorded");
	if (g_strcmp0(now, c->record) != 0)
		scene_fault(sc, "the call has changed what is recorded of the offset: %s; it was %s", now, c->record);
}

static int call(struct scene *sc, struct caller *c)
{
	struct process *program;
	int res;

	if (record(sc, NULL) == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, records_from_card, NULL, SCENE_PATIENCE_MS,
			      "a recording from the sound card")) < 0)
		return res;
	c->call_ns = stack_now(&sc->stack);
	if ((program = record(sc, MICROPHONE)) == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, is_in_call, c, SCENE_PATIENCE_MS, "the call")) < 0 ||
	    (res = scene_pass(sc, CALL_S)) < 0)
		return res;
	look_at_call(sc, c);
	process_signal(program, SIGINT);
	if ((res = stack_wait(&sc->stack, is_out_of_call, c, SCENE_PATIENCE_MS, "the end of the call")) < 0)
		return res;
	c->music_ns = stack_now(&sc->stack);
	return scene_await_one_playing(sc, c->name, c->music_ns);
}

/* In each run another one */
static int play_call(struct scene *sc)
{
	int res = 0, who = (int)(sc->seed % sc->n_wanted);

	for (int i = 0; i < sc->n_wanted && res == 0; i++) {
		double ms = scene_fixed_latency(i);
		char name[32];

		snprintf(name, sizeof(name), "s%02d-%.0fms%s", i + 1, ms, i == who ? "-mic" : "");
		res = scene_add_speaker(sc, name, "{'latency.msec': <%.1f>, 'report.msec': <%.1f>, "
				"'start': <'first'>, 'handsfree': <%s>}", i == who ? ms + HIDDEN_MS : ms, ms,
				i == who ? "true" : "false");
	}
	/* from the first Echo on the default does not go to a speaker that connects */
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_known, NULL, SCENE_PATIENCE_MS, "the Echo")) < 0 ||
	    (res = scene_pass(sc, KNOWN_S)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = stack_wait(&sc->stack, has_microphone, NULL, SCENE_PATIENCE_MS, "a microphone")) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (res = scene_set_offset(sc, sc->speakers[who].address, HIDDEN_MS)) < 0 ||
	    (res = scene_pass(sc, LEAD_S)) < 0)
		return res;
	caller_finish(&caller);
	caller_init(&caller, &sc->speakers[who]);
	caller.record = read_record(sc, sc->speakers[who].address);
	sc->excused = caller.name;
	if ((res = call(sc, &caller)) < 0 || (res = scene_pass(sc, HOLD_S)) < 0)
		return res;
	look_at_record(sc, &caller, sc->speakers[who].address);
	return 0;
}

/* s of the timeline at which it is heard again after a time, NAN: never */
static double heard_after(const struct signal *s, double from)
{
	for (size_t i = 0; i < s->n_silences; i++)
		if ((double)s->silences[i].end / MEASURE_RATE > from)
			return (double)s->silences[i].end / MEASURE_RATE;
	return NAN;
}

static void judge_call(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, sc->excused);
	double call_s = caller.call_ns / 1e9, music_s = caller.music_ns / 1e9, back;

	if (i < 0)
		return;
	back = heard_after(&m->speakers[i].signal, music_s);
	scene_figure(sc, "noticed_by_others", span_others(m, i, call_s, back + SYNC_AFTER_S), 0.0);
	scene_figure(sc, "back_after_call_ms", (back - music_s) * 1000.0, BACK_MS);
	scene_figure(sc, "skew_after_ms", scene_worst_skew(m, i, back + SYNC_AFTER_S), SYNC_MS);
}

const struct scene_type scenes_call[] = {
	{ .name = "call", .text = "a speaker's microphone is used for a call, in each run another's",
	  .runs = 3, .speakers = 3, .seconds = LEAD_S + CALL_S + HOLD_S + 4.0, .brief_runs = 1, .no_peer = true,
	  .bounds = { .median = 0.3, .whole = true },
	  .stack = { .wireplumber_conf = calls_conf, .pipewire_conf = card_conf, .analogue = true },
	  .play = play_call, .judge = judge_call },
	{ 0 },
};
