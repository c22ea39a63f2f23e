/* Band: the frequencies in which all are listened to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_BAND_H
#define BLUEZ_COMBINE_EAR_BAND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A speaker's response delays each frequency by something else, most of all at its ends. What is done to all in
 * one band goes out of the differences. The band is the core, and of what is around it as much as
 * every speaker has.
 */

#define EAR_BANDS		12	/**< of a third of an octave each */
#define EAR_BAND_FROM_HZ	500.0	/**< below it bass comes late, and rooms sound on */
#define EAR_BAND_TO_HZ		8000.0	/**< above it codecs and small speakers lack it, and it goes straight on */
#define EAR_CORE_TO_HZ		4000.0	/**< of the core, which begins at 1000 */
#define EAR_BANDS_ALL		((1u << EAR_BANDS) - 1)

/** Where band \a i begins, in Hz. */
double ear_band_edge(uint32_t i);

/** The bands, as bits, in which a speaker stands out of the noise and is not much weaker than in the core.
 * \param signal, noise power per Hz in each
 * \param is_narrow it does not play the core: no noise is to blame */
uint32_t ear_band_heard(const double signal[EAR_BANDS], const double noise[EAR_BANDS], bool *is_narrow);

/** Is all of the core among these? Who is heard in less has no say in what all have. */
bool ear_band_has_core(uint32_t bands);

/** The core and what is around it without a hole, in Hz. */
void ear_band_around_core(uint32_t bands, double *from_hz, double *to_hz);

#endif /* BLUEZ_COMBINE_EAR_BAND_H */
