/* Scenes of speakers that wander while music plays: left alone, and kept together by a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <spa/utils/string.h>

#include "scenes/wander.h"

/*
 * What real speakers do while music plays: their clocks differ, a buffer drains, a packet is lost, one is turned off
 * and on again. They are calibrated before.
 */
#define LOST		0.35	/* into the music, as a share of it: a packet is lost, */
#define RESTARTED	0.65	/* and somebody turns a speaker off and on */
#define AWAY_S		2.0
#define SETTLE_S	2.0	/* of the music's beginning is not judged */
#define LOOK_S		10.0	/* at both ends */
#define RANGE_S		0.3
#define PEER_RANGE_S	1.3	/* reports are wrong by half a second */
#define DRAINS		0	/* the speakers to which it happens */
#define LOSES		1
/* Of those that are kept together */
#define LEARN_S		30.0	/* after the beginning, */
#define REPAIR_S	30.0	/* and after something has happened */
#define TOGETHER_MS	0.5
#define RMS_MS		0.1
#define HELD		0.1	/* share of the time in which not all are tracked, at most */
#define LONG_S		600.0	/* a run of less says little about rms, 99 % and shares */

static struct wander room;
static struct {
	double to, lost_s, restarted_s, back_s;	/**< on the timeline */
} run;

static bool is_tracked(const struct scene *sc)
{
	return spa_streq(sc->type->name, "track") && sc->stack.options.system != STACK_PEER;
}

/* As its user does it, while the music plays on */
static int restart(struct scene *sc, const char *name)
{
	int64_t now;
	int res;

	run.restarted_s = wander_now_s(&room);
	listener_excuse(&room.listener, AWAY_S + REPAIR_S);
	if ((res = scene_disconnect(sc, name)) < 0 || (res = wander_pass(&room, AWAY_S)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_connect(sc, name)) < 0 || (res = scene_await_one_playing(sc, name, now)) < 0)
		return res;
	run.back_s = wander_now_s(&room);
	return 0;
}

static int play_music(struct scene *sc)
{
	int res;

	if ((res = wander_play(&room, sc->stack.options.system == STACK_PEER ? PEER_RANGE_S : RANGE_S)) < 0)
		return res;
	/* each lost packet is a hole of its own */
	room.listener.bend_excused[LOSES] = room.listener.bend_excused[DRAINS] = true;
	if ((res = wander_pass(&room, LOST * sc->seconds)) < 0)
		return res;
	run.lost_s = wander_now_s(&room);
	listener_excuse(&room.listener, REPAIR_S);
	if ((res = scene_drop(sc, sc->speakers[DRAINS].name, 1)) < 0 ||
	    (res = wander_pass(&room, (RESTARTED - LOST) * sc->seconds)) < 0 ||
	    (res = restart(sc, sc->speakers[LOSES].name)) < 0 ||
	    (res = wander_pass(&room, (1.0 - RESTARTED) * sc->seconds)) < 0)
		return res;
	run.to = wander_now_s(&room);
	return wander_end(&room);
}

static int play(struct scene *sc)
{
	int res;

	if ((res = wander_build(&room, sc, WANDER_REAL)) < 0 || (res = wander_calibrate(&room)) < 0 ||
	    (is_tracked(sc) && (res = wander_track(&room, NULL)) < 0) || (res = wander_begin(&room)) < 0)
		return res;
	return play_music(sc);
}

static void tell_span(struct scene *sc, const char *name, double from, double to)
{
	g_autoptr(GArray) excuses = g_steal_pointer(&room.listener.excuses);

	room.listener.excuses = g_array_new(FALSE, FALSE, sizeof(struct listener_span));
	scene_figure(sc, name, listener_figures(&room.listener, from, to, NULL).median_ms, NAN);
	g_array_unref(room.listener.excuses);
	room.listener.excuses = g_steal_pointer(&excuses);
}

/* Nothing is done to the sound but what the speakers do: their bends are as sharp as those of what was sent. */
static void tell_bends(struct scene *sc)
{
	double sharpest = -INFINITY;

	for (int i = 0; i < sc->n_speakers; i++)
		if (!room.listener.bend_excused[i])
			sharpest = fmax(sharpest, room.listener.bends[i].level);
	scene_figure(sc, "sharpest_bend_db", sharpest, NAN);
	scene_figure(sc, "sharpest_bend_of_the_source_db", room.listener.bends[sc->n_speakers].level, NAN);
}

static void take_spreads(struct scene *sc, double from)
{
	const struct listener *l = &room.listener;

	for (guint i = 0; i < l->windows->len; i++) {
		const struct listener_window *w = &g_array_index(l->windows, struct listener_window, i);
		double ms = listener_spread(l, w, NULL);

		if (w->t >= from && w->t <= run.to && !isnan(ms))
			g_array_append_val(sc->spreads, ms);
	}
}

static void draw(const struct scene *sc)
{
	g_autofree char *path = g_build_filename(sc->out, "apart.dat", NULL);

	if (sc->options->keep != NULL && listener_draw(&room.listener, path, sc->type->name) < 0)
		fprintf(stderr, "room: cannot draw %s\n", path);
}

static struct listener_figures tell_all(struct scene *sc, double from)
{
	struct listener_figures all = listener_figures(&room.listener, from, run.to, NULL);

	if (all.complete == 0)
		scene_fault(sc, "there is nothing to judge: nobody was heard, or tracked");
	take_spreads(sc, from);
	draw(sc);
	tell_span(sc, "apart_at_first_ms", room.began_s + SETTLE_S, room.began_s + SETTLE_S + LOOK_S);
	tell_span(sc, "apart_before_a_packet_is_lost_ms", run.lost_s - LOOK_S, run.lost_s);
	tell_span(sc, "apart_before_a_restart_ms", run.restarted_s - LOOK_S, run.restarted_s);
	tell_span(sc, "apart_in_the_end_ms", run.to - LOOK_S, run.to);
	tell_bends(sc);
	scene_figure(sc, "minutes", (run.to - room.began_s) / 60.0, NAN);
	scene_figure(sc, "windows_known", all.windows > 0 ? (double)all.complete / all.windows : NAN, NAN);
	return all;
}

static void judge_drifting(struct scene *sc, struct measure *m)
{
	struct listener_figures all;

	/* nobody repairs anything */
	g_array_set_size(room.listener.excuses, 0);
	all = tell_all(sc, room.began_s + SETTLE_S);
	scene_figure(sc, "apart_rms_ms", all.rms_ms, NAN);
	scene_figure(sc, "apart_p99_ms", all.p99_ms, NAN);
}

static void judge_track(struct scene *sc, struct measure *m)
{
	double from = room.began_s + LEARN_S, held;
	bool is_long = sc->seconds >= LONG_S;
	struct listener_figures all;

	if (!is_tracked(sc)) {
		judge_drifting(sc, m);
		return;
	}
	held = wander_excuse_untracked(&room, from);
	all = tell_all(sc, from);
	/* a short form has more of the beginning in it than of the rest */
	scene_figure(sc, "apart_rms_ms", all.rms_ms, is_long ? RMS_MS : NAN);
	scene_figure(sc, "apart_p99_ms", all.p99_ms, is_long ? TOGETHER_MS : NAN);
	scene_figure(sc, "not_all_tracked_share", held, is_long ? HELD : NAN);
	scene_figure(sc, "packet_repaired_s", listener_together(&room.listener, run.lost_s, run.restarted_s, TOGETHER_MS),
			REPAIR_S);
	scene_figure(sc, "restart_repaired_s", listener_together(&room.listener, run.back_s, run.to, TOGETHER_MS), REPAIR_S);
}

const struct scene_type scenes_track[] = {
	{ .name = "drifting", .text = "speakers are calibrated, and wander while music of several kinds plays; no bound",
	  .runs = 3, .speakers = 3, .seconds = 1800.0, .brief_runs = 1, .brief_seconds = 40.0, .any_stall = true,
	  .listens = true, .play = play, .judge = judge_drifting },
	{ .name = "track", .text = "the same, and a microphone keeps them together",
	  .runs = 3, .speakers = 3, .seconds = 1800.0, .brief_runs = 1, .brief_seconds = 120.0, .any_stall = true,
	  .only_long = true, .listens = true, .play = play, .judge = judge_track },
	{ 0 },
};
