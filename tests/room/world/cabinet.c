/* What a speaker makes of the sound that it plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "world/cabinet.h"

#define DC_HZ		10.0	/* what distorts puts a constant into the sound that no speaker plays */
/* Of the level that lowers the bass */
#define ATTACK_S	10e-3
#define RELEASE_S	0.3
#define RECOVERY_S	0.15	/* of the limiter, which is there at once: it looks at nothing beforehand */

/*
 * Butterworth of second order by the bilinear transform, k = tan(pi f / rate):
 * H = k^2 (1 + z^-1)^2 / ((1 + sqrt(2) k + k^2) + 2 (k^2 - 1) z^-1 + (1 - sqrt(2) k + k^2) z^-2);
 * the high-pass has (1 - z^-1)^2 in its numerator.
 */
static struct biquad butterworth(double hz, double rate, bool high)
{
	double k = tan(M_PI * fmin(hz, 0.45 * rate) / rate), a0 = 1.0 + M_SQRT2 * k + k * k;
	double b = (high ? 1.0 : k * k) / a0;

	return (struct biquad) {
		.b0 = b, .b1 = high ? -2.0 * b : 2.0 * b, .b2 = b,
		.a1 = 2.0 * (k * k - 1.0) / a0, .a2 = (1.0 - M_SQRT2 * k + k * k) / a0,
	};
}

static double filter(const struct biquad *f, struct biquad_state *s, double x)
{
	double y = f->b0 * x + s->s1;

	s->s1 = f->b1 * x - f->a1 * y + s->s2;
	s->s2 = f->b2 * x - f->a2 * y;
	return y;
}

void cabinet_configure(struct cabinet *c, const struct cabinet_config *config, double rate)
{
	c->harmonic = config->harmonic > 0.0;
	c->low = config->low_hz > 0.0 || c->harmonic;
	c->high = config->high_hz > 0.0;
	c->bass = config->bass_ms > 0.0 && config->bass_hz > 0.0;
	c->dynamic = config->dynamic_db > 0.0;
	c->limiter = config->limiter_db < 0.0;
	c->dynamic_db = config->dynamic_db;
	c->ceiling = pow(10.0, config->limiter_db / 20.0);
	c->shelf = -expm1(-2.0 * M_PI * CABINET_SHELF_HZ / rate);
	c->attack = -expm1(-1.0 / (ATTACK_S * rate));
	c->release = -expm1(-1.0 / (RELEASE_S * rate));
	c->recovery = -expm1(-1.0 / (RECOVERY_S * rate));
	/* x + c |x|: of a sine the second harmonic has 4 c / (3 pi) of its level; the fourth 14 dB less */
	c->asymmetry = config->harmonic * 3.0 * M_PI / 4.0;
	c->high_pass = butterworth(fmax(config->low_hz, DC_HZ), rate, true);
	c->low_pass = butterworth(config->high_hz, rate, false);
	c->crossover = butterworth(config->bass_hz, rate, false);
	c->bass_frames = (uint32_t)fmin(config->bass_ms * 1e-3 * rate, CABINET_BASS_SIZE - 1);
}

/* A box of its own plays what is below the crossover; the rest is what that leaves. */
static double split(struct cabinet *c, int channel, double x)
{
	double bass = filter(&c->crossover, &c->crossover_state[channel], x);

	c->late[channel][(c->at + c->bass_frames) % CABINET_BASS_SIZE] = bass;
	return x - bass + c->late[channel][c->at % CABINET_BASS_SIZE];
}

static double bass_gain(const struct cabinet *c)
{
	double db = 10.0 * log10(c->bass_level + 1e-12);
	double share = (db - CABINET_QUIET_DB) / (CABINET_LOUD_DB - CABINET_QUIET_DB);

	return pow(10.0, -c->dynamic_db * fmin(fmax(share, 0.0), 1.0) / 20.0);
}

/* As a shelf, (s + g w) / (s + w) is of minimum phase; one processor does it for both channels. */
static void lower_bass(struct cabinet *c, float *frame)
{
	double gain = bass_gain(c), square = 0.0;
	int channel;

	for (channel = 0; channel < 2; channel++) {
		double *bass = &c->shelf_state[channel];

		*bass += (frame[channel] - *bass) * c->shelf;
		square += 0.5 * *bass * *bass;
		frame[channel] -= (1.0 - gain) * *bass;
	}
	c->bass_level += (square - c->bass_level) * (square > c->bass_level ? c->attack : c->release);
}

static void limit(struct cabinet *c, float *frame)
{
	double peak = fmax(fabs(frame[0]), fabs(frame[1])), gain;

	c->peak = fmax(peak, c->peak - c->peak * c->recovery);
	gain = fmin(1.0, c->ceiling / fmax(c->peak, 1e-12));
	frame[0] *= gain;
	frame[1] *= gain;
}

void cabinet_play(struct cabinet *c, float *frames, uint32_t n)
{
	uint32_t i;
	int channel;

	if (!c->low && !c->high && !c->bass && !c->dynamic && !c->limiter)
		return;
	for (i = 0; i < n; i++, c->at++) {
		if (c->dynamic)
			lower_bass(c, &frames[2 * i]);
		if (c->limiter)
			limit(c, &frames[2 * i]);
		for (channel = 0; channel < 2; channel++) {
			double x = frames[2 * i + channel];

			x += c->asymmetry * fabs(x);
			if (c->bass)
				x = split(c, channel, x);
			if (c->low)
				x = filter(&c->high_pass, &c->high_state[channel], x);
			if (c->high)
				x = filter(&c->low_pass, &c->low_state[channel], x);
			frames[2 * i + channel] = x;
		}
	}
}
