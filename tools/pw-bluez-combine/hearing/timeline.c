/* Timeline: which frame of a stream belongs to which time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "hearing/timeline.h"

#define NSEC_PER_SEC	1e9
/* A resampler gives one frame more or less than a cycle is long; what is lost is a cycle, or a packet */
#define SLACK_FRAMES	16.0

void timeline_init(struct timeline *t, double rate)
{
	*t = (struct timeline) { .rate = rate };
}

static bool goes_on(const struct timeline *t, const struct timeline_mark *mark)
{
	const struct timeline_mark *last = &t->last;
	double passed;

	if (mark->tick_rate == 0 || mark->tick_rate != last->tick_rate || mark->frame != last->frame + last->n)
		return false;
	passed = (double)(int64_t)(mark->ticks - last->ticks) * t->rate / mark->tick_rate;
	return fabs(passed - last->n) <= SLACK_FRAMES;
}

bool timeline_add(struct timeline *t, const struct timeline_mark *mark)
{
	bool whole = !t->begun || goes_on(t, mark);

	t->begun = true;
	t->last = *mark;
	return whole;
}

double timeline_ns(const struct timeline *t, double frame)
{
	return (double)t->last.now_ns + (frame - (double)t->last.frame) * NSEC_PER_SEC / t->rate;
}

double timeline_frame(const struct timeline *t, double ns)
{
	return (double)t->last.frame + (ns - (double)t->last.now_ns) * t->rate / NSEC_PER_SEC;
}
