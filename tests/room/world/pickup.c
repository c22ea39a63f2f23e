/* What a microphone makes of what is heard: its clock, its amplifier, its faults */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "listen/sinc.h"
#include "listen/timeline.h"
#include "world/pickup.h"

#define PER_NS		(TIMELINE_RATE * 1e-9)
#define NONE_DB		(-200.0)
/* The AGC's level: it comes down slowly, as firmware does that keeps the ends of words */
#define ATTACK_S	5e-3
#define RELEASE_S	0.3
#define AGC_MAX_DB	30.0
#define FLOOR		1e-12		/* mean square of what it takes for silence */
/* The pop: a membrane that swings back */
#define POP_S		0.05
#define POP_HZ		25.0

static double linear(double db)
{
	return db > NONE_DB ? pow(10.0, db / 20.0) : 0.0;
}

void pickup_start(struct pickup *p, const struct heard *heard, uint32_t seed)
{
	sinc_init();
	p->heard = heard;
	p->random.state = seed;
	p->level = FLOOR;
	p->n = 0;
}

/* The value at a place between frames; with a lower rate the kernel is as much longer. */
static float interpolate(struct pickup *p, double x, double scale)
{
	int64_t end = atomic_load_explicit(&p->heard->end, memory_order_acquire);
	double reach = SINC_HALF / scale;
	int64_t from = (int64_t)ceil(x - reach), to = (int64_t)floor(x + reach), i;
	double sum = 0.0;

	if (to >= end || from < end - HEARD_SIZE / 2) {
		p->missed += x >= 0.0;
		return 0.0f;
	}
	for (i = from < 0 ? 0 : from; i <= to; i++)
		sum += p->heard->frames[i & HEARD_MASK] * sinc_at((i - x) * scale);
	return sum * scale;
}

/* Its level is that before this sample, so that it cannot know what comes. */
static double agc(struct pickup *p, double sample)
{
	const struct pickup_config *c = &p->config;
	double square = sample * sample, change;

	change = -c->agc * (10.0 * log10(p->level) - c->agc_db);
	p->level += (square - p->level) /
		((square > p->level ? ATTACK_S : RELEASE_S) * c->rate);
	p->level = fmax(p->level, FLOOR);
	return sample * linear(fmin(fmax(change, -AGC_MAX_DB), AGC_MAX_DB));
}

static double pop(const struct pickup *p)
{
	double t = (double)p->n / p->config.rate;

	return p->config.pop_db > NONE_DB && t < 20.0 * POP_S ?
		linear(p->config.pop_db) * exp(-t / POP_S) * cos(2.0 * M_PI * POP_HZ * t) : 0.0;
}

/* Uniform, of the same mean square */
static double noise(struct pickup *p)
{
	return p->config.noise_db > NONE_DB ? random_around(&p->random, sqrt(3.0)) * linear(p->config.noise_db) : 0.0;
}

void pickup_read(struct pickup *p, double t_ns, double period_ns, float *samples, uint32_t n)
{
	const struct pickup_config *c = &p->config;
	double scale = fmin(1.0, (double)c->rate / TIMELINE_RATE);
	double gain = linear(c->gain_db), top = linear(c->clip_db);
	uint32_t i;

	for (i = 0; i < n; i++, p->n++) {
		double sample = interpolate(p, (t_ns + i * period_ns) * PER_NS, scale) * gain;

		sample += noise(p);
		if (c->agc > 0.0)
			sample = agc(p, sample);
		sample = fmin(fmax(sample + pop(p), -top), top);
		samples[i] = c->mute ? 0.0f : sample;
	}
}
