/* A machine that stands still again and again */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "timing/stutter.h"

#define MSEC	((int64_t)SPA_NSEC_PER_MSEC)

/* In a reported latency this may be the packet and the codec, which are no buffer */
#define PACKET_MAX_NS	(25 * MSEC)
/* The missed cycles are sent at once, and so many packets fit: bluez5 asks for four MTUs of room, and
 * the kernel makes eight of that, in which packets count with its own overhead. Measured with SBC at
 * bitpool 53: 5 packets at an MTU of 672, 67 ms; 4 at 895, 75 ms; 4 at 1005, 85 ms. */
#define SOCKET_NS	(60 * MSEC)
/* and a controller holds as many again, or more */
#define CONTROLLER_NS	(90 * MSEC)
/* Half of what may be between two speakers: what their reports are off by comes on top */
#define APART_NS	(10 * MSEC)
/* A client, or a machine, that is late again and again must not silence the group: nobody is for more
 * than a fifth of the time. A speaker needs as much as this to begin after it has been let go of. */
#define REST_SHARE	4
#define BEGIN_NS	(100 * MSEC)

static void drop_old(struct stutter *s, int64_t now_ns)
{
	uint32_t n = 0;

	while (n < s->n_stalls && now_ns - s->stalls[n].at_ns >= STUTTER_SPAN_NS)
		n++;
	s->n_stalls -= n;
	memmove(s->stalls, s->stalls + n, s->n_stalls * sizeof(s->stalls[0]));
}

static struct stall *last_stall(struct stutter *s)
{
	return s->n_stalls > 0 ? &s->stalls[s->n_stalls - 1] : NULL;
}

void stutter_add(struct stutter *s, int64_t now_ns, const struct stutter_event *e)
{
	struct stall *last = last_stall(s);
	int64_t length_ns = e->late_ns + e->lost_ns;

	if (length_ns <= 0 || length_ns > STUTTER_LONGEST_NS)
		return;
	if (last != NULL && now_ns - last->at_ns < STUTTER_SAME_NS) {
		last->length_ns = SPA_MAX(last->length_ns, length_ns);
		return;
	}
	drop_old(s, now_ns);
	s->stalls[s->n_stalls++] = (struct stall) { now_ns, length_ns };
	s->on |= s->n_stalls >= STUTTER_MIN;
}

static int64_t calm_ns(const struct stutter *s)
{
	int64_t ns = 0;

	for (uint32_t i = 1; i < s->n_stalls; i++)
		ns = SPA_MAX(ns, s->stalls[i].at_ns - s->stalls[i - 1].at_ns);
	return SPA_CLAMP(2 * ns, STUTTER_CALM_MIN_NS, STUTTER_CALM_MAX_NS);
}

int64_t stutter_tick(struct stutter *s, int64_t now_ns)
{
	struct stall *last = last_stall(s);
	int64_t next_ns;

	if (last == NULL)
		return INT64_MAX;
	next_ns = last->at_ns + calm_ns(s);
	if (now_ns >= next_ns)
		s->on = false;
	if (!s->on)
		next_ns = INT64_MAX;
	drop_old(s, now_ns);
	return s->n_stalls > 0 ? SPA_MIN(next_ns, s->stalls[0].at_ns + STUTTER_SPAN_NS) : next_ns;
}

int64_t stutter_sum_ns(const struct stutter *s)
{
	int64_t ns = 0;

	for (uint32_t i = 0; i < s->n_stalls; i++)
		ns += s->stalls[i].length_ns;
	return ns;
}

int64_t stutter_longest_ns(const struct stutter *s)
{
	int64_t ns = 0;

	for (uint32_t i = 0; i < s->n_stalls; i++)
		ns = SPA_MAX(ns, s->stalls[i].length_ns);
	return ns;
}

int64_t stutter_late_max_ns(const struct stutter *s)
{
	return s->on ? SOCKET_NS + CONTROLLER_NS : SOCKET_NS;
}

/*
 * A speaker plays from its buffer while nothing comes. How much it has is not known: what it
 * reports is as good a guess as any, but parts of it may be elsewhere, so half of it.
 */
static bool may_be_out_of_step(const struct stutter_event *e, int64_t latency_ns)
{
	return e->lost_ns > 0 || e->late_ns > SOCKET_NS ||
		e->late_ns > (latency_ns - PACKET_MAX_NS) / 2;
}

/*
 * What is reported is from a packet's first sample, known a packet before it is sent, to its sound;
 * the last cycle before the stall was up to a period before the one that was late. A cycle that
 * is lost is lost to all that play then, and parts none of those: it makes their buffers that much shorter.
 */
static bool is_out_of_step(const struct stutter_event *e, int64_t latency_ns, int64_t lost_ns)
{
	if (e->late_ns > 0 && e->late_ns + e->period_ns + lost_ns > latency_ns)
		return true;
	return lost_ns > (latency_ns - PACKET_MAX_NS) / 2 || e->late_ns > e->late_max_ns;
}

enum stutter_step stutter_judge(const struct stutter *s, const struct stutter_event *e,
		int64_t latency_ns, int64_t lost_ns)
{
	if (!may_be_out_of_step(e, latency_ns))
		return STUTTER_IN_STEP;
	return !s->on || is_out_of_step(e, latency_ns, lost_ns) ? STUTTER_OUT_OF_STEP : STUTTER_DOUBTFUL;
}

/* Who joins, or is started anew, has all of its own buffer: who played when cycles were lost has not */
bool stutter_is_apart(int64_t lost_ns, int64_t least_ns)
{
	return lost_ns - least_ns >= APART_NS;
}

int64_t stutter_rest_ns(int64_t took_ns)
{
	return REST_SHARE * (took_ns + BEGIN_NS);
}
