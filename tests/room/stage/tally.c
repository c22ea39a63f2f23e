/* What the runs of a scene came to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/tally.h"

#define SETTLED_S	1.0	/* gaps count from so long after the last first sound */

#define DISTRIBUTION_MIN 10	/* runs, for a distribution of their worst */
#define HISTOGRAM	10

const char *const scene_verdict_names[] = { "ok", "NOT OK", "could not run", "inconclusive" };
const char *const scene_system_names[] = { "stock", "policy", "module", "peer", "own", "cli" };

/** From measure: only what counts for the verdict */
struct outcome {
	double from, to;	/**< s: somebody plays */
	int heard;		/**< speakers that played at all */
	int windows, partial, blind;
	double worst;
	int gaps, repeats, skips, absences;
};

void scene_figure(struct scene *sc, const char *name, double value, double bound)
{
	if (sc->n_figures < SCENE_FIGURES_MAX)
		sc->figures[sc->n_figures++] = (struct scene_figure) { name, value, bound };
	else
		scene_fault(sc, "there is no room for the figure %s: SCENE_FIGURES_MAX is %d", name,
			SCENE_FIGURES_MAX);
}

void scene_fault(struct scene *sc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_vprintf(sc->faults, format, args);
	va_end(args);
	g_string_append_c(sc->faults, '\n');
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

/* A judge that does not find what it is about says nothing: and nothing is no proof */
static void judge(struct scene *sc, struct measure *m)
{
	int before = sc->n_figures;

	if (sc->type->judge == NULL)
		return;
	sc->type->judge(sc, m);
	if (sc->n_figures == before && sc->faults->len == 0)
		scene_fault(sc, "nothing was judged: what the scene is about is not there");
}

/* Of a scene that has listened itself */
static void take_spreads(struct scene *sc, struct tally *t, struct json *j)
{
	double worst = NAN;

	judge(sc, NULL);
	for (guint i = 0; i < sc->spreads->len; i++)
		worst = fmax(worst, g_array_index(sc->spreads, double, i));
	g_array_append_vals(t->spreads, sc->spreads->data, sc->spreads->len);
	g_array_append_val(t->worst, worst);
	if (sc->options->json) {
		json_int(j, "windows", sc->spreads->len);
		json_double(j, "worst_ms", worst);
	}
}

static void measure_timelines(struct scene *sc, struct tally *t, struct json *j)
{
	const struct measure_options options = { .changed = sc->excused };
	const struct scene_options *o = sc->options;
	struct measure m;
	struct outcome out;
	int res;

	measure_init(&m, &options);
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
	judge(sc, &m);
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
	if (o->keep != NULL) {
		g_autofree char *png = g_build_filename(sc->out, "skew.png", NULL);
		report_plot(&m, png, sc->type->name);
	}
	measure_finish(&m);
}

void tally_measure(struct scene *sc, struct tally *t, struct json *j)
{
	if (sc->type->listens)
		take_spreads(sc, t, j);
	else
		measure_timelines(sc, t, j);
	t->music_s += sc->stack.clock.passed_ns / 1e9;
	t->wall_s += sc->stack.clock.wall_ns / 1e9;
	t->bounds_broken |= tell_figures(sc, j, sc->options->json);
	t->faults |= sc->faults->len > 0;
}

static bool well(const struct scene_type *type, const struct tally *t,
		 const struct measure_summary *s)
{
	const struct scene_bounds *b = &type->bounds;

	if (t->failed || t->own_stalls || t->missing || t->faults || t->bounds_broken)
		return false;
	if (t->spoilt == t->runs)
		return true;
	if ((b->median > 0.0 || b->worst > 0.0 || b->whole) && s->n == 0)
		return false;
	if ((b->median > 0.0 && s->median > b->median) || (b->worst > 0.0 && s->max > b->worst))
		return false;
	return !b->whole || (t->gaps + t->repeats + t->skips + t->absences == 0 && t->blind == 0);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of each run's worst: how likely is a bad start? */
static void tell_distribution(const struct tally *t, bool json, struct json *j)
{
	static const double at[] = { 0.0, 0.5, 0.9, 0.99, 1.0 };
	static const char *const names[] = { "min", "median", "p90", "p99", "max" };
	double *w = (double *)(void *)t->worst->data, top;
	guint n = t->worst->len, bins[HISTOGRAM] = { 0 };

	if (n < DISTRIBUTION_MIN)
		return;
	qsort(w, n, sizeof(*w), compare_doubles);
	if (json)
		json_begin(j, "worst_of_runs_distribution_ms", '{');
	else
		printf("%-8s each run's worst:", "");
	for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
		/* nearest rank: a value that there was */
		guint rank = at[i] > 0.0 ? (guint)ceil(at[i] * n) - 1 : 0;

		if (json)
			json_double(j, names[i], w[rank]);
		else
			printf(" %s %.3f", names[i], w[rank]);
	}
	if (json) {
		json_end(j, '}');
		return;
	}
	puts(" ms");
	/* a round width, or noise of a millionth of a millisecond would fill all bins */
	top = fmax(0.01, w[n - 1]);
	for (guint i = 0; i < n; i++)
		bins[MIN((guint)(w[i] / top * HISTOGRAM), HISTOGRAM - 1)]++;
	for (guint b = 0; b < HISTOGRAM; b++)
		printf("%-8s %.3f-%.3f ms %5u %.*s\n", "", b * top / HISTOGRAM,
			(b + 1) * top / HISTOGRAM, bins[b], (int)(50.0 * bins[b] / n + 0.999),
			"##################################################");
}

static void tell_text(const struct tally *t, const struct measure_summary *s, const char *verdict)
{
	printf("%-8s skew median %.3f, p99 %.3f, worst %.3f ms (%d windows of %d runs",
		scene_system_names[t->system], s->median, s->p99, s->max, s->n, t->runs);
	for (guint i = 0; i < t->worst->len && t->worst->len < DISTRIBUTION_MIN; i++)
		printf("%s %.3f", i ? "" : ", each run's worst:", g_array_index(t->worst, double, i));
	printf(")\n%-8s gaps %d, repeats %d, skips %d, absences %d; windows partial %d, blind %d; "
		"speakers unheard %d\n", "", t->gaps, t->repeats, t->skips, t->absences, t->partial,
		t->blind, t->missing);
	printf("%-8s attempts discarded for stalls %d, runs spoilt in all attempts %d, by own stalls %d, "
		"failed %d\n", "", t->discarded, t->spoilt, t->own_stalls, t->failed);
	if (t->wall_s > 0.0)
		printf("%-8s %.1f s of music in %.1f s: %.1f times real speed\n", "", t->music_s,
			t->wall_s, t->music_s / t->wall_s);
	tell_distribution(t, false, NULL);
	if (t->system != STACK_PEER)
		printf("verdict: %s\n", verdict);
}

static void tell_json(struct tally *t, const struct measure_summary *s, const char *verdict,
		      struct json *j)
{
	json_begin(j, scene_system_names[t->system], '{');
	json_double(j, "skew_median_ms", s->median);
	json_double(j, "skew_p99_ms", s->p99);
	json_double(j, "skew_worst_ms", s->max);
	json_int(j, "windows", s->n);
	json_begin(j, "worst_of_runs_ms", '[');
	for (guint i = 0; i < t->worst->len; i++)
		json_double(j, NULL, g_array_index(t->worst, double, i));
	json_end(j, ']');
	tell_distribution(t, true, j);
	json_int(j, "gaps", t->gaps);
	json_int(j, "repeats", t->repeats);
	json_int(j, "skips", t->skips);
	json_int(j, "absences", t->absences);
	json_int(j, "windows_partial", t->partial);
	json_int(j, "windows_blind", t->blind);
	json_int(j, "runs", t->runs);
	json_int(j, "failed", t->failed);
	json_int(j, "attempts_discarded", t->discarded);
	json_int(j, "runs_spoilt", t->spoilt);
	json_int(j, "own_stalls", t->own_stalls);
	json_int(j, "unheard", t->missing);
	json_double(j, "music_s", t->music_s);
	json_double(j, "wall_s", t->wall_s);
	json_double(j, "music_per_wall", t->wall_s > 0.0 ? t->music_s / t->wall_s : NAN);
	json_string(j, "verdict", verdict);
	json_end(j, '}');
}

enum scene_verdict tally_tell(const struct scene_type *type, struct tally *t, bool json,
			      struct json *j)
{
	struct measure_summary s = measure_summarise((double *)(void *)t->spreads->data,
			t->spreads->len);
	enum scene_verdict verdict = !well(type, t, &s) ? SCENE_NOT_WELL :
		t->spoilt > 0 ? SCENE_INCONCLUSIVE : SCENE_WELL;

	if (json)
		tell_json(t, &s, scene_verdict_names[verdict], j);
	else
		tell_text(t, &s, scene_verdict_names[verdict]);
	return verdict;
}

void tally_init(struct tally *t, enum stack_system system)
{
	*t = (struct tally) { .system = system };
	t->spreads = g_array_new(FALSE, FALSE, sizeof(double));
	t->worst = g_array_new(FALSE, FALSE, sizeof(double));
}

void tally_finish(struct tally *t)
{
	g_array_free(t->spreads, TRUE);
	g_array_free(t->worst, TRUE);
}
