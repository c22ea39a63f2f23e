/* Spectra: short pieces of several signals, as frequencies */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_SPECTRA_H
#define BLUEZ_COMBINE_EAR_SPECTRA_H

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <kiss_fftr.h>

/** Frames in a Hann window that overlap by half, of as many signals as there are channels, in a band. */
struct ear_spectra {
	double rate;			/**< of the signals, in Hz */
	uint32_t n_fft, hop;		/**< in samples */
	uint32_t n_channels, n_frames;
	uint32_t first_bin, n_bins;
	kiss_fftr_cfg forward;
	float *window, *time;		/**< n_fft */
	kiss_fft_cpx *spectrum;		/**< n_fft / 2 + 1 */
	float complex *cells;		/**< [bin][frame][channel] */
	bool *spoilt;			/**< n_frames: a signal is no number there */
};

/** \param n_samples of a window: as many frames are there as fit in
 * \return 0 or -ENOMEM */
int ear_spectra_init(struct ear_spectra *s, double rate, uint32_t n_fft, uint32_t n_samples, uint32_t n_channels,
		double from_hz, double to_hz);
void ear_spectra_finish(struct ear_spectra *s);

/** \param samples the window's, of that channel */
void ear_spectra_load(struct ear_spectra *s, uint32_t channel, const float *samples);

/** Before the first channel of a window. */
void ear_spectra_clear(struct ear_spectra *s);

static inline const float complex *ear_spectra_bin(const struct ear_spectra *s, uint32_t bin)
{
	return &s->cells[(size_t)bin * s->n_frames * s->n_channels];
}

/** In rad/s. */
static inline double ear_spectra_omega(const struct ear_spectra *s, uint32_t bin)
{
	return 2 * M_PI * (s->first_bin + bin) * s->rate / s->n_fft;
}

/** When the middle of a frame is, against the middle of the window, in s. */
static inline double ear_spectra_time(const struct ear_spectra *s, uint32_t frame)
{
	return (frame - 0.5 * (s->n_frames - 1)) * s->hop / s->rate;
}

#endif /* BLUEZ_COMBINE_EAR_SPECTRA_H */
