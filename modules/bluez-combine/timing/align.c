/* Alignment: which delay makes all speakers sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "timing/align.h"

/* An hour: far beyond anything meant, and sums of it do not overflow */
#define ALIGN_NS_MAX		(3600 * SPA_NSEC_PER_SEC)

static int64_t clamp_ns(int64_t ns)
{
	return SPA_CLAMP(ns, -ALIGN_NS_MAX, ALIGN_NS_MAX);
}

/* How late this member sounds with a latency L when nothing is done: L + c - t */
static int64_t lateness(const struct align_member *m, int64_t latency_ns)
{
	return clamp_ns(latency_ns) + clamp_ns(m->correction_ns) - clamp_ns(m->trim_ns);
}

static int64_t member_lateness(const struct align_member *m)
{
	return lateness(m, m->latency_ns);
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

/* Since all are placed anew: also for those who are about to ask for it */
static void window_make_room(struct window *w, const struct align_params *p,
		const struct align_member *m, uint32_t n)
{
	int64_t limit_ns = w->low_ns + SPA_MAX(p->max_delay_ns - p->headroom_ns, 0);
	uint32_t i;

	for (i = 0; i < n; i++) {
		int64_t e = lateness(&m[i], m[i].pending_ns);

		if (m[i].pending_ns > 0 && e <= limit_ns)
			w->high_ns = SPA_MAX(w->high_ns, e);
	}
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
	window_make_room(&best, p, m, n);
	return SPA_MAX(best.high_ns + p->headroom_ns, 1);
}

/* What a delay of somebody who is tracked lacks, as far as all others have room for it */
static int64_t find_lack(int64_t total_ns, const struct align_params *p, const struct align_member *m, uint32_t n)
{
	int64_t lack_ns = 0, room_ns = INT64_MAX;
	uint32_t i;

	for (i = 0; i < n; i++) {
		int64_t delay_ns = total_ns - member_lateness(&m[i]);

		if (!m[i].settled || !within(delay_ns, p))
			continue;
		if (m[i].tracked)
			lack_ns = SPA_MAX(lack_ns, (int64_t)ALIGN_FLOOR_NS - delay_ns);
		room_ns = SPA_MIN(room_ns, p->max_delay_ns - delay_ns);
	}
	return SPA_MIN(lack_ns, room_ns);
}

/* A move is to be heard at one moment: who is heard early is moved late */
static void choose_waits(struct align_member *m, uint32_t n)
{
	int64_t last_ns = INT64_MIN;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (m[i].heard && m[i].aligned)
			last_ns = SPA_MAX(last_ns, member_lateness(&m[i]));
	for (i = 0; i < n; i++)
		if (m[i].heard && m[i].aligned)
			m[i].wait_ns = last_ns - member_lateness(&m[i]);
}

int align_update(struct align *a, const struct align_params *p,
		struct align_member *m, uint32_t n, bool playing)
{
	int64_t total_ns = choose_total(a, p, m, n, playing);
	bool moves = total_ns != a->total_ns;
	int64_t lack_ns = playing ? find_lack(total_ns, p, m, n) : 0, step_ns;
	int changed;
	uint32_t i;

	step_ns = moves || !a->creeps ? 0 : SPA_MIN(lack_ns, p->creep_ns);
	changed = moves || step_ns > 0;
	total_ns += step_ns;
	a->crept = step_ns > 0;
	a->creeps = lack_ns > step_ns;
	a->total_ns = a->last_ns = total_ns;

	for (i = 0; i < n; i++) {
		int64_t delay_ns = total_ns - member_lateness(&m[i]);
		bool aligned = m[i].settled && within(delay_ns, p);

		if (!aligned)
			delay_ns = 0;
		else
			a->last_ns = SPA_MAX(a->last_ns, total_ns + clamp_ns(m[i].trim_ns));
		a->last_ns = SPA_MAX(a->last_ns, delay_ns);
		if (delay_ns != m[i].delay_ns || aligned != m[i].aligned)
			changed = 1;
		m[i].delay_ns = delay_ns;
		m[i].aligned = aligned;
		m[i].wait_ns = 0;
	}
	if (moves && playing)
		choose_waits(m, n);
	return changed;
}
