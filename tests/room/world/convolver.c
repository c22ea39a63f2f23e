/* Convolution with long responses, a block at a time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <kiss_fftr.h>

#include "world/convolver.h"

#define BLOCK	CONVOLVER_BLOCK
#define BINS	CONVOLVER_BINS
#define SIZE	(2 * BLOCK)	/* of the transform */

struct transform {
	kiss_fftr_cfg forward, inverse;
};

struct convolver {
	struct transform *transform;
	float last[BLOCK];		/* the block before */
	uint32_t n_parts, at;		/* at: where the newest input goes */
	struct spectrum *parts;		/* of the response */
	struct spectrum *inputs;	/* ring of n_parts */
	bool *silent;			/* which of these are 0 */
	uint32_t n_silent;		/* the newest so many of them are */
	bool was_silent;		/* the block before */
};

struct transform *transform_new(void)
{
	struct transform *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->forward = kiss_fftr_alloc(SIZE, 0, NULL, NULL);
	t->inverse = kiss_fftr_alloc(SIZE, 1, NULL, NULL);
	if (t->forward == NULL || t->inverse == NULL) {
		transform_destroy(t);
		return NULL;
	}
	return t;
}

void transform_destroy(struct transform *t)
{
	if (t == NULL)
		return;
	kiss_fftr_free(t->forward);
	kiss_fftr_free(t->inverse);
	free(t);
}

static void transform_forward(struct transform *t, const float *samples, float scale, struct spectrum *out)
{
	kiss_fft_cpx bins[BINS];

	kiss_fftr(t->forward, samples, bins);
	for (int i = 0; i < BINS; i++) {
		out->re[i] = bins[i].r * scale;
		out->im[i] = bins[i].i * scale;
	}
}

void transform_inverse(struct transform *t, const struct spectrum *sum, float *block)
{
	kiss_fft_cpx bins[BINS];
	float samples[SIZE];

	for (int i = 0; i < BINS; i++)
		bins[i] = (kiss_fft_cpx) { sum->re[i], sum->im[i] };
	kiss_fftri(t->inverse, bins, samples);
	/* the first half has wrapped round */
	memcpy(block, samples + BLOCK, BLOCK * sizeof(float));
}

struct convolver *convolver_new(struct transform *transform, const float *response, uint32_t n)
{
	struct convolver *c = calloc(1, sizeof(*c));
	uint32_t part;

	if (c == NULL)
		return NULL;
	c->transform = transform;
	c->n_parts = (n + BLOCK - 1) / BLOCK;
	c->parts = calloc(c->n_parts, sizeof(*c->parts));
	c->inputs = calloc(c->n_parts, sizeof(*c->inputs));
	c->silent = calloc(c->n_parts, sizeof(*c->silent));
	if (c->parts == NULL || c->inputs == NULL || c->silent == NULL) {
		convolver_destroy(c);
		return NULL;
	}
	c->n_silent = c->n_parts;
	c->was_silent = true;
	for (part = 0; part < c->n_parts; part++) {
		float samples[SIZE] = { 0 };
		uint32_t from = part * BLOCK, left = n - from;

		memcpy(samples, response + from, (left < BLOCK ? left : BLOCK) * sizeof(float));
		/* kissfft's inverse is not divided by the size */
		transform_forward(transform, samples, 1.0f / SIZE, &c->parts[part]);
		c->silent[part] = true;
	}
	return c;
}

void convolver_destroy(struct convolver *c)
{
	if (c == NULL)
		return;
	free(c->parts);
	free(c->inputs);
	free(c->silent);
	free(c);
}

static bool is_silent(const float *block)
{
	for (int i = 0; i < BLOCK; i++)
		if (block[i] != 0.0f)
			return false;
	return true;
}

static void multiply_add(const struct spectrum *restrict a, const struct spectrum *restrict b,
			 struct spectrum *restrict sum)
{
	for (int i = 0; i < BINS; i++) {
		sum->re[i] += a->re[i] * b->re[i] - a->im[i] * b->im[i];
		sum->im[i] += a->re[i] * b->im[i] + a->im[i] * b->re[i];
	}
}

void convolver_run(struct convolver *c, const float *block, struct spectrum *sum)
{
	bool silent = is_silent(block);
	float samples[SIZE];
	uint32_t part;

	c->at = (c->at + c->n_parts - 1) % c->n_parts;
	c->silent[c->at] = silent && c->was_silent;
	c->n_silent = c->silent[c->at] ? c->n_silent + 1 : 0;
	c->was_silent = silent;
	if (c->n_silent >= c->n_parts)
		return;
	if (!c->silent[c->at]) {
		memcpy(samples, c->last, sizeof(c->last));
		memcpy(samples + BLOCK, block, sizeof(c->last));
		transform_forward(c->transform, samples, 1.0f, &c->inputs[c->at]);
	}
	memcpy(c->last, block, sizeof(c->last));
	for (part = 0; part < c->n_parts; part++) {
		uint32_t ago = (c->at + part) % c->n_parts;

		if (!c->silent[ago])
			multiply_add(&c->inputs[ago], &c->parts[part], sum);
	}
}
