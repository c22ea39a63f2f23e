/* Settling: when a reported latency is to be believed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "timing/settle.h"

/* An hour: far beyond anything meant, and differences of it do not overflow */
#define REPORT_NS_MAX		(3600 * SPA_NSEC_PER_SEC)

/* The two steps of a start are 50-400 ms apart; a person waits for the joiner */
#define START_STILL_NS		(600 * SPA_NSEC_PER_MSEC)
/* The last step comes within ~2 s of the first; what moves on after that is
 * better believed late than never */
#define START_LIMIT_NS		(2500 * SPA_NSEC_PER_MSEC)
/* Below what anybody hears, and what rounding of rates and packets makes */
#define HYSTERESIS_NS		(50 * SPA_NSEC_PER_USEC)

/* settle.h says why */
#define SMALL_STILL_NS		(150 * SPA_NSEC_PER_MSEC)
#define CHANGE_STILL_NS		(300 * SPA_NSEC_PER_MSEC)
#define STILL_NS_MAX		(2400 * SPA_NSEC_PER_MSEC)
#define DOUBT_MAX		4	/* from the one to the other */
#define CALM_NS			(3 * SPA_NSEC_PER_SEC)

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

void settle_init(struct settle *s, int64_t known_ns)
{
	spa_zero(*s);
	s->state = SETTLE_WAITING;
	s->settled = known_ns >= 0;
	s->latency_ns = SPA_CLAMP(known_ns, 0, REPORT_NS_MAX);
}

void settle_restart(struct settle *s)
{
	s->state = SETTLE_WAITING;
}

static int64_t change_still_ns(const struct settle *s)
{
	int64_t still_ns = distance(s->candidate_ns, s->latency_ns) < SETTLE_SMALL_NS ?
		SMALL_STILL_NS : CHANGE_STILL_NS;
	return SPA_MIN(still_ns << s->doubt, STILL_NS_MAX);
}

static int64_t settle_deadline(const struct settle *s)
{
	switch (s->state) {
	case SETTLE_MOVING:
		return SPA_MIN(s->since_ns + START_STILL_NS, s->first_ns + START_LIMIT_NS);
	case SETTLE_CHANGING:
		return s->since_ns + change_still_ns(s);
	default:
		return INT64_MAX;
	}
}

static void settle_at(struct settle *s, int64_t now_ns)
{
	s->state = SETTLE_SETTLED;
	s->since_ns = now_ns;
}

/* Turning around is what a report does that is not worth following */
static void settle_doubt(struct settle *s)
{
	int direction = s->candidate_ns > s->latency_ns ? 1 : -1;

	if (direction == -s->direction && s->doubt < DOUBT_MAX)
		s->doubt++;
	s->direction = direction;
}

static void settle_calm(struct settle *s, int64_t now_ns)
{
	int64_t calm_ns;

	for (calm_ns = now_ns - s->since_ns; calm_ns >= CALM_NS && s->doubt > 0; calm_ns -= CALM_NS)
		s->doubt--;
}

static bool settle_believe(struct settle *s, int64_t now_ns)
{
	bool changed = !s->settled || distance(s->latency_ns, s->candidate_ns) >= HYSTERESIS_NS;

	if (changed && s->state == SETTLE_CHANGING)
		settle_doubt(s);
	if (changed)
		s->latency_ns = s->candidate_ns;
	s->settled = true;
	settle_at(s, now_ns);
	return changed;
}

/* From here on it has to stand still */
static void settle_watch(struct settle *s, enum settle_state state, int64_t now_ns)
{
	s->state = state;
	s->anchor_ns = s->candidate_ns;
	s->since_ns = now_ns;
}

bool settle_tick(struct settle *s, int64_t now_ns, int64_t *next_ns)
{
	bool changed = false;

	if (now_ns >= settle_deadline(s))
		changed = settle_believe(s, now_ns);
	*next_ns = settle_deadline(s);
	return changed;
}

bool settle_report(struct settle *s, int64_t now_ns, int64_t latency_ns)
{
	int64_t next_ns, report_ns = SPA_MIN(latency_ns, REPORT_NS_MAX);
	bool changed = settle_tick(s, now_ns, &next_ns);
	bool none = report_ns <= 0, still, known;

	if (!none)
		s->candidate_ns = report_ns;
	still = distance(s->candidate_ns, s->anchor_ns) < SETTLE_SMALL_NS;
	known = distance(s->candidate_ns, s->latency_ns) < HYSTERESIS_NS;

	switch (s->state) {
	case SETTLE_WAITING:
		if (none)
			break;
		s->first_ns = now_ns;
		settle_watch(s, SETTLE_MOVING, now_ns);
		break;
	case SETTLE_MOVING:
		if (none)
			s->state = SETTLE_WAITING;
		else if (!still)
			settle_watch(s, SETTLE_MOVING, now_ns);
		break;
	case SETTLE_SETTLED:
		if (none || known)
			break;
		settle_calm(s, now_ns);
		settle_watch(s, SETTLE_CHANGING, now_ns);
		break;
	case SETTLE_CHANGING:
		if (none || known)
			settle_at(s, now_ns);
		else if (!still)
			settle_watch(s, SETTLE_CHANGING, now_ns);
		break;
	}
	return changed;
}

bool settle_recognize(struct settle *s, int64_t now_ns)
{
	/* Later it would follow one that goes to and fro between two such */
	return s->state == SETTLE_MOVING && settle_believe(s, now_ns);
}

int64_t settle_pending(const struct settle *s)
{
	return s->state == SETTLE_MOVING || s->state == SETTLE_CHANGING ? s->candidate_ns : 0;
}
