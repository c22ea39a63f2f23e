/* Dither: noise that nobody hears, at which amplifiers stay awake */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "audio/dither.h"

static uint32_t next_random(struct dither *d)
{
	return (d->random = d->random * 1664525u + 1013904223u) >> 16;
}

int dither_init(struct dither *d, uint32_t steps, uint32_t longest)
{
	uint32_t i;

	*d = (struct dither) { .length = 2 * longest, .longest = longest };
	if ((d->samples = calloc(d->length, sizeof(float))) == NULL)
		return -errno;
	/* Triangular, as the sum of two */
	for (i = 0; i < d->length; i++)
		d->samples[i] = DITHER_STEP * steps * ((next_random(d) + next_random(d)) / 65536.0f - 1.0f);
	return 0;
}

void dither_finish(struct dither *d)
{
	free(d->samples);
	spa_zero(*d);
}

/* Any part of it: the same one in each cycle would be a tone. */
void dither_write(struct dither *d, float *dst, uint32_t n)
{
	const float *from = d->samples + next_random(d) % (d->length - d->longest);

	memcpy(dst, from, SPA_MIN(n, d->longest) * sizeof(float));
}
