/* Scene soak: what holds all the time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "scenes/soak.h"
#include "stage/noise.h"

#define BEFORE_S	3.0	/* more of a piece, for finding one's place */
#define COMPLAINTS_MAX	40	/* that are told */
#define BLOCK_S		0.25	/* of loudness */
#define LATEST_S	0.6	/* a speaker is no further behind the source */
#define SOUND_DB	1.0	/* noise, and SBC's own */
#define SAME_DB		-30.0	/* what is left in the difference of channels that are the same */
#define AWAY_DB		-60.0	/* full scale: the source is silent */

#define SINK	BLUEZ_COMBINE_NODE_PREFIX BLUEZ_COMBINE_GROUP_DEFAULT

/** Of a piece, a figure for each block: mean squares */
struct sound {
	float *power, *side;	/**< side: of the difference of both channels, halved */
	int n;
};

const struct soak_excuse *soak_find_excuse(const struct soak *k, int speaker, double from, double to,
		enum soak_of of)
{
	const struct soak_excuse *found = NULL;

	for (guint i = 0; i < k->excuses->len; i++) {
		const struct soak_excuse *e = &g_array_index(k->excuses, struct soak_excuse, i);

		if ((e->speaker == speaker || e->speaker < 0) && from <= e->to && to >= e->from &&
		    (e->of & of) && (found == NULL || e->silent_ms > found->silent_ms))
			found = e;
	}
	return found;
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

static int daemon_usage(const struct process *p, struct soak_usage *u)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/statm", p->pid), *text = NULL;
	g_autofree char *fds = g_strdup_printf("/proc/%d/fd", p->pid);
	GDir *dir = g_dir_open(fds, 0, NULL);
	long size, rss;

	*u = (struct soak_usage) { .pid = p->pid };
	if (dir == NULL)
		return -EIO;
	while (g_dir_read_name(dir) != NULL)
		u->fds++;
	g_dir_close(dir);
	if (!g_file_get_contents(path, &text, NULL, NULL) || sscanf(text, "%ld %ld", &size, &rss) != 2)
		return -EIO;
	u->rss_kb = rss * 4;
	return 0;
}

/* Speakers that are away take nothing, so it is the most of some minutes that counts. Clients of the scene's own do
 * take something, for as long as they are there: with one the minutes to compare with would hide growth, and those
 * that are compared with them would show some that is none. */
static void check_usage(struct soak *k)
{
	const struct process *daemons[2] = { &k->scene->stack.pipewire, &k->scene->stack.wireplumber };
	struct soak_usage u;

	if (k->n_clients > 0)
		return;
	k->usage_s = soak_now(k);
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

/* One sink, one output for each speaker, and all of them said to play */
static void check_nodes(struct soak *k)
{
	struct scene *sc = k->scene;
	struct graph *g = sc->stack.graph;
	int outputs = graph_count(g, SINK ".output.*"), sinks = graph_count(g, SINK);
	double t = soak_now(k);

	for (int i = -1; i < sc->n_speakers; i++)
		if (soak_find_excuse(k, i, t, t, SOAK_OF_PLACE) != NULL)
			return;
	k->looks++;
	if (sinks != 1 || outputs != sc->n_speakers) {
		k->wrong_nodes++;
		complain(k, t, "%d sinks and %d outputs for %d speakers", sinks, outputs, sc->n_speakers);
	}
	for (int i = 0; i < sc->n_speakers; i++) {
		g_autofree char *key = g_strconcat("status.", sc->speakers[i].address, NULL);
		g_autofree char *state = graph_combine_string(g, key, "state");

		if (g_strcmp0(state, "playing") == 0)
			continue;
		k->wrong_nodes++;
		complain(k, t, "the status says that %s is %s", sc->speakers[i].name, state ? state : "nothing");
	}
}

void soak_check_now(struct soak *k)
{
	check_usage(k);
	if (k->scene->stack.options.system == STACK_POLICY)
		check_nodes(k);
}

int soak_open_tapes(struct soak *k)
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

static void hear(struct sound *s, const float *frames, int64_t n)
{
	const int block = (int)(BLOCK_S * MEASURE_RATE);

	s->n = (int)(n / block);
	s->power = g_new0(float, s->n);
	s->side = g_new0(float, s->n);
	for (int64_t i = 0; i < (int64_t)s->n * block; i++) {
		float l = frames[2 * i], r = frames[2 * i + 1];

		s->power[i / block] += (l * l + r * r) / (2.0f * (float)block);
		s->side[i / block] += (l - r) * (l - r) / (float)block;
	}
}

static int read_piece(struct soak *k, struct measure *m, struct sound *sounds, double from, double to)
{
	int64_t a = (int64_t)(from * MEASURE_RATE), b = (int64_t)(to * MEASURE_RATE);
	g_autofree float *frames = g_malloc_n(b - a, 2 * sizeof(float));
	struct scene *sc = k->scene;
	int res = 0;

	for (int i = 0; i <= sc->n_speakers && res == 0; i++) {
		if ((res = tape_read(&k->tapes[i], a, b, frames)) < 0)
			break;
		hear(&sounds[i], frames, b - a);
		res = i < sc->n_speakers ?
			measure_add_speaker_samples(m, sc->speakers[i].name, frames, 2, b - a) :
			measure_set_source_samples(m, frames, 2, b - a, true);
	}
	for (int i = 0; i <= sc->n_speakers; i++)
		tape_forget(&k->tapes[i], a - MEASURE_RATE);
	return res;
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

			if (isnan(skew) || soak_find_excuse(k, i, t - half, t + half, SOAK_OF_PLACE) != NULL)
				continue;
			low = fmin(low, skew);
			high = fmax(high, skew);
		}
		if (!(high > -INFINITY))
			continue;
		k->windows++;
		k->worst_ms = fmax(k->worst_ms, high - low);
		if (high - low > SOAK_SKEW_MS)
			complain(k, t, "%.3f ms apart", high - low);
	}
}

static const struct soak_sound *find_sound(const struct soak *k, int speaker, double t)
{
	const struct soak_sound *found = NULL;

	for (guint i = 0; i < k->sounds->len; i++) {
		const struct soak_sound *s = &g_array_index(k->sounds, struct soak_sound, i);

		if (s->speaker == speaker && s->from <= t)
			found = s;
	}
	return found;
}

/* The noise is as loud at all times, so it does not matter by how much a speaker is later. */
static double loudness_of_source(const struct sound *s)
{
	double sum = 0.0, away = pow(10.0, AWAY_DB / 10.0);
	int n = 0;

	for (int i = 1; i + 1 < s->n; i++)
		if (fminf(s->power[i], fminf(s->power[i - 1], s->power[i + 1])) > away) {
			sum += s->power[i];
			n++;
		}
	return n > 0 ? 10.0 * log10(sum / n) : NAN;
}

/* Whatever was said of it is heard, and nothing else. */
static void check_sound(struct soak *k, int speaker, const struct sound *s, double source, double offset,
		double to)
{
	for (int i = 0; i < s->n; i++) {
		double t = offset + i * BLOCK_S, db = 10.0 * log10(s->power[i] + 1e-20) - source;
		double side = 10.0 * log10(s->side[i] + 1e-20) - source - db;
		const struct soak_sound *want = find_sound(k, speaker, t);

		if (t < k->checked || t >= to - 1.0 || want == NULL || isnan(source) ||
		    soak_find_excuse(k, speaker, t - LATEST_S, t + BLOCK_S, SOAK_OF_LOUDNESS) != NULL)
			continue;
		k->sound_windows++;
		side = want->stereo ? fabs(side + NOISE_ALIKE_DB) : side;
		k->worst_db = fmax(k->worst_db, fabs(db - want->db));
		if (!want->stereo)
			k->worst_side_db = fmax(k->worst_side_db, side);
		if (fabs(db - want->db) > SOUND_DB)
			complain(k, t, "%s is %.2f dB loud, and ought to be %.2f",
				k->scene->speakers[speaker].name, db, want->db);
		if (side > (want->stereo ? SOUND_DB : SAME_DB))
			complain(k, t, "%s is %s in stereo", k->scene->speakers[speaker].name,
				want->stereo ? "not" : "still");
	}
}

static void check_event(struct soak *k, int speaker, const struct event *e, double t)
{
	const char *name = k->scene->speakers[speaker].name;
	bool silent = e->kind == EVENT_GAP || e->kind == EVENT_ABSENT;
	const struct soak_excuse *x = soak_find_excuse(k, speaker, t, t + (silent ? e->size / 1000.0 : 0.0),
			SOAK_OF_STEPS);

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

static void check_events(struct soak *k, const struct measure *m, int speaker, double offset, double to)
{
	const struct measure_speaker *s = &m->speakers[speaker];

	for (size_t n = 0; n < s->track.n_events; n++) {
		double t = s->track.events[n].time + offset;

		if (t >= k->checked && t < to - 1.0)
			check_event(k, speaker, &s->track.events[n], t);
	}
	if (s->signal.first < 0 && soak_find_excuse(k, speaker, offset, to, SOAK_OF_STEPS) == NULL) {
		k->mute++;
		complain(k, offset, "%s is mute", k->scene->speakers[speaker].name);
	}
}

int soak_check_piece(struct soak *k, double to)
{
	double offset = fmax(0.0, k->checked - BEFORE_S), source;
	struct sound sounds[SCENE_SPEAKERS_MAX + 1] = { 0 };
	struct measure m;
	int res;

	measure_init(&m, NULL);
	if ((res = read_piece(k, &m, sounds, offset, to)) < 0 || (res = measure_run(&m)) < 0)
		goto done;
	source = loudness_of_source(&sounds[m.n_speakers]);
	check_skew(k, &m, offset);
	for (int i = 0; i < m.n_speakers; i++) {
		check_events(k, &m, i, offset, to);
		/* the peer knows neither gains nor roles */
		if (k->scene->stack.options.system != STACK_PEER)
			check_sound(k, i, &sounds[i], source, offset, to);
	}
	k->checked = to - 1.0;
done:
	for (int i = 0; i <= SCENE_SPEAKERS_MAX; i++) {
		g_free(sounds[i].power);
		g_free(sounds[i].side);
	}
	measure_finish(&m);
	return res;
}
