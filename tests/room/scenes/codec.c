/* Scenes codec-change, calibration-swap: a speaker's stream is configured anew while all play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/graph-device.h"
#include "stage/scene.h"

/*
 * bluetoothd closes the stream and takes the transport away, and makes another one for the new
 * configuration. That takes the air some messages, and PipeWire removes the sink and makes
 * another. A speaker does it by itself (a phone call ends, its app has a switch for the quality),
 * or the user chooses another codec in the profiles of pavucontrol.
 */
#define CLOSED_S	0.15
#define LEAD_S		3.0
#define HOLD_S		6.0
#define WITHIN_MS	1.0
#define WITHIN_S	3.0	/* from its first sound on */
#define BACK_MS		4000.0	/* from closing to sound: as for one that joins */
#define SKEW_MS		0.025
#define EDGE_S		0.03	/* a block of the measurement */

static const struct change {
	const char *text;
	const char *options;	/**< of the speaker, NULL: the user chooses */
	const char *profile;
	const char *codec;	/**< what comes of it */
	int rate;
	double hidden_ms;	/**< of calibration-swap: how much later it then is than it says */
} changes[] = {
	/* packets of 20.3 ms instead of 13.3 */
	{ "44.1 kHz, bitpool 35", "{'rates': <'44100'>, 'bitpool': <35>}", NULL, "sbc", 44100, 17.5 },
	{ "48 kHz, bitpool 53", "{'rates': <'44100,48000'>, 'bitpool': <53>}", NULL, "sbc", 48000, 5.0 },
	{ "SBC-XQ by the user", NULL, "a2dp-sink-sbc_xq", "sbc_xq", 48000, -21.25 },
	{ "SBC by the user", NULL, "a2dp-sink", "sbc", 48000, 5.0 },
};

static int64_t changed_ns[G_N_ELEMENTS(changes) + 1];

static int close_stream(struct scene *sc, const struct scene_speaker *s)
{
	return stack_call(&sc->stack, "Close", g_variant_new("(s)", s->address));
}

static int change(struct scene *sc, const struct scene_speaker *s, const struct change *c)
{
	struct graph_device *d = graph_find_device(sc->stack.graph, s->address);
	int res;

	if (c->options == NULL && d == NULL)
		return -ENODEV;
	if (c->options == NULL)
		return graph_device_set_profile(d, c->profile);
	if ((res = close_stream(sc, s)) < 0 || (res = scene_pass(sc, CLOSED_S)) < 0 ||
	    (res = scene_set(sc, s->name, "%s", c->options)) < 0)
		return res;
	return scene_connect(sc, s->name);
}

/*
 * What a speaker does to the sound takes another time with each codec and rate, of which it tells nothing. The
 * offsets that were found for them are in its records, and the policy puts the right one in place.
 */
static int write_records(struct scene *sc, const struct scene_speaker *s)
{
	g_autofree char *key = g_strconcat("calibration.", s->address, NULL);
	g_autoptr(GString) json = g_string_new("{ \"version\": 1, \"records\": [ ");

	for (size_t i = 0; i < G_N_ELEMENTS(changes); i++)
		g_string_append_printf(json, "%s{ \"codec\": \"%s\", \"rate\": %d, \"offset.msec\": %g, \"by\": \"ear\" }",
				i > 0 ? ", " : "", changes[i].codec, changes[i].rate, changes[i].hidden_ms);
	g_string_append(json, " ] }");
	graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON", json->str);
	return 0;
}

static int change_hidden(struct scene *sc, const struct scene_speaker *s, const struct change *c)
{
	double reported = scene_fixed_latency(s - sc->speakers);
	int res = scene_set(sc, s->name, "{'latency.msec': <%.3f>}", reported + c->hidden_ms);

	return res < 0 ? res : change(sc, s, c);
}

static int play(struct scene *sc, int (*do_change)(struct scene *sc, const struct scene_speaker *s,
		const struct change *c), int (*begin)(struct scene *sc, const struct scene_speaker *s))
{
	const struct scene_speaker *s = &sc->speakers[(sc->seed + 2) % 3];
	int n = G_N_ELEMENTS(changes), res;

	sc->seconds = LEAD_S + n * HOLD_S;
	/* PipeWire 1.4.2 refuses to switch the codec of a speaker while another one on the same
	 * adapter has the endpoint, which with SBC any other has: each gets an adapter of its own */
	if ((res = scene_add_adapters(sc, sc->n_wanted - 1)) < 0 ||
	    (res = scene_play_all(sc, LEAD_S)) < 0 ||
	    (begin != NULL && (res = begin(sc, s)) < 0))
		return res;
	sc->excused = s->name;
	for (int i = 0; i < n && res >= 0; i++) {
		changed_ns[i] = stack_now(&sc->stack);
		if ((res = do_change(sc, s, &changes[i])) < 0)
			fprintf(stderr, "room: %s: %s\n", changes[i].text, strerror(-res));
		else if ((res = scene_await_one_playing(sc, s->name, changed_ns[i])) >= 0)
			res = scene_pass(sc, HOLD_S);
	}
	changed_ns[n] = stack_now(&sc->stack);
	return res;
}

static int play_codec(struct scene *sc)
{
	return play(sc, change, NULL);
}

static int play_swap(struct scene *sc)
{
	return play(sc, change_hidden, write_records);
}

/* When it sounds again: the end of the longest silence that begins after that time */
static double back_at(const struct signal *s, double from, double to)
{
	int64_t longest = 0;
	double back = NAN;

	for (size_t i = 0; i < s->n_silences; i++) {
		const struct silence *z = &s->silences[i];

		if (z->end < from * MEASURE_RATE || z->end > to * MEASURE_RATE ||
		    z->end - z->begin <= longest)
			continue;
		longest = z->end - z->begin;
		back = (double)z->end / MEASURE_RATE;
	}
	return back;
}

static double worse(double a, double b)
{
	return isnan(b) || b > a ? b : a;
}

static void judge_codec(struct scene *sc, struct measure *m)
{
	int changed = span_find_speaker(m, sc->excused), other = changed == 0 ? 1 : 0;
	double silent = 0.0, sync = 0.0, skew = 0.0, others = 0.0;

	for (size_t i = 0; i < G_N_ELEMENTS(changes) && changed >= 0; i++) {
		const struct measure_speaker *s = &m->speakers[changed];
		double from = changed_ns[i] / 1e9, to = changed_ns[i + 1] / 1e9 - EDGE_S;
		double back = back_at(&s->signal, from, to);
		double together = span_together(s, &m->speakers[other], back, to, WITHIN_MS) - back;
		double apart = span_spread(m, back + WITHIN_S, to);

		if (!sc->options->json)
			printf("  %s %s: silent for %.0f ms, together %.0f ms later, then %.3f ms apart\n",
				sc->excused, changes[i].text, (back - from) * 1000.0, together * 1000.0, apart);
		silent = worse(silent, (back - from) * 1000.0);
		sync = worse(sync, together);
		skew = worse(skew, apart);
		others += span_others(m, changed, from, to);
	}
	scene_figure(sc, "silent_ms", silent, BACK_MS);
	scene_figure(sc, "within_1ms_after_s", sync, WITHIN_S);
	scene_figure(sc, "skew_after_ms", skew, sc->options->own_clock ? SKEW_MS : NAN);
	scene_figure(sc, "noticed_by_others", others, 0.0);
}

const struct scene_type scenes_codec[] = {
	{ .name = "codec-change", .text = "a speaker's stream is configured anew, in each run another's",
	  .runs = 3, .speakers = 3, .seconds = LEAD_S + 4 * HOLD_S, .brief_runs = 1,
	  .bounds = { .median = 0.3, .whole = true }, .play = play_codec, .judge = judge_codec },
	{ .name = "calibration-swap", .text = "the same, with another hidden latency each time: the offset that was found for it is in place",
	  .runs = 3, .speakers = 3, .seconds = LEAD_S + 4 * HOLD_S, .brief_runs = 1, .no_peer = true,
	  .bounds = { .median = 0.3, .whole = true }, .play = play_swap, .judge = judge_codec },
	{ 0 },
};
