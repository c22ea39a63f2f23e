/* Alignment: which delay makes all speakers sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <spa/utils/defs.h>

#include "align.h"

/* An hour: far beyond anything meant, and sums of it do not overflow */
#define ALIGN_NS_MAX		(3600 * SPA_NSEC_PER_SEC)

/* The two steps of a start are 50-400 ms apart; a person waits for the joiner */
#define SETTLE_STILL_NS		(600 * SPA_NSEC_PER_MSEC)
/* The last step comes within ~2 s of the first; what moves on after that is
 * better believed late than never */
#define SETTLE_LIMIT_NS		(2500 * SPA_NSEC_PER_MSEC)
/* Below what anybody hears, and what rounding of rates and packets makes */
#define SETTLE_HYSTERESIS_NS	(50 * SPA_NSEC_PER_USEC)

static int64_t clamp_ns(int64_t ns)
{
	return SPA_CLAMP(ns, -ALIGN_NS_MAX, ALIGN_NS_MAX);
}

/* How late this member sounds when nothing is done: L + c - t */
static int64_t member_lateness(const struct align_member *m)
{
	return clamp_ns(m->latency_ns) + clamp_ns(m->correction_ns) - clamp_ns(m->trim_ns);
}

static bool within(int64_t delay_ns, const struct align_params *p)
{
	return delay_ns >= 0 && delay_ns <= p->max_delay_ns;
}

/* The members that some B suits */
struct window {
	int64_t low_ns, high_ns;	/**< L + c - t of the fastest and the slowest */
	uint32_t count;
};

static struct window window_from(int64_t low_ns, int64_t width_ns,
		const struct align_member *m, uint32_t n)
{
	struct window w = { .low_ns = low_ns, .high_ns = low_ns };
	uint32_t i;

	for (i = 0; i < n; i++) {
		int64_t e = member_lateness(&m[i]);

		if (!m[i].settled || e < low_ns || e - low_ns > width_ns)
			continue;
		w.high_ns = SPA_MAX(w.high_ns, e);
		w.count++;
	}
	return w;
}

static struct window largest_window(const struct align_params *p,
		const struct align_member *m, uint32_t n)
{
	int64_t width_ns = SPA_MAX(p->max_delay_ns - p->headroom_ns, 0);
	struct window best = { 0 };
	uint32_t i;

	/* n is a handful: not worth sorting */
	for (i = 0; i < n; i++) {
		struct window w;

		if (!m[i].settled)
			continue;
		w = window_from(member_lateness(&m[i]), width_ns, m, n);
		if (w.count > best.count || (w.count == best.count && w.low_ns < best.low_ns))
			best = w;
	}
	return best;
}

/* B stays: it suits as many as any other would, or is only too large for few */
static bool total_suits(int64_t total_ns, const struct window *best, const struct align_params *p,
		const struct align_member *m, uint32_t n)
{
	uint32_t i, count = 0;

	for (i = 0; i < n; i++)
		if (m[i].settled && within(total_ns - member_lateness(&m[i]), p))
			count++;

	if (count >= best->count)
		return true;
	return best->high_ns <= total_ns && count * 2 >= best->count;
}

static int64_t choose_total(const struct align *a, const struct align_params *p,
		const struct align_member *m, uint32_t n, bool playing)
{
	struct window best = largest_window(p, m, n);

	if (playing && a->total_ns != 0 && total_suits(a->total_ns, &best, p, m, n))
		return a->total_ns;
	if (best.count == 0)
		return 0;
	return SPA_MAX(best.high_ns + p->headroom_ns, 1);
}

int align_update(struct align *a, const struct align_params *p,
		struct align_member *m, uint32_t n, bool playing)
{
	int64_t total_ns = choose_total(a, p, m, n, playing);
	int changed = total_ns != a->total_ns;
	uint32_t i;

	a->total_ns = total_ns;

	for (i = 0; i < n; i++) {
		int64_t delay_ns = total_ns - member_lateness(&m[i]);
		bool aligned = m[i].settled && within(delay_ns, p);

		if (!aligned)
			delay_ns = 0;
		if (delay_ns != m[i].delay_ns || aligned != m[i].aligned)
			changed = 1;
		m[i].delay_ns = delay_ns;
		m[i].aligned = aligned;
	}
	return changed;
}

void settle_init(struct settle *s, int64_t known_ns)
{
	spa_zero(*s);
	s->state = SETTLE_WAITING;
	s->settled = known_ns >= 0;
	s->latency_ns = SPA_MAX(known_ns, 0);
}

static int64_t settle_deadline(const struct settle *s)
{
	switch (s->state) {
	case SETTLE_MOVING:
		return SPA_MIN(s->since_ns + SETTLE_STILL_NS, s->first_ns + SETTLE_LIMIT_NS);
	case SETTLE_CHANGING:
		return s->since_ns + SETTLE_STILL_NS;
	default:
		return INT64_MAX;
	}
}

static bool settle_believe(struct settle *s)
{
	bool changed = !s->settled || llabs(s->latency_ns - s->candidate_ns) >= SETTLE_HYSTERESIS_NS;

	s->state = SETTLE_SETTLED;
	if (changed)
		s->latency_ns = s->candidate_ns;
	s->settled = true;
	return changed;
}

static void settle_watch(struct settle *s, int64_t now_ns, int64_t latency_ns)
{
	s->candidate_ns = latency_ns;
	s->since_ns = now_ns;
}

bool settle_tick(struct settle *s, int64_t now_ns, int64_t *next_ns)
{
	bool changed = false;

	if (now_ns >= settle_deadline(s))
		changed = settle_believe(s);
	*next_ns = settle_deadline(s);
	return changed;
}

bool settle_report(struct settle *s, int64_t now_ns, int64_t latency_ns)
{
	int64_t next_ns;
	bool changed = settle_tick(s, now_ns, &next_ns);
	bool none = latency_ns <= 0;
	bool still = llabs(latency_ns - s->candidate_ns) < SETTLE_HYSTERESIS_NS;
	bool known = llabs(latency_ns - s->latency_ns) < SETTLE_HYSTERESIS_NS;

	switch (s->state) {
	case SETTLE_WAITING:
		if (none)
			break;
		s->state = SETTLE_MOVING;
		s->first_ns = now_ns;
		settle_watch(s, now_ns, latency_ns);
		break;
	case SETTLE_MOVING:
		if (none)
			s->state = SETTLE_WAITING;
		else if (!still)
			settle_watch(s, now_ns, latency_ns);
		break;
	case SETTLE_SETTLED:
		if (none || known)
			break;
		s->state = SETTLE_CHANGING;
		settle_watch(s, now_ns, latency_ns);
		break;
	case SETTLE_CHANGING:
		if (none || known)
			s->state = SETTLE_SETTLED;
		else if (!still)
			settle_watch(s, now_ns, latency_ns);
		break;
	}
	return changed;
}
