/* Noise for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include <sndfile.h>

#include "listen/measure-click.h"
#include "random.h"
#include "stage/noise.h"

#define LEVEL	0.3f
/* Small: giving back the memory of a whole file keeps a processor in the kernel for milliseconds. */
#define BLOCK	4096

/* Of the filter of noise without treble: 74 dB, within 800 Hz */
#define SOFT_TAPS	300

struct noise {
	struct random random;
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

static void soften(struct noise *z, uint32_t rate)
{
	/* the middle of the filter's slope */
	double w = 2.0 * M_PI * (CLICK_SOUND_HZ - 400.0) / rate, sum = 0.0;

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

static float next(struct noise *z, int channel)
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

static int write_file(const char *path, double seconds, uint32_t rate, struct noise *z)
{
	SF_INFO info = { .samplerate = (int)rate, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT };
	sf_count_t left = (sf_count_t)(seconds * rate);
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	int64_t done = 0;
	int res = file != NULL ? 0 : -EIO;
	float block[2 * BLOCK];

	if (file != NULL)
		/* it holds the date, and two runs are to give the same file */
		sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	while (left > 0 && res == 0) {
		sf_count_t n = left < BLOCK ? left : BLOCK;

		for (sf_count_t i = 0; i < 2 * n; i++) {
			block[i] = next(z, i % 2);
			if (!has_turn(z, (double)(done + i / 2) / rate, i % 2))
				block[i] = 0.0f;
			if (z->is_alike && i % 2 == 1)
				mix(&block[i - 1]);
		}
		done += n;
		if (sf_writef_float(file, block, n) != n)
			res = -EIO;
		left -= n;
	}
	if (file != NULL)
		sf_close(file);
	if (res < 0)
		fprintf(stderr, "room: cannot write %s\n", path);
	return res;
}

int noise_write(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed };

	return write_file(path, seconds, rate, &z);
}

int noise_write_alike(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .is_alike = true };

	return write_file(path, seconds, rate, &z);
}

int noise_write_soft(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed };

	soften(&z, rate);
	return write_file(path, seconds, rate, &z);
}

int noise_write_turns(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	struct noise z = { .random.state = seed, .has_turns = true };

	return write_file(path, seconds, rate, &z);
}
