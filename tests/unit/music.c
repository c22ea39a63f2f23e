/* Music of several kinds, made up from a seed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>

#include <spa/utils/defs.h>

#include "air.h"
#include "music.h"

#define LEVEL	0.1

/* A partial that decays: by a rotation from sample to sample */
static void add_partial(float *x, size_t n, size_t at, double hz, double gain, double decay_s, double phase)
{
	double c = cos(2 * M_PI * hz / AIR_RATE), s = sin(2 * M_PI * hz / AIR_RATE), fade = exp(-1 / (decay_s * AIR_RATE));
	double a = gain * cos(phase), b = gain * sin(phase);
	size_t i, end = SPA_MIN(n, at + (size_t)(5 * decay_s * AIR_RATE));

	if (hz > 0.4 * AIR_RATE)
		return;
	for (i = at; i < end; i++) {
		double attack = SPA_MIN((i - at) / (0.004 * AIR_RATE), 1.0), next = fade * (a * c - b * s);

		x[i] += (float)(attack * b);
		b = fade * (a * s + b * c);
		a = next;
	}
}

static void add_note(float *x, size_t n, size_t at, double hz, double gain, double decay_s, uint32_t partials, struct random *r)
{
	uint32_t k;

	for (k = 1; k <= partials; k++)
		add_partial(x, n, at, k * hz * sqrt(1 + 4e-4 * k * k), gain * pow(k, -1.1) * air_between(r, 0.4, 1),
				decay_s / sqrt(k), 2 * M_PI * random_unit(r));
}

static void add_burst(float *x, size_t n, size_t at, double gain, double decay_s, double bright, struct random *r)
{
	size_t i, end = SPA_MIN(n, at + (size_t)(6 * decay_s * AIR_RATE));
	double last = 0;

	for (i = at; i < end; i++) {
		double w = air_gauss(r);

		x[i] += (float)(gain * exp(-((double)(i - at)) / (decay_s * AIR_RATE)) * (w - bright * last));
		last = w;
	}
}

static void fill_noise(float *x, size_t n, struct random *r)
{
	size_t i, beat = (size_t)(air_between(r, 0.4, 0.6) * AIR_RATE);

	air_add_noise(x, n, r, 1);
	for (i = 0; i < n; i++)
		x[i] *= (float)(0.3 + exp(-4.0 * (i % beat) / beat));
}

static void fill_pop(float *x, size_t n, struct random *r)
{
	double beat_s = air_between(r, 0.42, 0.6), root = air_between(r, 90, 140), t;
	static const double steps[] = { 1, 9.0 / 8, 5.0 / 4, 4.0 / 3, 3.0 / 2, 5.0 / 3 };
	uint32_t beat = 0, k;

	for (t = 0.02; t * AIR_RATE < n; t += beat_s / 2, beat++) {
		size_t at = (size_t)(t * AIR_RATE);
		double chord = root * steps[beat / 8 * 7 % 6];

		add_burst(x, n, at, beat & 1 ? 0.05 : 0.12, 0.03, 0.9, r);
		if (beat % 4 == 0)
			add_note(x, n, at, 55, 1.2, 0.12, 3, r);
		if (beat % 4 == 2)
			add_burst(x, n, at, 0.3, 0.07, 0.3, r);
		if (beat % 2 == 0)
			add_note(x, n, at, chord / 2, 0.6, 0.4, 8, r);
		for (k = 0; beat % 4 == 0 && k < 3; k++)
			add_note(x, n, at, 2 * chord * (k == 0 ? 1 : k == 1 ? 1.25 : 1.5), 0.3, 1.0, 16, r);
		if (random_unit(r) < 0.6)
			add_note(x, n, at, 4 * chord * steps[random_next(r) % 6], 0.4, 0.3, 12, r);
	}
}

static void fill_piano(float *x, size_t n, struct random *r)
{
	double t;

	for (t = 0.05; t * AIR_RATE < n; t += air_between(r, 0.25, 1.5)) {
		size_t at = (size_t)(t * AIR_RATE);
		double gain = air_between(r, 0.3, 1);

		add_note(x, n, at, 110 * exp2(floor(air_between(r, 0, 37)) / 12), gain, air_between(r, 0.5, 1.5), 14, r);
		add_burst(x, n, at, 0.03 * gain, 0.02, 0, r);
	}
}

static void fill_speech(float *x, size_t n, struct random *r)
{
	size_t i = 0;

	air_add_talk(x, n, r, 1);
	while (i < n) {
		size_t pause = i + (size_t)(air_between(r, 3, 7) * AIR_RATE), on = pause + (size_t)(air_between(r, 0.5, 2) * AIR_RATE);

		for (i = pause; i < on && i < n; i++)
			x[i] *= (float)exp(-(double)(i - pause) / (0.03 * AIR_RATE));
		i = on;
	}
}

void music_fill(enum music kind, float *x, size_t n, struct random *r)
{
	double sum = 0, top = 0, gain;
	size_t i;

	for (i = 0; i < n; i++)
		x[i] = 0;
	switch (kind) {
	case MUSIC_NOISE:
		fill_noise(x, n, r);
		break;
	case MUSIC_POP:
		fill_pop(x, n, r);
		break;
	case MUSIC_PIANO:
		fill_piano(x, n, r);
		break;
	case MUSIC_SPEECH:
		fill_speech(x, n, r);
		break;
	}
	for (i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
	gain = LEVEL / sqrt(sum / n + 1e-20);
	for (i = 0; i < n; i++)
		top = SPA_MAX(top, fabs(gain * x[i]));
	gain *= top > 0.95 ? 0.95 / top : 1.0;
	for (i = 0; i < n; i++)
		x[i] *= (float)gain;
}
