/* Tap: one read position in the history */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "tap.h"

#define TAP_SLICE	256	/* samples worked on at a time: three of them stay in the L1 cache */

static bool source_equal(const struct tap_source *a, const struct tap_source *b)
{
	return a->delay == b->delay && a->map == b->map;
}

void tap_init(struct tap *t, uint32_t fade, uint32_t near)
{
	spa_zero(*t);
	t->fade = SPA_MAX(fade, 1u);
	t->near = near;
	t->gain_pos = t->fade;
}

static float gain_at(const struct tap *t, uint32_t pos)
{
	if (pos >= t->fade)
		return t->gain_to;
	return t->gain_from + (t->gain_to - t->gain_from) * ((float)pos / t->fade);
}

bool tap_is_silent(const struct tap *t)
{
	return t->gain_pos >= t->fade && t->gain_to == 0.0f;
}

/*
 * Two places that are close have much the same signal, and weights that sum up
 * to one keep its level; far apart they have nothing in common, and it is the
 * squares that have to sum up to one: the weights are cos and sin of an angle
 * that goes from 0 to pi/2, (c + is)' = (c + is) * e^(i * step).
 */
static void crossfade_start(struct tap *t)
{
	uint32_t move = t->target.delay > t->now.delay ?
		t->target.delay - t->now.delay : t->now.delay - t->target.delay;
	double step = M_PI_2 / (t->fade + 1);

	t->state = TAP_CROSSFADE;
	t->next = t->target;
	t->pos = 0;
	t->equal_power = move >= t->near;
	t->c = t->step_c = cos(step);
	t->s = t->step_s = sin(step);
}

static void settle(struct tap *t)
{
	if (tap_is_silent(t))
		t->now = t->target;
	else if (!source_equal(&t->now, &t->target))
		crossfade_start(t);
}

void tap_set(struct tap *t, double delay, float gain, const struct role_map *map)
{
	spa_assert(delay >= 0.0);

	t->target.delay = (uint32_t)lrint(delay);
	t->target.map = map;

	if (t->state == TAP_SETTLED)
		settle(t);

	if (gain != t->gain_to) {
		t->gain_from = gain_at(t, t->gain_pos);
		t->gain_to = gain;
		t->gain_pos = 0;
	}
}

static void add_scaled(float *dst, const float *src, float weight, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] += src[i] * weight;
}

/* n <= TAP_SLICE unless the channel is a plain copy */
static void source_read(const struct tap_source *s, const struct history *h, uint32_t channel,
		uint32_t age, float *dst, uint32_t n)
{
	const struct role_map *map = s->map;
	float part[TAP_SLICE];
	uint32_t i;

	if (map->direct[channel] >= 0) {
		history_read(h, map->direct[channel], age + s->delay, dst, n);
		return;
	}
	memset(dst, 0, n * sizeof(float));
	for (i = 0; i < map->n_channels; i++) {
		if (map->weight[channel][i] == 0.0f)
			continue;
		history_read(h, i, age + s->delay, part, n);
		add_scaled(dst, part, map->weight[channel][i], n);
	}
}

static void multiply(float *dst, const float *weight, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] *= weight[i];
}

static void crossfade_weights(struct tap *t, float *now, float *next, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++, t->pos++) {
		if (t->equal_power) {
			double c = t->c * t->step_c - t->s * t->step_s;

			now[i] *= (float)t->c;
			next[i] *= (float)t->s;
			t->s = t->c * t->step_s + t->s * t->step_c;
			t->c = c;
		} else {
			float w = (float)(t->pos + 1) / (t->fade + 1);

			now[i] *= 1.0f - w;
			next[i] *= w;
		}
	}
}

/* Something moves: at most TAP_SLICE samples, and not past the end of a move */
static uint32_t process_moving(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t offset, uint32_t n)
{
	float now[TAP_SLICE], next[TAP_SLICE], other[TAP_SLICE];
	bool crossfade = t->state == TAP_CROSSFADE;
	uint32_t i, c;

	n = SPA_MIN(n, (uint32_t)TAP_SLICE);
	if (crossfade)
		n = SPA_MIN(n, t->fade - t->pos);
	if (t->gain_pos < t->fade)
		n = SPA_MIN(n, t->fade - t->gain_pos);

	for (i = 0; i < n; i++)
		now[i] = next[i] = gain_at(t, t->gain_pos < t->fade ? t->gain_pos + i + 1 : t->fade);
	if (crossfade)
		crossfade_weights(t, now, next, n);

	for (c = 0; c < t->now.map->n_channels; c++) {
		float *d = dst[c] ? dst[c] + offset : NULL;

		if (d == NULL)
			continue;
		source_read(&t->now, h, c, age, d, n);
		multiply(d, now, n);
		if (!crossfade)
			continue;
		source_read(&t->next, h, c, age, other, n);
		multiply(other, next, n);
		add_scaled(d, other, 1.0f, n);
	}

	if (t->gain_pos < t->fade)
		t->gain_pos += n;
	if (crossfade && t->pos >= t->fade) {
		t->state = TAP_SETTLED;
		t->now = t->next;
	}
	if (t->state == TAP_SETTLED)
		settle(t);
	return n;
}

static void scale(float *dst, float gain, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] *= gain;
}

/* Nothing moves: all n samples, a plain copy wherever it can be one */
static void process_settled(const struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t offset, uint32_t n)
{
	uint32_t c, done, m;

	for (c = 0; c < t->now.map->n_channels; c++) {
		float *d = dst[c] ? dst[c] + offset : NULL;

		if (d == NULL)
			continue;
		if (t->gain_to == 0.0f) {
			memset(d, 0, n * sizeof(float));
			continue;
		}
		m = t->now.map->direct[c] >= 0 ? n : TAP_SLICE;
		for (done = 0; done < n; done += m) {
			m = SPA_MIN(m, n - done);
			source_read(&t->now, h, c, age - done, d + done, m);
		}
		if (t->gain_to != 1.0f)
			scale(d, t->gain_to, n);
	}
}

void tap_process(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t n)
{
	uint32_t done = 0;

	spa_assert(age >= n && t->now.map != NULL);

	while (done < n && (t->state == TAP_CROSSFADE || t->gain_pos < t->fade))
		done += process_moving(t, h, age - done, dst, done, n - done);
	if (done < n)
		process_settled(t, h, age - done, dst, done, n - done);
}
