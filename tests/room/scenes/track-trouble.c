/* Scenes of tracking: what happens meanwhile */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <spa/utils/string.h>

#include "listen/measure-click.h"
#include "scenes/wander.h"

/*
 * Speakers that tell their latencies truly, so that they are together when the music begins; their clocks are up to 80 ppm apart.
 * The tracker learns how they are heard, and then something happens.
 */
#define LEARN_S		36.0	/* and then something happens */
#define LEARNT_S	8.0	/* before that: how they are heard */
#define RANGE_S		0.1
#define TOGETHER_MS	0.5
#define FALSE_MS	0.3	/* nobody is moved by more for nothing */
#define REPAIR_S	30.0
#define JUMP_MS		20.0
#define FAR_DB		-70.0
#define TALK_DB		-25.0	/* at the microphone; the music has some -30 */
#define ANOTHER		1	/* the speaker to which it happens */

static struct wander room;
static struct {
	double at_s, to;			/**< s of the timeline: it happens */
	double correction_ms[2][SCENE_SPEAKERS_MAX];	/**< before and in the end */
	double tracked_ms[2][SCENE_SPEAKERS_MAX];
	bool dithers[2];
} run;

static void read_status(int when)
{
	run.dithers[when] = false;
	for (int i = 0; i < room.scene->n_speakers; i++) {
		run.correction_ms[when][i] = wander_status_ms(&room, i, "correction.nsec");
		run.tracked_ms[when][i] = wander_status_ms(&room, i, "tracked.nsec");
		run.dithers[when] |= isfinite(wander_status_ms(&room, i, "dither"));
	}
}

/* \a before the music, and \a happen when all is learnt; NULL: nothing */
static int play(struct scene *sc, int (*before)(struct scene *sc), int (*happen)(struct scene *sc))
{
	int res;

	if ((res = wander_build(&room, sc, WANDER_CLOCKS)) < 0 || (before != NULL && (res = before(sc)) < 0) ||
	    (res = wander_track(&room, NULL)) < 0 || (res = wander_play(&room, RANGE_S)) < 0 ||
	    (res = wander_pass(&room, LEARN_S)) < 0)
		return res;
	read_status(0);
	run.at_s = wander_now_s(&room);
	if ((happen != NULL && (res = happen(sc)) < 0) || (res = wander_pass(&room, sc->seconds - LEARN_S)) < 0)
		return res;
	read_status(1);
	run.to = wander_now_s(&room);
	return wander_end(&room);
}

static void judge_learnt(struct scene *sc, const bool *among)
{
	struct listener_figures f;

	listener_want(&room.listener, run.at_s - LEARNT_S, run.at_s);
	f = listener_figures(&room.listener, run.at_s - LEARNT_S, run.at_s, among);
	scene_figure(sc, "learnt_rms_ms", f.rms_ms, TOGETHER_MS);
	scene_figure(sc, "all_tracked_share", wander_share(&room, -1, TRACKED_TRACKING, run.at_s - LEARNT_S, run.at_s), NAN);
}

static void judge_kept(struct scene *sc, double from, const bool *among)
{
	struct listener_figures f = listener_figures(&room.listener, from, run.to, among);

	scene_figure(sc, "off_rms_ms", f.rms_ms, NAN);
	scene_figure(sc, "off_p99_ms", f.p99_ms, TOGETHER_MS);
}

/* By how much corrections changed, but for a part that they have in common */
static double corrected_ms(void)
{
	double least = INFINITY, most = -INFINITY;

	for (int i = 0; i < room.scene->n_speakers; i++) {
		double ms = run.correction_ms[1][i] - run.correction_ms[0][i];

		least = fmin(least, ms);
		most = fmax(most, ms);
	}
	return most - least;
}

/* Clocks go on: 80 ppm, for as long as a rate is believed */
static double wandered_ms(void)
{
	return 80e-3 * (run.to - run.at_s) + FALSE_MS;
}

/* -- a speaker jumps -- */

static int jump(struct scene *sc)
{
	const struct scene_speaker *s = &sc->speakers[ANOTHER];

	return scene_set(sc, s->name, "{'latency.msec': <%.1f>}", wander_status_ms(&room, ANOTHER, "latency.nsec") -
			wander_status_ms(&room, ANOTHER, "packet.nsec") + JUMP_MS);
}

static int play_jump(struct scene *sc)
{
	return play(sc, NULL, jump);
}

static void judge_jump(struct scene *sc, struct measure *m)
{
	judge_learnt(sc, NULL);
	scene_figure(sc, "repaired_s", listener_together(&room.listener, run.at_s, run.to, TOGETHER_MS), REPAIR_S);
	judge_kept(sc, run.at_s + REPAIR_S, NULL);
}

/* -- it is muted -- */

static int mute(struct scene *sc)
{
	return scene_set_microphone(sc, CALIBRATE_MICROPHONE, "'mute': <true>");
}

static int play_mute(struct scene *sc)
{
	return play(sc, NULL, mute);
}

static void judge_mute(struct scene *sc, struct measure *m)
{
	judge_learnt(sc, NULL);
	/* a microphone that gives nothing is one of a very quiet room: it holds, and nobody is moved */
	scene_figure(sc, "corrected_ms", corrected_ms(), wandered_ms());
	scene_figure(sc, "tracked_afterwards_share", wander_share(&room, -1, TRACKED_TRACKING, run.to - LEARNT_S, run.to), 0.0);
}

/* -- a speaker is in another room -- */

static int carry_away(struct scene *sc)
{
	return scene_set_path(sc, CALIBRATE_MICROPHONE, sc->speakers[ANOTHER].name, "'path.db': <%.1f>", FAR_DB);
}

static int play_far(struct scene *sc)
{
	return play(sc, carry_away, NULL);
}

static void judge_far(struct scene *sc, struct measure *m)
{
	bool near[SCENE_SPEAKERS_MAX];

	for (int i = 0; i < SCENE_SPEAKERS_MAX; i++)
		near[i] = i != ANOTHER;
	judge_learnt(sc, near);
	judge_kept(sc, run.at_s, near);
	scene_figure(sc, "far_tracked_share", wander_share(&room, ANOTHER, TRACKED_TRACKING, room.began_s, run.to), 0.0);
	scene_figure(sc, "far_corrected_ms", fabs(run.correction_ms[1][ANOTHER]), FALSE_MS);
}

/* -- somebody talks -- */

static int talk(struct scene *sc)
{
	return scene_set_microphone(sc, CALIBRATE_MICROPHONE, "'talk.db': <%.1f>", TALK_DB);
}

static int play_talk(struct scene *sc)
{
	return play(sc, NULL, talk);
}

static void judge_talk(struct scene *sc, struct measure *m)
{
	judge_learnt(sc, NULL);
	judge_kept(sc, run.at_s, NULL);
}

/* -- it is killed -- */

static int kill_it(struct scene *sc)
{
	process_signal(room.tracker, SIGKILL);
	return scene_await_end(sc, room.tracker);
}

static int play_kill(struct scene *sc)
{
	return play(sc, NULL, kill_it);
}

static void judge_kill(struct scene *sc, struct measure *m)
{
	double changed = 0.0;

	judge_learnt(sc, NULL);
	for (int i = 0; i < sc->n_speakers; i++)
		changed = fmax(changed, fabs(run.tracked_ms[1][i] - run.tracked_ms[0][i]));
	if (!run.dithers[0])
		scene_fault(sc, "no delay moved to and fro before");
	if (run.dithers[1])
		scene_fault(sc, "delays move to and fro still");
	scene_figure(sc, "tracked_changed_ms", changed, 0.1);
}

#define TRACK	.runs = 5, .speakers = 3, .brief_runs = 1, .any_stall = true, .listens = true, .no_peer = true

const struct scene_type scenes_track_trouble[] = {
	{ .name = "track-jump", .text = "a speaker jumps by 20 ms while a microphone keeps them together",
	  TRACK, .seconds = 76.0, .play = play_jump, .judge = judge_jump },
	{ .name = "track-mute", .text = "the microphone hears nothing any more",
	  TRACK, .seconds = 66.0, .only_long = true, .play = play_mute, .judge = judge_mute },
	{ .name = "track-far", .text = "a speaker is where the microphone does not hear it",
	  TRACK, .seconds = 76.0, .only_long = true, .play = play_far, .judge = judge_far },
	{ .name = "track-talk", .text = "somebody talks",
	  TRACK, .seconds = 76.0, .only_long = true, .play = play_talk, .judge = judge_talk },
	{ .name = "track-kill", .text = "the tracker is killed: nobody moves to and fro, and all stay where they are",
	  TRACK, .seconds = 52.0, .play = play_kill, .judge = judge_kill },
	{ 0 },
};
