/* Sound files, whole and as float */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sndfile.h>

#include "listen/wav.h"

#define HALF_TAPS	32	/* each side of the kernel at the lower of both rates */
#define PHASES		512	/* nearest of them: -60 dB at worst, enough to correlate with */
#define KAISER_BETA	9.0
/* What is beyond is no sound, and its kernel would be larger than it */
#define RATE_MIN	4000
#define RATE_MAX	768000
#define CUTOFF		0.96	/* of the lower Nyquist frequency */

int wav_read(struct wav *wav, const char *path)
{
	SF_INFO info = { 0 };
	SNDFILE *file;
	sf_count_t got;

	*wav = (struct wav) { 0 };
	if ((file = sf_open(path, SFM_READ, &info)) == NULL) {
		fprintf(stderr, "%s: %s\n", path, sf_strerror(NULL));
		return -EINVAL;
	}
	if (info.samplerate < RATE_MIN || info.samplerate > RATE_MAX) {
		fprintf(stderr, "%s: a rate of %d Hz; allowed: %d to %d\n", path, info.samplerate,
			RATE_MIN, RATE_MAX);
		sf_close(file);
		return -EINVAL;
	}
	wav->rate = info.samplerate;
	wav->channels = info.channels;
	wav->data = malloc((size_t)(info.frames + 1) * info.channels * sizeof(float));
	if (wav->data == NULL) {
		sf_close(file);
		return -ENOMEM;
	}
	got = sf_readf_float(file, wav->data, info.frames);
	wav->frames = got < 0 ? 0 : (size_t)got;
	sf_close(file);
	return 0;
}

int wav_write(const struct wav *wav, const char *path)
{
	SF_INFO info = {
		.samplerate = wav->rate,
		.channels = wav->channels,
		.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT,
	};
	SNDFILE *file;
	sf_count_t wrote;

	if ((file = sf_open(path, SFM_WRITE, &info)) == NULL) {
		fprintf(stderr, "%s: %s\n", path, sf_strerror(NULL));
		return -EINVAL;
	}
	/* it holds the date, and two runs are to give the same file */
	sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	wrote = sf_writef_float(file, wav->data, wav->frames);
	sf_close(file);
	return wrote == (sf_count_t)wav->frames ? 0 : -EIO;
}

/* Modified Bessel function of the first kind, order 0, by its power series. */
static double bessel_i0(double x)
{
	double sum = 1.0, term = 1.0;

	for (int k = 1; k < 40; k++) {
		term *= (x / (2.0 * k)) * (x / (2.0 * k));
		sum += term;
	}
	return sum;
}

/* h(t) = c sinc(c t) kaiser(t / width), t in source samples */
static double kernel(double t, double c, double width)
{
	double u = t / width, s = M_PI * c * t;

	if (fabs(u) >= 1.0)
		return 0.0;
	return (fabs(s) < 1e-9 ? c : c * sin(s) / s) *
		bessel_i0(KAISER_BETA * sqrt(1.0 - u * u)) / bessel_i0(KAISER_BETA);
}

int wav_resample(struct wav *wav, uint32_t rate)
{
	double ratio = (double)rate / wav->rate;
	double c = CUTOFF * fmin(1.0, ratio);
	int half = (int)ceil(HALF_TAPS / fmin(1.0, ratio)), taps = 2 * half;
	size_t frames = (size_t)(wav->frames * ratio);
	uint32_t ch = wav->channels;
	float *table, *out;

	if (rate == wav->rate)
		return 0;
	table = malloc(sizeof(float) * PHASES * taps);
	out = calloc((frames + 1) * ch, sizeof(float));
	if (table == NULL || out == NULL) {
		free(table);
		free(out);
		return -ENOMEM;
	}
	for (int p = 0; p < PHASES; p++)
		for (int i = 0; i < taps; i++)
			table[p * taps + i] = kernel(i - half + 1 - (double)p / PHASES, c, half);

	for (size_t n = 0; n < frames; n++) {
		double at = n / ratio;
		int64_t base = (int64_t)floor(at);
		int phase = (int)lrint((at - base) * PHASES);
		const float *h;

		if (phase == PHASES) {
			phase = 0;
			base++;
		}
		h = &table[phase * taps];
		for (int i = 0; i < taps; i++) {
			int64_t k = base + i - half + 1;
			if (k < 0 || k >= (int64_t)wav->frames)
				continue;
			for (uint32_t j = 0; j < ch; j++)
				out[n * ch + j] += h[i] * wav->data[k * ch + j];
		}
	}
	free(table);
	free(wav->data);
	wav->data = out;
	wav->frames = frames;
	wav->rate = rate;
	return 0;
}

void wav_finish(struct wav *wav)
{
	free(wav->data);
	*wav = (struct wav) { 0 };
}
