/* Sounds for a listener's ear */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "cli/sound.h"

#define FADE_SEC	0.02
/* Three periods of 2 kHz: short enough to tell two of them 3 ms apart by ear, and in the
 * middle of what a small speaker and SBC can do */
#define CLICK_HZ	2000.0
#define CLICK_PERIODS	3
/* The filtered noise is within +-1 at this factor but for some seconds in a century; then
 * it is cut off */
#define PINK_GAIN	0.11f

void sound_init(struct sound *s, enum sound_kind kind, uint32_t rate, double level_db, double seconds)
{
	*s = (struct sound) {
		.kind = kind,
		.rate = rate,
		.peak = (float)pow(10.0, level_db / 20.0),
		.length = (uint64_t)llrint(seconds * rate),
		.state = 0x9e3779b9,
	};
}

/* Marsaglia's xorshift, "Xorshift RNGs", 2003: uniform in -1..1 */
static float white(struct sound *s)
{
	s->state ^= s->state << 13;
	s->state ^= s->state >> 17;
	s->state ^= s->state << 5;
	return (float)(int32_t)s->state * (1.0f / 2147483648.0f);
}

/* Three poles and the white noise beside them fall by 3 dB an octave, within 0.5 dB from 40 Hz
 * to 16 kHz at 44.1 and 48 kHz: Paul Kellet's economy filter, music-dsp archive */
static float pink(struct sound *s)
{
	float w = white(s);

	s->pink[0] = 0.99765f * s->pink[0] + w * 0.0990460f;
	s->pink[1] = 0.96300f * s->pink[1] + w * 0.2965164f;
	s->pink[2] = 0.57000f * s->pink[2] + w * 1.0526913f;
	return SPA_CLAMP((s->pink[0] + s->pink[1] + s->pink[2] + w * 0.1848f) * PINK_GAIN, -1.0f, 1.0f);
}

static void noise_sample(struct sound *s, float *left, float *right)
{
	/* from 0, left, to pi/2, right: as loud everywhere on the way */
	double turn = fmod((double)s->pos / s->rate / SOUND_WANDER_SEC, 1.0);
	double angle = M_PI_2 * (turn < 0.5 ? 2 * turn : 2 - 2 * turn);
	float sample = pink(s);

	*left = sample * (float)cos(angle);
	*right = sample * (float)sin(angle);
}

static void click_sample(struct sound *s, float *left, float *right)
{
	uint64_t period = (uint64_t)llrint(SOUND_CLICK_SEC * s->rate);
	uint64_t click = s->pos / period;
	double t = (double)(s->pos % period) / s->rate, length = CLICK_PERIODS / CLICK_HZ;
	float sample = 0.0f;

	if (t < length)
		sample = (float)(sin(2 * M_PI * CLICK_HZ * t) * 0.5 * (1 - cos(2 * M_PI * t / length)));
	*left = s->kind == SOUND_CLICKS && click % 4 == 2 ? 0.0f : sample;
	*right = s->kind == SOUND_CLICKS && click % 4 == 0 ? 0.0f : sample;
}

static float fade(const struct sound *s)
{
	double edge = FADE_SEC * s->rate;
	double from_start = (double)s->pos, to_end = (double)s->length - (double)s->pos;

	/* a click begins by itself */
	if (s->kind != SOUND_NOISE)
		from_start = edge;
	return (float)SPA_CLAMP(SPA_MIN(from_start, to_end) / edge, 0.0, 1.0);
}

void sound_fill(struct sound *s, float *dst, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, s->pos++, dst += 2) {
		float gain;

		dst[0] = dst[1] = 0.0f;
		if (sound_is_over(s))
			continue;
		if (s->kind == SOUND_NOISE)
			noise_sample(s, &dst[0], &dst[1]);
		else
			click_sample(s, &dst[0], &dst[1]);
		gain = s->peak * fade(s);
		dst[0] *= gain;
		dst[1] *= gain;
	}
}
