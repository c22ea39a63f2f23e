/* History ring */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "dsp/history.h"

#define HISTORY_SAMPLES_MAX	(1u << 24)	/* 87 s at 192 kHz; keeps all sums in 32 bits */

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

int history_init(struct history *h, uint32_t n_channels, uint32_t samples)
{
	spa_zero(*h);

	if (n_channels == 0 || samples == 0 || samples > HISTORY_SAMPLES_MAX)
		return -EINVAL;

	h->n_channels = n_channels;
	h->capacity = power_of_two(samples);
	/* calloc: the system gives no memory for what no rate ever needs */
	h->data = calloc((size_t)h->capacity * n_channels, sizeof(float));
	if (h->data == NULL)
		return -ENOMEM;

	history_reset(h, h->capacity);
	return 0;
}

void history_finish(struct history *h)
{
	free(h->data);
	spa_zero(*h);
}

void history_touch(struct history *h, uint32_t samples)
{
	uint32_t c, n = power_of_two(SPA_CLAMP(samples, 1u, h->capacity));

	for (c = 0; c < h->n_channels; c++)
		memset(h->data + (size_t)c * h->capacity, 0, n * sizeof(float));
}

void history_reset(struct history *h, uint32_t samples)
{
	h->mask = power_of_two(SPA_CLAMP(samples, 1u, h->capacity)) - 1;
	h->write = 0;
	h->filled = 0;
	h->frame = 0;
}

void history_write(struct history *h, uint32_t c, const float *src, uint32_t n_src, uint32_t n)
{
	float *ring = h->data + (size_t)c * h->capacity;
	uint32_t size = history_size(h), at = h->write & h->mask;
	uint32_t n_end = SPA_MIN(n, size - at), n_copy;

	spa_assert(n <= size);

	n_src = src ? SPA_MIN(n_src, n) : 0;

	n_copy = SPA_MIN(n_src, n_end);
	if (n_copy > 0)
		memcpy(ring + at, src, n_copy * sizeof(float));
	memset(ring + at + n_copy, 0, (n_end - n_copy) * sizeof(float));

	if (n > n_end) {
		n_copy = n_src > n_end ? n_src - n_end : 0;
		if (n_copy > 0)
			memcpy(ring, src + n_end, n_copy * sizeof(float));
		memset(ring + n_copy, 0, (n - n_end - n_copy) * sizeof(float));
	}
}

void history_advance(struct history *h, uint32_t n)
{
	h->write += n;
	h->frame += n;
	h->filled = SPA_MIN(h->filled + n, history_size(h));
}

void history_read(const struct history *h, uint32_t c, uint32_t age, float *dst, uint32_t n)
{
	const float *ring = h->data + (size_t)c * h->capacity;
	uint32_t at, n_end;

	spa_assert(age >= n);

	if (age > h->filled) {
		uint32_t n_before = SPA_MIN(n, age - h->filled);

		memset(dst, 0, n_before * sizeof(float));
		dst += n_before;
		n -= n_before;
		age -= n_before;
	}
	at = (h->write - age) & h->mask;
	n_end = SPA_MIN(n, history_size(h) - at);
	memcpy(dst, ring + at, n_end * sizeof(float));
	memcpy(dst + n_end, ring, (n - n_end) * sizeof(float));
}
