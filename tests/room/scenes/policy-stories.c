/* Scene policy: the stories */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "scenes/policy.h"
#include "stage/stack-files.h"

struct state_want {
	const char *group, *speaker;
};

static bool are_states(struct stack *s, void *data)
{
	const struct state_want *w = data;
	g_autofree char *group = graph_combine_string(s->graph, "status", "state");
	g_autofree char *speaker = graph_combine_string(s->graph, "status.AA:BB:CC:00:00:01", "state");

	return g_strcmp0(group, w->group) == 0 && g_strcmp0(speaker, w->speaker) == 0;
}

/* Of the group and of its first speaker */
static void expect_states(struct tale *t, const char *rule, const char *group, const char *speaker)
{
	struct state_want w = { group, speaker };

	tale_expect(t, rule, are_states, &w);
}

/* A user with a mouse, and a restart in the middle of a song */
static void tell_choices(struct tale *t)
{
	tale_begin(t, 2, ECHO_QUIET);
	tale_there(t, "the sink is there with the Echo, before it plays", COMBINED, true);
	tale_default(t, "and the default is where it was", ANALOGUE_SINK);
	tale_echo(t, true);
	tale_linked(t, "the Echo's stream goes to the sink", ECHO_STREAM, COMBINED, ANALOGUE_SINK);
	tale_linked(t, "a speaker that is connected plays it", SPEAKER_OUT(1), SPEAKER_SINK(1), SPEAKER_SINK(2));
	tale_linked(t, "so does the other", SPEAKER_OUT(2), SPEAKER_SINK(2), SPEAKER_SINK(1));

	tale_move(t, ECHO_STREAM, ANALOGUE_SINK);
	tale_linked(t, "the stream is moved to another sink", ECHO_STREAM, ANALOGUE_SINK, COMBINED);
	expect_states(t, "the speakers are kept awake, and the status says so", "warm", "warm");
	tale_pause(t);
	tale_linked(t, "and the next one goes there, too", ECHO_STREAM, ANALOGUE_SINK, COMBINED);
	tale_move(t, ECHO_STREAM, COMBINED);
	tale_linked(t, "it is moved back", ECHO_STREAM, COMBINED, ANALOGUE_SINK);
	expect_states(t, "and they play", "playing", "playing");
	tale_configure(t, ANALOGUE_SINK);
	tale_move(t, ECHO_STREAM, "-1");
	tale_linked(t, "it is told to follow the default", ECHO_STREAM, ANALOGUE_SINK, COMBINED);
	tale_pause(t);
	tale_linked(t, "and so is the next one", ECHO_STREAM, ANALOGUE_SINK, COMBINED);
	tale_member(t, 1, "{ \"include\": false }");
	tale_there(t, "a member is taken out", SPEAKER_OUT(2), false);
	/* WirePlumber itself keeps what it has been told a second later */
	tale_pass(t, 1.5);
	if (t->res == 0)
		t->res = stack_restart_wireplumber(&t->scene.stack);
	tale_linked(t, "both are remembered over a restart of WirePlumber: the stream", ECHO_STREAM,
			ANALOGUE_SINK, COMBINED);
	tale_there(t, "and the member that was taken out", SPEAKER_OUT(2), false);
	tale_move(t, ECHO_STREAM, COMBINED);
	tale_linked(t, "it is moved back again", ECHO_STREAM, COMBINED, ANALOGUE_SINK);
	tale_move(t, ECHO_STREAM, NULL);
	tale_linked(t, "without a wish it stays there", ECHO_STREAM, COMBINED, ANALOGUE_SINK);
	tale_pause(t);
	tale_linked(t, "and the next one, too", ECHO_STREAM, COMBINED, ANALOGUE_SINK);
	tale_connect(t, "s2", false);
	tale_await(t, SPEAKER_SINK(2), false);
	tale_connect(t, "s2", true);
	tale_await(t, SPEAKER_SINK(2), true);
	tale_there(t, "a speaker that was taken out stays out when it comes back", SPEAKER_OUT(2), false);
	tale_member(t, 1, "{ \"include\": true, \"role\": \"left\" }");
	tale_linked(t, "until it is taken in", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);

	tale_configure(t, COMBINED);
	tale_default(t, "the sink is the default when it is chosen", COMBINED);
	tale_configure(t, ANALOGUE_SINK);
	tale_default(t, "and another one when that is", ANALOGUE_SINK);
	if (t->res == 0)
		t->res = stack_restart_wireplumber(&t->scene.stack);
	tale_linked(t, "after a restart in the middle of a song it goes on", ECHO_STREAM, COMBINED, NULL);
	tale_linked(t, "in all speakers", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_default(t, "and the default is what was chosen", ANALOGUE_SINK);
}

struct number_want {
	const char *key, *field;
	double value;
};

static bool is_number(struct stack *s, void *data)
{
	const struct number_want *w = data;

	return graph_combine_number(s->graph, w->key, w->field) == w->value;
}

static void expect_status(struct tale *t, const char *rule, const char *field, double value)
{
	struct number_want w = { "status", field, value };

	tale_expect(t, rule, is_number, &w);
}

/* Settings that change while everything plays */
static void tell_settings(struct tale *t)
{
	tale_begin(t, 2, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "before: the Echo plays in all speakers", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);

	tale_set(t, "auto-add", "false");
	tale_there(t, "auto-add off: who is there by itself leaves", "bluez_combine.default.output.*", false);
	tale_set(t, "members.include", "[ \"s2\" ]");
	tale_linked(t, "members.include: who is in the list comes in", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_there(t, "and nobody else", SPEAKER_OUT(1), false);
	tale_set(t, "auto-add", "true");
	tale_linked(t, "auto-add on: all are back", SPEAKER_OUT(1), SPEAKER_SINK(1), NULL);
	tale_set(t, "members.exclude", "[ \"aa:bb:cc:00:00:02\" ]");
	tale_there(t, "members.exclude comes before members.include", SPEAKER_OUT(2), false);
	tale_set(t, "members.exclude", "[ ]");
	tale_linked(t, "until it is empty", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_set(t, "members.max", "1");
	tale_there(t, "members.max: who came last leaves", SPEAKER_OUT(2), false);
	tale_connect(t, "s1", false);
	tale_linked(t, "and has the place of one that goes", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
	tale_set(t, "members.max", "64");

	tale_set(t, "make-default", "true");
	tale_default(t, "make-default: the sink is the default", COMBINED);
	tale_configure(t, ANALOGUE_SINK);
	tale_default(t, "but not over a choice", ANALOGUE_SINK);
	tale_configure(t, NULL);
	tale_set(t, "make-default", "false");
	tale_default(t, "and off: not any more", ANALOGUE_SINK);

	tale_set(t, "source.vendors", "[ \"bluetooth:ffff\" ]");
	tale_linked(t, "source.vendors: the Echo is none any more", ECHO_STREAM, ANALOGUE_SINK, COMBINED);
	tale_set(t, "source.vendors", "[ \"bluetooth:0171\" ]");
	tale_linked(t, "and is one again", ECHO_STREAM, COMBINED, ANALOGUE_SINK);

	tale_set(t, "quantum", "2048");
	expect_status(t, "quantum: nothing happens while it plays", "quantum", 1024.0);
	tale_echo(t, false);
	tale_there(t, "in silence the sink is made anew", COMBINED, true);
	tale_pass(t, 5.5);
	tale_await(t, COMBINED, true);
	tale_echo(t, true);
	expect_status(t, "and has the new quantum", "quantum", 2048.0);
	tale_linked(t, "and plays as before", SPEAKER_OUT(2), SPEAKER_SINK(2), NULL);
}

static void destroy_sink(struct tale *t)
{
	struct graph_node *n = graph_find(t->scene.stack.graph, COMBINED);
	g_autofree char *id = g_strdup_printf("%u", n ? n->id : 0);
	const char *argv[] = { "pw-cli", "destroy", id, NULL };

	tale_run_program(t, argv);
	tale_await(t, COMBINED, false);
}

static void end_player(struct tale *t)
{
	GPtrArray *clients = t->scene.stack.clients;

	if (t->res == 0)
		process_signal(clients->pdata[clients->len - 1], SIGTERM);
}

static void tell_life(struct tale *t)
{
	tale_begin(t, 1, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "lifetime device: the sink is there while the Echo plays", ECHO_STREAM, COMBINED, NULL);
	destroy_sink(t);
	tale_linked(t, "and back when somebody destroys it", ECHO_STREAM, COMBINED, NULL);
	tale_echo(t, false);
	tale_pass(t, 0.5);
	tale_there(t, "and while it is silent", COMBINED, true);
	if (t->res == 0)
		t->res = scene_play_noise(&t->scene, NULL);
	tale_linked(t, "a program plays to it", "pw-play", COMBINED, NULL);
	tale_connect(t, SCENE_ECHO, false);
	tale_pass(t, 2.0);
	tale_there(t, "which keeps it when the Echo has gone", COMBINED, true);
	end_player(t);
	tale_there(t, "when that has ended, too, it goes", COMBINED, false);
	tale_set(t, "sink.lifetime", "always");
	tale_there(t, "always: without any Echo", COMBINED, true);
	tale_set(t, "sink.lifetime", "stream");
	tale_there(t, "stream: not without a song", COMBINED, false);
	tale_connect(t, SCENE_ECHO, true);
	tale_pass(t, 0.5);
	tale_there(t, "nor with an Echo that is silent", COMBINED, false);
	tale_echo(t, true);
	tale_linked(t, "but with one that plays", ECHO_STREAM, COMBINED, NULL);
	tale_echo(t, false);
	tale_there(t, "until it has been silent for a while", COMBINED, false);
}

/* That of a2dp-sink with the codec SBC, as the bluez5 plugin numbers it */
#define PROFILE_SPEAKER	"131073"

/* Is there one line in WirePlumber's log with that text? */
static bool is_said_once(struct stack *s, void *data)
{
	g_autofree char *log = NULL;
	const char *at;

	if (!g_file_get_contents(s->wireplumber.log, &log, NULL, NULL) || (at = strstr(log, data)) == NULL)
		return false;
	return strstr(at + 1, data) == NULL;
}

/* The user wants the Echo to be a speaker. It is silent then, and can send all the same. */
static void choose_speaker(struct tale *t)
{
	const char *argv[] = { "wpctl", "set-profile", NULL, PROFILE_SPEAKER, NULL };

	tale_echo(t, true);
	if (t->res == 0)
		argv[2] = graph_node_get(graph_find(t->scene.stack.graph, ECHO_STREAM), PW_KEY_DEVICE_ID);
	if (argv[2] != NULL)
		tale_run_program(t, argv);
	tale_await(t, ECHO_SINK, true);
	tale_echo(t, false);
}

/* An Echo that is a speaker, too, and is even the default */
static void tell_loop(struct tale *t)
{
	struct graph *g = t->scene.stack.graph;

	tale_begin(t, 1, ECHO_QUIET ", 'speaker': <true>");
	choose_speaker(t);
	tale_there(t, "an Echo that is a speaker, too, is no member by itself", ECHO_OUT, false);
	tale_echo(t, true);
	tale_linked(t, "it plays on the others", ECHO_STREAM, COMBINED, ECHO_SINK);
	tale_there(t, "and is no member", ECHO_OUT, false);
	tale_connect(t, SCENE_ECHO, false);
	tale_await(t, ECHO_SINK, false);
	tale_connect(t, SCENE_ECHO, true);
	choose_speaker(t);
	tale_there(t, "nor when it connects again", ECHO_OUT, false);
	tale_expect(t, "which the log says once", is_said_once, (void *)(ECHO_ADDRESS " 'Echo' is a source"));
	tale_echo(t, true);
	graph_set_metadata(g, true, 0, "member." ECHO_ADDRESS, "Spa:String:JSON", "{ \"include\": true }");
	tale_there(t, "even if it is included, or it would hear itself", ECHO_OUT, false);
	tale_echo(t, false);
	tale_linked(t, "but when it does not send", ECHO_OUT, ECHO_SINK, NULL);
	tale_echo(t, true);
	tale_there(t, "until it does", ECHO_OUT, false);
	tale_configure(t, ECHO_SINK_NAME);
	tale_default(t, "it is the default", ECHO_SINK_NAME);
	tale_move(t, ECHO_STREAM, "-1");
	tale_linked(t, "and its own stream does not go there for that", ECHO_STREAM, NULL, ECHO_SINK);
	tale_move(t, ECHO_STREAM, ECHO_SINK);
	tale_linked(t, "nor when it is sent there", ECHO_STREAM, NULL, ECHO_SINK);
	tale_move(t, ECHO_STREAM, COMBINED);
	tale_linked(t, "to the sink it does", ECHO_STREAM, COMBINED, ECHO_SINK);
	graph_set_metadata(g, true, 0, "member." COMBINED, "Spa:String:JSON",
			"{ \"target\": \"" COMBINED "\", \"include\": true }");
	tale_linked(t, "the sink cannot be its own member", "bluez_combine.*", SPEAKER_SINK(1), COMBINED);
}

/* Another instance has the group, and nobody can play to what it makes: the sink never comes. */
static const char occupied_conf[] =
	"context.modules = [ { name = libpipewire-module-bluez-combine args = {\n"
	"  combine.props = { media.class = Audio/Source/Virtual } stream.rules = [ ]\n"
	"} } ]\n";

static void tell_timeout(struct tale *t)
{
	tale_set(t, "sink.timeout.msec", "1000");
	tale_begin(t, 1, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "a sink that does not come is not waited for", ECHO_STREAM, ANALOGUE_SINK, NULL);
}

static void hide_module(void)
{
	setenv("ROOM_PIPEWIRE_MODULE_DIR", "/nonexistent", 1);
}

static void show_module(void)
{
	unsetenv("ROOM_PIPEWIRE_MODULE_DIR");
}

static void tell_missing(struct tale *t)
{
	tale_begin(t, 1, ECHO_QUIET);
	tale_echo(t, true);
	tale_linked(t, "without the module the Echo is heard all the same", ECHO_STREAM, ANALOGUE_SINK, NULL);
}

#define LINGER_CONF	"wireplumber.settings = { bluez-combine.sink.linger.msec = 1000 }\n"

static const struct story stories[] = {
	{ .name = "choices", .text = "what the user chooses is done, and remembered",
	  .stack = { .analogue = true }, .tell = tell_choices },
	{ .name = "settings", .text = "settings act at once, on what is there already",
	  .stack = { .analogue = true }, .tell = tell_settings },
	{ .name = "removed", .text = "a speaker that shall not play, and one that shall play something else",
	  .stack = { .analogue = true }, .tell = tale_of_removed },
	{ .name = "ranks", .text = "whose turn it is to be the default",
	  .stack = { .analogue = true }, .tell = tale_of_ranks },
	{ .name = "first-echo", .text = "the first Echo of all, and then a sound card",
	  .tell = tale_of_first_echo },
	{ .name = "sources", .text = "what is an Echo, and what is not",
	  .stack = { .wireplumber_conf = tale_of_sources_conf }, .tell = tale_of_sources },
	{ .name = "two-echos", .text = "two Echos, and one that leaves",
	  .stack = { .analogue = true, .wireplumber_conf = LINGER_CONF }, .tell = tale_of_two_echos },
	{ .name = "life", .text = "when the sink is there",
	  .stack = { .analogue = true, .wireplumber_conf = LINGER_CONF }, .tell = tell_life },
	{ .name = "filters", .text = "an equaliser in front of the sink",
	  .stack = { .analogue = true, .wireplumber_conf = LINGER_CONF, .pipewire_conf = tale_of_filters_conf },
	  .tell = tale_of_filters },
	{ .name = "calibrations", .text = "latency offsets that were found, for each codec and rate",
	  .stack = { .analogue = true }, .before = tale_of_calibrations_begins, .after = tale_of_calibrations_ends,
	  .tell = tale_of_calibrations },
	{ .name = "loop", .text = "nobody hears itself",
	  .stack = { .analogue = true }, .tell = tell_loop },
	{ .name = "timeout", .text = "the sink does not come",
	  .stack = { .analogue = true, .pipewire_conf = occupied_conf }, .tell = tell_timeout },
	{ .name = "missing", .text = "the module is not there",
	  .stack = { .analogue = true }, .before = hide_module, .after = show_module,
	  .tell = tell_missing },
};

static int run_policy(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	return tale_run(type, o, j, stories, G_N_ELEMENTS(stories));
}

const struct scene_type scenes_policy[] = {
	{ .name = "policy", .text = "each rule of the policy: choices, settings, lifetime, loops, time-outs",
	  .seconds = 60.0, .whole = run_policy, .no_peer = true,
	  .real = "WirePlumber's own timers decide when it links what" },
	{ 0 },
};
