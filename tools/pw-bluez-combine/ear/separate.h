/* Separation: of the sum that a microphone hears, which part is whose */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_SEPARATE_H
#define BLUEZ_COMBINE_EAR_SEPARATE_H

#include <complex.h>
#include <stdint.h>

#include "ear/spectra.h"

/*
 * In each frequency bin, and for each frame at the time t, the microphone heard
 *
 *	y(t) = sum_i H_i exp(-j w r_i t) S_i(t) + e(t)
 *
 * S_i is what speaker i was sent, H_i its response, r_i how fast it becomes late (s per s), e all that is nobody's. Given r the
 * H_i follow by least squares; one set of r holds for all bins, and is improved by Gauss and Newton's step
 * with the H_i projected out (variable projection: Golub and Pereyra 1973). Frames count by what is left in them, so that somebody
 * who talks for a while counts little.
 *
 * How far the result may be trusted is told from what is left, block by block (each about a second): what is common to
 * many bins, such as a limiter's gain, is then in it as well as noise is.
 */

#define EAR_SEPARATE_MAX	16	/**< speakers */
#define EAR_SEPARATE_BLOCKS	16
#define EAR_SEPARATE_OCTAVES	4

struct ear_separation {
	const struct ear_spectra *spectra;	/**< channels: the speakers, then the microphone */
	uint32_t n;				/**< speakers */
	double rates[EAR_SEPARATE_MAX];		/**< r_i */
	double rate_sigmas[EAR_SEPARATE_MAX];
	float *weights;				/**< [frame][octave] */
	double complex *response;		/**< [speaker][bin]: H_i */
	double *variance;			/**< [speaker][bin]: of H_i, by noise */
	double complex *inverse;		/**< [bin][n][n] of the normal matrix */
	double complex *columns;		/**< [frame][n + 1]: of one bin, to work in */
	double residual, heard;			/**< energy left, and in all */
};

/** \return 0 or -ENOMEM */
int ear_separation_init(struct ear_separation *s, const struct ear_spectra *spectra);
void ear_separation_finish(struct ear_separation *s);

/** Weigh all frames alike again, but those that are spoilt. */
void ear_separation_reset(struct ear_separation *s);

/** Solve for all H_i, then, if there are priors, take one step with the rates.
 * \param prior, prior_sigma for each speaker, or NULL */
void ear_separation_solve(struct ear_separation *s, const double *prior, const double *prior_sigma);

/** How badly the rates fit: less is likelier, by so many nats. Some of the bins do. */
double ear_separation_misfit(const struct ear_separation *s);

/** The same with speaker \a i at each of some rates, the others as they are. */
void ear_separation_try(const struct ear_separation *s, uint32_t i, const double *rates, uint32_t n_rates, double *misfit);

/** By how much the others' likeness raises the variance of a speaker's response, by what they are sent alone: clocks that differ
 * make them unlike, and do not tell who is who. The geometric mean of some bins.
 * \param likeness for each speaker */
void ear_separation_likeness(const struct ear_separation *s, double *likeness);

/** Weigh each frame by what is left in it. */
void ear_separation_weigh(struct ear_separation *s);

/** How the sum over all bins of Re(conj(probe) H_i) would change, had a block been another one.
 * \param probe [speaker][bin] \param effect [speaker][block] */
void ear_separation_influence(const struct ear_separation *s, const double complex *probe, double (*effect)[EAR_SEPARATE_BLOCKS]);

static inline uint32_t ear_separation_octave(double omega)
{
	double hz = omega / (2 * M_PI);

	return hz < 1000 ? 0 : hz < 2000 ? 1 : hz < 4000 ? 2 : 3;
}

#endif /* BLUEZ_COMBINE_EAR_SEPARATE_H */
