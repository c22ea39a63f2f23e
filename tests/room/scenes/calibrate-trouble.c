/* Scenes of calibrating by ear: real speakers, a tool that is killed, and what happens meanwhile */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <spa/utils/string.h>

#include "listen/measure-span.h"
#include "scenes/calibrate.h"

#define MUSIC_S		6.0
#define SETTLE_S	1.5
#define RESTARTS	5
#define RESTARTS_BRIEF	1
/* Their starts are up to 12 and 6 ms early or late, that which was calibrated as well as that which is heard: what no
 * microphone can know beforehand */
#define STARTS_MS	36.0
#define AT_ONCE_MS	1.0
#define TOGETHER_MS	0.3
#define KILLS		20
#define KILLS_BRIEF	4
#define RUN_S		17.0	/* it takes so long with three speakers */
#define AWAY_S		2.0	/* until a lease is seen to be gone, and delays are back */
#define SAME_MS		0.05
/* Into the tool's run: it listens to one after the other */
#define MEANWHILE_S	7.0

static const struct conditions ordinary = { .name = "ordinary", .reflection_db = { -10.0, -3.0 },
	.snr_db = { 30.0, 30.0 } };

static struct {
	double metres[SCENE_SPEAKERS_MAX];
	struct span {
		double from, to;	/**< s of the timeline */
	} before, after, restarts[RESTARTS];
	int n_restarts;
	struct calibration calibration;
	double paused_s;		/**< on the timeline: the music */
	bool waited, unchanged, told;
	int kills, completed;
} run;

static double now_s(const struct scene *sc)
{
	return stack_now(&sc->stack) / 1e9;
}

static int music(struct scene *sc, struct span *span)
{
	int res;

	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 || (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0)
		return res;
	span->from = now_s(sc) + SETTLE_S;
	if ((res = scene_pass(sc, MUSIC_S)) < 0)
		return res;
	span->to = now_s(sc) - SCENE_EDGE_S;
	return scene_echo(sc, SCENE_ECHO, false);
}

/* A group that has played, and is quiet */
static int begin(struct scene *sc)
{
	int res;

	memset(&run, 0, sizeof(run));
	if ((res = calibrate_build(sc, &ordinary, run.metres)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = music(sc, &run.before)) < 0)
		return res;
	return scene_pass(sc, 1.0);
}

static double heard_ms(struct scene *sc, const struct span *span, const bool *among)
{
	struct heard_late late;

	return calibrate_listen(sc, run.metres, span->from, span->to, &late) < 0 ? NAN :
		heard_late_spread(&late, sc->n_speakers, among);
}

/* -- real speakers -- */

/* All are turned off and on again: each starts by itself, as early or late as it likes. */
static int restart_speakers(struct scene *sc, struct span *span)
{
	int64_t now = stack_now(&sc->stack);
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++)
		res = scene_disconnect(sc, sc->speakers[i].name);
	if (res < 0 || (res = scene_pass(sc, 1.0)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, now)) < 0)
		return res;
	return music(sc, span);
}

static int play_real(struct scene *sc)
{
	struct random random = { .state = sc->seed };
	int res;

	memset(&run, 0, sizeof(run));
	if ((res = scene_add_real_speakers(sc)) < 0 ||
	    (res = scene_add_microphone(sc, CALIBRATE_MICROPHONE, "'t60.sec': <0.4>, 'reflection.db': <-6.0>, "
			"'noise.db': <-60.0>, 'ppm': <35.0>")) < 0 ||
	    (res = calibrate_place(sc, &random, run.metres)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = music(sc, &run.before)) < 0 || (res = scene_pass(sc, 1.0)) < 0 ||
	    (res = calibrate_run(sc, NULL, &run.calibration)) < 0 || (res = music(sc, &run.after)) < 0)
		return res;
	run.n_restarts = sc->options->brief ? RESTARTS_BRIEF : RESTARTS;
	for (int i = 0; i < run.n_restarts && res == 0; i++)
		res = restart_speakers(sc, &run.restarts[i]);
	return res;
}

static void judge_real(struct scene *sc, struct measure *m)
{
	double worst = 0.0;

	for (int i = 0; i < run.n_restarts; i++) {
		double ms = heard_ms(sc, &run.restarts[i], NULL);

		worst = isnan(ms) || ms > worst ? ms : worst;
	}
	if (!run.calibration.kept)
		scene_fault(sc, "nothing was kept");
	scene_figure(sc, "seconds", run.calibration.seconds, NAN);
	scene_figure(sc, "before_ms", heard_ms(sc, &run.before, NULL), NAN);
	scene_figure(sc, "after_ms", heard_ms(sc, &run.after, NULL), AT_ONCE_MS);
	scene_figure(sc, "after_restarts_ms", worst, STARTS_MS);
}

/* -- killed -- */

static void read_delays(const struct scene *sc, double *ms)
{
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *key = g_strdup_printf("status.%s", sc->speakers[i].address);

		ms[i] = graph_combine_number(sc->stack.graph, key, "delay.nsec") / 1e6;
	}
}

static bool are_same(const struct scene *sc, const double *a, const double *b)
{
	for (int i = 0; i < sc->n_speakers; i++)
		if (!(fabs(a[i] - b[i]) < SAME_MS))
			return false;
	return true;
}

/* Either all or nothing: each speaker's record is there, and its offset is what that says */
static bool is_complete(const struct scene *sc, const char *settings)
{
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *key = g_strdup_printf("status.%s", sc->speakers[i].address);
		g_autofree char *basis = graph_combine_string(sc->stack.graph, key, "basis");

		if (g_strcmp0(basis, "calibrated") != 0)
			return false;
	}
	return strstr(settings, "lease") == NULL;
}

static int kill_once(struct scene *sc, double after_s)
{
	g_autofree char *before = calibrate_settings(sc), *after = NULL;
	double delays[2][SCENE_SPEAKERS_MAX];
	struct process *p;
	int res;

	read_delays(sc, delays[0]);
	if ((p = calibrate_start(sc, NULL)) == NULL)
		return -EIO;
	if ((res = scene_pass(sc, after_s)) < 0)
		return res;
	process_signal(p, SIGKILL);
	if ((res = scene_await_end(sc, p)) < 0 || (res = scene_pass(sc, AWAY_S)) < 0)
		return res;
	after = calibrate_settings(sc);
	read_delays(sc, delays[1]);
	run.kills++;
	if (spa_streq(before, after)) {
		if (!are_same(sc, delays[0], delays[1]))
			scene_fault(sc, "killed after %.2f s: delays are not what they were", after_s);
	} else if (is_complete(sc, after)) {
		run.completed++;
	} else {
		scene_fault(sc, "killed after %.2f s: something is left changed:\n%s-- it was:\n%s", after_s, after, before);
	}
	return 0;
}

static int play_kill(struct scene *sc)
{
	struct random random = { .state = sc->seed };
	int n = sc->options->brief ? KILLS_BRIEF : KILLS, res = begin(sc);

	for (int i = 0; i < n && res == 0; i++)
		res = kill_once(sc, random_unit(&random) * RUN_S);
	return res;
}

static void judge_kill(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "kills", run.kills, NAN);
	scene_figure(sc, "completed_before", run.completed, NAN);
}

/* -- meanwhile -- */

/* Runs it, and \a happen after a while */
static int run_while(struct scene *sc, int (*happen)(struct scene *sc, struct process *p))
{
	g_autofree char *before = calibrate_settings(sc), *after = NULL, *log = NULL;
	struct process *p = calibrate_start(sc, NULL);
	int res;

	if (p == NULL)
		return -EIO;
	if ((res = scene_pass(sc, MEANWHILE_S)) < 0 || (res = happen(sc, p)) < 0 ||
	    (res = calibrate_end(sc, p, &run.calibration)) < 0 || (res = scene_pass(sc, AWAY_S)) < 0)
		return res;
	after = calibrate_settings(sc);
	run.unchanged = spa_streq(before, after);
	run.told = g_file_get_contents(p->log, &log, NULL, NULL) && strstr(log, "nothing was changed") != NULL;
	return 0;
}

static int pause_music(struct scene *sc, struct process *p)
{
	run.waited = !process_ended(p);
	run.paused_s = now_s(sc);
	return scene_echo(sc, SCENE_ECHO, false);
}

static int play_music(struct scene *sc)
{
	int res;

	memset(&run, 0, sizeof(run));
	if ((res = calibrate_build(sc, &ordinary, run.metres)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0 || (res = scene_pass(sc, MUSIC_S)) < 0)
		return res;
	run.before = (struct span) { now_s(sc) - MUSIC_S + SETTLE_S, now_s(sc) };
	if ((res = run_while(sc, pause_music)) < 0)
		return res;
	return music(sc, &run.after);
}

static void judge_music(struct scene *sc, struct measure *m)
{
	if (!run.waited)
		scene_fault(sc, "the tool did not wait for the end of the music");
	if (!run.calibration.kept)
		scene_fault(sc, "nothing was kept");
	/* all of the music, the tool's wait included */
	scene_figure(sc, "noticed_meanwhile", span_others(m, -1, run.before.from, run.paused_s - SCENE_EDGE_S), 0.0);
	scene_figure(sc, "before_ms", heard_ms(sc, &run.before, NULL), NAN);
	scene_figure(sc, "after_ms", heard_ms(sc, &run.after, NULL), TOGETHER_MS);
}

static int leave(struct scene *sc, struct process *p)
{
	return scene_disconnect(sc, sc->speakers[1].name);
}

static int play_leave(struct scene *sc)
{
	int res = begin(sc);

	if (res < 0 || (res = run_while(sc, leave)) < 0)
		return res;
	return music(sc, &run.after);
}

static void judge_leave(struct scene *sc, struct measure *m)
{
	const struct calibration *c = &run.calibration;
	bool stayed[SCENE_SPEAKERS_MAX];

	for (int i = 0; i < sc->n_speakers; i++)
		stayed[i] = i != 1;
	for (int i = 0; i < c->n_speakers; i++)
		if (spa_streq(c->speakers[i].address, sc->speakers[1].address) && spa_streq(c->speakers[i].reason, "heard"))
			scene_fault(sc, "it says that it heard who has left");
	if (!c->kept && !(run.unchanged && run.told))
		scene_fault(sc, "nothing was kept, and that %s", run.unchanged ? "was not told" : "is not so");
	scene_figure(sc, "kept", c->kept, NAN);
	scene_figure(sc, "before_ms", heard_ms(sc, &run.before, stayed), NAN);
	scene_figure(sc, "after_ms", heard_ms(sc, &run.after, stayed), c->kept ? TOGETHER_MS : NAN);
}

static int unplug(struct scene *sc, struct process *p)
{
	return scene_set_microphone(sc, CALIBRATE_MICROPHONE, "'plugged': <false>");
}

static int play_unplug(struct scene *sc)
{
	int res = begin(sc);

	if (res < 0 || (res = run_while(sc, unplug)) < 0)
		return res;
	return music(sc, &run.after);
}

static void judge_unplug(struct scene *sc, struct measure *m)
{
	if (run.calibration.kept || run.calibration.status == 0)
		scene_fault(sc, "it says that all is well");
	if (!run.unchanged)
		scene_fault(sc, "something is left changed");
	if (!run.told)
		scene_fault(sc, "it does not say that nothing was changed");
	scene_figure(sc, "changed_ms", fabs(heard_ms(sc, &run.after, NULL) - heard_ms(sc, &run.before, NULL)), SAME_MS);
}

const struct scene_type scenes_calibrate_trouble[] = {
	{ .name = "calibrate-real", .text = "the speakers of start-real by ear, and turned off and on five times afterwards",
	  .runs = 3, .speakers = 4, .seconds = 60.0, .brief_runs = 1, .any_stall = true, .no_peer = true,
	  .play = play_real, .judge = judge_real },
	{ .name = "calibrate-kill", .text = "the tool is killed at any moment: nothing is left changed",
	  .runs = 1, .speakers = 3, .seconds = 60.0, .any_stall = true, .no_peer = true,
	  .play = play_kill, .judge = judge_kill },
	{ .name = "calibrate-music", .text = "the Echo plays when it is started",
	  .runs = 2, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .any_stall = true, .no_peer = true,
	  .play = play_music, .judge = judge_music },
	{ .name = "calibrate-leave", .text = "a speaker leaves while it listens",
	  .runs = 2, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .any_stall = true, .no_peer = true,
	  .play = play_leave, .judge = judge_leave },
	{ .name = "calibrate-unplug", .text = "the microphone is unplugged while it listens",
	  .runs = 2, .speakers = 3, .seconds = 60.0, .brief_runs = 1, .any_stall = true, .no_peer = true,
	  .play = play_unplug, .judge = judge_unplug },
	{ 0 },
};
