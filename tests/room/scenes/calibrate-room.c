/* What scenes of calibrating by ear are made of */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "scenes/calibrate.h"

#define TOOL		ROOM_BUILD_DIR "/tools/pw-bluez-combine/pw-bluez-combine"

#define T60_MIN_S	0.2
#define T60_MAX_S	0.8
#define DISTANCE_MIN_M	0.5
#define DISTANCE_MAX_M	3.5
#define LATENCY_MIN_MS	60.0
#define LATENCY_MAX_MS	400.0
#define WRONG_MS	500.0	/* by so much a report is wrong at most */
#define UNREPORTED	0.25	/* of the speakers say nothing */
#define AN_ADAPTER	4	/* speakers */
/* rms of a sweep with a peak of -20 dBFS that is heard from 2 m: -20 - 6 - 3 */
#define SWEEP_DB	(-29.0)
/* Reports that are wrong by half a second make as much skew */
#define RANGE_S		1.3

static double between(struct random *r, double min, double max)
{
	return min + random_unit(r) * (max - min);
}

static bool tossed(struct random *r, double probability)
{
	return random_unit(r) < probability;
}

/* AVDTP tells tenths of a millisecond */
char *calibrate_draw_report(struct random *r, double latency)
{
	double report = fmax(0.0, latency + random_around(r, WRONG_MS));

	return tossed(r, UNREPORTED) ? g_strdup("") : g_strdup_printf("'report.msec': <%.1f>, ", report);
}

static char *draw_box(struct random *r, bool boxes)
{
	double low = between(r, 60.0, 250.0), high = between(r, 9000.0, 16000.0);

	return boxes ? g_strdup_printf("'low.hz': <%.0f>, 'high.hz': <%.0f>, 'harmonic': <0.1>, ", low, high) :
		g_strdup("");
}

static int add_speaker(struct scene *sc, const struct conditions *c, struct random *r, int i)
{
	double latency = rint(10.0 * between(r, LATENCY_MIN_MS, LATENCY_MAX_MS)) / 10.0;
	g_autofree char *name = g_strdup_printf("s%02d", i + 1), *report = calibrate_draw_report(r, latency);
	g_autofree char *box = draw_box(r, c->boxes);

	return scene_add_speaker(sc, name, "{'latency.msec': <%.1f>, %s%s'start': <'level'>, 'adapter': <'hci%d'>}",
			latency, report, box, i % (sc->n_adapters + 1));
}

static char *draw_talk(const struct scene *sc, const struct conditions *c)
{
	struct random r = { .state = sc->seed ^ g_str_hash("talk") };

	return c->talk_db.min == 0.0 ? g_strdup("") :
		g_strdup_printf(", 'talk.db': <%.1f>", between(&r, c->talk_db.min, c->talk_db.max));
}

static int add_microphone(struct scene *sc, const struct conditions *c, struct random *r)
{
	g_autofree char *talk = draw_talk(sc, c);
	double t60 = between(r, T60_MIN_S, T60_MAX_S), ppm = random_around(r, c->ppm);
	double reflection = between(r, c->reflection_db.min, c->reflection_db.max);
	double noise = SWEEP_DB - between(r, c->snr_db.min, c->snr_db.max);
	double agc = between(r, c->agc / 4.0, c->agc);
	bool slow = tossed(r, 0.5) && c->slow;

	return scene_add_microphone(sc, CALIBRATE_MICROPHONE, "'t60.sec': <%.2f>, 'reflection.db': <%.1f>, "
			"'noise.db': <%.1f>, 'ppm': <%.1f>, 'rate': <uint32 %d>, 'agc': <%.2f>%s%s%s", t60, reflection,
			noise, ppm, slow ? 16000 : 48000, agc, talk, c->microphone ? ", " : "",
			c->microphone ? c->microphone : "");
}

int calibrate_place(struct scene *sc, struct random *random, double *metres)
{
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++) {
		metres[i] = between(random, DISTANCE_MIN_M, DISTANCE_MAX_M);
		res = scene_set_path(sc, CALIBRATE_MICROPHONE, sc->speakers[i].name, "'distance.m': <%.6f>", metres[i]);
	}
	return res;
}

static bool is_there(struct stack *s, void *data)
{
	return graph_find(s->graph, data) != NULL;
}

int calibrate_build(struct scene *sc, const struct conditions *c, double *metres)
{
	struct random r = { .state = sc->seed ^ g_str_hash(c->name) };
	int res = scene_add_adapters(sc, (sc->n_wanted - 1) / AN_ADAPTER);

	for (int i = 0; i < sc->n_wanted && res == 0; i++)
		res = add_speaker(sc, c, &r, i);
	if (res < 0 || (res = add_microphone(sc, c, &r)) < 0 || (res = calibrate_place(sc, &r, metres)) < 0 ||
	    (res = stack_wait(&sc->stack, is_there, (void *)SCENE_MICROPHONE CALIBRATE_MICROPHONE,
				SCENE_PATIENCE_MS, "the microphone")) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0)
		return res;
	return scene_connect_speakers(sc);
}

/* Each with a log of its own: they are added to */
static struct process *spawn_apart(struct scene *sc, const char *name, const char *const *argv)
{
	g_autofree char *log = g_strdup_printf("%s-%u", name, sc->stack.clients->len + 1);

	return stack_spawn(&sc->stack, log, argv);
}

struct process *calibrate_start_tool(struct scene *sc, const char *command, const char *const *more)
{
	const char *argv[6 + 2 * SCENE_SPEAKERS_MAX] = { TOOL, command, "--json", "--microphone",
		SCENE_MICROPHONE CALIBRATE_MICROPHONE };

	for (int n = 5; more != NULL && *more != NULL && n < (int)G_N_ELEMENTS(argv) - 1; n++)
		argv[n] = *more++;
	return spawn_apart(sc, command, argv);
}

struct process *calibrate_start(struct scene *sc, const char *const *more)
{
	return calibrate_start_tool(sc, "calibrate", more);
}

static void read_speaker(struct calibration *c, struct spa_json *it)
{
	int i = c->n_speakers, len;
	char key[32], text[256];
	const char *value;

	if (i == SCENE_SPEAKERS_MAX)
		return;
	c->speakers[i].offset_ms = NAN;
	while ((len = spa_json_object_next(it, key, sizeof(key), &value)) > 0) {
		if (spa_json_parse_stringn(value, len, text, sizeof(text)) < 0)
			continue;
		if (spa_streq(key, "address"))
			g_strlcpy(c->speakers[i].address, text, sizeof(c->speakers[i].address));
		else if (spa_streq(key, "reason"))
			g_strlcpy(c->speakers[i].reason, text, sizeof(c->speakers[i].reason));
		else if (spa_streq(key, "offset.msec"))
			c->speakers[i].offset_ms = g_ascii_strtod(text, NULL);
	}
	c->n_speakers++;
}

static void read_result(struct calibration *c, const char *json)
{
	struct spa_json it, array, object;
	char key[32], text[256];
	const char *value;
	int len;

	if (spa_json_begin_object(&it, json, strlen(json)) <= 0)
		return;
	while ((len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0) {
		if (spa_streq(key, "speakers") && spa_json_is_array(value, len)) {
			spa_json_enter(&it, &array);
			while (spa_json_enter_object(&array, &object) > 0)
				read_speaker(c, &object);
		} else if (spa_json_parse_stringn(value, len, text, sizeof(text)) < 0) {
			continue;
		} else if (spa_streq(key, "result")) {
			c->kept = spa_streq(text, "kept");
		} else if (spa_streq(key, "after.msec")) {
			c->after_ms = g_ascii_strtod(text, NULL);
		}
	}
}

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

int calibrate_end(struct scene *sc, struct process *p, struct calibration *result)
{
	g_autofree char *text = NULL;
	const char *json;
	int res;

	*result = (struct calibration) { .after_ms = NAN };
	stack_clock_set_fast(&sc->stack.clock, true);
	res = stack_wait(&sc->stack, has_ended, p, CALIBRATE_LIMIT_MS, "the end of calibrating");
	stack_clock_set_fast(&sc->stack.clock, false);
	if (res < 0)
		return res;
	result->status = WIFEXITED(p->status) ? WEXITSTATUS(p->status) : -1;
	/* its log has what it said on the way, and in the end an object on a line of its own */
	if (g_file_get_contents(p->log, &text, NULL, NULL) && (json = strstr(text, "{ \"version\"")) != NULL)
		read_result(result, json);
	return 0;
}

int calibrate_run(struct scene *sc, const char *const *more, struct calibration *result)
{
	int64_t began = stack_now(&sc->stack);
	struct process *p = calibrate_start(sc, more);
	int res = p != NULL ? calibrate_end(sc, p, result) : -EIO;

	result->seconds = (stack_now(&sc->stack) - began) / 1e9;
	return res;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of the windows that have a figure */
static double median_skew(const struct measure *m, const struct measure_speaker *s)
{
	g_autofree double *values = g_new(double, m->n_windows + 1);
	int n = 0;

	for (int w = 0; w < m->n_windows; w++)
		if (isfinite(s->skew[w]))
			values[n++] = s->skew[w];
	qsort(values, n, sizeof(*values), compare_doubles);
	return n > 0 ? values[n / 2] : NAN;
}

static void find_late(const struct scene *sc, const struct measure *m, const double *metres, struct heard_late *late)
{
	for (int i = 0; i < sc->n_speakers; i++) {
		late->late_ms[i] = NAN;
		for (int k = 0; k < m->n_speakers; k++)
			if (spa_streq(m->speakers[k].signal.name, sc->speakers[i].name))
				late->late_ms[i] = median_skew(m, &m->speakers[k]) +
					metres[i] / CALIBRATE_SPEED_M_S * 1e3;
	}
}

double heard_late_spread(const struct heard_late *late, int n, const bool *among)
{
	double min = INFINITY, max = -INFINITY;

	for (int i = 0; i < n; i++) {
		if (among != NULL && !among[i])
			continue;
		if (isnan(late->late_ms[i]))
			return NAN;
		min = fmin(min, late->late_ms[i]);
		max = fmax(max, late->late_ms[i]);
	}
	return max >= min ? max - min : 0.0;
}

static int add_speakers(const struct scene *sc, struct measure *m)
{
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++) {
		g_autofree char *file = g_strdup_printf("speaker-%s.wav", sc->speakers[i].name);
		g_autofree char *path = g_build_filename(sc->out, file, NULL);

		res = measure_add_speaker(m, path);
	}
	return res;
}

int calibrate_listen(struct scene *sc, const double *metres, double from, double to, struct heard_late *late)
{
	struct measure_options options = { .from = from, .to = to, .range = RANGE_S };
	struct measure m;
	int res;

	measure_init(&m, &options);
	/* without the source, whose place in each is of no interest here, and takes most of the time */
	if ((res = add_speakers(sc, &m)) == 0 && (res = measure_run(&m)) == 0)
		find_late(sc, &m, metres, late);
	else
		fprintf(stderr, "room: cannot measure %s: %s\n", sc->out, strerror(-res));
	measure_finish(&m);
	return res;
}

/* The speakers and the group: other nodes come and go. */
static bool is_of_group(const char *object)
{
	static const char *const marks[] = { "\"node.name\": \"bluez_output.", "\"node.name\": \"bluez_combine.",
		"\"media.class\": \"Audio/Device\"" };

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
		if (strstr(object, marks[i]) != NULL)
			return true;
	return false;
}

/* Volumes and offsets, a line each */
static void add_object(GString *text, const char *object)
{
	static const char *const keys[] = { "\"latencyOffsetNsec\": ", "\"volume\": ", "\"mute\": ", "\"softMute\": ",
		"\"monitorMute\": " };
	g_auto(GStrv) lines = g_strsplit(object, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
			if (strstr(*line, keys[i]) != NULL)
				g_string_append_printf(text, "%s\n", g_strstrip(*line));
}

/* pw-dump: an array of objects, each with braces that are two spaces in */
static int add_dump(struct scene *sc, GString *text)
{
	const char *argv[] = { "pw-dump", NULL };
	struct process *p = spawn_apart(sc, "pw-dump", argv);
	int res = p != NULL ? scene_await_end(sc, p) : -EIO;
	g_autofree char *all = NULL;
	g_auto(GStrv) objects = NULL;

	if (res < 0 || !g_file_get_contents(p->log, &all, NULL, NULL))
		return res < 0 ? res : -EIO;
	objects = g_strsplit(all, "\n  {\n", -1);
	for (char **object = objects; *object != NULL; object++)
		if (is_of_group(*object))
			add_object(text, *object);
	return 0;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *calibrate_settings(struct scene *sc)
{
	GHashTable *values = sc->stack.graph->combine_values;
	g_autofree const char **keys = (const char **)g_hash_table_get_keys_as_array(values, NULL);
	guint n = g_hash_table_size(values);
	GString *text = g_string_new(NULL);

	qsort(keys, n, sizeof(*keys), compare_strings);
	for (guint i = 0; i < n; i++)
		if (!g_str_has_prefix(keys[i], "status"))
			g_string_append_printf(text, "%s = %s\n", keys[i], (char *)g_hash_table_lookup(values, keys[i]));
	if (add_dump(sc, text) < 0)
		g_string_assign(text, "pw-dump failed");
	return g_string_free(text, FALSE);
}
