/* Sweep: the sound that is listened for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_SWEEP_H
#define BLUEZ_COMBINE_EAR_SWEEP_H

#include <stdint.h>

/*
 * An exponential sweep (Farina, "Simultaneous measurement of impulse response and
 * distortion with a swept-sine technique", AES 108, 2000):
 *
 *	x(t) = sin(2 pi f1 L (exp(t / L) - 1)),  L = T / ln(f2 / f1)
 *
 * It is at frequency f at the time L ln(f / f1). So what a speaker adds at k times the
 * frequency looks as if it came L ln(k) early: ahead of the sound, where no
 * reverberation is, and apart from it.
 */
struct ear_sweep {
	double from_hz;
	double to_hz;
	double seconds;
};

/** 400 Hz to 9.5 kHz in half a second: what small speakers play, every codec keeps, and is looked at; the
 * second harmonic is 109 ms ahead. */
#define EAR_SWEEP_DEFAULT	((struct ear_sweep) { 400.0, 9500.0, 0.5 })

/** How many frames ear_sweep_fill() gives at \a rate_hz. */
uint32_t ear_sweep_frames(const struct ear_sweep *s, double rate_hz);

/** The sweep, with a peak of 1, from 0 to 0. What \a rate_hz can't hold is left out: it
 * fades out before.
 * \param dst ear_sweep_frames() */
void ear_sweep_fill(const struct ear_sweep *s, double rate_hz, float *dst);

/** When it is at \a hz, in seconds from its start. */
double ear_sweep_time(const struct ear_sweep *s, double hz);

/** How much too early the harmonic \a k seems to come, in seconds. */
double ear_sweep_lead(const struct ear_sweep *s, uint32_t k);

#endif /* BLUEZ_COMBINE_EAR_SWEEP_H */
