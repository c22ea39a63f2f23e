/* What happened within a span of time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "listen/measure-span.h"

#define MAX(a, b)	((a) > (b) ? (a) : (b))

#define MS	(1000.0 / MEASURE_RATE)
#define HALF_S	0.01	/* of a block that a point was found in */
#define NEAR_S	0.05	/* further than this a point of the track says nothing about a time */
#define UNKNOWN_S 0.1	/* longer without a point, and it was not in its place */

int span_find_speaker(const struct measure *m, const char *name)
{
	for (int i = 0; i < m->n_speakers; i++)
		if (strcmp(m->speakers[i].signal.name, name) == 0)
			return i;
	return -1;
}

double span_spread(const struct measure *m, double from, double to)
{
	double worst = NAN, half = m->options.window / 2.0;

	for (int w = 0; w < m->n_windows; w++) {
		double t = m->window_time[w];

		if (t - half < from || t + half > to)
			continue;
		if (isnan(m->spread[w]) || m->heard[w] < m->playing[w])
			return NAN;
		/* fmax() takes a number for a NAN */
		worst = fmax(worst, m->spread[w]);
	}
	return worst;
}

struct span_events span_events(const struct measure_speaker *s, double from, double to)
{
	struct span_events n = { .first = NAN, .last = NAN };

	for (size_t i = 0; i < s->track.n_events; i++) {
		const struct event *e = &s->track.events[i];

		if (e->time < from || e->time >= to)
			continue;
		n.first = fmin(n.first, e->time);
		n.last = fmax(n.last, e->time);
		switch (e->kind) {
		case EVENT_GAP: n.gaps++; break;
		case EVENT_ABSENT: n.absences++; break;
		case EVENT_REPEAT: n.repeats++; break;
		case EVENT_SKIP: n.skips++; break;
		}
		if (e->kind == EVENT_GAP || e->kind == EVENT_ABSENT)
			n.largest_gap = fmax(n.largest_gap, e->size);
		else
			n.largest_step = fmax(n.largest_step, e->size);
	}
	return n;
}

int span_others(const struct measure *m, int speaker, double from, double to)
{
	int n = 0;

	for (int i = 0; i < m->n_speakers; i++) {
		struct span_events e = span_events(&m->speakers[i], from, to);

		n += i == speaker ? 0 : e.gaps + e.repeats + e.skips + e.absences;
	}
	return n;
}

/* The first point at or after pos */
static size_t find_point(const struct playout *t, double pos)
{
	size_t low = 0, high = t->n_points;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->points[mid].pos < pos)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

double span_lag(const struct measure_speaker *s, double t)
{
	const struct playout *p = &s->track;
	double pos = t * MEASURE_RATE, near = NEAR_S * MEASURE_RATE;
	size_t i = find_point(p, pos);
	const struct playout_point *b = i < p->n_points ? &p->points[i] : NULL;
	const struct playout_point *a = i > 0 ? &p->points[i - 1] : NULL;

	if (a != NULL && pos - a->pos > near)
		a = NULL;
	if (b != NULL && b->pos - pos > near)
		b = NULL;
	if (a != NULL && b != NULL)
		return MS * (a->lag + (b->lag - a->lag) * (pos - a->pos) / (double)(b->pos - a->pos));
	return a != NULL ? MS * a->lag : b != NULL ? MS * b->lag : NAN;
}

double span_point(const struct measure_speaker *s, double t, double back)
{
	const struct playout *p = &s->track;
	size_t i = find_point(p, (t - HALF_S) * MEASURE_RATE);

	if (i == 0 || t - HALF_S - (double)p->points[i - 1].pos / MEASURE_RATE > back)
		return NAN;
	return MS * p->points[i - 1].lag;
}

double span_together(const struct measure_speaker *a, const struct measure_speaker *b, double from,
		double to, double limit_ms)
{
	double apart = from, known = from;

	for (size_t i = find_point(&a->track, from * MEASURE_RATE); i < a->track.n_points; i++) {
		double t = (double)a->track.points[i].pos / MEASURE_RATE, other;

		if (t >= to)
			break;
		other = span_lag(b, t);
		if (isnan(other))
			continue;
		if (fabs(a->track.points[i].lag * MS - other) > limit_ms || t - known > UNKNOWN_S)
			apart = t;
		known = t;
	}
	return to - known > UNKNOWN_S || to - apart < UNKNOWN_S ? NAN : apart;
}

double span_silence(const struct signal *s, double from)
{
	int64_t begin = (int64_t)(from * MEASURE_RATE);
	/* silences are only kept up to the last sound */
	int64_t longest = MAX(s->n - 1 - MAX(s->last, begin), 0);

	for (size_t i = 0; i < s->n_silences; i++)
		if (s->silences[i].end > begin)
			longest = MAX(longest, s->silences[i].end - s->silences[i].begin);
	return longest * MS;
}
