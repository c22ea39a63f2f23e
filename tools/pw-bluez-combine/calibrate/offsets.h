/* Which latency offsets make all sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_OFFSETS_H
#define BLUEZ_COMBINE_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation. One microphone hears by how much one speaker is later than another, and not how late they are: a
 * change k that is the same for all is not heard. So of e, how late each is heard, each offset changes by
 *
 *	e - k
 *
 * k is that of the slowest speaker, so that its offset stays, and with it how late the whole group is. A sink
 * counts no latency below 0, so k is less where an offset would come below minus the report.
 */

struct offset_speaker {
	/* in */
	bool heard;			/**< false: nothing is known of it, and its offset stays */
	double latency_ms;		/**< what the group counts, the offset included, >= 0 */
	double correction_ms;		/**< what the user's entry adds to that */
	double late_ms;			/**< e: positive: it is heard later than it should be */
	/* out */
	double change_ms;		/**< of its offset; positive: it is sent to earlier */
};

/** Work out change_ms of all. Returns k in ms; 0 if nobody was heard. */
double offsets_work_out(struct offset_speaker *speakers, uint32_t n);

#endif /* BLUEZ_COMBINE_OFFSETS_H */
