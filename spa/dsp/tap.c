/* Tap: one read position in the history */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "dsp/tap.h"

#define TAP_SLICE	256	/* samples worked on at a time: all of it stays in the L1 cache */
/* What is read to interpolate a slice: the delay may become shorter meanwhile */
#define TAP_WINDOW	(TAP_SLICE + INTERPOLATOR_TAPS + (int)(TAP_SLICE * (TAP_SPEED_MAX + WOBBLE_SPEED_MAX)) + 2)

#define FADE_SEC	0.030	/* too short to be heard as a fade, long enough not to click */
#define NEAR_SEC	0.002	/* below it music is still like itself */
#define SLEW_SEC	0.001	/* what is further off takes a slew longer than the ear waits */
#define ACCELERATION	100e-6	/* per second: the pitch of a slew comes and goes unnoticed */
#define WOBBLE_SEC	0.2	/* one sample is some 150 ppm then */

void tap_params_set_rate(struct tap_params *params, uint32_t rate)
{
	params->fade = SPA_MAX((uint32_t)(rate * FADE_SEC), 1u);
	params->near = rate * NEAR_SEC;
	params->slew = rate * SLEW_SEC;
	params->acceleration = ACCELERATION / rate;
	params->wobble = rate * WOBBLE_SEC;
}

void tap_init(struct tap *t, const struct tap_params *params)
{
	spa_zero(*t);
	t->params = *params;
	t->gain_pos = t->params.fade;
}

/* From 0 to 1, and no corner at either end, which would be a click of -60 dB */
static float smooth(uint32_t pos, uint32_t length)
{
	float u = (float)pos / length;

	return u * u * (3.0f - 2.0f * u);
}

static float gain_at(const struct tap *t, uint32_t pos)
{
	if (pos >= t->params.fade)
		return t->gain_to;
	return t->gain_from + (t->gain_to - t->gain_from) * smooth(pos, t->params.fade);
}

/* A ramp is not cut short: that would be a corner */
static void aim_gain(struct tap *t)
{
	if (t->gain_pos < t->params.fade || t->gain == t->gain_to)
		return;
	t->gain_from = t->gain_to;
	t->gain_to = t->gain;
	t->gain_pos = 0;
}

bool tap_is_silent(const struct tap *t)
{
	return t->gain_pos >= t->params.fade && t->gain_to == 0.0f;
}

static void crossfade_start(struct tap *t)
{
	double move = fabs(t->delay - slew_delay(&t->now.delay, 0));

	slew_stand(&t->next.delay, t->delay);
	t->next.map = t->map;
	t->pos = 0;
	t->equal_power = move >= t->params.near;
}

/* If it is near enough, and the way there keeps to where interpolation is possible */
static bool slew_to_delay(struct tap *t)
{
	const struct slew_limits limits = { t->speed, t->params.acceleration };
	struct slew way = t->now.delay;
	double min, max;

	if (t->speed == 0.0 || fabs(t->delay - slew_delay(&way, 0)) >= t->params.slew ||
	    !slew_start(&way, t->delay, &limits))
		return false;
	slew_range(&way, &min, &max);
	if (min < TAP_DELAY_BETWEEN || max > t->params.delay_max)
		return false;
	t->now.delay = way;
	return true;
}

/* Something has ended, or another thing is wished for: what next? */
static void aim(struct tap *t)
{
	if (t->state == TAP_CROSSFADE)
		return;			/* after it */
	if (tap_is_silent(t)) {
		slew_stand(&t->now.delay, t->delay);
		t->now.map = t->map;
	} else if (t->now.map != t->map ||
		   (t->now.delay.to != t->delay && !slew_to_delay(t))) {
		crossfade_start(t);
		t->state = TAP_CROSSFADE;
		return;
	}
	t->state = slew_stands(&t->now.delay) ? TAP_SETTLED : TAP_SLEWING;
}

bool tap_set(struct tap *t, const struct tap_target *target)
{
	bool first = t->map == NULL;

	spa_assert(target->delay >= 0.0);

	if (first || target->delay != t->wished)
		t->wait = first ? 0 : target->wait;
	t->wished = target->delay;
	t->pending = rint(SPA_MIN(target->delay, t->params.delay_max));
	if (t->wait == 0)
		t->delay = t->pending;
	t->map = target->map;
	t->speed = target->speed > 0.0 ? SPA_MIN(target->speed, TAP_SPEED_MAX) : 0.0;
	aim(t);
	wobble_set(&t->wobble, &target->wobble, t->params.wobble);

	t->gain = target->gain;
	aim_gain(t);
	return target->delay <= t->params.delay_max;
}

static void add_scaled(float *dst, const float *src, float weight, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] += src[i] * weight;
}

/* What a channel is made of; n <= TAP_WINDOW unless it is a plain copy */
static void map_read(const struct role_map *map, const struct history *h, uint32_t channel,
		uint32_t age, float *dst, uint32_t n)
{
	float part[TAP_WINDOW];
	uint32_t i;

	if (map->direct[channel] >= 0) {
		history_read(h, map->direct[channel], age, dst, n);
		return;
	}
	memset(dst, 0, n * sizeof(float));
	for (i = 0; i < map->n_channels; i++) {
		if (map->weight[channel][i] == 0.0f)
			continue;
		history_read(h, i, age, part, n);
		add_scaled(dst, part, map->weight[channel][i], n);
	}
}

/* What is added to a source's delay, or NULL. One that stands at a delay that is too short has none: it slews nowhere. */
static const struct wobble *wobble_of(const struct tap *t, const struct tap_source *s)
{
	return wobble_is_off(&t->wobble) || s->delay.to < TAP_DELAY_BETWEEN ? NULL : &t->wobble;
}

/* Where a source is in the next samples */
struct way {
	bool copy;			/**< stands: always on a whole sample */
	uint32_t delay;			/**< of the first sample, rounded up */
	struct interpolator_place places[TAP_SLICE];
};

/* ceil() of what is not negative: a call into libm without SSE 4.1 */
static uint32_t round_up(double x)
{
	uint32_t down = x;

	return down + (x > down);
}

static double delay_at(const struct tap_source *s, const struct wobble *wobble, uint32_t k)
{
	return slew_delay(&s->delay, k) + (wobble ? wobble_delay(wobble, k) : 0.0);
}

static void way_init(struct way *w, const struct tap_source *s, const struct wobble *wobble, uint32_t n)
{
	double delay = delay_at(s, wobble, 0);
	uint32_t i, up;

	w->copy = slew_stands(&s->delay) && (wobble == NULL || wobble_stands(wobble));
	w->delay = round_up(delay);
	for (i = 0; i < n && !w->copy; i++) {
		delay = delay_at(s, wobble, i);
		up = round_up(delay);
		w->places[i].first = i + w->delay - up;
		w->places[i].fraction = up - delay;
	}
}

/* n <= TAP_SLICE */
static void source_read(const struct tap *t, const struct tap_source *s, const struct way *w,
		const struct history *h, uint32_t channel, uint32_t age, float *dst, uint32_t n)
{
	float window[TAP_WINDOW];

	if (w->copy) {
		map_read(s->map, h, channel, age + w->delay, dst, n);
		return;
	}
	map_read(s->map, h, channel, age + w->delay + INTERPOLATOR_BEFORE, window,
			w->places[n - 1].first + INTERPOLATOR_TAPS);
	t->params.interpolator->process(dst, window, w->places, n);
}

static void multiply(float *dst, const float *weight, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] *= weight[i];
}

/*
 * Two places that are close have much the same signal, and weights that sum up to one
 * keep its level; far apart they have nothing in common, and it is the squares
 * that have to sum up to one.
 */
static void crossfade_weights(struct tap *t, float *now, float *next, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++, t->pos++) {
		float b = smooth(t->pos + 1, t->params.fade + 1), a = 1.0f - b;
		float level = t->equal_power ? 1.0f / sqrtf(a * a + b * b) : 1.0f;

		now[i] *= a * level;
		next[i] *= b * level;
	}
}

/* When the first of what goes on now ends, in samples, at most TAP_SLICE */
static uint32_t until_change(const struct tap *t, uint32_t n)
{
	const struct slew *delay = &t->now.delay;

	n = SPA_MIN(n, (uint32_t)TAP_SLICE);
	if (t->state == TAP_CROSSFADE)
		n = SPA_MIN(n, t->params.fade - t->pos);
	if (!slew_stands(delay))
		n = SPA_MIN(n, delay->length - delay->pos);
	if (t->gain_pos < t->params.fade)
		n = SPA_MIN(n, t->params.fade - t->gain_pos);
	return n;
}

static void advance(struct tap *t, uint32_t n)
{
	if (t->gain_pos < t->params.fade) {
		t->gain_pos += n;
		aim_gain(t);
	}
	slew_advance(&t->now.delay, n);
	if (t->state == TAP_CROSSFADE && t->pos >= t->params.fade) {
		t->now = t->next;
		t->state = TAP_SETTLED;
	}
	aim(t);
}

/* Something moves: at most until it ends */
static uint32_t process_moving(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t offset, uint32_t n)
{
	float now[TAP_SLICE], next[TAP_SLICE], other[TAP_SLICE];
	struct way way_now, way_next;
	bool crossfade = t->state == TAP_CROSSFADE;
	bool as_it_is = !crossfade && t->gain_pos >= t->params.fade && t->gain_to == 1.0f;
	uint32_t i, c;

	n = until_change(t, n);
	for (i = 0; i < n && !as_it_is; i++)
		now[i] = next[i] = gain_at(t, t->gain_pos < t->params.fade ?
				t->gain_pos + i + 1 : t->params.fade);
	way_init(&way_now, &t->now, wobble_of(t, &t->now), n);
	if (crossfade) {
		crossfade_weights(t, now, next, n);
		way_init(&way_next, &t->next, wobble_of(t, &t->next), n);
	}

	for (c = 0; c < t->now.map->n_channels; c++) {
		float *d = dst[c] ? dst[c] + offset : NULL;

		if (d == NULL)
			continue;
		source_read(t, &t->now, &way_now, h, c, age, d, n);
		if (!as_it_is)
			multiply(d, now, n);
		if (!crossfade)
			continue;
		source_read(t, &t->next, &way_next, h, c, age, other, n);
		multiply(other, next, n);
		add_scaled(d, other, 1.0f, n);
	}
	advance(t, n);
	return n;
}

static void scale(float *dst, float gain, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		dst[i] *= gain;
}

/* Nothing moves: all n samples, a plain copy wherever it can be one */
static uint32_t process_settled(const struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t offset, uint32_t n)
{
	uint32_t delay = delay_at(&t->now, wobble_of(t, &t->now), 0), c, done, m;

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
			map_read(t->now.map, h, c, age - done + delay, d + done, m);
		}
		if (t->gain_to != 1.0f)
			scale(d, t->gain_to, n);
	}
	return n;
}

/* Is there anything to compute? */
static bool is_moving(const struct tap *t)
{
	if (t->state == TAP_CROSSFADE || t->gain_pos < t->params.fade)
		return true;
	return (t->state != TAP_SETTLED || !wobble_stands(&t->wobble)) && !tap_is_silent(t);
}

void tap_process(struct tap *t, const struct history *h, uint32_t age,
		float * const dst[], uint32_t n)
{
	uint32_t done = 0, m;

	spa_assert(age >= n && t->now.map != NULL);

	while (done < n) {
		m = t->wait > 0 ? SPA_MIN(n - done, t->wait) : n - done;
		if (!wobble_is_off(&t->wobble))
			m = SPA_MIN(m, wobble_aim(&t->wobble, h->frame - age + done));
		if (is_moving(t))
			m = process_moving(t, h, age - done, dst, done, m);
		else
			m = process_settled(t, h, age - done, dst, done, m);
		done += m;
		wobble_advance(&t->wobble, m);

		if (t->wait > 0 && (t->wait -= m) == 0) {
			t->delay = t->pending;
			aim(t);
		}
	}
}
