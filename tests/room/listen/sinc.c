/* Windowed-sinc interpolation between samples */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdbool.h>

#include "listen/sinc.h"

#define PHASES	512
#define BETA	9.5	/* Kaiser: side lobes below -100 dB */
#define CUTOFF	0.97	/* of the Nyquist frequency of the source */

static float table[PHASES + 1][SINC_TAPS];
static bool ready;

/* Modified Bessel function of the first kind, order 0: its power series */
static double bessel_i0(double x)
{
	double sum = 1.0, term = 1.0, k;

	for (k = 1.0; term > 1e-12 * sum; k += 1.0) {
		term *= (x / (2.0 * k)) * (x / (2.0 * k));
		sum += term;
	}
	return sum;
}

static double kernel(double x)
{
	double u = x / SINC_HALF, w, p = M_PI * CUTOFF * x;

	if (fabs(u) >= 1.0)
		return 0.0;
	w = bessel_i0(BETA * sqrt(1.0 - u * u)) / bessel_i0(BETA);
	return w * (fabs(p) < 1e-9 ? CUTOFF : CUTOFF * sin(p) / p);
}

void sinc_init(void)
{
	int phase, tap;

	if (ready)
		return;
	for (phase = 0; phase <= PHASES; phase++) {
		double sum = 0.0, h[SINC_TAPS];

		for (tap = 0; tap < SINC_TAPS; tap++) {
			h[tap] = kernel(tap - (SINC_HALF - 1) - (double)phase / PHASES);
			sum += h[tap];
		}
		for (tap = 0; tap < SINC_TAPS; tap++)
			table[phase][tap] = h[tap] / sum;
	}
	ready = true;
}

void sinc_weights(double fraction, float weights[SINC_TAPS])
{
	double at = fraction * PHASES;
	int phase = (int)at, tap;
	float f = at - phase;
	const float *a = table[phase], *b = table[phase + 1];

	for (tap = 0; tap < SINC_TAPS; tap++)
		weights[tap] = a[tap] + f * (b[tap] - a[tap]);
}

float sinc_at(double x)
{
	double at = (ceil(x) - x) * PHASES;
	int phase = (int)at, tap = (int)ceil(x) + SINC_HALF - 1;
	float f = at - phase;

	if (tap < 0 || tap >= SINC_TAPS)
		return 0.0f;
	return table[phase][tap] + f * (table[phase + 1][tap] - table[phase][tap]);
}

void sinc_stereo(const float *frames, double fraction, float out[2])
{
	float weights[SINC_TAPS], l = 0.0f, r = 0.0f;
	int tap;

	sinc_weights(fraction, weights);
	for (tap = 0; tap < SINC_TAPS; tap++) {
		l += weights[tap] * frames[2 * tap];
		r += weights[tap] * frames[2 * tap + 1];
	}
	out[0] = l;
	out[1] = r;
}
