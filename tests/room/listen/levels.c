/* How loud each channel of a recording is, moment by moment */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "listen/levels.h"
#include "listen/wav.h"

#define SOUNDS		4e-4	/* -34 dBFS: the room's noise has some 15 dB more */
#define GUARD		5	/* blocks: a speaker that is placed later, and a codec's frames */

int levels_read(struct levels *l, const char *path)
{
	struct wav wav;
	size_t len;
	int res;

	*l = (struct levels) { 0 };
	if ((res = wav_read(&wav, path)) < 0)
		return res;
	len = (size_t)(wav.rate * LEVELS_BLOCK_S);
	l->n = (int)(wav.frames / len);
	for (uint32_t c = 0; c < 2; c++)
		if (wav.channels != 2 || (l->power[c] = calloc(l->n + 1, sizeof(float))) == NULL)
			res = wav.channels != 2 ? -EINVAL : -ENOMEM;
	for (size_t i = 0; i < l->n * len && res == 0; i++)
		for (uint32_t c = 0; c < 2; c++) {
			float x = wav.data[2 * i + c];

			l->power[c][i / len] += x * x / len;
			l->peak = fmax(l->peak, fabsf(x));
		}
	wav_finish(&wav);
	if (res < 0)
		levels_finish(l);
	return res;
}

void levels_finish(struct levels *l)
{
	free(l->power[0]);
	free(l->power[1]);
	*l = (struct levels) { 0 };
}

static double decibels(double power)
{
	return fmax(10.0 * log10(power), LEVELS_FLOOR_DB);
}

/* Bit c: channel c sounds; -1: not so for \a guard blocks around */
static int state_of(const struct levels *l, int at, int guard)
{
	int state = -1;

	for (int i = at - guard; i <= at + guard; i++) {
		int now;

		if (i < 0 || i >= l->n)
			return -1;
		now = (l->power[0][i] > SOUNDS) | (l->power[1][i] > SOUNDS) << 1;
		if (state >= 0 && now != state)
			return -1;
		state = now;
	}
	return state;
}

double levels_in_turn(const struct levels *l, int channel, const struct levels *by, enum turn turn,
		double from, double to)
{
	double sum = 0.0;
	int n = 0;

	for (int i = (int)(from / LEVELS_BLOCK_S); i < to / LEVELS_BLOCK_S && i < l->n; i++) {
		if (state_of(by, i, GUARD) != 1 << turn)
			continue;
		sum += l->power[channel][i];
		n++;
	}
	return n > 0 ? decibels(sum / n) : NAN;
}

double levels_over(const struct levels *l, const struct levels *by, double from, double to)
{
	double most = -INFINITY;

	for (int i = (int)(from / LEVELS_BLOCK_S); i < to / LEVELS_BLOCK_S && i < l->n; i++) {
		int state = state_of(by, i, 1);
		double reference = state < 0 ? 0.0 : (double)by->power[0][i] + by->power[1][i];

		if (state >= 0)
			most = fmax(most, 10.0 * log10(((double)l->power[0][i] + l->power[1][i] + 1e-12) /
					fmax(reference, SOUNDS)));
	}
	return most > -1.0 ? most : NAN;
}

double levels_mean(const struct levels *l, double from, double to)
{
	double sum = 0.0;
	int n = 0;

	for (int i = (int)(from / LEVELS_BLOCK_S); i < to / LEVELS_BLOCK_S && i < l->n; i++, n++)
		sum += 0.5 * ((double)l->power[0][i] + l->power[1][i]);
	return n > 0 ? decibels(sum / n) : NAN;
}
