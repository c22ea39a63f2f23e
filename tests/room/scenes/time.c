/* Scene start-time: how long until all sound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "stage/scene.h"
#include "stage/sequential.h"

/*
 * From the Echo's stream being announced (its transport pending) to sound in all
 * speakers, less the slowest speaker's own latency; beside one speaker that the
 * stock system plays the Echo on by itself, in the same run: what other programs do
 * to both is in both. The group may be later by its headroom and a quantum.
 */
#define SLOWEST_MS	220.0
#define HEADROOM_MS	30.0
#define QUANTUM_MS	(1024.0 / 48.0)
#define LATER_MS	(HEADROOM_MS + QUANTUM_MS)
#define IDLE_S		1.0	/* an Echo is connected for a while before it plays */
/* A start varies by as much as it is from its bound: runs are added, up to this many times those asked for */
#define RUNS_MORE	5

/** What became of the runs */
struct counts {
	int discarded, spoilt, own, failed;
};

enum way { GROUP, DIRECT, PEER, N_WAYS };
static const char *const way_names[] = { "group_ms", "direct_ms", "peer_ms" };

static bool echo_is_known(struct stack *s, void *data)
{
	return stack_find_event(s, SCENE_ECHO, "configured", 0) != NULL;
}

static int play_group(struct scene *sc)
{
	int64_t now;
	int res;

	if (sc->stack.options.system == STACK_STOCK)
		res = scene_add_fixed(sc, "s1-220ms", SLOWEST_MS);
	else
		res = scene_add_fixed_speakers(sc);
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_known, NULL, SCENE_PATIENCE_MS, "the Echo")) < 0 ||
	    (res = scene_pass(sc, IDLE_S)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, now)) < 0)
		return res;
	return scene_pass(sc, sc->seconds);
}

static double last_first_sound(const char *dir)
{
	struct measure m;
	double last = NAN;

	measure_init(&m, NULL);
	if (measure_add_dir(&m, dir, NULL) == 0)
		for (int i = 0; i < m.n_speakers; i++) {
			double t = (double)m.speakers[i].signal.first / MEASURE_RATE;
			last = i == 0 ? t : fmax(last, t);
		}
	measure_finish(&m);
	return last;
}

static int run_way(const struct scene_type *type, const struct scene_options *o, int run,
		   enum way way, struct counts *counts, double *result)
{
	static const enum stack_system systems[] = { STACK_POLICY, STACK_STOCK, STACK_PEER };
	struct scene_type with_play = *type;
	struct stack_options so = { .own_clock = o->own_clock, .seed = o->seed + run };
	struct scene_attempts a = { 0 };
	int res = 0;

	with_play.play = play_group;
	so.system = way == GROUP && o->module ? STACK_MODULE : systems[way];
	while (scene_attempt(&a)) {
		g_autofree char *label = g_strdup_printf("start-time-%d-%d-%d", run + 1, way, a.n);
		const struct stack_event *e = NULL;
		struct scene sc;

		if ((res = scene_open(&sc, &with_play, o, &so, label)) == 0)
			res = scene_play(&sc, &a);
		else
			a.clean = true;
		if (res == 0)
			e = stack_find_event(&sc.stack, SCENE_ECHO, "pending", 0);
		if (res == 0 && a.clean && e != NULL)
			*result = last_first_sound(sc.out) * 1000.0 - e->t_ns / 1e6 - SLOWEST_MS;
		if (res < 0 && res != -EINTR && a.clean)
			stack_print_logs(&sc.stack);
		scene_close(&sc);
		if (res == -EINTR)
			return res;
		counts->discarded += !a.clean;
	}
	counts->spoilt += scene_attempts_end(&a) == SCENE_STALLED;
	counts->own += scene_attempts_end(&a) == SCENE_OWN_STALL;
	counts->failed += a.clean && isnan(*result);
	return 0;
}

/** What the runs came to; [run][way] in ms, NAN of no figure */
struct times {
	double (*values)[N_WAYS];
	double medians[N_WAYS];
	struct sequential later;	/**< the group than one direct link */
	struct counts counts;
};

static enum scene_verdict judge(const struct times *t)
{
	if (t->counts.own || t->counts.failed)
		return SCENE_NOT_WELL;
	if (sequential_is_open(&t->later))
		return SCENE_INCONCLUSIVE;
	return sequential_is_below(&t->later) ? SCENE_WELL : SCENE_NOT_WELL;
}

static void tell_json(struct json *j, const struct times *t, const char *verdict)
{
	for (int w = 0; w < N_WAYS; w++) {
		json_begin(j, way_names[w], '[');
		for (int r = 0; r < t->later.n; r++)
			json_double(j, NULL, t->values[r][w]);
		json_end(j, ']');
	}
	json_double(j, "group_median_ms", t->medians[GROUP]);
	json_double(j, "direct_median_ms", t->medians[DIRECT]);
	json_double(j, "peer_median_ms", t->medians[PEER]);
	json_double(j, "later_bound_ms", LATER_MS);
	json_int(j, "runs_within", t->later.below);
	json_int(j, "runs_beyond", t->later.above);
	json_int(j, "attempts_discarded", t->counts.discarded);
	json_int(j, "runs_spoilt", t->counts.spoilt);
	json_int(j, "own_stalls", t->counts.own);
	json_int(j, "failed", t->counts.failed);
	json_string(j, "verdict", verdict);
}

static void tell(const struct times *t, const char *verdict)
{
	for (int w = 0; w < N_WAYS; w++) {
		printf("%-10s median %7.1f ms:", way_names[w], t->medians[w]);
		for (int r = 0; r < t->later.n; r++)
			printf(" %.1f", t->values[r][w]);
		putchar('\n');
	}
	printf("the group is later than a direct link by %.1f ms at most in %d runs, by more in %d; attempts discarded "
		"for stalls %d, runs spoilt in all attempts %d, by own stalls %d, failed %d\nverdict: %s\n",
		LATER_MS, t->later.below, t->later.above, t->counts.discarded, t->counts.spoilt, t->counts.own,
		t->counts.failed, verdict);
}

static int run_all_ways(const struct scene_type *type, const struct scene_options *o, struct times *t)
{
	double *v = t->values[t->later.n];
	int res = 0;

	for (int w = 0; w < N_WAYS; w++) {
		v[w] = NAN;
		if ((w != PEER || o->peer) && res != -EINTR)
			res = run_way(type, o, t->later.n, w, &t->counts, &v[w]);
	}
	sequential_add(&t->later, v[GROUP] - v[DIRECT], LATER_MS);
	return res;
}

static void find_medians(struct times *t)
{
	g_autofree double *sorted = g_malloc_n(t->later.n, sizeof(double));

	for (int w = 0; w < N_WAYS; w++) {
		int n = 0;

		for (int r = 0; r < t->later.n; r++)
			if (!isnan(t->values[r][w]))
				sorted[n++] = t->values[r][w];
		t->medians[w] = measure_median(sorted, n);
	}
}

static int run_time(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	int runs = scene_runs(type, o), res = 0;
	struct times t = { .later = { .lead = runs, .limit = RUNS_MORE * runs } };
	enum scene_verdict verdict;

	t.values = g_malloc_n(t.later.limit, sizeof(*t.values));
	while (!sequential_is_over(&t.later) && !t.counts.own && !t.counts.failed && res != -EINTR)
		res = run_all_ways(type, o, &t);
	find_medians(&t);
	verdict = judge(&t);
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		tell_json(j, &t, scene_verdict_names[verdict]);
		json_end(j, '}');
	} else {
		tell(&t, scene_verdict_names[verdict]);
	}
	g_free(t.values);
	return res == -EINTR ? SCENE_COULD_NOT_RUN : verdict;
}

const struct scene_type scenes_time[] = {
	{ .name = "start-time", .text = "from the Echo's announcement to sound in all, beside one direct link",
	  .runs = 5, .speakers = 3, .seconds = 2.0, .brief_runs = 3, .whole = run_time, .starvation = true,
	  .real = "linking and Lua take time, and that is what is measured" },
	{ 0 },
};
