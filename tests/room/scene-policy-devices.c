/* Scene policy: stories of devices, what they are taken for, and how they rank */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "scene-policy.h"
#include "stack-files.h"

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

#define FORGED	"bluez_input.EC_00_00_00_00_C8.*"
#define PHONE	"bluez_input.EC_00_00_00_00_9F.*"
#define PLAIN	"bluez_input.EC_00_00_00_00_C5.*"

const char tale_of_sources_conf[] =
	"bluez-combine.rules = [\n"
	"  { matches = [ { api.bluez5.address = \"EC:00:00:00:00:9F\" } ]\n"
	"    actions = { update-props = { bluez-combine.source = true } } }\n"
	"  { matches = [ { api.bluez5.address = \"AA:BB:CC:00:00:02\" } ]\n"
	"    actions = { update-props = { bluez-combine.member = false } } }\n"
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

void tale_of_sources(struct tale *t)
{
	add_speaker(t, "s1", SPEAKER_SINK(1));
	add_speaker(t, "s2", SPEAKER_SINK(2));
	add_source(t, "Echo-Forged", "bluetooth:0075", FORGED);
	tale_linked(t, "a device of another maker is none, whatever its name", FORGED, "bluez_output.*", COMBINED);
	tale_there(t, "and has no sink made", COMBINED, false);
	add_source(t, "Phone", "bluetooth:0075", PHONE);
	tale_linked(t, "one that a rule names is one", PHONE, COMBINED, NULL);
	tale_linked(t, "and plays on the speakers", SPEAKER_OUT(1), SPEAKER_SINK(1), NULL);
	tale_there(t, "but on none that a rule leaves out", SPEAKER_OUT(2), false);
	call(t);
	tale_linked(t, "a call is not for all speakers", "call", "bluez_output.*", COMBINED);
	add_source(t, "Echo-Plain", "", PLAIN);
	tale_linked(t, "who gives no vendor is one by its name", PLAIN, COMBINED, NULL);
	tale_set(t, "match-by-name", "false");
	tale_linked(t, "match-by-name off: not any more", PLAIN, "bluez_output.*", COMBINED);
}

static bool has_role(struct stack *s, void *data)
{
	g_autofree char *role = graph_combine_string(s->graph, "status.AA:BB:CC:00:00:02", "role");

	return g_strcmp0(role, data) == 0;
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
}
