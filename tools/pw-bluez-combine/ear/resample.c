/* Resampling: a recording, at the places of another clock's frames */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/resample.h"

#define NSEC_PER_SEC	1e9
#define LOST_SEC	0.050
/* The loop's bandwidth, in Hz: it falls with the time that it has had */
#define BANDWIDTH_FIRST	0.5
#define BANDWIDTH	0.01
#define SPEED_MAX	0.01

#define HALF		16	/* taps on each side, of the lower one of the two rates */
#define STEPS		128	/* of the table, from one tap to the next */
#define CUTOFF		0.94

void ear_clock_init(struct ear_clock *c, double rate)
{
	*c = (struct ear_clock) { .rate = rate, .speed = 1 };
}

double ear_clock_frame(const struct ear_clock *c, double ns)
{
	return c->frame + (ns - c->ns) / NSEC_PER_SEC * c->rate * c->speed;
}

double ear_clock_ns(const struct ear_clock *c, double frame)
{
	return c->ns + (frame - c->frame) / (c->rate * c->speed) * NSEC_PER_SEC;
}

bool ear_clock_mark(struct ear_clock *c, uint64_t frame, int64_t ns)
{
	double passed_s, error, omega, bandwidth;

	passed_s = ((double)ns - c->ns) / NSEC_PER_SEC;
	error = (double)frame - ear_clock_frame(c, (double)ns);
	if (!c->begun || !(fabs(error) <= LOST_SEC * c->rate) || !(passed_s >= 0)) {
		bool was = c->begun;

		*c = (struct ear_clock) { .rate = c->rate, .begun = true, .frame = (double)frame, .ns = (double)ns,
			.speed = was ? c->speed : 1 };
		return !was;
	}
	c->since_s += passed_s;
	bandwidth = SPA_CLAMP(2.0 / SPA_MAX(c->since_s, 1e-3), BANDWIDTH, BANDWIDTH_FIRST);
	omega = SPA_MIN(2 * M_PI * bandwidth * passed_s, 0.5);
	/* where the loop believes to be at ns, and a part of the error */
	c->frame = (double)frame - error + M_SQRT2 * omega * error;
	c->ns = (double)ns;
	if (passed_s > 0)
		c->speed = SPA_CLAMP(c->speed + omega * omega * error / (passed_s * c->rate), 1 - SPEED_MAX, 1 + SPEED_MAX);
	return true;
}

struct ear_resampler {
	uint32_t keep;
	double cutoff;			/**< of the recording's rate's half */
	uint32_t half;			/**< taps on each side */
	float *table;			/**< half * STEPS + 2: of one side */
	float *ring;			/**< keep */
	uint64_t pushed;
};

struct ear_resampler *ear_resampler_new(double ratio, uint32_t keep)
{
	struct ear_resampler *r;
	uint32_t i;

	if (!(ratio >= 0.05 && ratio <= 20) || keep < 1024 || keep > 1u << 28) {
		errno = EINVAL;
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->keep = keep;
	r->cutoff = CUTOFF * SPA_MIN(1.0, 1 / ratio);
	r->half = (uint32_t)ceil(HALF * SPA_MAX(1.0, ratio));
	r->table = calloc((size_t)r->half * STEPS + 2, sizeof(*r->table));
	r->ring = calloc(keep, sizeof(*r->ring));
	if (r->table == NULL || r->ring == NULL) {
		ear_resampler_destroy(r);
		errno = ENOMEM;
		return NULL;
	}
	for (i = 0; i <= r->half * STEPS; i++) {
		double x = (double)i / STEPS, u = M_PI * x / r->half;

		/* Blackman's window */
		r->table[i] = (float)((0.42 + 0.5 * cos(u) + 0.08 * cos(2 * u)) *
				(i == 0 ? r->cutoff : sin(M_PI * r->cutoff * x) / (M_PI * x)));
	}
	return r;
}

void ear_resampler_destroy(struct ear_resampler *r)
{
	if (r == NULL)
		return;
	free(r->table);
	free(r->ring);
	free(r);
}

void ear_resampler_push(struct ear_resampler *r, const float *samples, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		r->ring[(r->pushed + i) % r->keep] = samples[i];
	r->pushed += n;
}

uint64_t ear_resampler_pushed(const struct ear_resampler *r)
{
	return r->pushed;
}

static float read_one(const struct ear_resampler *r, double at)
{
	double oldest = r->pushed > r->keep ? (double)(r->pushed - r->keep) : 0;
	int64_t middle, i;
	float sum = 0;

	if (!(at >= oldest + r->half && at + r->half + 1 <= (double)r->pushed))
		return NAN;
	middle = (int64_t)floor(at);
	for (i = middle - r->half + 1; i <= middle + r->half; i++) {
		double x = fabs(at - (double)i) * STEPS;
		uint32_t k = (uint32_t)x;
		float f = (float)(x - k);

		sum += r->ring[(uint64_t)i % r->keep] * (r->table[k] + f * (r->table[k + 1] - r->table[k]));
	}
	return sum;
}

void ear_resampler_read(const struct ear_resampler *r, double at, double step, float *dst, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] = read_one(r, at + i * step);
}
