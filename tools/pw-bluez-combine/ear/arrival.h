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
	double half_rise;		/**< from half the height to the peak, of a sound that is one pulse */
	uint32_t lead;			/**< how much earlier than that the first sound may be */
	uint32_t floor, guard;		/**< over how much the noise is told, and how far ahead of a sound */
};

struct ear_arrival {
	double at;			/**< of the first sound, in samples of the envelope */
	double peak;			/**< height of its peak */
	double strongest;		/**< the strongest peak's */
	double floor;			/**< root mean square of what is ahead */
};

/** The first sound is the first peak that stands out of the noise ahead of it, and is within 20 dB of the
 * strongest one. \return EAR_HEARD, EAR_TOO_QUIET or EAR_AMBIGUOUS */
enum ear_reason ear_arrival_find(struct ear_arrival *a, const float *envelope, uint32_t n, const struct ear_search *s);

#endif /* BLUEZ_COMBINE_EAR_ARRIVAL_H */
