/* Wobble: a delay that goes to and fro */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * Codes are rows of Sylvester's Hadamard matrix, H(r, c) = parity(r & c): any two of them agree in as many chips as they
 * differ in, and each is as long at one end as at the other. By their natural order row 1 would move with every chip and
 * row 8 with every eighth, slowly enough to be taken for a drift. So their columns are shuffled. The order
 * is such that the lowest m bits of a column repeat with every 2^m chips, for m = 4, 5, 6: a row below 2^m needs no more of them. It was
 * searched for: in any turn of these codes a delay moves in 3/8 to 5/8 of all chips, and stands for four at most (of the longer codes for seven).
 *
 * A move from one end to the other is the cubic that begins and ends at a stand, u^2 (3 - 2 u) of the time. Of T samples it is
 * fastest in its middle, with 3/2 samples / T. That is 156 ppm for one sample in 0.2 s at 48 kHz.
 */

#include <spa/utils/defs.h>

#include "dsp/wobble.h"

#define CODE_LENGTH	64

static const uint8_t columns[CODE_LENGTH] = {
	30, 15, 27, 37, 40, 51,  1, 34, 61, 42,  0, 54, 36,  9, 44, 39,
	14, 63, 11, 21, 56,  3, 49, 50, 13, 58, 48, 38, 52, 57, 60, 23,
	62, 47, 59,  5,  8, 19, 33,  2, 29, 10, 32, 22,  4, 41, 12,  7,
	46, 31, 43, 53, 24, 35, 17, 18, 45, 26, 16,  6, 20, 25, 28, 55,
};

uint32_t wobble_bit(uint32_t code, uint64_t k)
{
	return __builtin_parity(code & columns[k % CODE_LENGTH]);
}

void wobble_set(struct wobble *w, const struct wobble_params *params, uint32_t longest)
{
	w->params = *params;
	w->params.samples = SPA_MIN(params->samples, WOBBLE_SAMPLES_MAX);
	w->params.chip = SPA_MAX(params->chip, 1u);
	w->length = longest;
	/* It stands for a while in each chip */
	if (params->code > 0)
		w->length = SPA_MIN(w->length, w->params.chip - w->params.chip / 5);
	w->length = SPA_MAX(w->length, (uint32_t)(1.5 * WOBBLE_SAMPLES_MAX / WOBBLE_SPEED_MAX));
}

uint32_t wobble_aim(struct wobble *w, uint64_t frame)
{
	uint32_t to = 0, left = UINT32_MAX;

	if (!wobble_stands(w))
		return w->move - w->pos;
	if (w->params.code > 0) {
		to = w->params.samples * wobble_bit(w->params.code, frame / w->params.chip);
		left = w->params.chip - frame % w->params.chip;
	}
	if (to == w->to)
		return left;
	w->from = w->to;
	w->to = to;
	w->move = w->length;
	w->pos = 0;
	return w->move;
}

double wobble_delay(const struct wobble *w, uint32_t k)
{
	double u = (double)w->pos + k;

	if (u >= w->move)
		return w->to;
	u /= w->move;
	return w->from + ((double)w->to - w->from) * u * u * (3.0 - 2.0 * u);
}

void wobble_advance(struct wobble *w, uint32_t n)
{
	w->pos += SPA_MIN(n, w->move - w->pos);
}
