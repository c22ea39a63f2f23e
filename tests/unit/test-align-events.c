/* Test: alignment and settling under random events */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdbool.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "timing/align.h"
#include "harness.h"
#include "timing/settle.h"

#define MS(x)		((int64_t)((x) * SPA_NSEC_PER_MSEC))

#define SEEDS		4000
#define EVENTS		40
#define SPEAKERS	8
/* A report that stands still is believed within this */
#define BELIEF_NS	MS(2600)
/* However often a report turns around: the times to stand still are 0.15 (if the
 * change is small), 0.15, 0.3, 0.6, 1.2 and 2.4 s, and no flapping of this test
 * stands still for 2.4 s */
#define FLAP_MOVES	5

struct speaker {
	bool present;
	struct settle settle;
	int64_t report_ns, reported_at_ns;	/**< the latest that is one */
	int64_t correction_ns, trim_ns;
	int64_t delay_ns;
	bool heard;
	uint32_t changes;			/**< of what is believed */
};

/* A group as the module keeps it: who is heard is who was aligned once */
struct world {
	uint32_t seed;
	struct align_params params;
	struct align align;
	struct speaker speakers[SPEAKERS];
	bool playing, silent;
	int64_t now_ns;
	uint32_t moves, changes;		/**< of B while heard; of all that is believed */
	uint64_t trace;				/**< of all delays ever */
};

/* The lower bits of a generator like this one repeat too soon */
static uint32_t draw(struct world *w, uint32_t n)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(w->seed >> 8) * n) >> 24);
}

static int64_t draw_ns(struct world *w, int64_t low_ms, int64_t high_ms)
{
	return MS(low_ms) + (int64_t)draw(w, (uint32_t)(high_ms - low_ms) * 1000) * SPA_NSEC_PER_USEC;
}

static struct speaker *draw_speaker(struct world *w)
{
	return &w->speakers[draw(w, SPEAKERS)];
}

static int64_t lateness_with(const struct align_member *m, int64_t latency_ns)
{
	return SPA_CLAMP(latency_ns, 0, MS(3600e3)) + m->correction_ns - m->trim_ns;
}

static int64_t lateness(const struct align_member *m)
{
	return lateness_with(m, m->latency_ns);
}

static bool fits(const struct world *w, int64_t total_ns, const struct align_member *m)
{
	int64_t d = total_ns - lateness(m);
	return m->settled && d >= 0 && d <= w->params.max_delay_ns;
}

static void check_delays(const struct world *w, const struct align_member *m, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		check(m[i].delay_ns >= 0 && m[i].delay_ns <= w->params.max_delay_ns);
		check(m[i].wait_ns >= 0);
		check(!m[i].aligned || m[i].settled);
		check_int(m[i].aligned, fits(w, w->align.total_ns, &m[i]));
		if (m[i].aligned)
			check_int(m[i].delay_ns + lateness(&m[i]), w->align.total_ns);
		else
			check_int(m[i].delay_ns, 0);
	}
}

/* B while something is heard: it only moves for somebody whom it does not suit,
 * leaves out nobody more for that, and is heard to move at one moment */
static void check_move(const struct world *w, int64_t before_ns,
		const struct align_member *m, uint32_t n)
{
	uint32_t i, left_out = 0, suited = 0, suits = 0;
	int64_t moment_ns = -1, first_ns = INT64_MAX;

	for (i = 0; i < n; i++) {
		suited += fits(w, before_ns, &m[i]);
		suits += m[i].aligned;
		left_out += m[i].settled && !fits(w, before_ns, &m[i]);
		if (!m[i].heard || !m[i].aligned) {
			check_int(m[i].wait_ns, 0);
			continue;
		}
		if (moment_ns == -1)
			moment_ns = m[i].wait_ns + lateness(&m[i]);
		check_int(m[i].wait_ns + lateness(&m[i]), moment_ns);
		first_ns = SPA_MIN(first_ns, m[i].wait_ns);
	}
	check(left_out > 0);
	/* Nobody is heard before anything is sent */
	check(suits > suited || w->align.total_ns == 1);
	check(first_ns == INT64_MAX || first_ns == 0);
}

/* Worked out anew: as small as it may be, with room for what is pending. Only where no delay is long enough for the
 * headroom too may somebody be that slow who has not all of it. */
static void check_smallest(const struct world *w, const struct align_member *m, uint32_t n)
{
	int64_t slowest_ns = INT64_MIN, fastest_ns = INT64_MAX, headroom_ns = w->params.headroom_ns, room_ns;
	uint32_t i;

	for (i = 0; i < n; i++) {
		check_int(m[i].wait_ns, 0);
		if (!m[i].aligned)
			continue;
		slowest_ns = SPA_MAX(slowest_ns, lateness(&m[i]));
		fastest_ns = SPA_MIN(fastest_ns, lateness(&m[i]));
	}
	if (slowest_ns == INT64_MIN)
		return;
	room_ns = slowest_ns;
	for (i = 0; i < n; i++) {
		int64_t e = lateness_with(&m[i], m[i].pending_ns);
		if (m[i].pending_ns > 0 && e + headroom_ns - fastest_ns <= w->params.max_delay_ns)
			room_ns = SPA_MAX(room_ns, e);
	}
	if (slowest_ns + headroom_ns - fastest_ns <= w->params.max_delay_ns)
		check_int(w->align.total_ns, SPA_MAX(room_ns + headroom_ns, 1));
	else
		check(w->align.total_ns < slowest_ns + headroom_ns);
}

static void align(struct world *w)
{
	struct align_member m[SPEAKERS] = { 0 };
	struct speaker *of[SPEAKERS];
	int64_t before_ns = w->align.total_ns;
	bool heard = w->playing && !w->silent;
	uint32_t i, n = 0;

	for (i = 0; i < SPEAKERS; i++) {
		struct speaker *s = &w->speakers[i];
		if (!s->present)
			continue;
		of[n] = s;
		m[n++] = (struct align_member) {
			.latency_ns = s->settle.latency_ns,
			.pending_ns = settle_pending(&s->settle),
			.correction_ns = s->correction_ns,
			.trim_ns = s->trim_ns,
			.settled = s->settle.settled,
			.heard = s->heard,
			.delay_ns = s->delay_ns,
		};
	}
	align_update(&w->align, &w->params, m, n, heard);
	check_delays(w, m, n);
	if (!heard)
		check_smallest(w, m, n);
	else if (before_ns != 0 && w->align.total_ns != before_ns)
		check_move(w, before_ns, m, n), w->moves++;
	for (i = 0; i < n; i++) {
		of[i]->delay_ns = m[i].delay_ns;
		of[i]->heard = w->playing && m[i].aligned;
		w->trace = (w->trace ^ (uint64_t)m[i].delay_ns) * 1099511628211u;
	}
	/* What has been done is done */
	check_int(align_update(&w->align, &w->params, m, n, heard), 0);
	for (i = 0; i < n; i++)
		check_int(m[i].wait_ns, 0);
}

static void believed(struct world *w, struct speaker *s, bool changed)
{
	s->changes += changed;
	w->changes += changed;
}

static int64_t tick(struct world *w)
{
	int64_t next_ns, earliest_ns = INT64_MAX;
	uint32_t i;

	for (i = 0; i < SPEAKERS; i++) {
		struct speaker *s = &w->speakers[i];
		if (!s->present)
			continue;
		believed(w, s, settle_tick(&s->settle, w->now_ns, &next_ns));
		check(next_ns > w->now_ns);
		earliest_ns = SPA_MIN(earliest_ns, next_ns);
		if (s->report_ns > 0 && w->now_ns - s->reported_at_ns >= BELIEF_NS)
			check(llabs(s->settle.latency_ns - s->report_ns) < SETTLE_SMALL_NS);
	}
	return earliest_ns;
}

static void pass(struct world *w, int64_t ns)
{
	int64_t end_ns = w->now_ns + ns;

	for (;;) {
		int64_t next_ns = tick(w);
		align(w);
		if (next_ns > end_ns)
			break;
		w->now_ns = next_ns;
	}
	w->now_ns = end_ns;
	tick(w);
	align(w);
}

static void report(struct world *w, struct speaker *s, int64_t ns)
{
	if (!s->present)
		return;
	believed(w, s, settle_report(&s->settle, w->now_ns, ns));
	if (ns <= 0) {
		s->report_ns = 0;	/* nothing to be believed */
	} else if (SPA_MIN(ns, MS(3600e3)) != s->report_ns) {
		s->report_ns = SPA_MIN(ns, MS(3600e3));
		s->reported_at_ns = w->now_ns;
	}
	align(w);
}

static void join(struct world *w, struct speaker *s)
{
	memset(s, 0, sizeof(*s));
	s->present = true;
	settle_init(&s->settle, draw(w, 2) ? draw_ns(w, 20, 400) : -1);
	align(w);
	pass(w, draw_ns(w, 0, 300));
	report(w, s, draw_ns(w, 20, 400));
	pass(w, draw_ns(w, 50, 400));
	report(w, s, s->report_ns + MS(14.854));
}

/* It plays anew, and reports what it did or nothing yet */
static void restart(struct world *w, struct speaker *s)
{
	int64_t report_ns = draw(w, 2) ? s->report_ns : 0;

	settle_restart(&s->settle);
	s->report_ns = 0;
	report(w, s, report_ns);
}

static void flap(struct world *w, struct speaker *s)
{
	int64_t low_ns = draw_ns(w, 20, 200), high_ns = low_ns + draw_ns(w, 0, 100);
	int64_t period_ns = draw_ns(w, 10, 2300);
	uint32_t i;

	if (!s->present)
		return;
	report(w, s, low_ns);
	pass(w, MS(3000));
	s->changes = 0;
	for (i = 0; i < 16; i++) {
		report(w, s, i % 2 ? low_ns : high_ns);
		pass(w, period_ns);
	}
	check(s->changes <= FLAP_MOVES);
}

/* A user at the slider: it is one move, when the hand is still */
static void drag(struct world *w, struct speaker *s)
{
	int64_t step_ns = draw_ns(w, 2, 5), ns;
	uint32_t i, steps = 10 + draw(w, 40);

	if (!s->present || s->report_ns == 0 || s->report_ns > MS(10e3))
		return;
	pass(w, BELIEF_NS);
	ns = s->report_ns;
	s->changes = 0;
	for (i = 0; i < steps; i++) {
		report(w, s, ns += step_ns);
		pass(w, MS(20));
	}
	check_int(s->changes, 0);
	pass(w, BELIEF_NS);
	check_int(s->changes, 1);
}

static void nonsense(struct world *w, struct speaker *s)
{
	static const int64_t values[] = {
		MS(6500), 0, -1, MS(-6500), INT64_MIN, INT64_MAX, INT64_MAX - 1, 1,
	};
	report(w, s, values[draw(w, SPA_N_ELEMENTS(values))]);
}

static void event(struct world *w)
{
	struct speaker *s = draw_speaker(w);

	switch (draw(w, 13)) {
	case 0: case 1: join(w, s); break;
	case 2: s->present = false; break;
	case 3: report(w, s, draw_ns(w, 20, 400)); break;
	case 4: report(w, s, s->report_ns + draw_ns(w, -1, 1)); break;
	case 5: s->correction_ns = draw_ns(w, -100, 100); break;
	case 6: s->trim_ns = draw_ns(w, -100, 100); break;
	case 7: nonsense(w, s); break;
	case 8: flap(w, s); break;
	case 9: drag(w, s); break;
	case 10: w->silent = draw(w, 4) == 0; break;
	case 11: w->playing = draw(w, 4) > 0; break;
	case 12: restart(w, s); break;
	}
}

static void world_init(struct world *w, uint32_t seed)
{
	*w = (struct world) {
		.seed = seed,
		.params = { .headroom_ns = MS(30), .max_delay_ns = MS(2000) },
		.trace = 14695981039346656037u,
	};
	if (draw(w, 8) == 0)
		w->params.headroom_ns = draw_ns(w, 0, 500);
	if (draw(w, 8) == 0)
		w->params.max_delay_ns = w->params.headroom_ns + draw_ns(w, 0, 300);
}

static void world_run(struct world *w)
{
	uint32_t i;

	for (i = 0; i < EVENTS; i++) {
		uint32_t changes = w->changes, moves = w->moves;
		int64_t before_ns = w->now_ns;

		event(w);
		align(w);
		pass(w, draw_ns(w, 0, 4000));
		/* The event itself may be one, if it was a trim or a correction */
		check(w->moves - moves <= w->changes - changes + 2);
		check(w->now_ns >= before_ns);
	}
}

static void no_sequence_of_events_breaks_a_rule(void)
{
	uint32_t seed, moves = 0, changes = 0;

	for (seed = 1; seed <= SEEDS; seed++) {
		struct world w;

		world_init(&w, seed);
		world_run(&w);
		moves += w.moves;
		changes += w.changes;
	}
	note("%u sequences of %u events: the group moved %u times, %u reports were believed",
			SEEDS, EVENTS, moves, changes);
	check(moves > SEEDS / 2 && changes > SEEDS);
}

static void the_same_events_give_the_same_delays(void)
{
	uint32_t seed;

	for (seed = 1; seed <= 50; seed++) {
		struct world a, b;

		world_init(&a, seed);
		world_init(&b, seed);
		world_run(&a);
		world_run(&b);
		check(a.trace == b.trace && a.moves == b.moves);
	}
}

int main(void)
{
	run(no_sequence_of_events_breaks_a_rule);
	run(the_same_events_give_the_same_delays);
	return harness_finish();
}
