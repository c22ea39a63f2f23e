/* Arrival: the first sound in the envelope of a response */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_ARRIVAL_H
#define BLUEZ_COMBINE_EAR_ARRIVAL_H

#include <stdint.h>

#include "ear/reason.h"

/** What is looked for, in samples of the envelope. */
struct ear_search {
	uint32_t peak_from, peak_to;	/**< where the strongest peak may be */
	uint32_t lead;			/**< how much earlier than that the first sound may be */
	uint32_t floor;			/**< how much is ahead of both, to tell the noise from */
};

struct ear_arrival {
	double at;			/**< of the first sound's peak, in samples of the envelope */
	double peak;			/**< its height */
	double strongest;		/**< the strongest peak's */
	double floor;			/**< root mean square of what is ahead */
};

/** The first sound is the first peak that stands out: of what is ahead, and within 14 dB of the
 * strongest one. \return EAR_HEARD, EAR_TOO_QUIET or EAR_AMBIGUOUS */
enum ear_reason ear_arrival_find(struct ear_arrival *a, const float *envelope, uint32_t n, const struct ear_search *s);

#endif /* BLUEZ_COMBINE_EAR_ARRIVAL_H */
