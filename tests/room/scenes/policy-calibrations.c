/* Scene policy: the story of latency offsets that were found, for each codec and rate */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenes/policy.h"
#include "stage/graph-device.h"

#define ADDRESS		"AA:BB:CC:00:00:01"
#define KEY		"calibration." ADDRESS

/* What is heard of it: scene calibration-swap */
static const char records[] = "{ \"version\": 1, \"records\": [ "
	"{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 33, \"by\": \"ear\", \"sigma.msec\": 0.03 }, "
	"{ \"codec\": \"sbc\", \"rate\": 48000, \"offset.msec\": 12.5, \"by\": \"ear\", \"sigma.msec\": 0.03 } ] }";

static bool has_offset(struct stack *s, void *data)
{
	const struct graph_device *d = graph_find_device(s->graph, ADDRESS);

	return d != NULL && d->has_route && fabs(d->offset_ns / 1e6 - *(double *)data) < 0.001;
}

static void expect_offset(struct tale *t, const char *rule, double ms)
{
	tale_expect(t, rule, has_offset, &ms);
}

static bool is_said(struct stack *s, void *data)
{
	const char *json = g_hash_table_lookup(s->graph->combine_values, KEY);

	return json != NULL && strstr(json, data) != NULL;
}

static void expect_record(struct tale *t, const char *rule, const char *text)
{
	tale_expect(t, rule, is_said, (void *)text);
}

static bool is_not_said(struct stack *s, void *data)
{
	return g_hash_table_lookup(s->graph->combine_values, KEY) == NULL;
}

static void write_record(struct tale *t, const char *json)
{
	graph_set_metadata(t->scene.stack.graph, true, 0, KEY, json ? "Spa:String:JSON" : NULL, json);
}

static void set_offset(struct tale *t, double ms)
{
	if (t->res == 0)
		t->res = scene_set_offset(&t->scene, ADDRESS, ms);
}

/* Which of the two comes first, WirePlumber's offset or the speaker's node, is for the machine to say */
static bool is_logged(struct stack *s, void *data)
{
	g_autofree char *log = NULL;

	return g_file_get_contents(s->wireplumber.log, &log, NULL, NULL) && strstr(log, data) != NULL;
}

void tale_of_calibrations_begins(void)
{
	setenv("WIREPLUMBER_DEBUG", "2,s-bluez-combine:4", 1);
}

void tale_of_calibrations_ends(void)
{
	unsetenv("WIREPLUMBER_DEBUG");
}

/* Until the policy knows of it: a user who sets something just then has not said for which codec */
static void await_sink(struct tale *t)
{
	tale_await(t, SPEAKER_SINK(1), true);
	tale_pass(t, 0.5);
}

/* bluetoothd configures it anew */
static void set_rate(struct tale *t, int rate)
{
	if (t->res == 0)
		t->res = stack_call(&t->scene.stack, "Close", g_variant_new("(s)", ADDRESS));
	tale_await(t, SPEAKER_SINK(1), false);
	if (t->res == 0)
		t->res = scene_set(&t->scene, "s1", "{'rates': <'%d'>}", rate);
	tale_connect(t, "s1", true);
	await_sink(t);
}

static void set_codec(struct tale *t, const char *profile)
{
	if (t->res == 0)
		t->res = graph_device_set_profile(graph_find_device(t->scene.stack.graph, ADDRESS), profile);
	tale_await(t, SPEAKER_SINK(1), false);
	await_sink(t);
}

static void restart(struct tale *t)
{
	/* WirePlumber itself keeps what it has been told a second later */
	tale_pass(t, 1.5);
	if (t->res == 0)
		t->res = stack_restart_wireplumber(&t->scene.stack);
	await_sink(t);
}

void tale_of_calibrations(struct tale *t)
{
	tale_begin(t, 1, ECHO_QUIET);
	tale_echo(t, true);
	set_rate(t, 48000);
	set_offset(t, 7.0);
	expect_record(t, "an offset that the user sets is kept for its codec and rate", "\"offset.msec\": 7,");
	write_record(t, records);
	expect_offset(t, "a record that a program writes is put in place", 12.5);
	set_rate(t, 44100);
	expect_offset(t, "at another rate the speaker has the offset for that", 33.0);
	/* with it the rate is 48 kHz again */
	set_codec(t, "a2dp-sink-sbc_xq");
	expect_offset(t, "without a record for the codec it stays", 33.0);
	set_offset(t, -21.25);
	expect_record(t, "what the user sets then is by hand, for that codec", "\"by\": \"hand\", \"codec\": \"sbc_xq\"");
	set_codec(t, "a2dp-sink");
	expect_offset(t, "and the first codec has its own again", 12.5);
	set_offset(t, 40.0);
	expect_record(t, "the user's later word counts instead of what was measured", "\"by\": \"hand\", \"codec\": \"sbc\"");
	expect_offset(t, "and stays", 40.0);
	set_rate(t, 44100);
	expect_offset(t, "what was measured at the other rate is still there", 33.0);
	restart(t);
	expect_offset(t, "after a restart of WirePlumber, too", 33.0);
	set_rate(t, 48000);
	expect_offset(t, "and so is the user's word", 40.0);
	tale_connect(t, "s1", false);
	tale_await(t, SPEAKER_SINK(1), false);
	if (t->res == 0)
		t->res = scene_set(&t->scene, "s1", "{'rates': <'44100'>}");
	tale_connect(t, "s1", true);
	expect_offset(t, "a speaker that comes back with another rate has the offset for that", 33.0);
	tale_expect(t, "and what WirePlumber has given back for the port was seen", is_logged,
			(void *)"WirePlumber gives back a latency offset of 40.000 ms");
	graph_set_metadata(t->scene.stack.graph, true, 0, NULL, NULL, NULL);
	tale_pass(t, 0.5);
	expect_record(t, "records are written again when all is cleared", "\"offset.msec\": 33,");
	write_record(t, NULL);
	tale_expect(t, "and forgotten when only they are", is_not_said, NULL);
	set_rate(t, 48000);
	expect_offset(t, "with which the offset stays as it is", 33.0);
}
