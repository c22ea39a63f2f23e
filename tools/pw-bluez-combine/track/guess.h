/* Guess: a speaker may be somewhere else now */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_GUESS_H
#define BLUEZ_COMBINE_TRACK_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "track/drift.h"

/*
 * Pure calculation. A speaker that is heard where it was not expected has jumped (a lost packet, a restart), or this
 * window is wrong. So the next ones are asked, one after the other: each has to agree with those before.
 * Windows overlap, and what leads one astray is in the next ones, too: how long they have to agree for is a matter of what a mistake
 * costs. A jump of GUESS_LARGE_S is heard as an echo, and believed as soon as half of what is heard is new. For less, all of it has
 * to be.
 */

#define GUESS_LARGE_S		3e-3

struct guess {
	uint32_t n;			/**< windows that agree; 0: there is no guess */
	double since_s;			/**< the middle of the first */
	double length_s;		/**< of a window */
	struct drift drift;
};

/** What a window says. */
struct guess_window {
	double at_s;			/**< its middle */
	double length_s;
	double late_s, variance;
	double rate, rate_sigma;	/**< rate_sigma INFINITY: not known, and then rate is not looked at */
};

/** Go on with a window that agrees, and is not more than its length after the last, or begin with this one. \a rate, \a rate_sigma: what is known without it */
void guess_add(struct guess *g, const struct guess_window *w, double rate, double rate_sigma);

/** \a size_s: how far away from where it was; INFINITY: that is not known */
bool guess_is_sure(const struct guess *g, double size_s);

#endif /* BLUEZ_COMBINE_TRACK_GUESS_H */
