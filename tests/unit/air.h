/* What sound meets on its way: speakers, walls, noise */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_AIR_H
#define TESTS_AIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kiss_fftr.h>

#include "random.h"

#define AIR_RATE	48000.0		/* of what is in the air */
#define AIR_TAPS	32
#define AIR_PHASES	512

double air_gauss(struct random *r);
double air_between(struct random *r, double a, double b);

/** Windowed sinc, Kaiser beta 9, with AIR_PHASES steps from sample to sample. */
struct air_sinc {
	float taps[AIR_PHASES + 1][AIR_TAPS];
};

/** \param cutoff of the rate of what is read, 1 is half of it */
struct air_sinc *air_sinc_new(double cutoff);
float air_sinc_read(const struct air_sinc *s, const float *x, size_t n, double at);

enum air_filter { AIR_LOWPASS, AIR_HIGHPASS, AIR_PEAKING };

/** A second order section. */
void air_biquad(float *x, size_t n, enum air_filter kind, double hz, double q, double gain_db);

struct air_convolver {
	uint32_t n;
	kiss_fftr_cfg forward, inverse;
	float *time;
	kiss_fft_cpx *a, *b;
};

void air_convolver_init(struct air_convolver *c, uint32_t n);
void air_convolver_finish(struct air_convolver *c);

/** c->time = x * y */
void air_convolve(struct air_convolver *c, const float *x, uint32_t nx, const float *y, uint32_t ny);

/** A box, its walls' reflection, and where the microphone stands. */
struct air_walls {
	double size[3], mic[3], beta, t60;
};

void air_walls_init(struct air_walls *w, struct random *r, double t60);

/** The response of a speaker somewhere in it; returns the direct sound's way in s. */
double air_room_response(const struct air_walls *w, struct random *r, const struct air_sinc *sinc, double below_db,
		float *h, uint32_t n);

/** A speaker's own response, put into another one. */
void air_speaker_response(struct random *r, float *x, uint32_t n);

/** What SBC makes of it, where libsbc is there. */
void air_code(float *x, size_t n);

void air_add_noise(float *x, size_t n, struct random *r, double rms);
void air_add_talk(float *x, size_t n, struct random *r, double rms);
void air_ride_gain(float *x, size_t n, double rate, double slope);

#endif /* TESTS_AIR_H */
