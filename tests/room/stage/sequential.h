/* How many runs a figure needs to be known from its bound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SEQUENTIAL_H
#define ROOM_SEQUENTIAL_H

#include <math.h>
#include <stdbool.h>

/*
 * Is the median of a figure below its bound? Each run is on one side or the other; runs are added
 * until one side leads by so many (a sequential test of signs: A. Wald, Sequential Analysis, 1947).
 * Nothing is assumed of how the figure spreads, and no run is left out. If a run is above with
 * probability p, the wrong side gets that lead with
 *
 *	1 / (1 + ((1 - p) / p)^lead)	p < 1/2
 *
 * which with a lead of 3 is 1.5 % for p = 0.2 and 0.1 % for p = 0.1.
 */
struct sequential {
	int lead;	/**< of one side, that decides */
	int limit;	/**< runs at most */
	int n;		/**< runs so far */
	int below;	/**< those at the bound or below */
	int above;
};

/** NAN: a run of which nothing is known */
static inline void sequential_add(struct sequential *s, double value, double bound)
{
	s->n++;
	s->below += value <= bound;
	s->above += value > bound;
}

static inline bool sequential_is_over(const struct sequential *s)
{
	return s->below - s->above >= s->lead || s->above - s->below >= s->lead || s->n >= s->limit;
}

/** Too few of them are known to say anything */
static inline bool sequential_is_open(const struct sequential *s)
{
	return s->below + s->above < s->lead;
}

/** Without that lead when the limit is there, most runs say it. */
static inline bool sequential_is_below(const struct sequential *s)
{
	return s->below > s->above;
}

#endif /* ROOM_SEQUENTIAL_H */
