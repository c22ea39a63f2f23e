/* Runs of a scene, and the verdict */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stage/stack-files.h"
#include "stage/tally.h"

#define STAGED_MS	30	/* a stop of everything, and when it comes */
#define STAGED_AFTER_MS	2000
/* Random stops come after so much time at most; on the machine's clock seldom, or nothing is heard. */
#define STOPS_MS	TROUBLE_STOP_MS
#define STOPS_REAL_MS	2000

static struct watchdog *watchdog;

int scene_runs(const struct scene_type *type, const struct scene_options *o)
{
	return o->runs > 0 ? o->runs : o->brief && type->brief_runs > 0 ? type->brief_runs : type->runs;
}

double scene_seconds(const struct scene_type *type, const struct scene_options *o)
{
	return o->seconds > 0.0 ? o->seconds :
		o->brief && type->brief_seconds > 0.0 ? type->brief_seconds : type->seconds;
}

/* A new one for each run: its threads would keep the room's clock from finding this process asleep. */
static void start_watchdog(bool own_clock)
{
	g_clear_pointer(&watchdog, watchdog_destroy);
	if (!own_clock && (watchdog = watchdog_new()) == NULL)
		fprintf(stderr, "room: no watchdog: %s\n", strerror(errno));
}

static void look_after(const struct scene *sc, pid_t more)
{
	const struct stack *s = &sc->stack;
	pid_t pids[] = { getpid(), s->dbus.pid, s->roomd.pid, s->pipewire.pid, s->wireplumber.pid, more };

	if (watchdog != NULL)
		watchdog_look_after(watchdog, pids, G_N_ELEMENTS(pids));
}

int scene_open(struct scene *sc, const struct scene_type *type, const struct scene_options *o,
	       const struct stack_options *so, const char *label)
{
	*sc = (struct scene) {
		.type = type,
		.options = o,
		.seconds = scene_seconds(type, o),
		.n_wanted = o->speakers > 0 ? o->speakers : type->speakers,
		.seed = so->seed,
	};
	sc->faults = g_string_new(NULL);
	sc->spreads = g_array_new(FALSE, FALSE, sizeof(double));
	if (o->keep != NULL)
		sc->out = g_build_filename(o->keep, label, NULL);
	else
		sc->out = g_dir_make_tmp("room-out-XXXXXX", NULL);
	start_watchdog(so->own_clock);
	return stack_init(&sc->stack, so, sc->out);
}

void scene_close(struct scene *sc)
{
	stack_finish(&sc->stack);
	if (sc->out != NULL && sc->options->keep == NULL)
		stack_remove_tree(sc->out);
	g_clear_pointer(&sc->out, g_free);
	g_clear_pointer(&sc->source, g_free);
	if (sc->faults != NULL)
		g_string_free(sc->faults, TRUE);
	sc->faults = NULL;
	g_clear_pointer(&sc->spreads, g_array_unref);
}

static void json_stalls(struct json *j, const struct scene *sc, const struct stalls *stalls)
{
	struct stall s;

	json_begin(j, "stalls", '{');
	json_bool(j, "realtime", watchdog != NULL && watchdog_realtime(watchdog));
	json_int(j, "count", stalls->count);
	json_double(j, "worst_ms", stalls->worst_ns / 1e6);
	json_int(j, "own", stalls->own);
	json_int(j, "starved", stalls->starved);
	json_double(j, "worst_starved_ms", stalls->worst_starved_ns / 1e6);
	json_begin(j, "list", '[');
	for (int n = 0; n < 50 && watchdog != NULL &&
	     watchdog_stall(watchdog, sc->began_ns, sc->ended_ns, n, &s); n++) {
		json_begin(j, NULL, '{');
		json_double(j, "t_s", (s.t_ns - sc->stack.epoch_ns) / 1e9);
		json_double(j, "ms", s.late_ns / 1e6);
		json_double(j, "used_ms", s.used_ns / 1e6);
		json_int(j, "cpu", s.cpu);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

static int start_trouble(struct scene *sc, int attempt)
{
	const struct scene_options *o = sc->options;
	struct trouble *t = &sc->trouble;
	pid_t own = 0;
	int res = 0;

	if ((o->hog || o->staged_own) && (res = trouble_add_hogs(t)) == 0 && o->staged_own)
		own = t->hogs[0];
	look_after(sc, own);
	if (res == 0 && o->stops)
		res = trouble_add_stops(t, sc->stack.options.own_clock ? STOPS_MS : STOPS_REAL_MS, sc->seed);
	else if (res == 0 && attempt < o->staged)
		res = trouble_add_stop(t, STAGED_AFTER_MS, STAGED_MS, own);
	return res;
}

static struct stalls find_stalls(const struct scene *sc)
{
	if (watchdog == NULL || sc->began_ns == 0)
		return (struct stalls) { 0 };
	return watchdog_stalls(watchdog, sc->began_ns, sc->ended_ns);
}

static enum scene_state find_state(const struct scene *sc)
{
	struct stalls stalls = find_stalls(sc);
	int64_t limit = (int64_t)(sc->options->stall_ms * 1e6);

	/* stops that are staged spoil nothing */
	if (sc->options->stops || sc->type->any_stall)
		return SCENE_CLEAN;
	if (sc->type->starvation && stalls.worst_starved_by_others_ns > limit)
		return SCENE_STALLED;
	if (stalls.worst_ns <= limit)
		return SCENE_CLEAN;
	/* a short one of theirs beside a long one of the machine's is not what spoilt it */
	return stalls.worst_own_ns > limit && 2 * stalls.lost_own_ns > stalls.lost_ns ?
		SCENE_OWN_STALL : SCENE_STALLED;
}

int scene_play(struct scene *sc, struct scene_attempts *a)
{
	int res;

	sc->began_ns = watchdog_now();
	if ((res = start_trouble(sc, a->n)) == 0 && (res = sc->type->play(sc)) == 0)
		res = stack_call(&sc->stack, "Finish", NULL);
	sc->n_stops = trouble_finish(&sc->trouble);
	sc->ended_ns = watchdog_now();
	sc->state = find_state(sc);
	a->n++;
	a->own += sc->state == SCENE_OWN_STALL;
	a->clean = sc->state == SCENE_CLEAN;
	return res;
}

static void tell_run(const struct scene *sc, const struct tally *t, int run, int attempt, bool failed,
		     struct json *j)
{
	static const char *const texts[] = { "", ": discarded, the machine stalled",
		": discarded, and the room's own processes used the processor in the stall" };
	struct stalls stalls = find_stalls(sc);

	if (!sc->options->json) {
		printf("%s, run %d, %s%s\n", sc->type->name, run + 1, scene_system_names[t->system],
			texts[sc->state]);
		if (stalls.count > 0)
			printf("  %d stalls of the machine, worst %.1f ms; the room's processes ran in %d\n",
				stalls.count, stalls.worst_ns / 1e6, stalls.own);
		if (sc->n_stops > 0)
			printf("  everything was stopped %d times\n", sc->n_stops);
		return;
	}
	json_int(j, "run", run + 1);
	json_int(j, "attempt", attempt);
	json_string(j, "system", scene_system_names[t->system]);
	json_bool(j, "discarded", sc->state != SCENE_CLEAN);
	json_bool(j, "own_stall", sc->state == SCENE_OWN_STALL);
	json_bool(j, "failed", failed);
	json_int(j, "stops", sc->n_stops);
	json_stalls(j, sc, &stalls);
}

static int run_once(const struct scene_type *type, const struct scene_options *o,
		    struct tally *t, int run, struct scene_attempts *a, struct json *j)
{
	struct stack_options so = type->stack;
	struct scene sc;
	g_autofree char *label = g_strdup_printf("%s-%d-%s%s%.0d", type->name, run + 1,
			scene_system_names[t->system], a->n ? "-again" : "", a->n);
	int res;

	so.system = t->system;
	so.own_clock = o->own_clock;
	so.seed = o->seed + run;
	if ((res = scene_open(&sc, type, o, &so, label)) == 0)
		res = scene_play(&sc, a);
	else
		/* there is nothing to try again */
		a->clean = true;
	if (res == -EINTR)
		goto done;
	if (res < 0 && a->clean)
		stack_print_logs(&sc.stack);
	if (o->json)
		json_begin(j, NULL, '{');
	tell_run(&sc, t, run, a->n, res < 0, j);
	t->discarded += !a->clean;
	t->failed += a->clean && res < 0;
	if (a->clean && res == 0)
		tally_measure(&sc, t, j);
	if (o->json)
		json_end(j, '}');
done:
	scene_close(&sc);
	fflush(stdout);
	return res == -EINTR ? res : 0;
}

int scene_run_tally(const struct scene_type *type, const struct scene_options *o,
		    struct tally *t, int run, struct json *j)
{
	struct scene_attempts a = { 0 };
	int res = 0;

	while (scene_attempt(&a) && res == 0)
		res = run_once(type, o, t, run, &a, j);
	if (res < 0)
		return res;
	t->runs++;
	t->spoilt += scene_attempts_end(&a) == SCENE_STALLED;
	t->own_stalls += scene_attempts_end(&a) == SCENE_OWN_STALL;
	return 0;
}

enum scene_verdict scene_run(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct tally tallies[2] = {
		{ .system = type->fixed_system ? type->stack.system :
			o->module ? STACK_MODULE : STACK_POLICY },
		{ .system = STACK_PEER },
	};
	int n = o->peer && !type->no_peer ? 2 : 1, runs = scene_runs(type, o), res = 0;
	enum scene_verdict verdict = SCENE_WELL;

	for (int i = 0; i < n; i++)
		tally_init(&tallies[i], tallies[i].system);
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		json_string(j, "clock", o->own_clock ? "room" : "real");
		json_int(j, "seed", o->seed);
		json_double(j, "bound_median_ms", type->bounds.median);
		json_double(j, "bound_worst_ms", type->bounds.worst);
		json_begin(j, "runs", '[');
	}
	for (int run = 0; run < runs && res == 0; run++)
		for (int i = 0; i < n && res == 0; i++)
			res = scene_run_tally(type, o, &tallies[i], run, j);
	if (o->json) {
		json_end(j, ']');
		json_begin(j, "summary", '{');
	}
	for (int i = 0; i < n; i++) {
		enum scene_verdict v = tally_tell(type, &tallies[i], o->json, j);

		/* the peer is shown, not judged */
		if (tallies[i].system != STACK_PEER)
			verdict = v;
		tally_finish(&tallies[i]);
	}
	if (res < 0)
		verdict = SCENE_COULD_NOT_RUN;
	if (o->json) {
		json_end(j, '}');
		json_bool(j, "ok", verdict == SCENE_WELL);
		json_string(j, "verdict", scene_verdict_names[verdict]);
		json_end(j, '}');
	}
	return verdict;
}
