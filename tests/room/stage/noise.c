/* Noise for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdbool.h>

#include "listen/measure-click.h"
#include "random.h"
#include "stage/noise.h"
#include "stage/sound-file.h"

#define LEVEL	0.3f

/* Of the filter of noise without treble: 74 dB, within 800 Hz */
#define SOFT_TAPS	300

struct noise {
	struct random random;
	uint32_t rate;
	int64_t done;			/**< frames */
	float low[2];
	float soft[SOFT_TAPS];		/**< the filter */
	float past[2][2 * SOFT_TAPS];	/**< each sample twice, so that all can be read in one piece */
	int at;
	bool is_soft;
	bool has_turns;
	bool is_alike;
};

static bool has_turn(const struct noise *z, double t, int channel)
{
	double in_cycle = fmod(t, NOISE_BOTH_S + 2.0 * NOISE_ALONE_S) - NOISE_BOTH_S;

	return !z->has_turns || in_cycle < 0.0 || channel == (in_cycle >= NOISE_ALONE_S);
}

static void soften(struct noise *z)
{
	/* the middle of the filter's slope */
	double w = 2.0 * M_PI * (CLICK_SOUND_HZ - 400.0) / z->rate, sum = 0.0;

	z->is_soft = true;
	for (int i = 0; i < SOFT_TAPS; i++) {
		double t = i - (SOFT_TAPS - 1) / 2.0, p = 2.0 * M_PI * (i + 0.5) / SOFT_TAPS;

		z->soft[i] = sin(w * t) / t * (0.42 - 0.5 * cos(p) + 0.08 * cos(2.0 * p));
		sum += z->soft[i];
	}
	for (int i = 0; i < SOFT_TAPS; i++)
		/* as loud as the other one, of which it leaves the seventh part */
		z->soft[i] *= 2.0 / sum;
}

static float next_sample(struct noise *z, int channel)
{
	float *past = z->past[channel], sum = 0.0f;

	z->low[channel] += 0.5f * ((float)random_around(&z->random, 1.0) - z->low[channel]);
	if (!z->is_soft)
		return LEVEL * z->low[channel];
	past[z->at] = past[z->at + SOFT_TAPS] = LEVEL * z->low[channel];
	for (int i = 0; i < SOFT_TAPS; i++)
		sum += z->soft[i] * past[z->at + 1 + i];
	z->at = (z->at + channel) % SOFT_TAPS;
	return sum;
}

/* A turn of the stereo image, which leaves each channel as loud as it was */
static void mix(float *frame)
{
	float left = frame[0], right = frame[1];

	frame[0] = 0.8f * left + 0.6f * right;
	frame[1] = 0.6f * left + 0.8f * right;
}

static void next(void *data, float *frame)
{
	struct noise *z = data;
	double t = (double)z->done++ / z->rate;

	for (int channel = 0; channel < 2; channel++) {
		/* drawn in any case */
		frame[channel] = next_sample(z, channel);
		if (!has_turn(z, t, channel))
			frame[channel] = 0.0f;
	}
	if (z->is_alike)
		mix(frame);
}

int noise_write(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .rate = rate };

	return sound_file_write(path, seconds, rate, next, &z);
}

int noise_write_alike(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .rate = rate, .is_alike = true };

	return sound_file_write(path, seconds, rate, next, &z);
}

int noise_write_soft(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .rate = rate };

	soften(&z);
	return sound_file_write(path, seconds, rate, next, &z);
}

int noise_write_turns(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .rate = rate, .has_turns = true };

	return sound_file_write(path, seconds, rate, next, &z);
}
