/* Scenes that compare runs: under trouble, on both clocks, with more speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stage/tally.h"

#define SAME_MS		0.01	/* of any skew, under trouble, on the room's clock */
/* Of the skew's median over the runs, between the clocks. On the machine's clock a speaker keeps how late
 * its first packet was sent, and that is the scheduler's: 0.04 to 0.22 ms were seen. More than the scene
 * `echo` itself may have is no longer that. */
#define CLOCKS_MS	0.3

struct range {
	char name[32];
	double median, min, max;	/**< ms of skew to the first speaker */
};

/** What a run came to */
struct result {
	struct range speakers[SCENE_SPEAKERS_MAX];
	int n_speakers;
	int events, blind;		/**< gaps, repeats, skips, absences; windows without a figure */
	int stops;			/**< of everything */
	int discarded;			/**< attempts */
	double spread;			/**< ms, worst */
	double music_s, wall_s;
	char *sum;			/**< over the samples of all speakers, to be freed */
};

static void add_file(GChecksum *sum, const char *dir, const char *speaker)
{
	g_autofree char *name = g_strdup_printf("speaker-%s.wav", speaker);
	g_autofree char *path = g_build_filename(dir, name, NULL), *data = NULL;
	gsize size;

	if (g_file_get_contents(path, &data, &size, NULL))
		g_checksum_update(sum, (guchar *)data, size);
}

static struct range find_range(const struct measure *m, const struct measure_speaker *s)
{
	struct range r = { .median = s->skew_median, .min = INFINITY, .max = -INFINITY };

	g_strlcpy(r.name, s->signal.name, sizeof(r.name));
	for (int w = 0; w < m->n_windows; w++)
		if (!isnan(s->skew[w])) {
			r.min = fmin(r.min, s->skew[w]);
			r.max = fmax(r.max, s->skew[w]);
		}
	return r;
}

static int read_result(const struct scene *sc, struct result *r)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct measure m;
	int res;

	measure_init(&m, NULL);
	if ((res = measure_add_dir(&m, sc->out, NULL)) < 0 || (res = measure_run(&m)) < 0)
		goto done;
	for (int i = 0; i < m.n_speakers && i < SCENE_SPEAKERS_MAX; i++) {
		const struct measure_speaker *s = &m.speakers[i];

		r->speakers[r->n_speakers++] = find_range(&m, s);
		/* starting and ending one after the other is none */
		for (size_t k = 0; k < s->track.n_events; k++)
			r->events += s->track.events[k].time > (double)s->signal.first / MEASURE_RATE + 1.0 &&
				s->track.events[k].time < (double)s->signal.last / MEASURE_RATE - SCENE_EDGE_S;
		add_file(sum, sc->out, s->signal.name);
	}
	r->blind = m.windows_none;
	r->spread = m.spread_abs.max;
	r->sum = g_strdup(g_checksum_get_string(sum));
	r->stops = sc->n_stops;
	r->music_s = sc->stack.clock.passed_ns / 1e9;
	r->wall_s = sc->stack.clock.wall_ns / 1e9;
done:
	measure_finish(&m);
	return res;
}

/* 0, -EINTR, -EAGAIN: spoilt by stalls in all attempts, -EBUSY: by the room's own, other -errno */
static int take(const struct scene_type *type, const struct scene_options *o, const char *label,
		struct result *r)
{
	struct stack_options so = { .system = o->module ? STACK_MODULE : STACK_POLICY,
		.own_clock = o->own_clock, .seed = o->seed };
	struct scene_attempts a = { 0 };
	int res = 0;

	*r = (struct result) { 0 };
	while (scene_attempt(&a)) {
		g_autofree char *name = g_strdup_printf("%s-%s%s%.0d", type->name, label,
				a.n ? "-again" : "", a.n);
		struct scene sc;

		if ((res = scene_open(&sc, type, o, &so, name)) == 0)
			res = scene_play(&sc, &a);
		else
			a.clean = true;
		if (res == 0 && a.clean)
			res = read_result(&sc, r);
		else if (res < 0 && res != -EINTR && a.clean)
			stack_print_logs(&sc.stack);
		scene_close(&sc);
		if (res == -EINTR)
			return res;
		r->discarded += !a.clean;
	}
	switch (scene_attempts_end(&a)) {
	case SCENE_STALLED: return -EAGAIN;
	case SCENE_OWN_STALL: return -EBUSY;
	default: return res;
	}
}

/* The largest change of any speaker's skew; infinite if not all are there. */
static double compare(const struct result *a, const struct result *b, bool medians)
{
	double worst = a->n_speakers == b->n_speakers && a->n_speakers > 0 ? 0.0 : INFINITY;

	for (int i = 0; i < a->n_speakers && i < b->n_speakers; i++) {
		const struct range *x = &a->speakers[i], *y = &b->speakers[i];

		worst = fmax(worst, fabs(x->median - y->median));
		if (!medians)
			worst = fmax(worst, fmax(fabs(x->min - y->min), fabs(x->max - y->max)));
		if (isnan(x->median) || isnan(y->median))
			worst = INFINITY;
	}
	return worst;
}

static void begin(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	if (!o->json)
		return;
	json_begin(j, NULL, '{');
	json_string(j, "scene", type->name);
	json_string(j, "clock", o->own_clock ? "room" : "real");
	json_begin(j, "runs", '[');
}

static enum scene_verdict end(const struct scene_options *o, struct json *j, bool well, int res)
{
	enum scene_verdict v = res == -EAGAIN ? SCENE_INCONCLUSIVE : res == -EBUSY ? SCENE_NOT_WELL :
		res < 0 ? SCENE_COULD_NOT_RUN : well ? SCENE_WELL : SCENE_NOT_WELL;

	if (res == -EAGAIN || res == -EBUSY)
		fprintf(stderr, "room: the machine stalled in all attempts at a run%s\n", res == -EBUSY ?
			", and the room's own processes ran in most" : "");
	if (o->json) {
		json_bool(j, "ok", v == SCENE_WELL);
		json_string(j, "verdict", scene_verdict_names[v]);
		json_end(j, '}');
	} else {
		printf("verdict: %s\n", scene_verdict_names[v]);
	}
	return v;
}

static void tell(const struct scene_options *o, const char *label, const struct result *r,
		 double difference, bool same_bits, struct json *j)
{
	double speed = r->music_s / r->wall_s;

	if (!o->json) {
		printf("%-8s skew worst %.3f ms, %s by %.4f ms%s; gaps and steps %d, blind windows %d; "
			"%d stops of everything; %d attempts discarded; %.1f times real speed\n", label, r->spread,
			isfinite(difference) ? "changed" : "nothing to be recognised, changed", difference,
			same_bits ? ", same bits" : "", r->events, r->blind, r->stops, r->discarded, speed);
		fflush(stdout);
		return;
	}
	json_begin(j, NULL, '{');
	json_string(j, "run", label);
	json_double(j, "skew_worst_ms", r->spread);
	json_double(j, "skew_changed_ms", difference);
	json_bool(j, "same_bits", same_bits);
	json_int(j, "gaps_and_steps", r->events);
	json_int(j, "windows_blind", r->blind);
	json_int(j, "stops", r->stops);
	json_int(j, "attempts_discarded", r->discarded);
	json_double(j, "music_s", r->music_s);
	json_double(j, "wall_s", r->wall_s);
	json_double(j, "music_per_wall", speed);
	json_end(j, '}');
}

/* On the machine's clock it is there for contrast, without a bound. */
static int run_trouble(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct scene_options bad = *o, good = *o;
	struct result quiet, r;
	int runs = scene_runs(type, o), same = 0, events = 0, res;
	double worst = 0.0;

	bad.hog = bad.stops = true;
	good.hog = good.stops = false;
	begin(type, o, j);
	if ((res = take(type, &good, "quiet", &quiet)) == 0)
		tell(o, "quiet", &quiet, 0.0, true, j);
	for (int i = 0; i < runs && res == 0; i++) {
		g_autofree char *label = g_strdup_printf("run %d", i + 1);

		if ((res = take(type, &bad, label, &r)) == 0) {
			double d = compare(&quiet, &r, false);
			bool bits = g_strcmp0(quiet.sum, r.sum) == 0;

			tell(o, label, &r, d, bits, j);
			worst = fmax(worst, d);
			same += bits;
			events += r.events + r.blind;
		}
		g_free(r.sum);
	}
	g_free(quiet.sum);
	if (o->json) {
		json_end(j, ']');
		json_double(j, "skew_changed_worst_ms", worst);
		json_double(j, "bound_ms", o->own_clock ? SAME_MS : NAN);
		json_int(j, "runs_of_same_bits", same);
	} else {
		printf("skew    changed by at most %.4f ms under trouble, gaps and steps %d; %d of %d runs have "
			"the same bits\n", worst, events, same, runs);
	}
	return end(o, j, !o->own_clock || (worst <= SAME_MS && events == 0), res);
}

/* Its start costs time on the machine's clock only: the median of some runs. */
static int run_clocks(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	int runs = scene_runs(type, o), res = 0, n = 0;
	double values[2][SCENE_SPEAKERS_MAX][16], worst = 0.0;
	struct result r = { 0 };

	runs = MIN(runs, 16);
	begin(type, o, j);
	for (int own = 0; own < 2 && res == 0; own++)
		for (int i = 0; i < runs && res == 0; i++) {
			struct scene_options with = *o;
			g_autofree char *label = g_strdup_printf("%s %d", own ? "room" : "real", i + 1);

			with.own_clock = own;
			with.seed = o->seed + i;
			if ((res = take(type, &with, label, &r)) == 0)
				tell(o, label, &r, 0.0, false, j);
			for (n = 0; n < r.n_speakers; n++)
				values[own][n][i] = r.speakers[n].median;
			g_free(r.sum);
		}
	if (o->json) {
		json_end(j, ']');
		json_begin(j, "skew_median_ms", '{');
	}
	for (int s = 0; s < n && res == 0; s++) {
		double real = measure_median(values[0][s], runs), own = measure_median(values[1][s], runs);

		worst = fmax(worst, fabs(real - own));
		if (o->json) {
			json_begin(j, r.speakers[s].name, '{');
			json_double(j, "real", real);
			json_double(j, "room", own);
			json_end(j, '}');
		} else {
			printf("%-12s skew median %.3f ms on the machine's clock, %.3f on the room's\n",
				r.speakers[s].name, real, own);
		}
	}
	if (o->json) {
		json_end(j, '}');
		json_double(j, "difference_worst_ms", worst);
		json_double(j, "bound_ms", CLOCKS_MS);
	} else {
		printf("skew    medians differ by at most %.3f ms, bound %.3f\n", worst, CLOCKS_MS);
	}
	return end(o, j, n > 0 && worst <= CLOCKS_MS, res);
}

static int run_speed(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	static const int numbers[] = { 3, 8 };
	int res = 0;

	begin(type, o, j);
	for (size_t i = 0; i < G_N_ELEMENTS(numbers) && res == 0; i++) {
		struct scene_options with = *o;
		struct result r;
		g_autofree char *label = g_strdup_printf("%d speakers", numbers[i]);

		with.speakers = numbers[i];
		if ((res = take(type, &with, label, &r)) < 0)
			break;
		if (!o->json)
			printf("%s: %.1f s of music in %.2f s, %.1f a second\n", label, r.music_s, r.wall_s,
				r.music_s / r.wall_s);
		else
			tell(o, label, &r, 0.0, false, j);
		g_free(r.sum);
	}
	if (o->json)
		json_end(j, ']');
	return end(o, j, true, res);
}

const struct scene_type scenes_compare[] = {
	{ .name = "trouble", .text = "echo under busy processors and random stops, beside a quiet run",
	  .runs = 10, .speakers = 3, .seconds = 20.0, .brief_runs = 3, .brief_seconds = 10.0,
	  .play = scene_play_echo, .whole = run_trouble },
	{ .name = "clocks", .text = "echo on the machine's clock and on the room's own, compared",
	  .runs = 5, .speakers = 3, .seconds = 15.0, .brief_runs = 3, .brief_seconds = 5.0,
	  .play = scene_play_echo, .whole = run_clocks },
	{ .name = "speed", .text = "seconds of music in a second, for 3 and for 8 speakers",
	  .speakers = 3, .seconds = 60.0, .brief_seconds = 20.0, .play = scene_play_echo,
	  .whole = run_speed },
	{ 0 },
};
