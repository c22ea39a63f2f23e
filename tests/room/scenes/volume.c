/* Scene volume: who turns what down, and how often that counts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/levels.h"
#include "stage/scene.h"

/*
 * There are four volumes: the Echo's ("Alexa, volume 5", by AVRCP), the group's, the member's gain, and that of a
 * speaker, in its own hardware where it has absolute volume. Each is heard once, in the speakers that
 * it is meant for, and moves no other.
 */
#define SETTLE_S	0.9	/* the latency of all, and what has come late */
#define LOOK_S		0.8
#define BACK_S		2.5	/* after a restart */
#define LEVEL_DB	0.5	/* absolute volume has 128 steps, and noise is not the same all the time */
#define MUTED_DB	-60.0
#define FULL		127
#define GAIN_DB		-6.0
#define SPEAKER_VOLUME	0.8
#define GROUP_VOLUME	0.7
#define LAST_GROUP_VOLUME 0.75
#define ECHO_VOLUME	64	/* half */
#define BUTTON_VOLUME	90

#define GROUP_SINK	"bluez_combine.default"

enum who { PLAIN, SOFT, HARDWARE, N_SPEAKERS };
static const char *const names[] = { "v1-plain", "v2-gain", "v3-hardware" };

enum span { FIRST, SPEAKER, GROUP, MUTED, UNMUTED, ECHO, BUTTON, RESTARTED, N_SPANS };
static const char *const span_names[] = {
	"all at full volume", "the user turns one speaker down", "the user turns the group down",
	"the group is muted", "and not any more", "the Echo is turned down, the group up again",
	"the Echo is turned up again, the speaker's own buttons are pressed", "WirePlumber has been restarted",
};
static double begins[N_SPANS], ends[N_SPANS];

/* As wpctl and AVRCP have it: cubic */
static double db_of(double volume)
{
	return 60.0 * log10(volume);
}

static double wanted(enum who who, enum span span)
{
	double db = who == SOFT ? GAIN_DB : 0.0;

	if (who == HARDWARE && span >= SPEAKER)
		db += span >= BUTTON ? db_of((double)BUTTON_VOLUME / FULL) : db_of(SPEAKER_VOLUME);
	if (span == GROUP || span == UNMUTED)
		db += db_of(GROUP_VOLUME);
	if (span >= BUTTON)
		db += db_of(LAST_GROUP_VOLUME);
	return span == ECHO ? db + db_of((double)ECHO_VOLUME / FULL) : db;
}

static int look(struct scene *sc, enum span span, double settle)
{
	int res = scene_pass(sc, settle);

	begins[span] = stack_now(&sc->stack) / 1e9;
	if (res == 0)
		res = scene_pass(sc, LOOK_S);
	ends[span] = stack_now(&sc->stack) / 1e9;
	return res;
}

static int add_devices(struct scene *sc)
{
	g_autofree char *key = NULL;
	int res;

	if ((res = scene_add_fixed(sc, names[PLAIN], 150.0)) < 0 ||
	    (res = scene_add_fixed(sc, names[SOFT], 50.0)) < 0 ||
	    (res = scene_add_speaker(sc, names[HARDWARE], "{'latency.msec': <100.0>, "
			"'report.msec': <100.0>, 'start': <'first'>, 'volume': <%d>}", FULL)) < 0 ||
	    (res = scene_add_echo(sc, SCENE_ECHO, "'vendor': <'bluetooth:0171'>, 'volume': <%d>", FULL)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0)
		return res;
	key = g_strconcat("member.", sc->speakers[SOFT].address, NULL);
	graph_set_metadata(sc->stack.graph, true, 0, key, "Spa:String:JSON", "{ \"gain\": 0.501187 }");
	return 0;
}

/* WirePlumber writes down what it has been told a second later. */
static bool are_kept(struct stack *s, void *data)
{
	/* LAST_GROUP_VOLUME and BUTTON_VOLUME, linear */
	return scene_is_kept(s, "stream-properties", "0.4218") &&
		scene_is_kept(s, "default-routes", "0.3558");
}

/* The volume in a speaker's hardware is not the group's to change. */
static void expect_no_volume(struct scene *sc, int64_t from_ns)
{
	if (stack_find_event(&sc->stack, names[HARDWARE], "volume", from_ns) != NULL)
		scene_fault(sc, "the hardware volume of %s was changed by the group or the Echo", names[HARDWARE]);
}

static int play_volume(struct scene *sc)
{
	int64_t turned;
	int res;

	if ((res = add_devices(sc)) < 0 || (res = scene_start_echo(sc, N_SPEAKERS)) < 0 ||
	    (res = look(sc, FIRST, BACK_S)) < 0 ||
	    (res = scene_set_volume(sc, "bluez_output.AA_BB_CC_00_00_03*", SPEAKER_VOLUME)) < 0 ||
	    (res = look(sc, SPEAKER, SETTLE_S)) < 0)
		return res;
	turned = stack_now(&sc->stack);
	if ((res = scene_set_volume(sc, GROUP_SINK, GROUP_VOLUME)) < 0 || (res = look(sc, GROUP, SETTLE_S)) < 0 ||
	    (res = scene_wpctl(sc, "set-mute", GROUP_SINK, "1")) < 0 || (res = look(sc, MUTED, SETTLE_S)) < 0 ||
	    (res = scene_wpctl(sc, "set-mute", GROUP_SINK, "0")) < 0 || (res = look(sc, UNMUTED, SETTLE_S)) < 0 ||
	    (res = scene_set_volume(sc, GROUP_SINK, 1.0)) < 0 ||
	    (res = scene_set(sc, SCENE_ECHO, "{'volume': <%d>}", ECHO_VOLUME)) < 0 ||
	    (res = look(sc, ECHO, SETTLE_S)) < 0)
		return res;
	expect_no_volume(sc, turned);
	if ((res = scene_set(sc, SCENE_ECHO, "{'volume': <%d>}", FULL)) < 0 ||
	    (res = scene_set_volume(sc, GROUP_SINK, LAST_GROUP_VOLUME)) < 0 ||
	    (res = scene_set(sc, names[HARDWARE], "{'volume': <%d>}", BUTTON_VOLUME)) < 0 ||
	    (res = look(sc, BUTTON, SETTLE_S)) < 0 || (res = scene_restart_wireplumber(sc, are_kept, "volumes that are kept")) < 0)
		return res;
	return look(sc, RESTARTED, BACK_S);
}

static int read_levels(struct scene *sc, int who, struct levels *l)
{
	g_autofree char *file = g_strdup_printf("speaker-%s.wav", names[who]);
	g_autofree char *path = g_build_filename(sc->out, file, NULL);

	return levels_read(l, path);
}

/* Against the first speaker at full volume, but for what SBC makes of it nothing else is known. */
static void judge_volume(struct scene *sc, struct measure *m)
{
	double full = NAN, off = 0.0, muted = LEVELS_FLOOR_DB;

	for (int who = 0; who < N_SPEAKERS; who++) {
		struct levels l;

		if (read_levels(sc, who, &l) < 0) {
			scene_fault(sc, "the recording of %s cannot be read", names[who]);
			continue;
		}
		if (who == PLAIN)
			full = levels_mean(&l, begins[FIRST], ends[FIRST]);
		for (int span = 0; span < N_SPANS; span++) {
			double db = levels_mean(&l, begins[span], ends[span]) - full;
			double error = fabs(db - wanted(who, span));

			if (span == MUTED)
				muted = isnan(db) ? NAN : fmax(muted, db);
			else
				/* a NAN stays one */
				off = isnan(off) || off >= error ? off : error;
			if (!sc->options->json)
				printf("  %-12s %7.2f dB, wanted %7.2f: %s\n", names[who], db,
					span == MUTED ? MUTED_DB : wanted(who, span), span_names[span]);
		}
		levels_finish(&l);
	}
	scene_figure(sc, "level_off_db", off, LEVEL_DB);
	scene_figure(sc, "muted_db", muted, MUTED_DB);
}

const struct scene_type scenes_volume[] = {
	{ .name = "volume", .text = "of the Echo, the group, a member, a speaker: each counts once, and stays",
	  .runs = 2, .speakers = N_SPEAKERS, .seconds = 8.0 * (SETTLE_S + LOOK_S) + 12.0, .brief_runs = 1,
	  .no_peer = true, .play = play_volume, .judge = judge_volume },
	{ 0 },
};
