/* Common: what all are later by at once */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_COMMON_H
#define BLUEZ_COMBINE_TRACK_COMMON_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation. One microphone hears differences: a part m of what each is later than expected by, e, is the
 * microphone's own, as its clock is known to some 0.1 ms only, and after an interruption not at all. m is what most are
 * later by, within what each may be off by. Who is not with them has moved by itself; and where all are later by more than a
 * clock explains, it was not the clock.
 */

/** What m changes by from one window to the next (one sigma), in s: marks of cycles, and loops that make clocks of them. */
#define COMMON_SIGMA_S		0.1e-3

/** In sigma: beyond that somebody is not where it was expected. Once in 16000 by chance */
#define COMMON_GATE		4.0
/** And in s, however little was known: nobody is moved by more because of one window. */
#define COMMON_GATE_MAX_S	0.2e-3

struct common_speaker {
	double error_s;			/**< e */
	double variance;		/**< of e: of what was heard and of what was expected */
	bool still;			/**< out: it is with the most */
};

/** Find m. \a free: nothing is known of it beforehand. Returns it, in s; 0 where nobody agrees with anybody. */
double common_find(struct common_speaker *speakers, uint32_t n, bool free);

#endif /* BLUEZ_COMBINE_TRACK_COMMON_H */
