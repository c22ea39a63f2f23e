/* Band: the frequencies in which all are listened to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "ear/band.h"

#define CORE_FIRST	3	/* 1000 Hz */
#define CORE_END	9	/* 4000 Hz */
#define CORE_LACKING	2	/* so many may not be missing there */
#define CORE		(((1u << CORE_END) - 1) & ~((1u << CORE_FIRST) - 1))
#define ABOVE_NOISE	10.0	/* in power */
#define BELOW_CORE	0.01	/* in power */

double ear_band_edge(uint32_t i)
{
	return EAR_BAND_FROM_HZ * exp2(i / 3.0);
}

uint32_t ear_band_heard(const double signal[EAR_BANDS], const double noise[EAR_BANDS], bool *is_narrow)
{
	double core = 0;
	uint32_t i, set = 0, lacking = 0;

	for (i = CORE_FIRST; i < CORE_END; i++)
		core += signal[i] / (CORE_END - CORE_FIRST);
	for (i = 0; i < EAR_BANDS; i++) {
		bool is_weak = !(signal[i] > BELOW_CORE * core);

		lacking += is_weak && CORE & 1u << i;
		if (!is_weak && signal[i] > ABOVE_NOISE * noise[i])
			set |= 1u << i;
	}
	*is_narrow = set != 0 && lacking >= CORE_LACKING;
	return set;
}

bool ear_band_has_core(uint32_t bands)
{
	return (bands & CORE) == CORE;
}

void ear_band_around_core(uint32_t bands, double *from_hz, double *to_hz)
{
	uint32_t from = CORE_FIRST, to = CORE_END;

	while (from > 0 && bands & 1u << (from - 1))
		from--;
	while (to < EAR_BANDS && bands & 1u << to)
		to++;
	*from_hz = ear_band_edge(from);
	*to_hz = ear_band_edge(to);
}
