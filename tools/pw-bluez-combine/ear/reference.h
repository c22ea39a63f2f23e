/* Reference: a speaker's response as it is known, and by how much another one is later */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_REFERENCE_H
#define BLUEZ_COMBINE_EAR_REFERENCE_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#include <kiss_fft.h>

/*
 * The response of a speaker in a room is as long as the room sounds on, and as good as its own. So from one window to the
 * next its shift is told by all of it, by phases: H = R exp(-j w d) + noise. When the sound of it begins has
 * to be told once, where the mean of some windows is clear enough.
 */

/** How responses are laid out, and room to work in. */
struct ear_shape {
	double rate;			/**< in Hz */
	uint32_t n_fft, first_bin, n_bins;
	kiss_fft_cfg forward, inverse;	/**< n_fft */
	kiss_fft_cfg fine;		/**< inverse, EAR_SHAPE_FINE times as many */
	kiss_fft_cpx *in, *out, *other;	/**< as many */
	float *envelope;
};

#define EAR_SHAPE_FINE	4

struct ear_reference {
	double complex *response;	/**< of a bin; NULL: none is known */
	double *variance;		/**< of each, by noise */
	double first_s;			/**< its first sound; NaN: not told yet */
	bool placed;			/**< first_s is that, and not just its strongest */
	uint32_t n;			/**< windows that are in it */
};

struct ear_match {
	double shift_s;			/**< later than the reference */
	double likeness;		/**< 0 to 1: of the responses, apart from noise */
	double second;			/**< another shift that fits, of the best one; 0 to 1 */
};

int ear_shape_init(struct ear_shape *s, double rate, uint32_t n_fft, uint32_t first_bin, uint32_t n_bins);
void ear_shape_finish(struct ear_shape *s);

/** How far a response stands out of its noise: its peak, in root mean squares of that.
 * \param reach in s: how far from 0 it is looked for \param at where it is */
double ear_shape_height(struct ear_shape *s, const double complex *response, const double *variance, double reach, double *at);

/** Take out of a response what is but noise: bins that are, and times far from \a at. */
void ear_shape_clean(struct ear_shape *s, const double complex *response, const double *variance, double at,
		double complex *clean);

/** The first sound of a response, in s. \return false if it is not clear */
bool ear_shape_first(struct ear_shape *s, const double complex *response, double *first);

/** \param response cleaned */
void ear_reference_match(const struct ear_reference *r, struct ear_shape *s, const double complex *response,
		const double *variance, struct ear_match *match);

/** What the shift of a response \a H, and its size against the reference, is: the sum of Re(conj(probe) H). */
void ear_reference_probes(const struct ear_reference *r, const struct ear_shape *s, const double *variance, double shift_s,
		double complex *shift, double complex *size);

/** Begin with a response, cleaned, or make it part of the mean. \return 0 or -ENOMEM */
int ear_reference_begin(struct ear_reference *r, const struct ear_shape *s, const double complex *response,
		const double *variance);
void ear_reference_add(struct ear_reference *r, const struct ear_shape *s, const double complex *response, const double *variance,
		double shift_s);
void ear_reference_finish(struct ear_reference *r);

#endif /* BLUEZ_COMBINE_EAR_REFERENCE_H */
