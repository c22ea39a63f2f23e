/* A tap with its ring, in a test */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_TAP_PLAYER_H
#define TESTS_TAP_PLAYER_H

#include <math.h>

#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/history.h"
#include "dsp/tap.h"

#define RING		16384
#define BLOCK_MAX	8192
#define RATE		48000
#define PPM		1e-6

/* A tap with its ring, fed one block after the other with a signal that is a function of
 * the time */
struct player {
	struct history history;
	struct role_map map;
	struct tap tap;
	uint32_t rate;
	uint32_t at;			/* samples played */
	double w;			/* of a sine; 0: noise */
	struct wobble_params wobble;	/* asked for with each delay */
};

static inline float signal_at(const struct player *p, uint32_t i)
{
	if (p->w > 0)
		return sin(p->w * i);
	/* a hash, so that any sample can be asked for */
	i = (i ^ 61) ^ (i >> 16);
	i *= 9;
	i ^= i >> 4;
	i *= 0x27d4eb2d;
	i ^= i >> 15;
	return (float)(int32_t)i / 0x1p31f;
}

static inline void player_start(struct player *p, uint32_t rate, double hz, double delay)
{
	static const uint32_t mono[] = { SPA_ID_INVALID };
	struct tap_params params = {
		.delay_max = RING - BLOCK_MAX - TAP_REACH,
		.interpolator = interpolator_get(),
	};

	spa_zero(*p);
	p->rate = rate;
	p->w = 2 * M_PI * hz / rate;
	check_int(history_init(&p->history, 1, RING), 0);
	role_map_init(&p->map, ROLE_STEREO, mono, 1);
	tap_params_set_rate(&params, rate);
	tap_init(&p->tap, &params);
	tap_set(&p->tap, &(struct tap_target) { .delay = delay, .gain = 1.0f, .map = &p->map });
}

static inline void player_finish(struct player *p)
{
	history_finish(&p->history);
}

static inline void play(struct player *p, float *dst, uint32_t n)
{
	float in[BLOCK_MAX];
	float *outs[ROLE_CHANNELS_MAX] = { dst };
	uint32_t i;

	for (i = 0; i < n; i++)
		in[i] = signal_at(p, p->at + i);
	history_write(&p->history, 0, in, n, n);
	history_advance(&p->history, n);
	tap_process(&p->tap, &p->history, n, outs, n);
	p->at += n;
}

static inline void pass(struct player *p, uint32_t n)
{
	static float nowhere[BLOCK_MAX];
	uint32_t m;

	for (; n > 0; n -= m) {
		m = SPA_MIN(n, 1024u);
		play(p, nowhere, m);
	}
}

static inline bool go(struct player *p, double delay, double ppm, uint32_t wait)
{
	return tap_set(&p->tap, &(struct tap_target) {
		.delay = delay, .wait = wait, .speed = ppm * PPM, .wobble = p->wobble, .gain = 1.0f, .map = &p->map,
	});
}

static inline bool slew_to(struct player *p, double delay)
{
	return go(p, delay, 500, 0);
}

/* The next n samples are those of this delay, bit for bit */
static inline void check_copy(struct player *p, uint32_t delay, uint32_t n)
{
	float out[BLOCK_MAX];
	uint32_t i, m;

	for (; n > 0; n -= m) {
		m = SPA_MIN(n, 1000u);
		play(p, out, m);
		for (i = 0; i < m; i++)
			check(out[i] == signal_at(p, p->at - m + i - delay));
	}
}

static inline double delay_now(const struct player *p)
{
	return slew_delay(&p->tap.now.delay, 0);
}

static inline void until_settled(struct player *p)
{
	uint32_t i;

	for (i = 0; p->tap.state != TAP_SETTLED || p->tap.wait > 0; i++) {
		check(i < 1000000);
		pass(p, 100);
	}
}

#endif /* TESTS_TAP_PLAYER_H */
