/* What a listener would hear: skew, gaps, steps, level */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen/measure.h"
#include "listen/wav.h"

#define MS		(1000.0 / MEASURE_RATE)
#define SPEAKER_SILENT	1e-3	/* of the rms, -60 dB */
#define SOURCE_SILENT	1e-2	/* -40 dB: what is softer may get lost on the way */
#define LATENCY_MAX	(3 * MEASURE_RATE)
#define LATENCY_MIN	(-MEASURE_RATE / 10)

void measure_init(struct measure *m, const struct measure_options *options)
{
	*m = (struct measure) { .reference = -1 };
	if (options != NULL)
		m->options = *options;
	if (m->options.window <= 0.0)
		m->options.window = 0.5;
	if (m->options.hop <= 0.0)
		m->options.hop = 0.25;
	if (m->options.range <= 0.0)
		m->options.range = 0.6;
}

int measure_add_speaker_samples(struct measure *m, const char *name, const float *data,
		uint32_t channels, int64_t frames)
{
	struct measure_speaker *s;
	int res;

	s = reallocarray(m->speakers, m->n_speakers + 1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	m->speakers = s;
	s += m->n_speakers;
	*s = (struct measure_speaker) { 0 };
	if ((res = signal_init(&s->signal, name, data, channels, frames, SPEAKER_SILENT)) < 0)
		return res;
	m->n_speakers++;
	return 0;
}

static int read_at_rate(struct wav *wav, const char *path)
{
	int res = wav_read(wav, path);

	if (res == 0 && (res = wav_resample(wav, MEASURE_RATE)) < 0)
		wav_finish(wav);
	return res;
}

/* dir/speaker-kitchen.wav -> kitchen */
static void name_of(const char *path, char *name, size_t size)
{
	const char *base = strrchr(path, '/');
	char *dot;

	base = base ? base + 1 : path;
	if (strncmp(base, "speaker-", 8) == 0)
		base += 8;
	snprintf(name, size, "%s", base);
	if ((dot = strrchr(name, '.')) != NULL)
		*dot = '\0';
}

int measure_add_speaker(struct measure *m, const char *path)
{
	struct wav wav;
	char name[64];
	int res;

	if ((res = read_at_rate(&wav, path)) < 0)
		return res;
	name_of(path, name, sizeof(name));
	res = measure_add_speaker_samples(m, name, wav.data, wav.channels, wav.frames);
	wav_finish(&wav);
	return res;
}

int measure_set_source_samples(struct measure *m, const float *data, uint32_t channels,
		int64_t frames, bool on_timeline)
{
	if (m->has_source)
		signal_finish(&m->source);
	m->has_source = true;
	m->source_on_timeline = on_timeline;
	return signal_init(&m->source, "source", data, channels, frames, SOURCE_SILENT);
}

int measure_set_source(struct measure *m, const char *path, bool on_timeline)
{
	struct wav wav;
	int res;

	if ((res = read_at_rate(&wav, path)) < 0)
		return res;
	res = measure_set_source_samples(m, wav.data, wav.channels, wav.frames, on_timeline);
	wav_finish(&wav);
	return res;
}

int measure_add_dir(struct measure *m, const char *dir, const char *source)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort), res = 0, echos = 0;
	char path[4096], echo[4096] = "";

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (res == 0 && fnmatch("speaker-*.wav", entries[i]->d_name, 0) == 0)
			res = measure_add_speaker(m, path);
		if (fnmatch("echo-*.wav", entries[i]->d_name, 0) == 0) {
			memcpy(echo, path, sizeof(echo));
			echos++;
		}
		free(entries[i]);
	}
	free(entries);
	if (res == 0 && source != NULL)
		res = measure_set_source(m, source, false);
	else if (res == 0 && echos == 1)
		res = measure_set_source(m, echo, true);
	return res;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double measure_median(double *values, int n)
{
	if (n == 0)
		return NAN;
	qsort(values, n, sizeof(double), compare_doubles);
	return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

struct measure_summary measure_summarise(double *values, int n)
{
	struct measure_summary s = { .n = n, .median = NAN, .p99 = NAN, .max = NAN };

	if (n == 0)
		return s;
	for (int i = 0; i < n; i++)
		values[i] = fabs(values[i]);
	s.median = measure_median(values, n);
	s.p99 = values[(int)ceil(0.99 * n) - 1];
	s.max = values[n - 1];
	return s;
}

/* More than a tenth of the window is silence: what is left is not worth comparing. */
static bool plays(const struct signal *s, int64_t pos, int64_t len)
{
	return signal_silent_samples(s, pos, pos + len) <= len / 10;
}

static int64_t played(const struct signal *s)
{
	return s->first < 0 ? 0 : s->last + 1 - s->first -
		signal_silent_samples(s, s->first, s->last + 1);
}

static void choose_reference(struct measure *m)
{
	int64_t most = 0;

	m->reference = -1;
	for (int i = 0; i < m->n_speakers; i++) {
		const char *changed = m->options.changed;
		int64_t p = played(&m->speakers[i].signal);

		if (changed != NULL && strcmp(m->speakers[i].signal.name, changed) == 0)
			/* any other is better */
			p = p > 0;
		/* a little less is no reason to leave the first one */
		if (p > most + most / 20) {
			most = p;
			m->reference = i;
		}
	}
}

static void measure_window(struct measure *m, struct lag_finder *finder, int w, int64_t pos)
{
	int64_t len = llrint(m->options.window * MEASURE_RATE);
	int64_t range = llrint(m->options.range * MEASURE_RATE);
	int ref = m->reference, heard = 0, playing = 0;
	double low = INFINITY, high = -INFINITY;

	if (!plays(&m->speakers[ref].signal, pos, len))
		for (int i = 0; i < m->n_speakers; i++)
			if (plays(&m->speakers[i].signal, pos, len)) {
				ref = i;
				break;
			}
	for (int i = 0; i < m->n_speakers; i++) {
		struct measure_speaker *s = &m->speakers[i];
		struct lag lag = { .state = LAG_OK };

		s->skew[w] = NAN;
		if (!plays(&s->signal, pos, len)) {
			s->silent++;
			continue;
		}
		playing++;
		if (i != ref)
			lag = lag_find(finder, &m->speakers[ref].signal, pos, len,
					&s->signal, -range, range);
		if (lag.state == LAG_OK) {
			heard++;
			low = fmin(low, lag.lag * MS);
			high = fmax(high, lag.lag * MS);
			if (ref == m->reference)
				s->skew[w] = lag.lag * MS;
		}
		s->silent += lag.state == LAG_SILENT;
		s->weak += lag.state == LAG_WEAK;
		s->ambiguous += lag.state == LAG_AMBIGUOUS;
	}
	m->heard[w] = heard;
	m->playing[w] = playing;
	m->spread[w] = heard >= 2 ? high - low : NAN;
	m->windows_none += heard < 2;
	m->windows_partial += heard < playing;
}

static int measure_skews(struct measure *m, struct lag_finder *finder)
{
	double from = m->options.from, to = m->options.to;
	int64_t end = 0;
	int allocate, n;

	for (int i = 0; i < m->n_speakers; i++)
		if (m->speakers[i].signal.last + 1 > end)
			end = m->speakers[i].signal.last + 1;
	if (to > 0.0 && to * MEASURE_RATE < end)
		end = (int64_t)(to * MEASURE_RATE);
	/* nothing plays before the earliest first sound */
	for (int i = 0, first = 1; i < m->n_speakers; i++) {
		double t = (double)m->speakers[i].signal.first / MEASURE_RATE;
		if (t >= 0.0 && (first || t < from) && t > m->options.from) {
			from = t;
			first = 0;
		} else if (t >= 0.0 && t <= m->options.from) {
			from = m->options.from;
			break;
		}
	}
	n = (int)floor(((double)end / MEASURE_RATE - from - m->options.window) / m->options.hop) + 1;
	m->n_windows = n > 0 ? n : 0;
	allocate = m->n_windows + 1;
	m->window_time = calloc(allocate, sizeof(double));
	m->spread = calloc(allocate, sizeof(double));
	m->heard = calloc(allocate, sizeof(int));
	m->playing = calloc(allocate, sizeof(int));
	if (!m->window_time || !m->spread || !m->heard || !m->playing)
		return -ENOMEM;
	for (int i = 0; i < m->n_speakers; i++)
		if ((m->speakers[i].skew = calloc(allocate, sizeof(double))) == NULL)
			return -ENOMEM;
	for (int w = 0; w < m->n_windows && m->reference >= 0; w++) {
		double t = from + w * m->options.hop;
		m->window_time[w] = t + m->options.window / 2.0;
		measure_window(m, finder, w, llrint(t * MEASURE_RATE));
	}
	return 0;
}

static int known(const double *values, int n, double *out)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		if (!isnan(values[i]))
			out[count++] = values[i];
	return count;
}

static int summarise_skews(struct measure *m)
{
	double *v = malloc((m->n_windows + 1) * sizeof(double));
	int n;

	if (v == NULL)
		return -ENOMEM;
	for (int i = 0; i < m->n_speakers; i++) {
		struct measure_speaker *s = &m->speakers[i];
		n = known(s->skew, m->n_windows, v);
		s->skew_median = measure_median(v, n);
		s->skew_abs = measure_summarise(v, n);
	}
	n = known(m->spread, m->n_windows, v);
	m->spread_abs = measure_summarise(v, n);
	free(v);
	return 0;
}

static bool within(const struct measure *m, double t)
{
	return t >= m->options.from && (m->options.to <= 0.0 || t < m->options.to);
}

/* Slope of the lag in ppm by least squares, over the blocks in from..to */
static int summarise_lag(struct measure *m, struct measure_speaker *s)
{
	double *v = malloc((s->track.n_points + 1) * sizeof(double));
	double st = 0.0, sl = 0.0, stt = 0.0, stl = 0.0, d;
	int n = 0;

	s->latency = s->latency_min = s->latency_max = s->drift = NAN;
	if (v == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < s->track.n_points; i++) {
		double t = (double)s->track.points[i].pos, l = s->track.points[i].lag;

		if (!within(m, t / MEASURE_RATE))
			continue;
		v[n++] = l * MS;
		st += t;
		sl += l;
		stt += t * t;
		stl += t * l;
	}
	d = n * stt - st * st;
	if (n > 100 && d > 0.0 && s->track.n_events == 0)
		s->drift = 1e6 * (n * stl - st * sl) / d;
	if (n > 0 && m->source_on_timeline) {
		s->latency = measure_median(v, n);
		s->latency_min = v[0];
		s->latency_max = v[n - 1];
	}
	free(v);
	return 0;
}

static void count_events(struct measure *m, struct measure_speaker *s)
{
	for (size_t i = 0; i < s->track.n_events; i++) {
		const struct event *e = &s->track.events[i];

		if (!within(m, e->time))
			continue;
		switch (e->kind) {
		case EVENT_GAP:
			s->gaps++;
			s->largest_gap = fmax(s->largest_gap, e->size);
			break;
		case EVENT_REPEAT:
			s->repeats++;
			s->largest_step = fmax(s->largest_step, e->size);
			break;
		case EVENT_SKIP:
			s->skips++;
			s->largest_step = fmax(s->largest_step, e->size);
			break;
		case EVENT_ABSENT:
			s->absences++;
			s->absent += e->size / 1000.0;
			break;
		}
	}
}

static int measure_track(struct measure *m, struct lag_finder *finder)
{
	for (int i = 0; i < m->n_speakers; i++) {
		struct measure_speaker *s = &m->speakers[i];
		int64_t min = LATENCY_MIN, max = LATENCY_MAX;
		int res;

		if (!m->source_on_timeline) {
			min = -m->source.n;
			max = s->signal.n;
		}
		if ((res = playout_init(&s->track, finder, &s->signal, &m->source, min, max)) < 0 ||
		    (res = summarise_lag(m, s)) < 0)
			return res;
		count_events(m, s);
	}
	return 0;
}

int measure_run(struct measure *m)
{
	struct lag_finder *finder = lag_finder_new();
	int res;

	if (finder == NULL)
		return -ENOMEM;
	choose_reference(m);
	if ((res = measure_skews(m, finder)) < 0 || (res = summarise_skews(m)) < 0)
		goto done;
	if (m->has_source)
		res = measure_track(m, finder);
done:
	lag_finder_destroy(finder);
	return res;
}

void measure_finish(struct measure *m)
{
	for (int i = 0; i < m->n_speakers; i++) {
		signal_finish(&m->speakers[i].signal);
		playout_finish(&m->speakers[i].track);
		free(m->speakers[i].skew);
	}
	free(m->speakers);
	signal_finish(&m->source);
	free(m->window_time);
	free(m->spread);
	free(m->heard);
	free(m->playing);
	*m = (struct measure) { .reference = -1 };
}
