/* Scene soak: what happens */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "scenes/soak.h"

#define HEARD_S	1.5	/* what is said is heard within this, through the longest latency */
/* PipeWire's buffer of the Echo finds its level by thousands of ppm. All speakers move alike, and whether they agree
 * is known; but a single one cannot always be followed against the source. */
#define BLUR_S	12.0
#define LEASE_S	10.0	/* one that is not written again has an end */
#define LEASE_MS	40.0	/* by so much it moves somebody at most */

const char *const soak_kind_names[SOAK_N_KINDS] = {
	[SOAK_LEAVE] = "leave",
	[SOAK_FLAP] = "flap",
	[SOAK_LATENCY] = "latency",
	[SOAK_OFFSET] = "offset",
	[SOAK_RADIO] = "radio",
	[SOAK_LOSS] = "loss",
	[SOAK_PAUSE] = "pause",
	[SOAK_JUNK] = "junk",
	[SOAK_TRIM] = "trim",
	[SOAK_GAIN] = "gain",
	[SOAK_ROLE] = "role",
	[SOAK_GROUP_VOLUME] = "group_volume",
	[SOAK_VOLUME] = "volume",
	[SOAK_CLIENT] = "client",
	[SOAK_LEASE] = "lease",
	[SOAK_PIPEWIRE] = "pipewire",
	[SOAK_WIREPLUMBER] = "wireplumber",
	[SOAK_BLUETOOTHD] = "bluetoothd",
};

static const int weights[SOAK_N_KINDS] = {
	[SOAK_LEAVE] = 20,
	[SOAK_FLAP] = 10,
	[SOAK_LATENCY] = 12,
	[SOAK_OFFSET] = 8,
	[SOAK_RADIO] = 15,
	[SOAK_LOSS] = 10,
	[SOAK_PAUSE] = 10,
	[SOAK_JUNK] = 10,
	[SOAK_TRIM] = 5,
	[SOAK_GAIN] = 8,
	[SOAK_ROLE] = 8,
	[SOAK_GROUP_VOLUME] = 5,
	[SOAK_VOLUME] = 5,
	[SOAK_CLIENT] = 8,
	[SOAK_LEASE] = 8,
	[SOAK_PIPEWIRE] = 2,
	[SOAK_WIREPLUMBER] = 2,
	[SOAK_BLUETOOTHD] = 2,
};

enum soak_kind soak_draw_kind(struct soak *k)
{
	int sum = 0, at, kind = 0;

	for (int i = 0; i < SOAK_N_KINDS; i++)
		sum += weights[i];
	at = (int)(random_unit(&k->random) * sum);
	while ((at -= weights[kind]) >= 0)
		kind++;
	return (enum soak_kind)kind;
}

static const char *draw_junk(struct soak *k)
{
	static const char *const texts[] = {
		"{", "}", "[]", "null", "\"\"", "{ \"gain\": 1e308 }", "{ \"gain\": -1 }",
		"{ \"trim.msec\": \"nan\" }", "{ \"role\": [ \"left\" ] }", "{ \"target\": \"nowhere\" }x",
		"{ \"include\": \"perhaps\" }", "\xff\xfe", "{ \"correction.msec\": 1e9 }",
	};
	return texts[(int)(random_unit(&k->random) * G_N_ELEMENTS(texts))];
}

static void write_metadata(struct soak *k, int speaker, const char *text)
{
	g_autofree char *key = g_strdup_printf("member.%s", k->scene->speakers[speaker].address);
	struct graph *g = k->scene->stack.graph;

	if (g->combine != NULL)
		graph_set_metadata(g, true, 0, key, "Spa:String:JSON", text);
}

static void say_member(struct soak *k, int speaker, double trim_ms)
{
	const struct soak_speaker *s = &k->speakers[speaker];
	g_autofree char *text = g_strdup_printf("{ \"role\": \"%s\", \"gain\": %.4f, \"trim.msec\": %.1f }",
			s->role, s->gain, trim_ms);

	write_metadata(k, speaker, text);
}

static int say_offset(struct soak *k, int speaker)
{
	return scene_set_offset(k->scene, k->scene->speakers[speaker].address, k->speakers[speaker].hidden_ms);
}

static int say_volume(struct soak *k, int speaker)
{
	g_autofree char *name = g_strdup_printf("bluez_output.%s*", k->scene->speakers[speaker].address);

	return scene_set_volume(k->scene, g_strdelimit(name, ":", '_'), k->speakers[speaker].volume);
}

static int leave(struct soak *k, int speaker, double seconds)
{
	const char *name = k->scene->speakers[speaker].name;
	int res;

	soak_excuse(k, speaker, seconds, (seconds + SOAK_SETTLE_S) * 1000.0);
	if ((res = scene_disconnect(k->scene, name)) < 0 || (res = soak_pass(k, seconds)) < 0)
		return res;
	soak_excuse(k, speaker, 1.0, (seconds + SOAK_SETTLE_S) * 1000.0);
	return scene_connect(k->scene, name);
}

static int flap(struct soak *k, int speaker, double u)
{
	int res = 0;

	for (int n = 2 + (int)(3.0 * u); n > 0 && res == 0; n--)
		if ((res = leave(k, speaker, 0.05 + 0.5 * u)) == 0)
			res = soak_pass(k, 0.02 + 0.4 * u * n);
	return res;
}

/* WirePlumber before 0.5.11 keeps what users say of a device, but now and then it stores a route without the last
 * change: as its source has it, because it judges that by what it has read of the device's routes before, which may not
 * be there yet. Nobody notices while the device is there, and then it comes back without its volume. That is not what is
 * tested here: they say it again. */
static int say_again(struct soak *k, int speaker)
{
	int res = scene_await_sinks(k->scene, k->scene->n_speakers);

	if (res < 0 || (res = say_offset(k, speaker)) < 0)
		return res;
	soak_excuse(k, speaker, 1.0, 10000.0);
	return say_volume(k, speaker);
}

/* A speaker that gets slower may move all, once. */
static int set_latency(struct soak *k, int speaker)
{
	const struct soak_speaker *s = &k->speakers[speaker];

	soak_excuse(k, -1, 1.0, 400.0);
	return scene_set(k->scene, k->scene->speakers[speaker].name,
			"{'latency.msec': <%.1f>, 'report.msec': <%.1f>}", s->latency_ms + s->hidden_ms,
			s->latency_ms);
}

static int change_latency(struct soak *k, int speaker, double u)
{
	struct soak_speaker *s = &k->speakers[speaker];
	double ms = rint(s->latency_ms * 10.0 + 500.0 * (u - 0.5)) / 10.0;

	s->latency_ms = fmin(fmax(ms, 30.0), 280.0);
	return set_latency(k, speaker);
}

static int change_offset(struct soak *k, int speaker, double u)
{
	int res;

	k->speakers[speaker].hidden_ms = rint(400.0 * u) / 10.0;
	if ((res = set_latency(k, speaker)) < 0)
		return res;
	return say_offset(k, speaker);
}

static int pause_echo(struct soak *k, double seconds)
{
	int res;

	soak_excuse(k, -1, seconds, (seconds + 2.0) * 1000.0);
	soak_excuse_only(k, SOAK_OF_STEPS, -1, seconds + BLUR_S, (seconds + 2.0) * 1000.0);
	if ((res = scene_echo(k->scene, SCENE_ECHO, false)) < 0 || (res = soak_pass(k, seconds)) < 0)
		return res;
	return scene_echo(k->scene, SCENE_ECHO, true);
}

/* There and back: a trim parts the speakers, as it is meant to. */
static int trim(struct soak *k, int speaker, double u)
{
	int res;

	soak_excuse(k, -1, 3.0, 400.0);
	say_member(k, speaker, rint(200.0 * u) / 10.0);
	if ((res = soak_pass(k, 2.0)) < 0)
		return res;
	say_member(k, speaker, 0.0);
	return 0;
}

/* What stood there may have been an order, too: of an empty object no field is left. */
static int write_junk(struct soak *k, int speaker)
{
	const char *junk = draw_junk(k);
	int res;

	/* that one is an order, which the policy takes back */
	if (strstr(junk, "nowhere") != NULL)
		soak_excuse(k, speaker, 1.0, 1000.0);
	soak_excuse_only(k, SOAK_OF_LOUDNESS, speaker, 1.0 + HEARD_S, 0.0);
	write_metadata(k, speaker, junk);
	if ((res = soak_pass(k, 1.0)) < 0)
		return res;
	say_member(k, speaker, 0.0);
	return 0;
}

static int change_member(struct soak *k, int speaker)
{
	soak_excuse_only(k, SOAK_OF_LOUDNESS, speaker, HEARD_S, 0.0);
	soak_expect(k, speaker);
	say_member(k, speaker, 0.0);
	return 0;
}

static const char *role_of(double u)
{
	static const char *const roles[] = { "stereo", "left", "right", "mono" };

	return roles[(int)(u * G_N_ELEMENTS(roles))];
}

static int change_group_volume(struct soak *k, double u)
{
	k->volume = rint(70.0 + 30.0 * u) / 100.0;
	soak_excuse_only(k, SOAK_OF_LOUDNESS, -1, HEARD_S, 0.0);
	soak_expect(k, -1);
	return scene_set_volume(k->scene, stack_sink(&k->scene->stack), k->volume);
}

static int change_volume(struct soak *k, int speaker, double u)
{
	int res;

	k->speakers[speaker].volume = rint(70.0 + 30.0 * u) / 100.0;
	soak_excuse_only(k, SOAK_OF_LOUDNESS, speaker, HEARD_S, 0.0);
	soak_expect(k, speaker);
	/* it may be on its way back from something, and who has no sink has no mixer */
	if ((res = scene_await_sinks(k->scene, k->scene->n_speakers)) < 0)
		return res;
	return say_volume(k, speaker);
}

/* A notification: silence, but the graph waits for it in every cycle. */
static int client(struct soak *k, double seconds)
{
	g_autofree char *props = g_strdup_printf("{ media.type = Audio, media.category = Playback, "
			"node.name = player, target.object = \"%s\" }", stack_sink(&k->scene->stack));
	const char *argv[] = { ROOM_BUILD_DIR "/tests/room/player", props, NULL };
	struct process *p = stack_spawn(&k->scene->stack, "player", argv);
	int res;

	if (p == NULL)
		return -EIO;
	k->n_clients++;
	if ((res = soak_pass(k, seconds)) < 0)
		return res;
	process_signal(p, SIGTERM);
	res = scene_await_end(k->scene, p);
	k->n_clients--;
	return res;
}

static bool has_lease(struct stack *s, void *data)
{
	return graph_combine_number(s->graph, "lease.taken", "client") == graph_client(s->graph) &&
		graph_combine_number(s->graph, "lease.taken", "count") == *(int *)data;
}

static bool has_no_lease(struct stack *s, void *data)
{
	return isnan(graph_combine_number(s->graph, "lease.taken", "client"));
}

/* One in two clients gives it back, the other one says nothing any more. */
static int lease(struct soak *k, int speaker, double u)
{
	struct stack *s = &k->scene->stack;
	const char *address = k->scene->speakers[speaker].address;
	double ms = rint(20.0 * LEASE_MS * (u - 0.5)) / 10.0, seconds = 0.5 + 3.0 * u;
	int res, count = k->n_events + 1;
	bool gives_back = count % 2;
	g_autofree char *json = g_strdup_printf("{ \"version\": 1, \"count\": %d, \"solo\": [ \"%s\" ], "
			"\"correction.msec\": { \"%s\": %.1f } }", count, address, address, ms);

	if (s->options.system == STACK_PEER)
		return 0;
	seconds += gives_back ? 0.0 : LEASE_S;
	soak_excuse(k, -1, seconds, (seconds + SOAK_SETTLE_S) * 1000.0);
	graph_set_metadata(s->graph, true, graph_client(s->graph), "lease", "Spa:String:JSON", json);
	if ((res = stack_wait(s, has_lease, &count, SCENE_PATIENCE_MS, "a lease")) < 0 ||
	    (res = soak_pass(k, seconds)) < 0)
		return res;
	if (gives_back)
		graph_set_metadata(s->graph, true, graph_client(s->graph), "lease", NULL, NULL);
	return stack_wait(s, has_no_lease, NULL, SCENE_PATIENCE_MS, "the end of a lease");
}

/* WirePlumber saves what users say a real second later: what was said just before it ended has to be
 * said again. */
static int say_all(struct soak *k)
{
	int res = scene_set_volume(k->scene, stack_sink(&k->scene->stack), k->volume);

	for (int i = 0; i < k->scene->n_speakers && res == 0; i++) {
		say_member(k, i, 0.0);
		if ((res = say_offset(k, i)) == 0)
			res = say_volume(k, i);
	}
	return res;
}

static int restart(struct soak *k, enum stack_daemon daemon)
{
	struct scene *sc = k->scene;
	int res;

	soak_excuse(k, -1, 5.0, 6000.0);
	if ((res = stack_restart(&sc->stack, daemon, SIGTERM)) < 0)
		return res;
	if (daemon == STACK_BLUETOOTHD && ((res = scene_connect_all(sc)) < 0 ||
	    (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0))
		return res;
	soak_excuse(k, -1, 3.0, 6000.0);
	soak_excuse_only(k, SOAK_OF_STEPS, -1, BLUR_S, 6000.0);
	if ((res = soak_pass(k, 6.0)) < 0)
		return res;
	soak_excuse(k, -1, 1.0, 400.0);
	return say_all(k);
}

static int radio(struct soak *k, const char *method, int speaker, GVariant *amount)
{
	return stack_call(&k->scene->stack, method, g_variant_new("(s@*)",
				k->scene->speakers[speaker].address, amount));
}

int soak_happen(struct soak *k, enum soak_kind kind, int speaker, double u)
{
	int res;

	switch (kind) {
	case SOAK_LEAVE:
		res = leave(k, speaker, 0.5 + 6.0 * u);
		return res < 0 ? res : say_again(k, speaker);
	case SOAK_FLAP:
		res = flap(k, speaker, u);
		return res < 0 ? res : say_again(k, speaker);
	case SOAK_LATENCY: return change_latency(k, speaker, u);
	case SOAK_OFFSET: return change_offset(k, speaker, u);
	case SOAK_RADIO:
		soak_excuse(k, speaker, 1.0, 100.0 * u + 300.0);
		return radio(k, "Stall", speaker, g_variant_new_double(100.0 * u));
	case SOAK_LOSS:
		soak_excuse(k, speaker, 1.0, 300.0);
		return radio(k, "Drop", speaker, g_variant_new_uint32(1 + (int)(4.0 * u)));
	case SOAK_PAUSE: return pause_echo(k, 0.3 + 3.0 * u);
	case SOAK_JUNK: return write_junk(k, speaker);
	case SOAK_TRIM: return trim(k, speaker, u);
	case SOAK_GAIN:
		k->speakers[speaker].gain = rint(500.0 + 500.0 * u) / 1000.0;
		return change_member(k, speaker);
	case SOAK_ROLE:
		k->speakers[speaker].role = role_of(u);
		return change_member(k, speaker);
	case SOAK_GROUP_VOLUME: return change_group_volume(k, u);
	case SOAK_VOLUME: return change_volume(k, speaker, u);
	case SOAK_CLIENT: return client(k, 0.5 + 4.0 * u);
	case SOAK_LEASE: return lease(k, speaker, u);
	case SOAK_PIPEWIRE: return restart(k, STACK_PIPEWIRE);
	case SOAK_WIREPLUMBER: return restart(k, STACK_WIREPLUMBER);
	case SOAK_BLUETOOTHD: return restart(k, STACK_BLUETOOTHD);
	default: return 0;
	}
}
