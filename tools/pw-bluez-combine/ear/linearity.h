/* Linearity: does the microphone follow what is played, and is anything cut off? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_LINEARITY_H
#define BLUEZ_COMBINE_EAR_LINEARITY_H

#include <stddef.h>
#include <stdint.h>

#include "ear/listen.h"

/** dB heard per dB played; outside it is a microphone that changes its gain by itself. */
#define EAR_SLOPE_MIN	0.8
#define EAR_SLOPE_MAX	1.25

/** Of the slots that were heard, by least squares.
 * \return EAR_HEARD, EAR_AGC, or, with less than two levels 3 dB apart, the reason of a slot
 *	that was not heard (EAR_TOO_QUIET where there is none); then \a slope is NaN */
enum ear_reason ear_linearity(const struct ear_slot *slots, const struct ear_heard *heard, uint32_t n,
		double *slope);

/** How many samples are cut off: at full scale, or flat tops below it.
 * \return 0 where nothing is */
size_t ear_clipped(const float *samples, size_t n);

#endif /* BLUEZ_COMBINE_EAR_LINEARITY_H */
