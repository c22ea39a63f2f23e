/* Runs of a scene, and the verdict */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "stack-files.h"

#define ATTEMPTS	3	/* a run that a stall may have touched is done again */
#define SETTLED_S	1.0	/* gaps count from so long after the last first sound */

static const char *const system_names[] = { "stock", "policy", "module", "peer" };

/** What all runs of one system came to */
struct tally {
	enum stack_system system;
	GArray *spreads;	/**< double, ms, of all windows of all runs */
	GArray *worst;		/**< double, ms, of each run */
	int runs, failed, missing;
	int discarded, stalled;	/**< because of stalls; still with one at the last attempt */
	int gaps, repeats, skips, absences;
	int partial, blind;	/**< windows in which some, or all figures are missing */
	bool bounds_broken;	/**< by a figure of the scene's own */
	bool faults;
};

/** From measure: only what counts for the verdict */
struct outcome {
	double from, to;	/**< s: somebody plays */
	int heard;		/**< speakers that played at all */
	int windows, partial, blind;
	double worst;
	int gaps, repeats, skips, absences;
};

static struct watchdog *watchdog;

int scene_open(struct scene *sc, const struct scene_type *type, const struct scene_options *o,
	       const struct stack_options *so, const char *label)
{
	*sc = (struct scene) {
		.type = type,
		.options = o,
		.seconds = o->seconds > 0.0 ? o->seconds : type->seconds,
		.n_wanted = o->speakers > 0 ? o->speakers : type->speakers,
		.seed = so->seed,
	};
	sc->faults = g_string_new(NULL);
	if (o->keep != NULL)
		sc->out = g_build_filename(o->keep, label, NULL);
	else
		sc->out = g_dir_make_tmp("room-out-XXXXXX", NULL);
	/* its threads would keep the room's clock from ever finding this process asleep */
	if (o->own_clock)
		g_clear_pointer(&watchdog, watchdog_destroy);
	else if (watchdog == NULL && (watchdog = watchdog_new()) == NULL)
		fprintf(stderr, "room: no watchdog: %s\n", strerror(errno));
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
}

static double seconds_of(int64_t pos)
{
	return (double)pos / MEASURE_RATE;
}

static void find_bounds(const struct scene *sc, const struct measure *m, struct outcome *o)
{
	*o = (struct outcome) { .from = INFINITY, .to = 0.0 };
	for (int i = 0; i < m->n_speakers; i++) {
		const struct signal *s = &m->speakers[i].signal;

		if (s->first < 0)
			continue;
		o->heard++;
		o->from = fmin(o->from, seconds_of(s->first));
		o->to = fmax(o->to, seconds_of(s->last) - SCENE_EDGE_S);
	}
	o->from = fmax(o->from, sc->from);
}

/* Each speaker's from its own first sound to its own last: joining late is no gap. */
static void count_events(const struct scene *sc, const struct measure *m, int speaker,
			 struct outcome *o)
{
	const struct measure_speaker *s = &m->speakers[speaker];
	double from = fmax(sc->from, seconds_of(s->signal.first)) + SETTLED_S;
	double to = seconds_of(s->signal.last) - SCENE_EDGE_S;

	for (size_t k = 0; k < s->track.n_events; k++) {
		const struct event *e = &s->track.events[k];
		bool lasts = e->kind == EVENT_GAP || e->kind == EVENT_ABSENT;

		/* what began before counts when it goes on */
		if (e->time + (lasts ? e->size / 1000.0 : 0.0) < from || e->time > to)
			continue;
		o->gaps += e->kind == EVENT_GAP;
		o->repeats += e->kind == EVENT_REPEAT;
		o->skips += e->kind == EVENT_SKIP;
		o->absences += e->kind == EVENT_ABSENT;
	}
}

static struct outcome evaluate(const struct scene *sc, const struct measure *m, GArray *spreads)
{
	struct outcome o;

	find_bounds(sc, m, &o);
	for (int w = 0; w < m->n_windows; w++) {
		double half = m->options.window / 2.0, t = m->window_time[w];

		if (t - half < o.from || t + half > o.to || m->playing[w] < 2)
			continue;
		o.windows++;
		o.partial += m->heard[w] < m->playing[w];
		if (isnan(m->spread[w])) {
			o.blind++;
			continue;
		}
		o.worst = fmax(o.worst, m->spread[w]);
		g_array_append_val(spreads, m->spread[w]);
	}
	for (int i = 0; i < m->n_speakers; i++)
		if (m->speakers[i].signal.first >= 0 &&
		    g_strcmp0(m->speakers[i].signal.name, sc->excused) != 0)
			count_events(sc, m, i, &o);
	return o;
}

static void json_stalls(struct json *j, const struct scene *sc, const struct stalls *stalls)
{
	struct stall s;

	json_begin(j, "stalls", '{');
	json_bool(j, "realtime", watchdog != NULL && watchdog_realtime(watchdog));
	json_int(j, "count", stalls->count);
	json_double(j, "worst_ms", stalls->worst_ns / 1e6);
	json_int(j, "starved", stalls->starved);
	json_double(j, "worst_starved_ms", stalls->worst_starved_ns / 1e6);
	json_begin(j, "list", '[');
	for (int n = 0; n < 50 && watchdog != NULL &&
	     watchdog_stall(watchdog, sc->began_ns, sc->ended_ns, n, &s); n++) {
		json_begin(j, NULL, '{');
		json_double(j, "t_s", (s.t_ns - sc->stack.epoch_ns) / 1e9);
		json_double(j, "ms", s.late_ns / 1e6);
		json_int(j, "cpu", s.cpu);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

static void json_outcome(struct json *j, const struct outcome *o)
{
	json_double(j, "from_s", o->from);
	json_double(j, "to_s", o->to);
	json_int(j, "heard", o->heard);
	json_int(j, "windows", o->windows);
	json_int(j, "windows_partial", o->partial);
	json_int(j, "windows_blind", o->blind);
	json_double(j, "worst_ms", o->worst);
	json_int(j, "gaps", o->gaps);
	json_int(j, "repeats", o->repeats);
	json_int(j, "skips", o->skips);
	json_int(j, "absences", o->absences);
}

static bool tell_figures(const struct scene *sc, struct json *j, bool json)
{
	bool broken = false;

	if (json)
		json_begin(j, "figures", '{');
	for (int i = 0; i < sc->n_figures; i++) {
		const struct scene_figure *f = &sc->figures[i];
		bool bad = !isnan(f->bound) && !(f->value <= f->bound);

		broken |= bad;
		if (json)
			json_double(j, f->name, f->value);
		else if (isnan(f->bound))
			printf("  %s: %.2f\n", f->name, f->value);
		else
			printf("  %s: %.2f, bound %.2f%s\n", f->name, f->value, f->bound,
				bad ? ": BROKEN" : "");
	}
	if (json) {
		json_end(j, '}');
		json_string(j, "faults", sc->faults->str);
	} else if (sc->faults->len > 0) {
		printf("  faults:\n%s", sc->faults->str);
	}
	return broken;
}

static void measure_outcome(struct scene *sc, struct tally *t, struct json *j)
{
	const struct scene_options *o = sc->options;
	struct measure m;
	struct outcome out;
	int res;

	measure_init(&m, NULL);
	if ((res = measure_add_dir(&m, sc->out, sc->source)) < 0 || (res = measure_run(&m)) < 0) {
		fprintf(stderr, "room: cannot measure %s: %s\n", sc->out, strerror(-res));
		t->failed++;
		measure_finish(&m);
		return;
	}
	out = evaluate(sc, &m, t->spreads);
	if (out.heard < sc->n_speakers)
		scene_fault(sc, "%d of %d speakers were never heard", sc->n_speakers - out.heard,
			sc->n_speakers);
	if (sc->type->judge != NULL)
		sc->type->judge(sc, &m);
	g_array_append_val(t->worst, out.worst);
	t->gaps += out.gaps;
	t->repeats += out.repeats;
	t->skips += out.skips;
	t->absences += out.absences;
	t->partial += out.partial;
	t->blind += out.blind;
	t->missing += sc->n_speakers - out.heard;
	if (o->json) {
		json_outcome(j, &out);
		report_json(j, "measure", &m);
	} else {
		report_table(stdout, &m);
	}
	t->bounds_broken |= tell_figures(sc, j, o->json);
	t->faults |= sc->faults->len > 0;
	if (o->keep != NULL) {
		g_autofree char *png = g_build_filename(sc->out, "skew.png", NULL);
		report_plot(&m, png, sc->type->name);
	}
	measure_finish(&m);
}

int scene_play(struct scene *sc)
{
	int res;

	sc->began_ns = watchdog_now();
	if ((res = sc->type->play(sc)) == 0)
		res = stack_call(&sc->stack, "Finish", NULL);
	sc->ended_ns = watchdog_now();
	return res;
}

bool scene_stalled(const struct scene *sc)
{
	return watchdog != NULL && sc->began_ns > 0 &&
		watchdog_stalls(watchdog, sc->began_ns, sc->ended_ns).worst_ns >
		(int64_t)(sc->options->stall_ms * 1e6);
}

/* 1: to be done again, 0: done, -EINTR */
static int run_once(const struct scene_type *type, const struct scene_options *o,
		    struct tally *t, int run, int attempt, struct json *j)
{
	struct stack_options so = type->stack;
	struct stalls stalls = { 0 };
	struct scene sc;
	g_autofree char *label = g_strdup_printf("%s-%d-%s%s%.0d", type->name, run + 1,
			system_names[t->system], attempt ? "-again" : "", attempt);
	bool stalled, again;
	int res;

	so.system = t->system;
	so.own_clock = o->own_clock;
	so.seed = o->seed + run;
	if ((res = scene_open(&sc, type, o, &so, label)) == 0)
		res = scene_play(&sc);
	if (res == -EINTR) {
		scene_close(&sc);
		return res;
	}
	if (sc.began_ns > 0 && watchdog != NULL)
		stalls = watchdog_stalls(watchdog, sc.began_ns, sc.ended_ns);
	/* before anything is measured: what was heard must not decide what is thrown away */
	stalled = scene_stalled(&sc);
	again = stalled && attempt + 1 < ATTEMPTS;
	t->stalled += stalled && !again;
	if (res < 0)
		stack_print_logs(&sc.stack);

	if (o->json)
		json_begin(j, NULL, '{');
	else
		printf("%s, run %d, %s%s\n", type->name, run + 1, system_names[t->system],
			again ? ": discarded, the machine stalled" : "");
	if (o->json) {
		json_int(j, "run", run + 1);
		json_string(j, "system", system_names[t->system]);
		json_bool(j, "stalled", stalled);
		json_bool(j, "discarded", again);
		json_bool(j, "failed", res < 0);
		json_stalls(j, &sc, &stalls);
	} else if (stalls.count > 0) {
		printf("  %d machine stalls, worst %.1f ms\n", stalls.count, stalls.worst_ns / 1e6);
	}
	if (again)
		t->discarded++;
	else if (res < 0)
		t->failed++;
	else
		measure_outcome(&sc, t, j);
	if (o->json)
		json_end(j, '}');
	scene_close(&sc);
	fflush(stdout);
	return again;
}

static bool well(const struct scene_type *type, const struct tally *t,
		 const struct measure_summary *s)
{
	const struct scene_bounds *b = &type->bounds;

	if (t->failed || t->missing || t->faults || t->bounds_broken)
		return false;
	if ((b->median > 0.0 || b->worst > 0.0) && s->n == 0)
		return false;
	if ((b->median > 0.0 && s->median > b->median) || (b->worst > 0.0 && s->max > b->worst))
		return false;
	return !b->whole || (t->gaps + t->repeats + t->skips + t->absences == 0 && t->blind == 0);
}

static bool tell_tally(const struct scene_type *type, struct tally *t, bool json, struct json *j)
{
	struct measure_summary s = measure_summarise((double *)(void *)t->spreads->data,
			t->spreads->len);
	bool ok = well(type, t, &s);
	const char *name = system_names[t->system];

	if (!json) {
		printf("%-8s skew median %.3f, p99 %.3f, worst %.3f ms (%d windows of %d runs, each run's worst:",
			name, s.median, s.p99, s.max, s.n, t->runs);
		for (guint i = 0; i < t->worst->len; i++)
			printf(" %.3f", g_array_index(t->worst, double, i));
		printf(")\n%-8s gaps %d, repeats %d, skips %d, absences %d; windows partial %d, blind %d; "
			"runs failed %d, discarded %d, with a stall all the same %d; speakers unheard %d%s\n",
			"", t->gaps, t->repeats, t->skips, t->absences, t->partial, t->blind, t->failed,
			t->discarded, t->stalled, t->missing, t->system == STACK_PEER ? "" : ok ? ": ok" : ": NOT OK");
		return ok;
	}
	json_begin(j, name, '{');
	json_double(j, "skew_median_ms", s.median);
	json_double(j, "skew_p99_ms", s.p99);
	json_double(j, "skew_worst_ms", s.max);
	json_int(j, "windows", s.n);
	json_begin(j, "worst_of_runs_ms", '[');
	for (guint i = 0; i < t->worst->len; i++)
		json_double(j, NULL, g_array_index(t->worst, double, i));
	json_end(j, ']');
	json_int(j, "gaps", t->gaps);
	json_int(j, "repeats", t->repeats);
	json_int(j, "skips", t->skips);
	json_int(j, "absences", t->absences);
	json_int(j, "windows_partial", t->partial);
	json_int(j, "windows_blind", t->blind);
	json_int(j, "runs", t->runs);
	json_int(j, "failed", t->failed);
	json_int(j, "discarded", t->discarded);
	json_int(j, "stalled", t->stalled);
	json_int(j, "unheard", t->missing);
	json_bool(j, "ok", ok);
	json_end(j, '}');
	return ok;
}

static int run_all(const struct scene_type *type, const struct scene_options *o,
		   struct tally *tallies, int n, int runs, struct json *j)
{
	for (int run = 0; run < runs; run++)
		for (int i = 0; i < n; i++) {
			int again = 1;

			for (int attempt = 0; again > 0 && attempt < ATTEMPTS; attempt++)
				again = run_once(type, o, &tallies[i], run, attempt, j);
			if (again < 0)
				return again;
			tallies[i].runs++;
		}
	return 0;
}

int scene_run(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct tally tallies[2] = {
		{ .system = type->fixed_system ? type->stack.system :
			o->module ? STACK_MODULE : STACK_POLICY },
		{ .system = STACK_PEER },
	};
	int n = o->peer && !type->no_peer ? 2 : 1, res;
	bool ok = true;

	for (int i = 0; i < n; i++) {
		tallies[i].spreads = g_array_new(FALSE, FALSE, sizeof(double));
		tallies[i].worst = g_array_new(FALSE, FALSE, sizeof(double));
	}
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		json_string(j, "clock", o->own_clock ? "room" : "real");
		json_int(j, "seed", o->seed);
		json_double(j, "bound_median_ms", type->bounds.median);
		json_double(j, "bound_worst_ms", type->bounds.worst);
		json_begin(j, "runs", '[');
	}
	res = run_all(type, o, tallies, n, o->runs > 0 ? o->runs : type->runs, j);
	if (o->json) {
		json_end(j, ']');
		json_begin(j, "summary", '{');
	}
	for (int i = 0; i < n; i++) {
		bool fine = tell_tally(type, &tallies[i], o->json, j);

		/* the peer is shown, not judged */
		if (tallies[i].system != STACK_PEER)
			ok = fine;
		g_array_free(tallies[i].spreads, TRUE);
		g_array_free(tallies[i].worst, TRUE);
	}
	if (o->json) {
		json_end(j, '}');
		json_bool(j, "ok", ok && res == 0);
		json_end(j, '}');
	}
	return res < 0 ? 2 : ok ? 0 : 1;
}
