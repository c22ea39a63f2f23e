/* Scenes misplaced-reports and late-report: a bluetoothd that gives reports to the wrong speaker, and one that seems to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/* Each has played alone before, and told its latency. Then the second one comes to the first one's adapter while that plays. */
#define FIRST		"s1-50ms"
#define SECOND		"s2-150ms"
#define FIRST_MS	50.0
#define SECOND_MS	150.0
#define ALONE_S		4.0
#define SETTLE_S	3.0
#define SKEW_MS		0.5
/* The first one sounds so much later than it reports, of which the user, or it, tells once both play */
#define HIDDEN_MS	20.0
/* What PipeWire takes for a speaker that reports nothing: the second one has it until it reports */
#define ASSUMED_MS	125.0
#define LATE_S		2.0

static int play_alone(struct scene *sc, const char *name)
{
	int64_t now = stack_now(&sc->stack);
	int res;

	if ((res = scene_connect(sc, name)) < 0 || (res = scene_await_one_playing(sc, name, now)) < 0)
		return res;
	return scene_pass(sc, ALONE_S);
}

static int play_each_alone(struct scene *sc)
{
	int res;

	if ((res = scene_add_speaker(sc, FIRST, "{'latency.msec': <%.1f>, 'report.msec': <%.1f>}",
					FIRST_MS + HIDDEN_MS, FIRST_MS)) < 0 ||
	    (res = scene_add_fixed(sc, SECOND, SECOND_MS)) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0 || (res = play_alone(sc, SECOND)) < 0 ||
	    (res = scene_disconnect(sc, SECOND)) < 0)
		return res;
	return play_alone(sc, FIRST);
}

/* The user's offset counts also where reports do not */
static int play_misplaced(struct scene *sc)
{
	int res;

	if ((res = stack_call(&sc->stack, "Misplace", NULL)) < 0 || (res = play_each_alone(sc)) < 0 ||
	    (res = play_alone(sc, SECOND)) < 0 ||
	    (res = scene_set_offset(sc, sc->speakers[0].address, HIDDEN_MS)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	return scene_pass(sc, sc->seconds);
}

/* Nobody has another one's report: what the first one then learns about itself is followed */
static int play_late(struct scene *sc)
{
	int res;

	if ((res = play_each_alone(sc)) < 0 ||
	    (res = scene_set(sc, SECOND, "{'report.msec': <%.1f>}", ASSUMED_MS)) < 0 ||
	    (res = play_alone(sc, SECOND)) < 0 ||
	    (res = scene_set(sc, SECOND, "{'report.msec': <%.1f>}", SECOND_MS)) < 0 ||
	    (res = scene_pass(sc, LATE_S)) < 0 ||
	    (res = scene_set(sc, FIRST, "{'report.msec': <%.1f>}", FIRST_MS + HIDDEN_MS)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	return scene_pass(sc, sc->seconds);
}

static void judge_misplaced(struct scene *sc, struct measure *m)
{
	double from = sc->mark_ns / 1e9;

	scene_figure(sc, "skew_ms", span_spread(m, from + SETTLE_S, from + sc->seconds), SKEW_MS);
}

const struct scene_type scenes_reports[] = {
	{ .name = "misplaced-reports", .text = "bluetoothd gives the delay report of one speaker to another one, as BlueZ 5.83 to 5.87 do",
	  .runs = 2, .speakers = 2, .seconds = 8.0, .brief_runs = 1, .no_peer = true,
	  .play = play_misplaced, .judge = judge_misplaced },
	{ .name = "late-report", .text = "a speaker reports its latency long after it began, as if another one had its report",
	  .runs = 2, .speakers = 2, .seconds = 8.0, .brief_runs = 1, .no_peer = true,
	  .play = play_late, .judge = judge_misplaced },
	{ 0 },
};
