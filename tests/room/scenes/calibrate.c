/* Scenes of calibrating by ear: how well, in which rooms, with which microphones */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <spa/utils/string.h>

#include "scenes/calibrate.h"
#include "stage/tally.h"

#define BEFORE_S	5.0	/* of music, */
#define AFTER_S		6.0	/* and afterwards */
#define SETTLE_S	1.5	/* of the beginning of each are not measured */

/* Of the skew at the microphone afterwards, over all runs */
#define MEDIAN_MS	0.1
#define P95_MS		0.3
#define WRONG_MS	1.0	/* called confident, and further off: never */
#define REFUSED_MAX	0.02	/* of the speakers, but where a refusal is right */
/* From the command to the proof */
#define SECONDS_3	20.0
#define SECONDS_8	45.0
/* The microphone is moved once within this, by so much for each speaker at most, and is there so soon */
#define RUN_S		17.0
#define MOVED_M		1.0
#define MOVED_MS	500.0

#define STRONG	{ -10.0, -3.0 }
#define WEAK	{ 0.0, 6.0 }
#define SNR(db)	{ db, db }
#define QUIET	SNR(30.0)
#define LOUD	{ 10.0, 20.0 }

static const struct conditions all_conditions[] = {
	{ .name = "calibrate", .reflection_db = STRONG, .snr_db = QUIET },
	{ .name = "calibrate-20db", .reflection_db = STRONG, .snr_db = SNR(20.0) },
	{ .name = "calibrate-10db", .reflection_db = STRONG, .snr_db = SNR(10.0) },
	{ .name = "calibrate-weak", .reflection_db = WEAK, .snr_db = QUIET },
	{ .name = "calibrate-boxes", .reflection_db = STRONG, .snr_db = QUIET, .boxes = true },
	{ .name = "calibrate-slow", .reflection_db = STRONG, .snr_db = QUIET, .ppm = 150.0, .slow = true },
	{ .name = "calibrate-agc", .reflection_db = STRONG, .snr_db = QUIET, .agc = 0.83, .may_refuse = "agc" },
	{ .name = "calibrate-clip", .reflection_db = STRONG, .snr_db = QUIET,
	  .microphone = "'clip.db': <-36.0>, 'gain.db': <6.0>", .may_refuse = "clipped" },
	{ .name = "calibrate-all", .reflection_db = WEAK, .snr_db = LOUD, .boxes = true, .ppm = 150.0, .slow = true,
	  .microphone = "'pop.db': <-6.0>, 'self-noise.db': <-70.0>" },
	{ .name = "calibrate-talk", .reflection_db = STRONG, .snr_db = QUIET, .talk_db = { -50.0, -30.0 },
	  .may_refuse = "*" },
	{ .name = "calibrate-moved", .reflection_db = STRONG, .snr_db = QUIET, .may_refuse = "*", .moves = true },
	{ .name = "calibrate-distance", .reflection_db = STRONG, .snr_db = QUIET, .distances = true },
};

/** What a run came to */
struct outcome {
	double before_ms, after_ms;	/**< skew at the microphone, of those that were heard */
	double seconds;
	bool kept;
	int speakers, refused;		/**< that were not heard */
	int wrong_reasons;		/**< of these, for another reason than the room's */
	char reasons[256];
};

struct total {
	GArray *before, *after, *seconds;	/**< double */
	int runs, kept, wrong, failed;
	int speakers, refused, wrong_reasons;
};

static const struct conditions *find_conditions(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(all_conditions); i++)
		if (spa_streq(all_conditions[i].name, name))
			return &all_conditions[i];
	return NULL;
}

static struct {
	double metres[SCENE_SPEAKERS_MAX], metres_before[SCENE_SPEAKERS_MAX];	/**< in the end, and in the beginning */
	double before_from, before_to, after_from, after_to;	/**< s of the timeline */
	struct calibration calibration;
} run;

static double now_s(const struct scene *sc)
{
	return stack_now(&sc->stack) / 1e9;
}

/* So much music; which part of it is to be listened to */
static int play_music(struct scene *sc, double seconds, double *from, double *to)
{
	int res;

	/* the second time they play already: they are kept awake */
	if ((res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_await_playing(sc, sc->n_speakers, 0)) < 0)
		return res;
	*from = now_s(sc) + SETTLE_S;
	if ((res = scene_pass(sc, seconds)) < 0)
		return res;
	*to = now_s(sc) - SCENE_EDGE_S;
	return scene_echo(sc, SCENE_ECHO, false);
}

/* At any moment: the path from each speaker is another one from then on */
static int run_moved(struct scene *sc)
{
	struct random r = { .state = sc->seed ^ g_str_hash("moved") };
	int64_t began = stack_now(&sc->stack);
	struct process *p = calibrate_start(sc, NULL);
	int res;

	if (p == NULL)
		return -EIO;
	if ((res = scene_pass(sc, random_unit(&r) * RUN_S)) < 0)
		return res;
	for (int i = 0; i < sc->n_speakers && res == 0; i++) {
		run.metres[i] = fmax(0.1, run.metres[i] + random_around(&r, MOVED_M));
		res = scene_set_path(sc, CALIBRATE_MICROPHONE, sc->speakers[i].name,
				"'distance.m': <%.6f>, 'move.msec': <%.0f>", run.metres[i], MOVED_MS);
	}
	if (res == 0)
		res = calibrate_end(sc, p, &run.calibration);
	run.calibration.seconds = (stack_now(&sc->stack) - began) / 1e9;
	return res;
}

/* What is measured is then the skew at the speakers */
static int run_with_distances(struct scene *sc)
{
	const char *more[2 * SCENE_SPEAKERS_MAX + 1] = { NULL };
	int res;

	for (int i = 0; i < sc->n_speakers; i++) {
		more[2 * i] = "--distance";
		more[2 * i + 1] = g_strdup_printf("%s=%.3f", sc->speakers[i].name, run.metres[i]);
	}
	res = calibrate_run(sc, more, &run.calibration);
	for (int i = 0; i < sc->n_speakers; i++)
		g_free((char *)more[2 * i + 1]);
	return res;
}

static int run_tool(struct scene *sc, const struct conditions *c)
{
	return c->moves ? run_moved(sc) : c->distances ? run_with_distances(sc) : calibrate_run(sc, NULL, &run.calibration);
}

static int play_calibrate(struct scene *sc)
{
	const struct conditions *c = find_conditions(sc->type->name);
	bool ours = sc->stack.options.system != STACK_PEER;
	int res;

	sc->seconds = BEFORE_S + AFTER_S;
	if ((res = calibrate_build(sc, c, run.metres)) < 0)
		return res;
	/* where the speakers stand there is no way to be taken in */
	if (!c->distances)
		memcpy(run.metres_before, run.metres, sizeof(run.metres));
	if ((res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = play_music(sc, BEFORE_S, &run.before_from, &run.before_to)) < 0 || !ours)
		return res;
	if ((res = run_tool(sc, c)) < 0)
		return res;
	if (c->distances)
		memset(run.metres, 0, sizeof(run.metres));
	return play_music(sc, AFTER_S, &run.after_from, &run.after_to);
}

static bool may_refuse(const struct conditions *c, const char *reason)
{
	return c->may_refuse != NULL && (spa_streq(c->may_refuse, "*") || spa_streq(c->may_refuse, reason));
}

/* Who was not heard, and is that right? */
static void count_refused(const struct scene *sc, const struct conditions *c, struct outcome *o, bool *heard)
{
	const struct calibration *k = &run.calibration;

	for (int i = 0; i < sc->n_speakers; i++) {
		const char *reason = "unknown";

		for (int n = 0; n < k->n_speakers; n++)
			if (spa_streq(k->speakers[n].address, sc->speakers[i].address))
				reason = k->speakers[n].reason;
		heard[i] = k->kept && spa_streq(reason, "heard");
		if (heard[i])
			continue;
		o->refused++;
		o->wrong_reasons += !may_refuse(c, reason);
		g_strlcat(o->reasons, sc->speakers[i].name, sizeof(o->reasons));
		g_strlcat(o->reasons, ": ", sizeof(o->reasons));
		g_strlcat(o->reasons, reason, sizeof(o->reasons));
		g_strlcat(o->reasons, "; ", sizeof(o->reasons));
	}
}

static int judge(struct scene *sc, struct outcome *o)
{
	bool heard[SCENE_SPEAKERS_MAX] = { false };
	struct heard_late late;
	int res;

	*o = (struct outcome) { .speakers = sc->n_speakers, .after_ms = NAN, .seconds = NAN };
	if ((res = calibrate_listen(sc, run.metres_before, run.before_from, run.before_to, &late)) < 0)
		return res;
	o->before_ms = heard_late_spread(&late, sc->n_speakers, NULL);
	if (sc->stack.options.system == STACK_PEER)
		return 0;
	count_refused(sc, find_conditions(sc->type->name), o, heard);
	o->kept = run.calibration.kept;
	o->seconds = run.calibration.seconds;
	if ((res = calibrate_listen(sc, run.metres, run.after_from, run.after_to, &late)) < 0)
		return res;
	o->after_ms = heard_late_spread(&late, sc->n_speakers, o->kept ? heard : NULL);
	if (!find_conditions(sc->type->name)->moves ||
	    (res = calibrate_listen(sc, run.metres_before, run.after_from, run.after_to, &late)) < 0)
		return res;
	/* What was heard before it was moved is right where it was */
	o->after_ms = fmin(o->after_ms, heard_late_spread(&late, sc->n_speakers, o->kept ? heard : NULL));
	return 0;
}

static void tell_run(const struct scene *sc, int n, const struct outcome *o, struct json *j)
{
	const char *system = scene_system_names[sc->stack.options.system];

	if (!sc->options->json) {
		printf("%s, run %d, %s: %.3f ms before", sc->type->name, n + 1, system, o->before_ms);
		if (isfinite(o->seconds))
			printf(", %.3f after, %s in %.1f s%s%s", o->after_ms, o->kept ? "kept" : "not kept", o->seconds,
					o->reasons[0] ? "; " : "", o->reasons);
		puts("");
		fflush(stdout);
		return;
	}
	json_begin(j, NULL, '{');
	json_int(j, "run", n + 1);
	json_string(j, "system", system);
	json_double(j, "before_ms", o->before_ms);
	json_double(j, "after_ms", o->after_ms);
	json_bool(j, "kept", o->kept);
	json_double(j, "seconds", o->seconds);
	json_int(j, "refused", o->refused);
	json_string(j, "reasons", o->reasons);
	json_end(j, '}');
}

static int run_once(const struct scene_type *type, const struct scene_options *o, enum stack_system system, int n,
		    struct outcome *out, struct json *j)
{
	struct stack_options so = { .system = system, .own_clock = o->own_clock, .seed = o->seed + n };
	g_autofree char *label = g_strdup_printf("%s-%d-%s", type->name, n + 1, scene_system_names[system]);
	struct scene_attempts a = { 0 };
	struct scene sc;
	int res;

	memset(&run, 0, sizeof(run));
	if ((res = scene_open(&sc, type, o, &so, label)) == 0)
		res = scene_play(&sc, &a);
	if (res == 0)
		res = judge(&sc, out);
	if (res == 0)
		tell_run(&sc, n, out, j);
	else if (res != -EINTR)
		stack_print_logs(&sc.stack);
	scene_close(&sc);
	return res;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Nearest rank: a value that there was. NAN: there is none */
static double quantile(GArray *values, double q)
{
	guint rank = q > 0.0 ? (guint)ceil(q * values->len) - 1 : 0;

	g_array_sort(values, compare_doubles);
	return values->len > 0 ? g_array_index(values, double, rank) : NAN;
}

static void add(struct total *t, const struct outcome *o)
{
	t->speakers += o->speakers;
	t->refused += o->refused;
	t->wrong_reasons += o->wrong_reasons;
	g_array_append_val(t->before, o->before_ms);
	if (isfinite(o->seconds))
		g_array_append_val(t->seconds, o->seconds);
	if (!o->kept)
		return;
	t->kept++;
	/* what is not known is not right */
	t->wrong += !(o->after_ms <= WRONG_MS);
	g_array_append_val(t->after, o->after_ms);
}

struct limit {
	const char *name;
	double value, bound;
};

static bool tell_limits(const struct limit *limits, size_t n, bool json, struct json *j)
{
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		bool kept = isnan(limits[i].bound) || limits[i].value <= limits[i].bound;

		good = good && kept;
		if (json)
			json_double(j, limits[i].name, limits[i].value);
		else if (isnan(limits[i].bound))
			printf("  %s: %.3f\n", limits[i].name, limits[i].value);
		else
			printf("  %s: %.3f, bound %.3f%s\n", limits[i].name, limits[i].value, limits[i].bound,
					kept ? "" : ": BROKEN");
	}
	return good;
}

static bool tell_total(const struct scene_type *type, const struct scene_options *o, struct total *t, struct json *j)
{
	const struct conditions *c = find_conditions(type->name);
	int n = o->speakers > 0 ? o->speakers : type->speakers;
	double median = quantile(t->after, 0.5), p95 = quantile(t->after, 0.95);
	double refused = t->speakers > 0 ? (double)t->refused / t->speakers : NAN;
	const struct limit limits[] = {
		{ "runs", t->runs, NAN },
		{ "failed", t->failed, 0.0 },
		{ "before_median_ms", quantile(t->before, 0.5), NAN },
		{ "before_worst_ms", quantile(t->before, 1.0), NAN },
		/* where all were refused there is no figure */
		{ "after_median_ms", median, t->kept > 0 ? MEDIAN_MS : NAN },
		{ "after_p95_ms", p95, t->kept > 0 ? P95_MS : NAN },
		{ "after_worst_ms", quantile(t->after, 1.0), NAN },
		{ "confident_and_wrong", t->wrong, 0.0 },
		{ "speakers_refused_share", refused, c->may_refuse != NULL ? NAN : REFUSED_MAX },
		{ "refused_for_another_reason_share", (double)t->wrong_reasons / fmax(1, t->speakers), REFUSED_MAX },
		{ "seconds_median", quantile(t->seconds, 0.5), NAN },
		/* with a microphone that has to be tried first it may take longer */
		{ "seconds_worst", quantile(t->seconds, 1.0), c->may_refuse != NULL || n > 8 ? NAN :
			n <= 3 ? SECONDS_3 : SECONDS_8 },
	};

	return tell_limits(limits, G_N_ELEMENTS(limits), o->json, j);
}

static void total_init(struct total *t)
{
	*t = (struct total) { .before = g_array_new(FALSE, FALSE, sizeof(double)),
		.after = g_array_new(FALSE, FALSE, sizeof(double)), .seconds = g_array_new(FALSE, FALSE, sizeof(double)) };
}

static void total_finish(struct total *t)
{
	g_array_unref(t->before);
	g_array_unref(t->after);
	g_array_unref(t->seconds);
}

static int run_calibrate(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct total ours, peer;
	int runs = scene_runs(type, o), res = 0;
	bool good;

	total_init(&ours);
	total_init(&peer);
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		json_begin(j, "runs", '[');
	}
	for (; ours.runs < runs && res != -EINTR; ours.runs++) {
		struct outcome out;

		if ((res = run_once(type, o, STACK_POLICY, ours.runs, &out, j)) == 0)
			add(&ours, &out);
		ours.failed += res < 0;
		if (o->peer && res != -EINTR && run_once(type, o, STACK_PEER, ours.runs, &out, j) == 0)
			add(&peer, &out);
	}
	if (o->json)
		json_end(j, ']');
	good = tell_total(type, o, &ours, j) && res != -EINTR;
	if (o->peer) {
		const struct limit limits[] = {
			{ "peer_median_ms", quantile(peer.before, 0.5), NAN },
			{ "peer_worst_ms", quantile(peer.before, 1.0), NAN },
		};

		tell_limits(limits, G_N_ELEMENTS(limits), o->json, j);
	}
	if (o->json) {
		json_string(j, "verdict", scene_verdict_names[good ? SCENE_WELL : SCENE_NOT_WELL]);
		json_end(j, '}');
	} else {
		printf("verdict: %s\n", scene_verdict_names[good ? SCENE_WELL : SCENE_NOT_WELL]);
	}
	total_finish(&ours);
	total_finish(&peer);
	return res == -EINTR ? SCENE_COULD_NOT_RUN : good ? SCENE_WELL : SCENE_NOT_WELL;
}

#define CALIBRATE	.runs = 30, .speakers = 3, .seconds = BEFORE_S + AFTER_S, .any_stall = true, \
			.play = play_calibrate, .whole = run_calibrate

const struct scene_type scenes_calibrate[] = {
	{ .name = "calibrate", .text = "reports are wrong by up to 500 ms or there is none, and a microphone makes it good",
	  .brief_runs = 2, CALIBRATE },
	{ .name = "calibrate-20db", .text = "the same, and the room is not quiet",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-10db", .text = "the same, and the room is loud",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-weak", .text = "the same, and a reflection is up to 6 dB louder than the direct sound",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-boxes", .text = "the same with speakers that have bands of their own, and distort",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-slow", .text = "the same with a microphone that is 150 ppm off, or of 16 kHz",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-agc", .text = "the same with one whose firmware changes its gain",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-clip", .text = "the same with one that clips",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-all", .text = "all of that at once, but the last two",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-talk", .text = "somebody talks all the while",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-moved", .text = "the microphone is moved while it listens: that is noticed, or does not matter",
	  .brief_runs = 1, CALIBRATE },
	{ .name = "calibrate-distance", .text = "with the distances of all: they sound at one time where they stand",
	  .brief_runs = 1, CALIBRATE },
	{ 0 },
};
