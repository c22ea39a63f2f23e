/* Response: what a sweep has become on its way */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_RESPONSE_H
#define BLUEZ_COMBINE_EAR_RESPONSE_H

#include <stdint.h>

#include <kiss_fftr.h>

#include "ear/sweep.h"

/*
 * What was recorded is the sweep convolved with the impulse response h of all that is between
 * (speaker, air, walls, microphone), Y = X H. Dividing gives it back, with the harmonics
 * of a distorting speaker ahead of it (sweep.h). Only where the sweep is: elsewhere the
 * quotient would be noise.
 */

/** Deconvolution of one length. */
struct ear_deconvolver {
	uint32_t n;			/**< frames, even */
	kiss_fftr_cfg forward, inverse;
	float *time;			/**< n: the recording in, the response out */
	kiss_fft_cpx *spectrum;		/**< n / 2 + 1 */
	kiss_fft_cpx *divisor;		/**< n / 2 + 1: what to multiply by, 1 / X within the band */
};

/** The shortest length of at least \a n frames that is quick to transform. */
uint32_t ear_fast_length(uint32_t n);

/** \param n from ear_fast_length(), and longer than the sweep
 * \return 0 or -ENOMEM */
int ear_deconvolver_init(struct ear_deconvolver *d, const struct ear_sweep *sweep, double rate_hz, uint32_t n);

void ear_deconvolver_finish(struct ear_deconvolver *d);

/** From the recording in d->time to the response: [i] is what a sweep that begins at frame i
 * has become, for each i at which all of the sweep is within n. */
void ear_deconvolver_run(struct ear_deconvolver *d);

/** The envelope of a band of a response: the magnitude of the analytic signal. */
struct ear_envelope {
	uint32_t n;			/**< frames of the response, even */
	uint32_t factor;		/**< oversampling */
	kiss_fftr_cfg forward;
	kiss_fft_cfg inverse;
	float *time;			/**< n: the response; it stays as it is */
	kiss_fft_cpx *spectrum;		/**< n / 2 + 1 */
	kiss_fft_cpx *band, *analytic;	/**< n * factor */
	double unit_energy;		/**< sum of the squares of the last envelope, had the path been a plain one */
};

int ear_envelope_init(struct ear_envelope *e, uint32_t n, uint32_t factor);

void ear_envelope_finish(struct ear_envelope *e);

/** Transforms what is in e->time. */
void ear_envelope_load(struct ear_envelope *e);

/** The envelope of what was loaded, between two frequencies, in a smooth window; a path that neither
 * amplifies nor weakens has a peak of 1.
 * \param dst n * factor */
void ear_envelope_run(struct ear_envelope *e, double rate_hz, double from_hz, double to_hz, float *dst);

/** Power of what was loaded, per Hz, between two frequencies. */
double ear_envelope_density(const struct ear_envelope *e, double rate_hz, double from_hz, double to_hz);

#endif /* BLUEZ_COMBINE_EAR_RESPONSE_H */
