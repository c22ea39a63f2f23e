/* Scenes in which a speaker cannot be played to, and the others must not notice */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/graph-device.h"
#include "stage/logs.h"
#include "stage/scene.h"

#define LEAD_S		2.0
#define AWAY_S		2.0
#define BACK_S		3.0	/* of music after it is back */
#define DEAF_S		5.0
#define LOOK_S		0.5	/* between two looks at the status */
#define STATE_MS	2000	/* within which the status has to say so: it is written twice a second */
#define LATE_MS		5000.0	/* to start its stream: long, but it comes */
#define REFUSE_MS	6000.0	/* after which bluetoothd gives up a speaker that does not answer */
#define REFUSE_S	26.0	/* of that */
#define NEVER_S		40.0	/* nor does bluetoothd: longer than D-Bus waits, which is 25 s */

#define SYNC_MS		0.5
#define BACK_MS		4000.0
/* It is tried again after as long as it has failed, and may have to be let go of once more. */
#define RETRY_MS(failed_s)	((failed_s) * 1000.0 + 8000.0)
/* One for each node of it that fails */
#define LOG_OURS	3
/* 2, 4, 8 ... s after each failure, which takes 6 s */
#define ATTEMPTS	4

static double late_ms, resumed_ms, retried_ms, answered_ms;	/* of this run */
static double since;	/* s: the speaker is well, and stays so */

static const struct scene_speaker *misfit(const struct scene *sc)
{
	/* not the slowest */
	return &sc->speakers[sc->seed % 2];
}

static int begin(struct scene *sc)
{
	int res = scene_play_all(sc, LEAD_S);

	sc->excused = misfit(sc)->name;
	sc->mark_ns = stack_now(&sc->stack);
	return res;
}

static char *state_of(struct scene *sc)
{
	g_autofree char *key = g_strdup_printf("status.%s", misfit(sc)->address);

	return graph_combine_string(sc->stack.graph, key, "state");
}

struct wanted {
	struct scene *scene;
	const char *state;
};

static bool has_state(struct stack *s, void *data)
{
	const struct wanted *w = data;
	g_autofree char *state = state_of(w->scene);

	return g_strcmp0(state, w->state) == 0;
}

static int expect_state(struct scene *sc, const char *state, const char *when)
{
	struct wanted w = { sc, state };
	int res = stack_wait(&sc->stack, has_state, &w, STATE_MS, when);

	if (res == -ETIMEDOUT) {
		g_autofree char *is = state_of(sc);
		scene_fault(sc, "%s: its state is %s, not %s", when, is ? is : "unknown", state);
		return 0;
	}
	return res;
}

static bool is_playing(struct stack *s, void *data)
{
	const struct wanted *w = data;

	return stack_find_event(s, w->scene->excused, "playing", w->scene->mark_ns) != NULL;
}

/* Until it is heard again, from now on, and for a while after; in ms */
static int await_back(struct scene *sc, double patience_ms, double *ms)
{
	struct wanted w = { sc, "playing" };
	int res;

	sc->mark_ns = stack_now(&sc->stack);
	if ((res = stack_wait(&sc->stack, is_playing, &w, (int)patience_ms, "sound in the speaker")) < 0)
		return res;
	*ms = (stack_find_event(&sc->stack, sc->excused, "playing", sc->mark_ns)->t_ns - sc->mark_ns) / 1e6;
	if ((res = scene_pass(sc, BACK_S)) < 0)
		return res;
	return expect_state(sc, "playing", "it is heard again");
}

/* While nothing of it can be heard its state must not be that it plays. */
static int watch_silence(struct scene *sc, double seconds, const char *when)
{
	int wrong = 0, res = 0;

	/* what was before, until it is written */
	for (double t = 0.0; t < seconds && res == 0; t += LOOK_S) {
		g_autofree char *state = NULL;

		if ((res = scene_pass(sc, LOOK_S)) < 0)
			return res;
		state = state_of(sc);
		wrong += t >= STATE_MS / 1000.0 && g_strcmp0(state, "playing") == 0;
	}
	if (wrong > 0)
		scene_fault(sc, "%s: %d times its state was that it plays", when, wrong);
	return res;
}

static int set_profile(struct scene *sc, const char *name)
{
	struct graph_device *d = graph_find_device(sc->stack.graph, misfit(sc)->address);

	return d ? graph_device_set_profile(d, name) : -ENODEV;
}

/* The user switches it off and on, it ends its stream by itself, its radio hears nothing, and in the end it is removed. */
static int play_unavailable(struct scene *sc)
{
	double on_ms;
	int res;

	if ((res = begin(sc)) < 0 || (res = set_profile(sc, "off")) < 0 ||
	    (res = expect_state(sc, "gone", "its profile is off")) < 0 ||
	    (res = scene_pass(sc, AWAY_S)) < 0 || (res = set_profile(sc, "a2dp-sink")) < 0 ||
	    (res = await_back(sc, BACK_MS, &on_ms)) < 0)
		return res;
	if ((res = stack_call(&sc->stack, "Suspend", g_variant_new("(s)", misfit(sc)->address))) < 0 ||
	    (res = expect_state(sc, "gone", "it has ended its stream")) < 0 ||
	    (res = await_back(sc, RETRY_MS(0.0), &resumed_ms)) < 0)
		return res;
	since = stack_now(&sc->stack) / 1e9;
	if ((res = scene_stall(sc, misfit(sc)->name, DEAF_S * 1000.0)) < 0 ||
	    (res = scene_pass(sc, DEAF_S + BACK_S)) < 0 ||
	    (res = stack_call(&sc->stack, "Remove", g_variant_new("(s)", misfit(sc)->address))) < 0 ||
	    (res = expect_state(sc, "gone", "it has been removed")) < 0)
		return res;
	scene_figure(sc, "on_again_ms", on_ms, BACK_MS);
	return scene_pass(sc, AWAY_S);
}

static void judge_others(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, sc->excused);

	/* from the first second on, as in any scene: before it did anything, too */
	scene_figure(sc, "noticed_by_others", span_others(m, i, LEAD_S / 2.0, INFINITY), 0.0);
	scene_figure(sc, "skew_when_well_ms", span_spread(m, since - BACK_S / 2.0, since), SYNC_MS);
	scene_figure_logs(sc, LOG_OURS, LOG_OURS);
}

static void judge_unavailable(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "resumed_after_ms", resumed_ms, RETRY_MS(0.0));
	judge_others(sc, m);
}

static int reconnect(struct scene *sc, const char *acquire, double ms)
{
	int res;

	if ((res = scene_disconnect(sc, sc->excused)) < 0 ||
	    (res = expect_state(sc, "gone", "it has left")) < 0 ||
	    (res = scene_set(sc, sc->excused, "{'acquire': <'%s'>, 'acquire.msec': <%.0f>}", acquire, ms)) < 0)
		return res;
	return scene_connect(sc, sc->excused);
}

static int count_attempts(const struct scene *sc, int64_t from_ns)
{
	int n = 0;

	for (guint i = 0; i < sc->stack.events->len; i++) {
		const struct stack_event *e = sc->stack.events->pdata[i];
		n += e->t_ns >= from_ns && strcmp(e->event, "acquire") == 0 && strcmp(e->device, sc->excused) == 0;
	}
	return n;
}

/* It answers late; not at all, and bluetoothd gives it up; and bluetoothd itself does not answer. */
static int play_never_starts(struct scene *sc)
{
	int64_t began;
	int res;

	if ((res = begin(sc)) < 0 || (res = reconnect(sc, "ok", LATE_MS)) < 0 ||
	    (res = watch_silence(sc, LATE_MS / 1000.0 - 1.0, "it answers late")) < 0 ||
	    (res = await_back(sc, BACK_MS, &late_ms)) < 0)
		return res;
	began = stack_now(&sc->stack);
	if ((res = reconnect(sc, "fail", REFUSE_MS)) < 0 ||
	    (res = watch_silence(sc, REFUSE_S, "it does not answer")) < 0)
		return res;
	scene_figure(sc, "attempts", count_attempts(sc, began), ATTEMPTS);
	if ((res = scene_set(sc, sc->excused, "{'acquire': <'ok'>, 'acquire.msec': <%.0f>}", LATE_MS)) < 0 ||
	    (res = await_back(sc, RETRY_MS(REFUSE_S), &retried_ms)) < 0)
		return res;
	since = stack_now(&sc->stack) / 1e9;
	if (sc->options->brief)
		return 0;
	if ((res = reconnect(sc, "never", 0.0)) < 0 ||
	    (res = watch_silence(sc, NEVER_S, "nobody answers")) < 0 ||
	    (res = scene_set(sc, sc->excused, "{'acquire': <'ok'>}")) < 0)
		return res;
	return await_back(sc, RETRY_MS(NEVER_S), &answered_ms);
}

static void judge_never_starts(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "late_after_ms", LATE_MS - 1000.0 + late_ms, LATE_MS + 1000.0);
	scene_figure(sc, "retried_after_ms", retried_ms, RETRY_MS(REFUSE_S));
	if (!sc->options->brief)
		scene_figure(sc, "answered_after_ms", answered_ms, RETRY_MS(NEVER_S));
	judge_others(sc, m);
}

/* It is slower than all others by more than the headroom, and they wait for it as soon as it can be heard, not before. */
#define SLOWEST		"s4-300ms"
#define SLOWEST_MS	300.0
#define FAIL_MS		700.0
#define NOTHING_S	6.0	/* of each kind of silence */
#define STEP_MS		1.0	/* of how late all are, that nobody need hear */
#define PAUSE_S		3.0	/* of the Echo: what the slowest one needed is given back */

static double moved_ms;	/* before it was heard */
static double resumed, known_since;	/* s: the others play without it; it is back */

static double group_latency_ms(const struct scene *sc)
{
	return graph_combine_number(sc->stack.graph, "status", "latency.nsec") / 1e6;
}

/* Nothing of it can be heard: it is starting, or failed, and how late the others are stays. */
static int watch_start(struct scene *sc, double seconds, double before_ms, const char *when)
{
	int wrong = 0, res = 0;

	for (double t = 0.0; t < seconds && res == 0; t += LOOK_S) {
		g_autofree char *key = g_strdup_printf("status.%s", sc->speakers[sc->n_speakers - 1].address);
		g_autofree char *state = NULL;

		if ((res = scene_pass(sc, LOOK_S)) < 0)
			return res;
		state = graph_combine_string(sc->stack.graph, key, "state");
		wrong += state != NULL && strcmp(state, "starting") != 0 && strcmp(state, "idle") != 0 &&
			strcmp(state, "gone") != 0;
		moved_ms = fmax(moved_ms, fabs(group_latency_ms(sc) - before_ms));
	}
	if (wrong > 0)
		scene_fault(sc, "%s: %d times its state was not that it starts", when, wrong);
	return res;
}

/* Away for so long that nobody waits for it any more: what is known of it moves nobody either. */
static int play_known(struct scene *sc)
{
	int res;

	if ((res = scene_disconnect(sc, SLOWEST)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = scene_pass(sc, PAUSE_S)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_pass(sc, 2.0 * LEAD_S)) < 0)
		return res;
	resumed = stack_now(&sc->stack) / 1e9 - LEAD_S / 2.0;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_connect(sc, SLOWEST)) < 0 ||
	    (res = watch_start(sc, LATE_MS / 1000.0 - 1.0, group_latency_ms(sc), "it is known, and answers late")) < 0 ||
	    (res = scene_await_one_playing(sc, SLOWEST, sc->mark_ns)) < 0)
		return res;
	known_since = stack_now(&sc->stack) / 1e9;
	return scene_pass(sc, 2.0 * BACK_S);
}

/* The first time it connects it does not start its stream, or fails to; and when it is known it comes back as slowly. */
static int play_slowest(struct scene *sc)
{
	double before_ms;
	int res;

	moved_ms = 0.0;
	if ((res = scene_play_all(sc, LEAD_S)) < 0 || (res = scene_add_fixed(sc, SLOWEST, SLOWEST_MS)) < 0)
		return res;
	sc->excused = SLOWEST;
	before_ms = group_latency_ms(sc);
	if ((res = scene_set(sc, SLOWEST, "{'acquire': <'fail'>, 'acquire.msec': <%.0f>}", FAIL_MS)) < 0 ||
	    (res = scene_connect(sc, SLOWEST)) < 0 ||
	    (res = watch_start(sc, NOTHING_S, before_ms, "its stream fails")) < 0 ||
	    (res = scene_disconnect(sc, SLOWEST)) < 0 ||
	    (res = scene_set(sc, SLOWEST, "{'acquire': <'never'>, 'acquire.msec': <%.0f>}", SLOWEST_MS)) < 0 ||
	    (res = scene_connect(sc, SLOWEST)) < 0 ||
	    (res = watch_start(sc, NOTHING_S, before_ms, "it does not answer")) < 0 ||
	    (res = scene_disconnect(sc, SLOWEST)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = scene_set(sc, SLOWEST, "{'acquire': <'ok'>, 'acquire.msec': <%.0f>}", LATE_MS)) < 0 ||
	    (res = scene_connect(sc, SLOWEST)) < 0 ||
	    (res = watch_start(sc, LATE_MS / 1000.0 - 1.0, before_ms, "it answers late")) < 0 ||
	    (res = scene_await_one_playing(sc, SLOWEST, sc->mark_ns)) < 0)
		return res;
	since = stack_now(&sc->stack) / 1e9;
	if ((res = scene_pass(sc, 2.0 * BACK_S)) < 0)
		return res;
	return play_known(sc);
}

static void judge_slowest(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, SLOWEST);

	scene_figure(sc, "others_moved_before_ms", moved_ms, STEP_MS);
	scene_figure(sc, "noticed_by_others_before", span_others(m, i, LEAD_S / 2.0, since - 0.1), 0.0);
	scene_figure(sc, "skew_when_well_ms", span_spread(m, since + BACK_S, since + 2.0 * BACK_S), SYNC_MS);
	scene_figure(sc, "noticed_by_others_when_known", span_others(m, i, resumed, known_since - 0.1), 0.0);
	scene_figure(sc, "skew_when_back_ms", span_spread(m, known_since + BACK_S, known_since + 2.0 * BACK_S - SCENE_EDGE_S),
		SYNC_MS);
}

const struct scene_type scenes_unavailable[] = {
	{ .name = "unavailable", .text = "a speaker is switched off, ends its stream, hears nothing, is removed; the others play on",
	  .runs = 4, .speakers = 3, .seconds = 60.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .whole = true }, .no_peer = true,
	  .play = play_unavailable, .judge = judge_unavailable },
	{ .name = "never-starts", .text = "a speaker's stream starts late, or never; the others play on",
	  .runs = 2, .speakers = 3, .seconds = 240.0, .brief_runs = 1, .brief_seconds = 120.0,
	  .bounds = { .median = 0.3, .whole = true }, .no_peer = true,
	  .play = play_never_starts, .judge = judge_never_starts },
	{ .name = "slowest-never-starts", .text = "the slowest speaker connects for the first time, and its stream does not start",
	  .runs = 2, .speakers = 3, .seconds = 60.0, .brief_runs = 1,
	  .bounds = { .median = 0.3 }, .no_peer = true,
	  .play = play_slowest, .judge = judge_slowest },
	{ 0 },
};
