/* Spectra: short pieces of several signals, as frequencies */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/spectra.h"

#define SAMPLE_MAX	1e3f	/* 60 dB above full scale there is no sound */

int ear_spectra_init(struct ear_spectra *s, double rate, uint32_t n_fft, uint32_t n_samples, uint32_t n_channels,
		double from_hz, double to_hz)
{
	uint32_t i;

	*s = (struct ear_spectra) {
		.rate = rate,
		.n_fft = n_fft,
		.hop = n_fft / 2,
		.n_channels = n_channels,
		.n_frames = (n_samples - n_fft) / (n_fft / 2) + 1,
		.first_bin = (uint32_t)ceil(from_hz * n_fft / rate),
		.forward = kiss_fftr_alloc(n_fft, 0, NULL, NULL),
		.window = calloc(n_fft, sizeof(*s->window)),
		.time = calloc(n_fft, sizeof(*s->time)),
		.spectrum = calloc(n_fft / 2 + 1, sizeof(*s->spectrum)),
	};
	s->n_bins = (uint32_t)floor(to_hz * n_fft / rate) - s->first_bin;
	s->cells = calloc((size_t)s->n_bins * s->n_frames * n_channels, sizeof(*s->cells));
	s->spoilt = calloc(s->n_frames, sizeof(*s->spoilt));
	if (s->forward == NULL || s->window == NULL || s->time == NULL || s->spectrum == NULL || s->cells == NULL ||
	    s->spoilt == NULL) {
		ear_spectra_finish(s);
		return -ENOMEM;
	}
	for (i = 0; i < n_fft; i++)
		s->window[i] = (float)(0.5 * (1 - cos(2 * M_PI * i / n_fft)));
	return 0;
}

void ear_spectra_finish(struct ear_spectra *s)
{
	kiss_fftr_free(s->forward);
	free(s->window);
	free(s->time);
	free(s->spectrum);
	free(s->cells);
	free(s->spoilt);
	memset(s, 0, sizeof(*s));
}

void ear_spectra_clear(struct ear_spectra *s)
{
	memset(s->spoilt, 0, s->n_frames * sizeof(*s->spoilt));
}

void ear_spectra_load(struct ear_spectra *s, uint32_t channel, const float *samples)
{
	uint32_t m, i;

	for (m = 0; m < s->n_frames; m++) {
		const float *x = samples + (size_t)m * s->hop;
		float complex *cell = &s->cells[(size_t)m * s->n_channels + channel];

		for (i = 0; i < s->n_fft; i++) {
			bool good = x[i] > -SAMPLE_MAX && x[i] < SAMPLE_MAX;

			s->spoilt[m] |= !good;
			s->time[i] = good ? s->window[i] * x[i] : 0.0f;
		}
		kiss_fftr(s->forward, s->time, s->spectrum);
		for (i = 0; i < s->n_bins; i++, cell += (size_t)s->n_frames * s->n_channels)
			*cell = s->spectrum[s->first_bin + i].r + I * s->spectrum[s->first_bin + i].i;
	}
}
