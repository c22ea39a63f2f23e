/* Samples, placed at the time at which they sound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listen/sinc.h"
#include "listen/timeline.h"

#define PER_NS		(TIMELINE_RATE * 1e-9)
#define CHUNK		4096	/* frames that are rendered at a time */
#define OVERLAP		256	/* frames kept back: where the ringing of two runs adds up */
#define TOGETHER	0.05	/* of a period: blocks closer than this are one run */

/* A line from positions in the run to time: one for every block */
struct segment {
	double index;		/* of its first frame in the run */
	double t;		/* when that sounds, in ns */
	double period;		/* in ns */
};

struct timeline {
	timeline_write_t write;
	void *data;

	float *acc;		/* CHUNK + OVERLAP frames from written on, added to */
	int64_t written;	/* frames that have been given away */

	/* The run: blocks without a hole between them */
	bool running;
	float *frames;		/* what the kernel can still touch */
	size_t n_frames, size;
	double base;		/* position of frames[0] in the run */
	int64_t next;		/* output frame to render next */
	struct segment *segments;
	size_t n_segments, max_segments;
	double end_index, end_t, period;
};

struct timeline *timeline_new(timeline_write_t write, void *data)
{
	struct timeline *tl;

	sinc_init();
	tl = calloc(1, sizeof(*tl));
	if (tl == NULL)
		return NULL;
	tl->acc = calloc(2 * (CHUNK + OVERLAP), sizeof(float));
	if (tl->acc == NULL) {
		free(tl);
		return NULL;
	}
	tl->write = write;
	tl->data = data;
	return tl;
}

void timeline_destroy(struct timeline *tl)
{
	if (tl == NULL)
		return;
	free(tl->acc);
	free(tl->frames);
	free(tl->segments);
	free(tl);
}

/* Give away everything before frame \a to. */
static int commit(struct timeline *tl, int64_t to)
{
	const size_t size = CHUNK + OVERLAP;

	while (tl->written < to) {
		size_t n = to - tl->written > CHUNK ? CHUNK : to - tl->written;
		int res;

		if ((res = tl->write(tl->data, tl->acc, n)) < 0)
			return res;
		memmove(tl->acc, tl->acc + 2 * n, 2 * (size - n) * sizeof(float));
		memset(tl->acc + 2 * (size - n), 0, 2 * n * sizeof(float));
		tl->written += n;
	}
	return 0;
}

static int append(struct timeline *tl, const float *frames, size_t n)
{
	if (tl->n_frames + n > tl->size) {
		size_t size = 2 * (tl->n_frames + n);
		float *p = realloc(tl->frames, 2 * size * sizeof(float));

		if (p == NULL)
			return -ENOMEM;
		tl->frames = p;
		tl->size = size;
	}
	if (frames != NULL)
		memcpy(tl->frames + 2 * tl->n_frames, frames, 2 * n * sizeof(float));
	else
		memset(tl->frames + 2 * tl->n_frames, 0, 2 * n * sizeof(float));
	tl->n_frames += n;
	return 0;
}

static int append_segment(struct timeline *tl, double index, double t, double period)
{
	if (tl->n_segments == tl->max_segments) {
		size_t max = 2 * tl->max_segments + 8;
		struct segment *p = realloc(tl->segments, max * sizeof(*p));

		if (p == NULL)
			return -ENOMEM;
		tl->segments = p;
		tl->max_segments = max;
	}
	tl->segments[tl->n_segments++] = (struct segment) { index, t, period };
	return 0;
}

/* Position in the run of the output frame \a n. Drops segments that are over. */
static double position(struct timeline *tl, int64_t n)
{
	double t = n / PER_NS;

	while (tl->n_segments > 1 && tl->segments[1].t <= t) {
		tl->n_segments--;
		memmove(tl->segments, tl->segments + 1, tl->n_segments * sizeof(*tl->segments));
	}
	return tl->segments[0].index + (t - tl->segments[0].t) / tl->segments[0].period;
}

/* Render all output frames for which the kernel has its samples. */
static int render(struct timeline *tl)
{
	for (;;) {
		double x = position(tl, tl->next), whole = floor(x), first;
		float out[2], *acc;
		int res;

		first = whole - (SINC_HALF - 1) - tl->base;
		if (first + SINC_TAPS > tl->n_frames)
			break;
		if (tl->next - tl->written >= CHUNK + OVERLAP &&
		    (res = commit(tl, tl->next - OVERLAP)) < 0)
			return res;
		/* Before the first frame's kernel begins there is nothing. */
		if (first >= 0 && tl->next >= tl->written) {
			sinc_stereo(tl->frames + 2 * (size_t)first, x - whole, out);
			acc = tl->acc + 2 * (tl->next - tl->written);
			acc[0] += out[0];
			acc[1] += out[1];
		}
		tl->next++;
	}
	/* What the next frame's kernel does not reach any more can go. */
	{
		double keep = floor(position(tl, tl->next)) - (SINC_HALF - 1) - tl->base;
		size_t n = keep > 0 ? (size_t)keep : 0;

		if (n > tl->n_frames)
			n = tl->n_frames;
		memmove(tl->frames, tl->frames + 2 * n, 2 * (tl->n_frames - n) * sizeof(float));
		tl->n_frames -= n;
		tl->base += n;
	}
	return 0;
}

static int end_run(struct timeline *tl)
{
	int res = 0;

	if (!tl->running)
		return 0;
	if ((res = append(tl, NULL, SINC_TAPS)) == 0)
		res = render(tl);
	tl->running = false;
	tl->n_frames = tl->n_segments = 0;
	return res;
}

static int begin_run(struct timeline *tl, double t, double period)
{
	int res;

	tl->running = true;
	tl->base = -SINC_TAPS;
	tl->end_index = 0.0;
	tl->end_t = t;
	tl->next = (int64_t)ceil((t - SINC_HALF * period) * PER_NS);
	if (tl->next < tl->written)
		tl->next = tl->written;
	if ((res = commit(tl, tl->next - OVERLAP)) < 0)
		return res;
	return append(tl, NULL, SINC_TAPS);
}

int timeline_add(struct timeline *tl, double t_ns, double period_ns, const float *frames,
		 size_t n_frames)
{
	double apart = t_ns - tl->end_t;
	int res;

	if (n_frames == 0)
		return 0;
	if (apart < -TOGETHER * period_ns)
		return -EINVAL;
	if (!tl->running || apart > TOGETHER * period_ns) {
		if ((res = end_run(tl)) < 0 || (res = begin_run(tl, t_ns, period_ns)) < 0)
			return res;
	}
	/* The run goes on where it was: rounding of the times must not add up. */
	if ((res = append_segment(tl, tl->end_index, tl->end_t, period_ns)) < 0 ||
	    (res = append(tl, frames, n_frames)) < 0)
		return res;
	tl->end_index += n_frames;
	tl->end_t += n_frames * period_ns;
	tl->period = period_ns;
	return render(tl);
}

int timeline_advance(struct timeline *tl, double t_ns)
{
	int res;

	if (tl->running) {
		if (t_ns - tl->end_t <= TOGETHER * tl->period)
			return 0;
		if ((res = end_run(tl)) < 0)
			return res;
	}
	return commit(tl, (int64_t)(t_ns * PER_NS) - OVERLAP);
}

int timeline_finish(struct timeline *tl, double t_ns)
{
	int64_t end = (int64_t)ceil(t_ns * PER_NS);
	int res;

	if ((res = end_run(tl)) < 0)
		return res;
	return commit(tl, end > tl->next ? end : tl->next);
}
