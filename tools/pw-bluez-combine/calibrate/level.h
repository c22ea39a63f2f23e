/* Level: how far what is played stands out from a room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_LEVEL_H
#define BLUEZ_COMBINE_LEVEL_H

#include <stddef.h>

/*
 * Pure calculation. When several speakers play at once nobody can tell their arrivals apart, and need not: it
 * is enough that more is heard than before. The power above LEVEL_FROM_HZ of the loudest
 *
 *	LEVEL_STRETCH_SEC
 *
 * is compared with that of the silence before. Deconvolution gains some 30 dB on top of that: a sweep of half a second
 * that is as loud as the room is heard well.
 */

/** Microphones hum and rumble */
#define LEVEL_FROM_HZ		300.0
#define LEVEL_STRETCH_SEC	0.2

/** In dB, what is played alone against the silence; -INFINITY if nothing is heard, or one of the parts is not there.
 * \param quiet frames before, \param loud frames in which it is heard, somewhere */
double level_measure(const float *quiet, size_t n_quiet, const float *loud, size_t n_loud, double rate_hz);

#endif /* BLUEZ_COMBINE_LEVEL_H */
