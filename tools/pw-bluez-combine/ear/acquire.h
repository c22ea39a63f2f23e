/* Acquisition: a first idea of when speakers are heard, and of how fast their clocks are */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_ACQUIRE_H
#define BLUEZ_COMBINE_EAR_ACQUIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "ear/separate.h"

#define EAR_ACQUIRE_RATE	70e-6	/**< s per s: speakers' clocks, and the microphone's, are within */

/** By how much what is heard is later than what was sent, in samples; good to some ms.
 * \param sent n + max_lag: begins max_lag before what is heard
 * \param heard n
 * \return 0 or -ENOMEM; nothing is heard: lag is NaN */
int ear_acquire_lag(const float *sent, const float *heard, uint32_t n, uint32_t max_lag, double rate, double *lag);

/** The rates that fit best, to some ppm: first one for all, then for each speaker, the others as they are; and
 * whether two have taken each other's.
 * \param wanted of each speaker; the others' rates are known */
void ear_acquire_rates(struct ear_separation *s, const bool *wanted);

#endif /* BLUEZ_COMBINE_EAR_ACQUIRE_H */
