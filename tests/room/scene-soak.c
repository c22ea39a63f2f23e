/* Scene soak: anything may happen, for any length of time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>

#include "noise.h"
#include "random.h"
#include "scene.h"
#include "scene-logs.h"
#include "tape.h"

/*
 * Events are drawn from the seed alone, with their times, before anything happens: the same seed
 * stages the same. While music plays, what was heard is measured piece by piece:
 * speakers to which nothing has just been done agree, and have neither gaps nor steps; nobody is
 * silent for longer than what was done to it explains. Memory and descriptors of the daemons stay,
 * and the logs say little.
 */
#define SKEW_BOUND_MS	0.5
#define CHECK_S		20.0	/* a piece */
#define BEFORE_S	3.0	/* more of it, for finding one's place */
#define LAG_S		2.0	/* what was recorded is all there after this */
#define SOURCE_S	97.0	/* the Echo begins again after so much */
#define SETTLE_S	4.0	/* after whatever was done */
#define EVENT_EVERY_S	5.0	/* on the average */
#define LOG_PER_EVENT	2
#define COMPLAINTS_MAX	40	/* that are told */
#define RSS_BOUND_KB	6144	/* the allocator's own to and fro */
#define WARM_UP_MAX	15	/* checks, in which a daemon has taken what it needs; half of a short run */
#define FD_BOUND	4	/* a transport that is there just then, or is not */

enum kind {
	LEAVE,		/* for seconds */
	FLAP,
	LATENCY,	/* true and reported, by msec */
	RADIO,		/* its radio stalls, for msec */
	LOSS,		/* of packets */
	PAUSE,		/* the Echo, for seconds */
	JUNK,		/* in the metadata */
	TRIM,		/* and what may stand there */
	RESTART,	/* of a daemon */
	N_KINDS,
};

static const struct {
	const char *name;
	int weight;
} kinds[N_KINDS] = {
	[LEAVE] = { "leave", 20 },
	[FLAP] = { "flap", 10 },
	[LATENCY] = { "latency", 15 },
	[RADIO] = { "radio", 15 },
	[LOSS] = { "loss", 10 },
	[PAUSE] = { "pause", 10 },
	[JUNK] = { "junk", 10 },
	[TRIM] = { "trim", 5 },
	[RESTART] = { "restart", 2 },
};

/** What may be heard where, because something was done */
struct excuse {
	int speaker;		/**< -1: all */
	double from, to;	/**< s */
	double silent_ms;	/**< at most */
};

struct usage {
	pid_t pid;
	int checks;		/**< of this process so far */
	int64_t rss_kb;
	int fds;
};

struct soak {
	struct scene *scene;
	struct random random;
	GArray *excuses;	/**< struct excuse */
	double latency[SCENE_SPEAKERS_MAX];
	struct tape tapes[SCENE_SPEAKERS_MAX + 1];	/**< the Echo's is the last */
	double checked;		/**< s, up to here */
	int counts[N_KINDS], n_events;

	struct usage start[2];	/**< the most of pipewire and wireplumber in their first minutes */
	int warm_up, n_compared;	/**< checks */
	int64_t rss_growth_kb;
	int fd_growth;

	int complaints;
	int windows, steps, overlong, mute;
	double worst_ms, longest_ms;
};

static double now(const struct soak *k)
{
	return stack_now(&k->scene->stack) / 1e9;
}

/* From now on for so many seconds, and until it has settled */
static void excuse(struct soak *k, int speaker, double seconds, double silent_ms)
{
	struct excuse e = { speaker, now(k) - 0.1, now(k) + seconds + SETTLE_S, silent_ms };

	g_array_append_val(k->excuses, e);
}

static const struct excuse *excuse_of(const struct soak *k, int speaker, double from, double to)
{
	const struct excuse *found = NULL;

	for (guint i = 0; i < k->excuses->len; i++) {
		const struct excuse *e = &g_array_index(k->excuses, struct excuse, i);

		if ((e->speaker == speaker || e->speaker < 0) && from <= e->to && to >= e->from &&
		    (found == NULL || e->silent_ms > found->silent_ms))
			found = e;
	}
	return found;
}

static int daemon_usage(const struct process *p, struct usage *u)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/statm", p->pid), *text = NULL;
	g_autofree char *fds = g_strdup_printf("/proc/%d/fd", p->pid);
	GDir *dir = g_dir_open(fds, 0, NULL);
	long size, rss;

	*u = (struct usage) { .pid = p->pid };
	if (dir == NULL || !g_file_get_contents(path, &text, NULL, NULL) ||
	    sscanf(text, "%ld %ld", &size, &rss) != 2)
		return -EIO;
	u->rss_kb = rss * 4;
	while (g_dir_read_name(dir) != NULL)
		u->fds++;
	g_dir_close(dir);
	return 0;
}

/* Speakers that are away take nothing, so it is the most of some minutes that counts. */
static void check_usage(struct soak *k)
{
	const struct process *daemons[2] = { &k->scene->stack.pipewire, &k->scene->stack.wireplumber };
	struct usage u;

	for (int i = 0; i < 2; i++) {
		if (daemon_usage(daemons[i], &u) < 0)
			continue;
		if (u.pid != k->start[i].pid)
			k->start[i] = u;
		if (k->start[i].checks++ < k->warm_up) {
			k->start[i].rss_kb = MAX(k->start[i].rss_kb, u.rss_kb);
			k->start[i].fds = MAX(k->start[i].fds, u.fds);
			continue;
		}
		k->n_compared++;
		k->rss_growth_kb = MAX(k->rss_growth_kb, u.rss_kb - k->start[i].rss_kb);
		k->fd_growth = MAX(k->fd_growth, u.fds - k->start[i].fds);
	}
}

static int open_tapes(struct soak *k)
{
	struct scene *sc = k->scene;
	int res = 0;

	for (int i = 0; i <= sc->n_speakers && res == 0; i++) {
		g_autofree char *name = i < sc->n_speakers ?
			g_strdup_printf("speaker-%s.wav", sc->speakers[i].name) :
			g_strdup("echo-" SCENE_ECHO ".wav");
		g_autofree char *path = g_build_filename(sc->stack.out, name, NULL);
		res = tape_open(&k->tapes[i], path);
	}
	return res;
}

static int read_piece(struct soak *k, struct measure *m, double from, double to)
{
	int64_t a = (int64_t)(from * MEASURE_RATE), b = (int64_t)(to * MEASURE_RATE);
	g_autofree float *frames = g_malloc_n(b - a, 2 * sizeof(float));
	struct scene *sc = k->scene;
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++)
		if ((res = tape_read(&k->tapes[i], a, b, frames)) == 0)
			res = measure_add_speaker_samples(m, sc->speakers[i].name, frames, 2, b - a);
	if (res == 0 && (res = tape_read(&k->tapes[sc->n_speakers], a, b, frames)) == 0)
		res = measure_set_source_samples(m, frames, 2, b - a, true);
	for (int i = 0; i <= sc->n_speakers; i++)
		tape_forget(&k->tapes[i], a - MEASURE_RATE);
	return res;
}

static void complain(struct soak *k, double t, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void complain(struct soak *k, double t, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	/* of one thing that is wrong for long, the beginning says most */
	if (++k->complaints > COMPLAINTS_MAX)
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	scene_fault(k->scene, "%.2f s: %s", t, text);
}

/* Two that nothing was done to agree. */
static void check_skew(struct soak *k, const struct measure *m, double offset)
{
	for (int w = 0; w < m->n_windows; w++) {
		double half = m->options.window / 2.0, t = m->window_time[w] + offset;
		double low = INFINITY, high = -INFINITY;

		if (t - half < k->checked)
			continue;
		for (int i = 0; i < m->n_speakers; i++) {
			double skew = m->speakers[i].skew[w];

			if (isnan(skew) || excuse_of(k, i, t - half, t + half) != NULL)
				continue;
			low = fmin(low, skew);
			high = fmax(high, skew);
		}
		if (!(high > -INFINITY))
			continue;
		k->windows++;
		k->worst_ms = fmax(k->worst_ms, high - low);
		if (high - low > SKEW_BOUND_MS)
			complain(k, t, "%.3f ms apart", high - low);
	}
}

static void check_event(struct soak *k, int speaker, const struct event *e, double t)
{
	const char *name = k->scene->speakers[speaker].name;
	bool silent = e->kind == EVENT_GAP || e->kind == EVENT_ABSENT;
	const struct excuse *x = excuse_of(k, speaker, t, t + (silent ? e->size / 1000.0 : 0.0));

	if (x == NULL) {
		k->steps++;
		complain(k, t, "%s: %s of %.1f ms", name, event_kind_name(e->kind), e->size);
	} else if (silent && e->size > x->silent_ms) {
		k->overlong++;
		complain(k, t, "%s was silent for %.0f ms, %.0f allowed", name, e->size, x->silent_ms);
	}
	if (silent)
		k->longest_ms = fmax(k->longest_ms, e->size);
}

static int check_piece(struct soak *k, double to)
{
	double offset = fmax(0.0, k->checked - BEFORE_S);
	struct measure m;
	int res;

	measure_init(&m, NULL);
	if ((res = read_piece(k, &m, offset, to)) < 0 || (res = measure_run(&m)) < 0)
		goto done;
	check_skew(k, &m, offset);
	for (int i = 0; i < m.n_speakers; i++) {
		const struct measure_speaker *s = &m.speakers[i];

		for (size_t n = 0; n < s->track.n_events; n++) {
			double t = s->track.events[n].time + offset;
			if (t >= k->checked && t < to - 1.0)
				check_event(k, i, &s->track.events[n], t);
		}
		if (s->signal.first < 0 && excuse_of(k, i, offset, to) == NULL) {
			k->mute++;
			complain(k, offset, "%s is mute", k->scene->speakers[i].name);
		}
	}
	k->checked = to - 1.0;
done:
	measure_finish(&m);
	return res;
}

static int pass(struct soak *k, double seconds)
{
	double end = now(k) + seconds;
	int res;

	while (now(k) < end) {
		if ((res = scene_pass(k->scene, fmin(fmax(end - now(k), 0.001), 5.0))) < 0)
			return res;
		if (now(k) - LAG_S - k->checked >= CHECK_S) {
			if ((res = check_piece(k, now(k) - LAG_S)) < 0)
				return res;
			check_usage(k);
		}
	}
	return 0;
}

static const char *draw_junk(struct soak *k)
{
	static const char *const texts[] = {
		"{", "}", "[]", "null", "\"\"", "{ \"gain\": 1e308 }", "{ \"gain\": -1 }",
		"{ \"trim.msec\": \"nan\" }", "{ \"role\": [ \"left\" ] }", "{ \"target\": \"nowhere\" }x",
		"{ \"include\": \"perhaps\" }", "\xff\xfe", "{ \"correction.msec\": 1e9 }",
	};
	return texts[(int)(random_unit(&k->random) * G_N_ELEMENTS(texts))];
}

static void write_metadata(struct soak *k, int speaker, const char *text)
{
	g_autofree char *key = g_strdup_printf("member.%s", k->scene->speakers[speaker].address);
	struct graph *g = k->scene->stack.graph;

	if (g->combine != NULL)
		pw_metadata_set_property(g->combine, 0, key, "Spa:String:JSON", text);
}

static int leave(struct soak *k, int speaker, double seconds)
{
	const char *name = k->scene->speakers[speaker].name;
	int res;

	excuse(k, speaker, seconds, (seconds + SETTLE_S) * 1000.0);
	if ((res = scene_disconnect(k->scene, name)) < 0 || (res = pass(k, seconds)) < 0)
		return res;
	excuse(k, speaker, 1.0, (seconds + SETTLE_S) * 1000.0);
	return scene_connect(k->scene, name);
}

static int flap(struct soak *k, int speaker, double u)
{
	int res = 0;

	for (int n = 2 + (int)(3.0 * u); n > 0 && res == 0; n--)
		if ((res = leave(k, speaker, 0.05 + 0.5 * u)) == 0)
			res = pass(k, 0.02 + 0.4 * u * n);
	return res;
}

/* A speaker that gets slower may move all, once. */
static int change_latency(struct soak *k, int speaker, double u)
{
	double ms = rint(k->latency[speaker] * 10.0 + 500.0 * (u - 0.5)) / 10.0;

	k->latency[speaker] = ms = fmin(fmax(ms, 30.0), 280.0);
	excuse(k, -1, 1.0, 400.0);
	return scene_set(k->scene, k->scene->speakers[speaker].name,
			"{'latency.msec': <%.1f>, 'report.msec': <%.1f>}", ms, ms);
}

static int pause_echo(struct soak *k, double seconds)
{
	int res;

	excuse(k, -1, seconds, (seconds + 2.0) * 1000.0);
	if ((res = scene_echo(k->scene, SCENE_ECHO, false)) < 0 || (res = pass(k, seconds)) < 0)
		return res;
	return scene_echo(k->scene, SCENE_ECHO, true);
}

static int restart(struct soak *k, double u)
{
	enum stack_daemon daemon = (enum stack_daemon)(3.0 * u);
	struct scene *sc = k->scene;
	int res;

	excuse(k, -1, 5.0, 6000.0);
	if ((res = stack_restart(&sc->stack, daemon, SIGTERM)) < 0)
		return res;
	if (daemon == STACK_BLUETOOTHD && ((res = scene_connect_all(sc)) < 0 ||
	    (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0))
		return res;
	excuse(k, -1, 3.0, 6000.0);
	if ((res = pass(k, 6.0)) < 0)
		return res;
	/* The policy saves what users write a real second later: a trim that was ended just before
	 * is back. */
	for (int i = 0; i < sc->n_speakers; i++)
		write_metadata(k, i, "{ \"trim.msec\": 0 }");
	excuse(k, -1, 1.0, 400.0);
	return 0;
}

static int radio(struct soak *k, const char *method, int speaker, GVariant *amount)
{
	return stack_call(&k->scene->stack, method, g_variant_new("(s@*)",
				k->scene->speakers[speaker].address, amount));
}

static int happen(struct soak *k, enum kind kind, int speaker, double u)
{
	g_autofree char *text = NULL;
	const char *junk;

	switch (kind) {
	case LEAVE: return leave(k, speaker, 0.5 + 6.0 * u);
	case FLAP: return flap(k, speaker, u);
	case LATENCY: return change_latency(k, speaker, u);
	case RADIO:
		excuse(k, speaker, 1.0, 100.0 * u + 300.0);
		return radio(k, "Stall", speaker, g_variant_new_double(100.0 * u));
	case LOSS:
		excuse(k, speaker, 1.0, 300.0);
		return radio(k, "Drop", speaker, g_variant_new_uint32(1 + (int)(4.0 * u)));
	case PAUSE: return pause_echo(k, 0.3 + 3.0 * u);
	case JUNK:
		junk = draw_junk(k);
		/* that one is an order, which the policy takes back */
		if (strstr(junk, "nowhere") != NULL)
			excuse(k, speaker, 1.0, 1000.0);
		write_metadata(k, speaker, junk);
		return 0;
	case TRIM:
		/* there and back: a trim parts the speakers, as it is meant to */
		excuse(k, -1, 3.0, 400.0);
		text = g_strdup_printf("{ \"trim.msec\": %.1f }", 20.0 * u);
		write_metadata(k, speaker, text);
		if (pass(k, 2.0) < 0)
			return -EINTR;
		write_metadata(k, speaker, "{ \"trim.msec\": 0 }");
		return 0;
	case RESTART: return restart(k, u);
	default: return 0;
	}
}

static enum kind draw_kind(struct soak *k)
{
	int sum = 0, at, kind = 0;

	for (int i = 0; i < N_KINDS; i++)
		sum += kinds[i].weight;
	at = (int)(random_unit(&k->random) * sum);
	while ((at -= kinds[kind].weight) >= 0)
		kind++;
	return (enum kind)kind;
}

static int begin(struct soak *k)
{
	struct scene *sc = k->scene;
	static const double latencies[] = { 50.0, 150.0, 220.0 };
	g_autofree char *wav = g_build_filename(sc->stack.out, "source.wav", NULL);
	int res;

	if ((res = noise_write(wav, SOURCE_S, 44100, sc->seed)) < 0)
		return res;
	for (int i = 0; i < sc->n_wanted; i++)
		k->latency[i] = i < 3 ? latencies[i] : 100.0;
	if ((res = scene_add_fixed_speakers(sc)) < 0 ||
	    (res = scene_add_echo_file(sc, SCENE_ECHO, wav, "'vendor': <'bluetooth:0171'>, "
			"'ppm': <60.0>, 'jitter.msec': <3.0>, 'loop': <true>")) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = open_tapes(k)) < 0)
		return res;
	k->warm_up = MIN(WARM_UP_MAX, (int)(sc->seconds / CHECK_S / 2.0));
	excuse(k, -1, 2.0, 3000.0);
	return scene_start_echo(sc, sc->n_speakers);
}

static int play(struct soak *k, double seconds)
{
	double end = now(k) + seconds;
	int res;

	while (now(k) < end) {
		enum kind kind = draw_kind(k);
		int speaker = (int)(random_unit(&k->random) * k->scene->n_speakers);
		double u = random_unit(&k->random), wait = 2.0 * EVENT_EVERY_S * random_unit(&k->random);

		if ((res = pass(k, wait)) < 0)
			return res;
		if (k->scene->options->keep != NULL)
			fprintf(stderr, "%.2f s: %s %s %.3f\n", now(k), kinds[kind].name,
				k->scene->speakers[speaker].name, u);
		if ((res = happen(k, kind, speaker, u)) < 0)
			return res;
		k->counts[kind]++;
		k->n_events++;
	}
	/* and now nothing: all of them play together */
	return pass(k, SETTLE_S + CHECK_S + LAG_S);
}

static bool is_well(const struct scene *sc)
{
	for (int i = 0; i < sc->n_figures; i++)
		if (!isnan(sc->figures[i].bound) && !(sc->figures[i].value <= sc->figures[i].bound))
			return false;
	return sc->faults->len == 0;
}

static void judge(struct soak *k)
{
	struct scene *sc = k->scene;
	struct log_lines n = scene_log_lines(sc);

	scene_figure(sc, "minutes", now(k) / 60.0, NAN);
	scene_figure(sc, "events", k->n_events, NAN);
	for (int i = 0; i < N_KINDS; i++)
		scene_figure(sc, kinds[i].name, k->counts[i], NAN);
	scene_figure(sc, "windows", k->windows, NAN);
	scene_figure(sc, "worst_skew_ms", k->worst_ms, SKEW_BOUND_MS);
	scene_figure(sc, "gaps_and_steps", k->steps, 0.0);
	scene_figure(sc, "too_long_silent", k->overlong, 0.0);
	scene_figure(sc, "mute", k->mute, 0.0);
	scene_figure(sc, "longest_silence_ms", k->longest_ms, NAN);
	scene_figure(sc, "usage_compared", k->n_compared, NAN);
	scene_figure(sc, "rss_growth_kb", (double)k->rss_growth_kb, RSS_BOUND_KB);
	scene_figure(sc, "fd_growth", k->fd_growth, FD_BOUND);
	scene_figure(sc, "complaints", k->complaints, 0.0);
	scene_figure(sc, "log_ours", n.ours, (double)LOG_PER_EVENT * k->n_events);
	scene_figure(sc, "log_others", n.others, NAN);
	scene_figure(sc, "music_per_wall", sc->stack.clock.wall_ns > 0 ?
			(double)sc->stack.clock.passed_ns / sc->stack.clock.wall_ns : NAN, NAN);
}

static void tell(const struct scene *sc, const char *verdict, struct json *j)
{
	if (!sc->options->json) {
		for (int i = 0; i < sc->n_figures; i++)
			printf("  %s: %.3f\n", sc->figures[i].name, sc->figures[i].value);
		printf("%s%sverdict: %s\n", sc->faults->len ? "faults:\n" : "", sc->faults->str, verdict);
		return;
	}
	json_begin(j, NULL, '{');
	json_string(j, "scene", sc->type->name);
	json_int(j, "seed", sc->options->seed);
	for (int i = 0; i < sc->n_figures; i++)
		json_double(j, sc->figures[i].name, sc->figures[i].value);
	json_string(j, "faults", sc->faults->str);
	json_string(j, "verdict", verdict);
	json_end(j, '}');
}

static int run_soak(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct stack_options so = { .system = o->module ? STACK_MODULE : o->peer ? STACK_PEER : STACK_POLICY,
		.own_clock = o->own_clock, .seed = o->seed };
	enum scene_verdict verdict = SCENE_COULD_NOT_RUN;
	struct soak k = { .random = { .state = o->seed } };
	struct scene sc;
	int res;

	k.scene = &sc;
	k.excuses = g_array_new(FALSE, FALSE, sizeof(struct excuse));
	if ((res = scene_open(&sc, type, o, &so, "soak")) == 0 && (res = begin(&k)) == 0)
		res = play(&k, sc.seconds);
	if (res == 0) {
		judge(&k);
		verdict = is_well(&sc) ? SCENE_WELL : SCENE_NOT_WELL;
	} else if (res != -EINTR) {
		stack_print_logs(&sc.stack);
	}
	tell(&sc, scene_verdict_names[verdict], j);
	for (int i = 0; i <= SCENE_SPEAKERS_MAX; i++)
		tape_close(&k.tapes[i]);
	g_array_free(k.excuses, TRUE);
	scene_close(&sc);
	return verdict;
}

const struct scene_type scenes_soak[] = {
	{ .name = "soak", .text = "random events for any length, all the time checked; a seed repeats them",
	  .runs = 1, .speakers = 3, .seconds = 3600.0, .brief_seconds = 180.0, .whole = run_soak },
	{ 0 },
};
