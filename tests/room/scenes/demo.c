/* Scene demo: an Echo plays a file on speakers of a flat */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "random.h"
#include "stage/noise.h"
#include "stage/stack-files.h"
#include "stage/tally.h"

#define ECHO		"Echo Dot"
#define BOUND_MS	1.0
#define BLIND_MAX	0.5	/* of the windows; with more nothing is shown by the rest */
#define STEP_S		5.0	/* between two lines of progress */
#define AN_ADAPTER	4	/* speakers */

static const char *const rooms[] = {
	"Kitchen", "Living room", "Bedroom", "Bathroom", "Study", "Hall", "Nursery", "Guest room",
	"Workshop", "Cellar", "Attic", "Garage", "Balcony", "Terrace", "Garden",
};
static const double latencies[] = { 50.0, 150.0, 220.0 };

/** What our package told, per speaker, in ms */
static struct told {
	double latency, delay;
} told[SCENE_SPEAKERS_MAX];

static int add_speakers(struct scene *sc)
{
	int res = scene_add_adapters(sc, (sc->n_wanted - 1) / AN_ADAPTER);
	struct random random = { .state = sc->seed };

	for (int i = 0; i < sc->n_wanted && res == 0; i++) {
		double latency = i < 3 ? latencies[i] : 50.0 + 170.0 * (i * 7 % 15) / 15.0;
		g_autofree char *name = i < (int)G_N_ELEMENTS(rooms) ? g_strdup(rooms[i]) :
			g_strdup_printf("Room %d", i + 1);

		/* AVDTP tells tenths of a millisecond */
		res = scene_add_speaker(sc, name, "{'latency.msec': <%.3f>, 'report.msec': <%.1f>, "
				"'start': <'%s'>, 'adapter': <'hci%d'>}", latency,
				fmax(0.0, latency + random_around(&random, sc->options->wrong_ms)),
				sc->options->level ? "level" : "first", sc->n_speakers % (sc->n_adapters + 1));
	}
	return res;
}

static int add_microphones(struct scene *sc)
{
	GPtrArray *all = sc->options->microphones;
	int res = 0;

	for (guint i = 0; all != NULL && i < all->len && res == 0; i++) {
		g_autofree char *name = g_strdup_printf("%u", i + 1);

		res = scene_add_microphone(sc, name, "%s", (const char *)all->pdata[i]);
	}
	return res;
}

static int add_echo(struct scene *sc)
{
	g_autofree char *wav = sc->options->input ? g_canonicalize_filename(sc->options->input, NULL) :
		g_build_filename(sc->stack.out, "noise.wav", NULL);
	int res = 0;

	if (sc->options->input == NULL)
		res = noise_write(wav, sc->seconds + 1.0, 44100, sc->seed);
	return res < 0 ? res : scene_add_echo_file(sc, ECHO, wav, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>, 'loop': <true>");
}

static void read_status(struct scene *sc)
{
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *key = g_strdup_printf("status.%s", sc->speakers[i].address);

		told[i].latency = graph_combine_number(sc->stack.graph, key, "latency.nsec") / 1e6;
		told[i].delay = graph_combine_number(sc->stack.graph, key, "delay.nsec") / 1e6;
	}
}

int scene_demo_begin(struct scene *sc)
{
	int64_t now;
	int res;

	if ((res = add_speakers(sc)) < 0 || (res = add_microphones(sc)) < 0 || (res = add_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_connect(sc, ECHO)) < 0)
		return res;
	fprintf(stderr, "%d speakers and the " ECHO " are connected\n", sc->n_speakers);
	if (sc->options->quiet)
		return 0;
	now = stack_now(&sc->stack);
	if ((res = scene_echo(sc, ECHO, true)) < 0)
		return res;
	return scene_await_playing(sc, sc->n_speakers, now);
}

static int play_demo(struct scene *sc)
{
	int res = scene_demo_begin(sc);

	for (double t = 0.0; t < sc->seconds && res == 0; t += STEP_S) {
		fprintf(stderr, "the " ECHO " plays on all speakers: %.0f of %.0f s\n", t, sc->seconds);
		res = scene_pass(sc, fmin(STEP_S, sc->seconds - t));
	}
	read_status(sc);
	return res;
}

static bool is_blind(const struct measure *m)
{
	return m->windows_none > BLIND_MAX * m->n_windows;
}

static bool is_bad(const struct scene *sc, const struct measure *m)
{
	int heard = 0;

	for (int i = 0; i < m->n_speakers; i++)
		heard += m->speakers[i].signal.first >= 0;
	return heard < sc->n_speakers || (sc->n_speakers > 1 &&
			(m->spread_abs.n == 0 || m->spread_abs.max > BOUND_MS ||
			 is_blind(m)));
}

/* Timelines are named after the speakers: the order of measure is that of the names. */
static const struct measure_speaker *find(const struct measure *m, const char *name)
{
	for (int i = 0; i < m->n_speakers; i++)
		if (strcmp(m->speakers[i].signal.name, name) == 0)
			return &m->speakers[i];
	return NULL;
}

static void print_table(const struct scene *sc, const struct measure *m)
{
	printf("\n%-12s %12s %12s   %27s\n%-12s %12s %12s   %8s %9s %8s\n", "", "its latency", "delay added",
		"skew to the first speaker", "speaker", "ms", "ms", "median", "p99", "max ms");
	for (int i = 0; i < sc->n_speakers; i++) {
		const struct measure_speaker *s = find(m, sc->speakers[i].name);

		if (s == NULL || s->signal.first < 0)
			printf("%-12s was never heard\n", sc->speakers[i].name);
		else
			printf("%-12s %12.1f %12.1f   %8.3f %9.3f %8.3f\n", sc->speakers[i].name,
				told[i].latency, told[i].delay, s->skew_abs.median, s->skew_abs.p99, s->skew_abs.max);
	}
	printf("\nskew between any two: median %.3f, p99 %.3f, max %.3f ms; bound %.1f ms\n",
		m->spread_abs.median, m->spread_abs.p99, m->spread_abs.max, BOUND_MS);
	printf("%d of %d windows of half a second had too little sound to measure%s\n", m->windows_none,
		m->n_windows, is_blind(m) ? ": nothing is shown by the rest, play for longer" : "");
}

static void print_files(const struct scene *sc, bool plotted)
{
	const char *dir = sc->options->keep;

	if (dir == NULL) {
		puts("the recordings are gone; --keep DIR keeps them");
		return;
	}
	puts("\nrecordings, all on one timeline:");
	for (int i = 0; i < sc->n_speakers; i++)
		printf("  %s/speaker-%s.wav\n", dir, sc->speakers[i].name);
	printf("  %s/echo-" ECHO ".wav\n", dir);
	if (plotted)
		printf("skew over time:\n  %s/skew.png\n", dir);
}

static void tell_json(const struct scene *sc, const struct measure *m, bool plotted, bool bad,
		      struct json *j)
{
	json_begin(j, NULL, '{');
	json_string(j, "scene", sc->type->name);
	json_string(j, "clock", sc->options->own_clock ? "room" : "real");
	json_double(j, "seconds", sc->seconds);
	json_begin(j, "speakers", '[');
	for (int i = 0; i < sc->n_speakers; i++) {
		const struct measure_speaker *s = find(m, sc->speakers[i].name);

		json_begin(j, NULL, '{');
		json_string(j, "name", sc->speakers[i].name);
		json_string(j, "address", sc->speakers[i].address);
		json_double(j, "latency_ms", told[i].latency);
		json_double(j, "delay_ms", told[i].delay);
		json_double(j, "skew_median_ms", s ? s->skew_abs.median : NAN);
		json_double(j, "skew_p99_ms", s ? s->skew_abs.p99 : NAN);
		json_double(j, "skew_max_ms", s ? s->skew_abs.max : NAN);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_double(j, "skew_median_ms", m->spread_abs.median);
	json_double(j, "skew_p99_ms", m->spread_abs.p99);
	json_double(j, "skew_max_ms", m->spread_abs.max);
	json_double(j, "bound_ms", BOUND_MS);
	json_int(j, "windows", m->n_windows);
	json_int(j, "windows_blind", m->windows_none);
	json_string(j, "folder", sc->options->keep);
	json_bool(j, "plot", plotted);
	json_bool(j, "ok", !bad);
	json_end(j, '}');
}

static enum scene_verdict judge(struct scene *sc, struct json *j)
{
	g_autofree char *png = g_build_filename(sc->out, "skew.png", NULL);
	g_autofree char *title = g_strdup_printf("%d speakers play what the " ECHO " sends: skew to %s",
			sc->n_speakers, sc->speakers[0].name);
	struct measure_options options = { .to = 0.0 };
	bool plotted = false, bad = true;
	struct measure m;
	int res;

	fprintf(stderr, "measuring\n");
	measure_init(&m, &options);
	/* in the order of the table, not of the names: the first is what skews are against */
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *name = g_strdup_printf("speaker-%s.wav", sc->speakers[i].name);
		g_autofree char *path = g_build_filename(sc->out, name, NULL);

		if ((res = measure_add_speaker(&m, path)) < 0)
			goto done;
	}
	{
		g_autofree char *path = g_build_filename(sc->out, "echo-" ECHO ".wav", NULL);

		if ((res = measure_set_source(&m, path, true)) < 0)
			goto done;
	}
	if ((res = measure_run(&m)) < 0)
		goto done;
	bad = is_bad(sc, &m);
	if (sc->options->keep != NULL)
		plotted = report_plot(&m, png, title) == 0;
	if (sc->options->json) {
		tell_json(sc, &m, plotted, bad, j);
	} else {
		print_table(sc, &m);
		print_files(sc, plotted);
		printf("verdict: %s\n", scene_verdict_names[bad]);
	}
done:
	if (res < 0)
		fprintf(stderr, "room: cannot measure %s: %s\n", sc->out, strerror(-res));
	measure_finish(&m);
	return res < 0 ? SCENE_COULD_NOT_RUN : bad ? SCENE_NOT_WELL : SCENE_WELL;
}

static int run_demo(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct stack_options so = { .system = o->module ? STACK_MODULE : STACK_POLICY,
		.own_clock = o->own_clock, .seed = o->seed };
	enum scene_verdict verdict = SCENE_COULD_NOT_RUN;
	struct scene_attempts a = { 0 };
	int res = 0;

	while (scene_attempt(&a) && res != -EINTR) {
		struct scene sc;

		if ((res = scene_open(&sc, type, o, &so, ".")) == 0)
			res = scene_play(&sc, &a);
		else
			a.clean = true;
		if (a.clean && res == 0)
			verdict = judge(&sc, j);
		else if (a.clean && res != -EINTR)
			stack_print_logs(&sc.stack);
		else if (res == 0)
			fprintf(stderr, "this machine stood still meanwhile: once more\n");
		scene_close(&sc);
	}
	return scene_attempts_end(&a) == SCENE_STALLED ? SCENE_INCONCLUSIVE : verdict;
}

const struct scene_type scenes_demo[] = {
	{ .name = "demo", .text = "an Echo Dot plays --input on the speakers of a flat, with a table and a plot",
	  .speakers = 3, .seconds = 20.0, .brief_seconds = 10.0, .play = play_demo, .whole = run_demo },
	{ 0 },
};
