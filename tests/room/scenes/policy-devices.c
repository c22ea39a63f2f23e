/* Scene policy: stories of devices, what they are taken for, and how they rank */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "scenes/policy.h"
#include "stage/stack-files.h"

#define SPEAKER_1	"bluez_output.AA_BB_CC_00_00_01.1"
#define SPEAKER_2	"bluez_output.AA_BB_CC_00_00_02.1"

static void add_speaker(struct tale *t, const char *name, const char *sink)
{
	if (t->res == 0)
		t->res = scene_add_fixed(&t->scene, name, 200.0);
	tale_connect(t, name, true);
	tale_await(t, sink, true);
}

static void reconnect(struct tale *t, const char *name, const char *sink)
{
	tale_connect(t, name, false);
	tale_await(t, sink, false);
	tale_connect(t, name, true);
	tale_await(t, sink, true);
}

static bool default_is_speaker(struct stack *s, void *data)
{
	return s->graph->default_sink != NULL && g_str_has_prefix(s->graph->default_sink, "bluez_output.AA");
}

void tale_of_ranks(struct tale *t)
{
	tale_begin(t, 2, ECHO_QUIET);
	tale_echo(t, true);
	tale_default(t, "a sound card stays the default when members connect", ANALOGUE_SINK);
	tale_member(t, 1, "{ \"include\": false }");
	tale_there(t, "a member is taken out of the group", SPEAKER_OUT(2), false);
	add_speaker(t, "s3", SPEAKER_SINK(3));
	tale_default(t, "it is not the default when the next speaker comes", ANALOGUE_SINK);
	reconnect(t, "s2", SPEAKER_SINK(2));
	tale_default(t, "but when it connects: it is a speaker as any other", SPEAKER_2);
	tale_member(t, 1, "{ \"include\": true }");
	tale_linked(t, "it is taken in again", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	add_speaker(t, "s4", SPEAKER_SINK(4));
	tale_default(t, "and stays the default until it leaves", SPEAKER_2);
	reconnect(t, "s2", SPEAKER_SINK(2));
	tale_default(t, "and is none when it comes back as a member", ANALOGUE_SINK);
	tale_set(t, "lower-member-priority", "false");
	tale_expect(t, "lower-member-priority off: a speaker is the default", default_is_speaker, NULL);
	tale_set(t, "lower-member-priority", "true");
	tale_default(t, "and on: the sound card", ANALOGUE_SINK);
}

void tale_of_first_echo(struct tale *t)
{
	static const char *const card[] = { "pw-cli", "create-node", "adapter",
		"{ factory.name = support.null-audio-sink node.name = card media.class = Audio/Sink "
		"audio.position = [ FL FR ] priority.session = 1009 object.linger = true }", NULL };

	add_speaker(t, "s1", SPEAKER_SINK(1));
	tale_default(t, "where there was never an Echo a speaker is the default", SPEAKER_1);
	if (t->res == 0)
		t->res = scene_add_echo(&t->scene, SCENE_ECHO, "%s", ECHO_QUIET);
	tale_connect(t, SCENE_ECHO, true);
	tale_echo(t, true);
	tale_linked(t, "the first Echo plays on it", SPEAKER_OUT(1), SPEAKER_SINK(1), NULL);
	tale_default(t, "and moves nothing else", SPEAKER_1);
	tale_run_program(t, card);
	tale_await(t, "card", true);
	tale_default(t, "nor does a sound card that comes now: it ranks lower", SPEAKER_1);
	reconnect(t, "s1", SPEAKER_SINK(1));
	tale_default(t, "until the speaker connects again", "card");
}

#define FORGED	"bluez_input.EC_00_00_00_00_CB.*"
#define RENAMED	"bluez_input.EC_00_00_00_00_2D.*"
#define PINNED	"bluez_input.EC_00_00_00_00_4F.*"
#define PHONE	"bluez_input.EC_00_00_00_00_9F.*"
#define PLAIN	"bluez_input.EC_00_00_00_00_C5.*"
#define ALONE	"bluez_input.EC_00_00_00_00_60."

const char tale_of_sources_conf[] =
	"bluez-combine.rules = [\n"
	"  { matches = [ { api.bluez5.address = \"EC:00:00:00:00:9F\" } ]\n"
	"    actions = { update-props = { bluez-combine.source = true } } }\n"
	"  { matches = [ { api.bluez5.address = \"EC:00:00:00:00:4F\" } ]\n"
	"    actions = { update-props = { bluez-combine.source = false } } }\n"
	"  { matches = [ { api.bluez5.address = \"AA:BB:CC:00:00:02\" } ]\n"
	"    actions = { update-props = { bluez-combine.member = false } } }\n"
	"]\n"
	"monitor.bluez.rules = [\n"
	"  { matches = [ { node.name = \"~" ALONE "*\" } ]\n"
	"    actions = { update-props = { node.autoconnect = false } } }\n"
	"]\n";

static void add_source(struct tale *t, const char *name, const char *vendor, const char *stream)
{
	if (t->res == 0)
		t->res = scene_add_echo(&t->scene, name, "'vendor': <'%s'>", vendor);
	tale_connect(t, name, true);
	if (t->res == 0)
		t->res = scene_echo(&t->scene, name, true);
	tale_await(t, stream, true);
}

/* What a phone sends in a call, as PipeWire would show it */
static void call(struct tale *t)
{
	g_autofree char *wav = g_build_filename(t->scene.stack.out, "source-Phone.wav", NULL);
	const char *argv[] = { "pw-play", "-P", "{ node.name = call api.bluez5.profile = headset-audio-gateway "
		"api.bluez5.address = \"EC:00:00:00:00:9F\" }", wav, NULL };

	if (t->res == 0 && stack_spawn(&t->scene.stack, "call", argv) == NULL)
		t->res = -EIO;
}

static bool goes_to_default(struct stack *s, void *data)
{
	struct graph *g = s->graph;

	return g->default_sink != NULL && graph_linked(g, data, g->default_sink) && !graph_linked(g, data, COMBINED);
}

/* As any other stream: stock WirePlumber sends it there. */
static void expect_at_default(struct tale *t, const char *rule, const char *stream)
{
	tale_expect(t, rule, goes_to_default, (void *)stream);
}

static bool is_linked_nowhere(struct stack *s, void *data)
{
	return graph_find(s->graph, data) != NULL && !graph_linked(s->graph, data, "*");
}

void tale_of_sources(struct tale *t)
{
	add_speaker(t, "s1", SPEAKER_SINK(1));
	add_speaker(t, "s2", SPEAKER_SINK(2));
	add_source(t, "Echo Dot", "bluetooth:0075", FORGED);
	expect_at_default(t, "a device of another maker is none, whatever its name", FORGED);
	tale_there(t, "and has no sink made", COMBINED, false);
	add_source(t, "Echo-Pinned", "bluetooth:0171", PINNED);
	expect_at_default(t, "nor is an Echo whose address a rule keeps away", PINNED);
	tale_there(t, "for which there is no sink, either", COMBINED, false);
	add_source(t, "Bedroom", "bluetooth:0171", RENAMED);
	tale_linked(t, "an Echo is one by its maker, whatever its user calls it", RENAMED, COMBINED, NULL);
	tale_connect(t, "Bedroom", false);
	tale_await(t, RENAMED, false);
	add_source(t, "Phone", "bluetooth:0075", PHONE);
	tale_linked(t, "one that a rule names is one", PHONE, COMBINED, NULL);
	tale_linked(t, "and plays on the speakers", SPEAKER_OUT(1), SPEAKER_SINK(1), NULL);
	tale_there(t, "but on none that a rule leaves out", SPEAKER_OUT(2), false);
	call(t);
	tale_linked(t, "a call is not for all speakers", "call", "bluez_output.*", COMBINED);
	add_source(t, "Echo-Alone", "bluetooth:0171", ALONE "*");
	add_source(t, "Echo-Plain", "", PLAIN);
	tale_linked(t, "who gives no vendor is one by its name", PLAIN, COMBINED, NULL);
	/* the other one's turn was before that */
	tale_expect(t, "an Echo that a rule of WirePlumber's has linked nowhere is linked nowhere", is_linked_nowhere, ALONE "*");
	tale_set(t, "match-by-name", "false");
	tale_linked(t, "match-by-name off: not any more", PLAIN, "bluez_output.*", COMBINED);
}

#define FIRST	"bluez_input.EC_00_00_00_00_A4.*"	/* SCENE_ECHO */
#define SECOND	"bluez_input.EC_00_00_00_00_A2.*"

/* Has the sink this serial number? One that is made anew has another. */
static bool is_that_sink(struct stack *s, void *data)
{
	const struct graph_node *n = graph_find(s->graph, COMBINED);

	return n != NULL && g_strcmp0(graph_node_get(n, PW_KEY_OBJECT_SERIAL), data) == 0;
}

/* What is heard of it: scene two-echos */
void tale_of_two_echos(struct tale *t)
{
	g_autofree char *serial = NULL;
	struct graph *g;

	tale_begin(t, 1, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "an Echo plays", FIRST, COMBINED, NULL);
	if (t->res < 0)
		return;
	g = t->scene.stack.graph;
	if (graph_find(g, COMBINED) != NULL)
		serial = g_strdup(graph_node_get(graph_find(g, COMBINED), PW_KEY_OBJECT_SERIAL));
	add_source(t, "Echo-Garden", "bluetooth:0171", SECOND);
	tale_linked(t, "a second one plays to the same sink", SECOND, COMBINED, ANALOGUE_SINK);
	tale_linked(t, "and so does the first", FIRST, COMBINED, ANALOGUE_SINK);
	tale_connect(t, SCENE_ECHO, false);
	tale_await(t, FIRST, false);
	/* longer than a sink stays that nobody wants */
	tale_pass(t, 1.2);
	tale_linked(t, "one leaves: the other goes on", SECOND, COMBINED, NULL);
	tale_expect(t, "and the sink is the one that it was", is_that_sink, serial);
	tale_linked(t, "and is heard", SPEAKER_OUT(1), SPEAKER_SINK(1), NULL);
	tale_connect(t, "Echo-Garden", false);
	tale_there(t, "the sink goes when both have left", COMBINED, false);
}

static bool has_role(struct stack *s, void *data)
{
	g_autofree char *role = graph_combine_string(s->graph, "status.AA:BB:CC:00:00:02", "role");

	return g_strcmp0(role, data) == 0;
}

static bool is_source_told(struct stack *s, void *data)
{
	g_autofree char *why = graph_combine_string(s->graph, "source." ECHO_ADDRESS, "why");

	return why != NULL;
}

void tale_of_removed(struct tale *t)
{
	tale_begin(t, 2, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "before: both play", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_member(t, 1, NULL);
	tale_there(t, "a member whose entry is cleared is none any more", SPEAKER_OUT(2), false);
	reconnect(t, "s2", SPEAKER_SINK(2));
	tale_there(t, "nor when it connects again", SPEAKER_OUT(2), false);
	/* WirePlumber writes a second later */
	tale_pass(t, 1.5);
	if (t->res == 0)
		t->res = stack_restart_wireplumber(&t->scene.stack);
	tale_linked(t, "nor after a restart of WirePlumber", SPEAKER_OUT(1), SPEAKER_SINK(1), SPEAKER_SINK(2));
	tale_there(t, "where the other one is", SPEAKER_OUT(2), false);
	tale_member(t, 1, "{ \"role\": \"left\" }");
	tale_linked(t, "until an entry is written", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_expect(t, "which it obeys", has_role, (void *)"left");
	reconnect(t, "s2", SPEAKER_SINK(2));
	tale_linked(t, "it is back", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_expect(t, "what was written of a speaker counts when it comes back", has_role, (void *)"left");
	graph_set_metadata(t->scene.stack.graph, true, 0, NULL, NULL, NULL);
	tale_expect(t, "when all is cleared all is as on the first day", has_role, (void *)"stereo");
	tale_linked(t, "and all play", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_expect(t, "and who can send is told again", is_source_told, NULL);
	graph_set_metadata(t->scene.stack.graph, true, 0, "source." ECHO_ADDRESS, NULL, NULL);
	tale_expect(t, "also when only that is cleared", is_source_told, NULL);
}
