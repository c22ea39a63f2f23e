/* One speaker's playout followed against the source */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listen/measure-playout.h"

/*
 * The speaker's recording y is the source x, later by a lag that ought to stand
 * still: y[i] = g x[i - lag]. In blocks of 20 ms we look whether that holds. As
 * long as it does, the lag follows what clocks drift and resamplers make good, with
 * a loop of second order. Where it does not,
 * longer and longer windows behind the block are searched for a better lag.
 * Music is alike in many places, so a step is only believed when the new lag leaves
 * a fraction of the energy that the old one leaves unexplained, sample by sample;
 * then the point is found at which one begins to explain more than the other.
 */
#define BLOCK		(MEASURE_RATE * 20 / 1000)
#define HOP		(MEASURE_RATE * 10 / 1000)
#define FOLLOW_HALF	6	/* samples that the lag may be off while it is followed */
#define NEAR_HALF	120	/* samples (2.5 ms) around the lag are searched one by one */
#define SLOPE_HALF	12	/* and at the ends of a window in which it was found */
#define FOLLOW_LAG	0.4	/* of what it is off is made good in each block, */
#define FOLLOW_SLOPE	0.06	/* and goes into the slope that is expected of the next */
#define SLOPE_MAX	(6e-3 * HOP) /* bluez5's rate control goes up to 5000 ppm */
#define RESIDUAL_MIN	0.1	/* less is always a match */
#define RESIDUAL_MAX	0.7	/* more never is */
#define RESIDUAL_RISE	4.0	/* times the usual one is still a match */
#define STEP_RANGE	(MEASURE_RATE * 400 / 1000)
#define STEP_BETTER	2.5	/* times less energy unexplained makes a step */
#define STEP_RHO	0.6	/* and the new place must be alike by itself */
#define WINDOW_MAX	(32 * BLOCK)
#define ACQUIRE		(MEASURE_RATE * 480 / 1000)
#define ACQUIRE_RHO	0.75
#define LOST_AFTER	100	/* blocks (1 s) without a match: search everywhere */
#define QUIET		1e-2	/* of the source's rms: nothing to compare in such a block */

struct follower {
	const struct signal *y, *x;
	struct lag_finder *finder;
	int64_t min, max;	/**< bounds of the lag when it is searched everywhere */
	double lag;		/**< now, samples */
	double slope;		/**< of lag, samples in a hop */
	double residual;	/**< usual, relative */
	int lost;		/**< blocks since the last match */
	struct playout *track;
	size_t allocated_events, allocated_points;
	double *rhos;
	double energy_x, energy_y; /**< of what matched, for the gain */
};

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = { "gap", "repeat", "skip", "absent" };

	return names[kind];
}

static int add_event(struct follower *f, enum event_kind kind, double pos, double samples)
{
	struct playout *t = f->track;

	if (t->n_events == f->allocated_events) {
		size_t n = f->allocated_events ? 2 * f->allocated_events : 32;
		struct event *e = reallocarray(t->events, n, sizeof(*e));
		if (e == NULL)
			return -ENOMEM;
		t->events = e;
		f->allocated_events = n;
	}
	t->events[t->n_events++] = (struct event) {
		.kind = kind,
		.time = pos / MEASURE_RATE,
		.size = samples * 1000.0 / MEASURE_RATE,
	};
	return 0;
}

static int add_point(struct follower *f, int64_t pos, double rho)
{
	struct playout *t = f->track;

	if (t->n_points == f->allocated_points) {
		size_t n = f->allocated_points ? 2 * f->allocated_points : 1024;
		struct playout_point *p = reallocarray(t->points, n, sizeof(*p));
		double *r = reallocarray(f->rhos, n, sizeof(*r));
		if (p != NULL)
			t->points = p;
		if (r != NULL)
			f->rhos = r;
		if (p == NULL || r == NULL)
			return -ENOMEM;
		f->allocated_points = n;
	}
	f->rhos[t->n_points] = rho;
	t->points[t->n_points++] = (struct playout_point) { pos, f->lag };
	return 0;
}

/* lag_find() and lag_refine() say where in x; the speaker is later by the negative. */
static struct lag find(struct follower *f, int64_t pos, int64_t len, double low, double high)
{
	struct lag lag = lag_find(f->finder, f->y, pos, len, f->x,
			-(int64_t)ceil(high), -(int64_t)floor(low));
	lag.lag = -lag.lag;
	return lag;
}

static struct lag refine(struct follower *f, int64_t pos, int64_t len, double center, int half)
{
	struct lag lag = lag_refine(f->y, pos, len, f->x, -center, half, -f->slope / HOP);
	lag.lag = -lag.lag;
	return lag;
}

static double limit(const struct follower *f)
{
	return fmin(fmax(RESIDUAL_RISE * f->residual, RESIDUAL_MIN), RESIDUAL_MAX);
}

static bool matches(const struct follower *f, const struct lag *lag)
{
	return lag->state == LAG_OK && lag->rho > 0.0 && lag_residual(lag->rho) <= limit(f);
}

/* Short windows first: a resampler that catches up blurs long ones. */
static struct lag acquire_at(struct follower *f, int64_t at, int64_t *found)
{
	struct lag lag = { .state = LAG_SILENT };

	for (int64_t len = ACQUIRE / 8; len <= ACQUIRE; len *= 2) {
		*found = len;
		if (at + len > f->y->last + 1 || signal_silent_samples(f->y, at, at + len) > len / 4)
			break;
		/* no further than the source reaches */
		lag = find(f, at, len, fmax(f->min, at - f->x->n), fmin(f->max, at + len));
		if (lag.state == LAG_OK && lag.rho > ACQUIRE_RHO)
			break;
		lag.state = LAG_WEAK;
	}
	return lag;
}

/* One that was away mostly comes back in its place. A resampler that catches up by thousands of
 * ppm blurs every window in which it could be found anywhere, but with the slope that it
 * had, and that all others have, a block matches. */
static struct lag acquire_near(struct follower *f, int64_t at)
{
	const struct playout *t = f->track;
	int64_t away = t->n_points > 0 ? at - t->points[t->n_points - 1].pos : 0;
	struct lag lag = refine(f, at, BLOCK, f->lag + f->slope * away / HOP, NEAR_HALF);

	if (!matches(f, &lag))
		lag.state = LAG_WEAK;
	return lag;
}

/* The window in which it was found may be blurred: blocks at both of its ends say by which slope */
static void learn_slope(struct follower *f, int64_t at, int64_t len)
{
	struct lag first, last;

	f->slope = 0.0;
	first = refine(f, at, BLOCK, f->lag, SLOPE_HALF);
	last = refine(f, at + len - BLOCK, BLOCK, f->lag, SLOPE_HALF);
	if (first.state != LAG_OK || last.state != LAG_OK || first.rho < STEP_RHO || last.rho < STEP_RHO)
		return;
	f->slope = fmin(fmax((last.lag - first.lag) * HOP / (double)(len - BLOCK), -SLOPE_MAX), SLOPE_MAX);
	last = refine(f, at, BLOCK, first.lag, FOLLOW_HALF);
	if (last.state != LAG_OK || last.rho < first.rho) {
		f->slope = 0.0;
		return;
	}
	f->lag = last.lag;
	f->residual = lag_residual(last.rho);
}

/* Where the source can be recognised for the first time from pos on; back: again */
static bool acquire(struct follower *f, int64_t *pos, bool back)
{
	for (int64_t at = *pos; at < f->y->last; at += ACQUIRE / 8) {
		int64_t len = 0;
		struct lag lag = acquire_at(f, at, &len);
		bool near = lag.state != LAG_OK && back;

		if (near)
			lag = acquire_near(f, at);
		if (lag.state != LAG_OK)
			continue;
		f->lag = lag.lag;
		f->residual = lag_residual(lag.rho);
		if (!near)
			learn_slope(f, at, len);
		f->lost = 0;
		*pos = at;
		return true;
	}
	return false;
}

/* y[from .. to) less the source at both lags: the split that explains most */
static int64_t locate(struct follower *f, int64_t from, int64_t to, double before, double after)
{
	const float *y = f->y->x, *x = f->x->x;
	int64_t a = llrint(before), b = llrint(after), best = from;
	double sum = 0.0, least = 0.0;
	double ex = f->energy_x, ey = f->energy_y, g;

	if (ex <= 0.0) {
		ex = signal_energy(f->x, from - b, to - b);
		ey = signal_energy(f->y, from, to);
	}
	g = ex > 0.0 ? sqrt(ey / ex) : 1.0;
	for (int64_t i = from; i < to; i++) {
		double u = i - a >= 0 && i - a < f->x->n ? y[i] - g * x[i - a] : y[i];
		double v = i - b >= 0 && i - b < f->x->n ? y[i] - g * x[i - b] : y[i];

		sum += u * u - v * v;
		if (sum < least) {
			least = sum;
			best = i + 1;
		}
	}
	return best;
}

/* It is known by the window that ends at end; where did it happen? */
static int take_step(struct follower *f, int64_t pos, int64_t end, double lag)
{
	double step = lag - f->lag;
	int64_t from = pos - BLOCK < f->y->first ? f->y->first : pos - BLOCK;
	int64_t at = locate(f, from, end, f->lag, lag);
	int res = 0;

	if (fabs(step) > STEP_MIN)
		res = add_event(f, step > 0.0 ? EVENT_REPEAT : EVENT_SKIP, at, fabs(step));
	f->lag = lag;
	f->slope = 0.0;
	f->lost = 0;
	return res;
}

/* The first place from pos on that has len samples without a run of silence */
static int64_t sounding(const struct signal *s, int64_t pos, int64_t len)
{
	for (size_t i = 0; i < s->n_silences; i++) {
		if (s->silences[i].end <= pos)
			continue;
		if (s->silences[i].begin >= pos + len)
			break;
		pos = s->silences[i].end;
	}
	return pos;
}

/* The best lag for a window: a small step, unless one further off is clearly better */
static struct lag search(struct follower *f, int64_t at, int64_t len)
{
	bool far = f->lost > LOST_AFTER;
	double low = far ? fmax(f->min, at - f->x->n) : f->lag - STEP_RANGE;
	double high = far ? fmin(f->max, at + len) : f->lag + STEP_RANGE;
	struct lag near = refine(f, at, len, f->lag, NEAR_HALF);
	struct lag any = find(f, at, len, low, high);

	if (matches(f, &near) &&
	    lag_residual(near.rho) < STEP_BETTER * lag_residual(any.rho))
		return near;
	return any;
}

/* The block at pos does not match: is there a better lag behind it? */
static int examine(struct follower *f, int64_t pos)
{
	for (int64_t len = BLOCK; len <= WINDOW_MAX; len *= 2) {
		int64_t at = sounding(f->y, pos + BLOCK, len);
		struct lag old, new;

		if (at + len > f->y->last + 1)
			break;
		old = refine(f, at, len, f->lag, FOLLOW_HALF);
		new = search(f, at, len);
		if (matches(f, &old) || (new.state == LAG_OK &&
					 fabs(new.lag - f->lag) <= FOLLOW_HALF)) {
			f->track->disturbed++;
			return 0;
		}
		if (new.state != LAG_OK || new.rho < STEP_RHO ||
		    (!matches(f, &new) && f->lost <= LOST_AFTER))
			continue;
		if (lag_residual(old.rho) > STEP_BETTER * lag_residual(new.rho))
			return take_step(f, pos, at + len, new.lag);
	}
	f->track->unsure++;
	f->lost++;
	f->slope = 0.0;
	return 0;
}

static int follow_block(struct follower *f, int64_t pos)
{
	int64_t from = pos - llrint(f->lag);
	double power = signal_energy(f->x, from, from + BLOCK) / BLOCK;
	double usual = signal_energy(f->x, 0, f->x->n) / (f->x->n + 1);
	struct lag lag;

	if (power < QUIET * QUIET * usual) {
		f->slope = 0.0;
		return 0;
	}
	f->lag += f->slope;
	lag = refine(f, pos, BLOCK, f->lag, FOLLOW_HALF);
	if (!matches(f, &lag)) {
		f->lag -= f->slope;
		return examine(f, pos);
	}
	f->slope += FOLLOW_SLOPE * (lag.lag - f->lag);
	f->slope = fmin(fmax(f->slope, -SLOPE_MAX), SLOPE_MAX);
	f->lag += FOLLOW_LAG * (lag.lag - f->lag);
	f->residual += 0.05 * (lag_residual(lag.rho) - f->residual);
	f->lost = 0;
	f->energy_x += power * BLOCK;
	f->energy_y += signal_energy(f->y, pos, pos + BLOCK);
	return add_point(f, pos, lag.rho);
}

static double lag_at(const struct playout *t, int64_t pos, bool after)
{
	double lag = t->n_points ? t->points[0].lag : 0.0;

	for (size_t i = 0; i < t->n_points; i++) {
		if (after && t->points[i].pos >= pos)
			return t->points[i].lag;
		if (!after && t->points[i].pos + BLOCK > pos)
			break;
		lag = t->points[i].lag;
	}
	return lag;
}

static int find_gaps(struct follower *f)
{
	const struct signal *y = f->y, *x = f->x;
	int res;

	for (size_t i = 0; i < y->n_silences; i++) {
		struct silence s = y->silences[i];
		int64_t b = llrint(lag_at(f->track, s.begin, false));
		int64_t a = llrint(lag_at(f->track, s.end, true));
		int64_t len = s.end - s.begin;
		int64_t quiet_before = signal_silent_samples(x, s.begin - b, s.end - b);
		int64_t quiet_after = signal_silent_samples(x, s.begin - a, s.end - a);

		len -= quiet_before > quiet_after ? quiet_before : quiet_after;
		if (len < SILENCE_MIN)
			continue;
		res = add_event(f, len >= ABSENT_MIN ? EVENT_ABSENT : EVENT_GAP, s.begin, len);
		if (res < 0)
			return res;
	}
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int compare_events(const void *a, const void *b)
{
	return compare_doubles(&((const struct event *)a)->time, &((const struct event *)b)->time);
}

static int follow(struct follower *f)
{
	const struct signal *y = f->y;
	int64_t pos = y->first;
	int res;

	for (; pos + BLOCK <= y->last + 1; pos += HOP) {
		int64_t silent = signal_silent_samples(y, pos, pos + BLOCK);

		if (silent > 0) {
			int64_t next = sounding(y, pos, BLOCK);
			if (next - pos < ABSENT_MIN) {
				pos = next - HOP;
				continue;
			}
			/* it may have come back anywhere: no step, it was not there */
			pos = next;
			if (!acquire(f, &pos, true))
				break;
			continue;
		}
		if ((res = follow_block(f, pos)) < 0)
			return res;
	}
	return find_gaps(f);
}

int playout_init(struct playout *t, struct lag_finder *finder, const struct signal *speaker,
		const struct signal *source, int64_t min, int64_t max)
{
	struct follower f = {
		.y = speaker, .x = source, .finder = finder,
		.min = min, .max = max, .track = t,
	};
	int64_t pos = speaker->first;
	int res;

	*t = (struct playout) { 0 };
	if (speaker->first < 0 || source->first < 0 || !acquire(&f, &pos, false))
		return 0;
	t->found = true;
	if ((res = follow(&f)) < 0)
		goto done;
	if (t->n_points > 0) {
		qsort(f.rhos, t->n_points, sizeof(double), compare_doubles);
		t->rho = f.rhos[t->n_points / 2];
		t->gain = 10.0 * log10(f.energy_y / f.energy_x);
	}
	if (t->n_events > 0)
		qsort(t->events, t->n_events, sizeof(struct event), compare_events);
done:
	free(f.rhos);
	if (res < 0)
		playout_finish(t);
	return res;
}

void playout_finish(struct playout *t)
{
	free(t->events);
	free(t->points);
	*t = (struct playout) { 0 };
}
