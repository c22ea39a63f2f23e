/* Test: tap and roles */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/param/audio/raw.h>
#include <spa/utils/defs.h>

#include "harness.h"
#include "dsp/history.h"
#include "dsp/role.h"
#include "dsp/tap.h"

#define RATE		48000
#define FADE		1440		/* 30 ms: these two are checked against the tap's own */
#define NEAR		96		/* 2 ms */
#define TOTAL		24000
#define SINE_HZ		440.0

static const uint32_t stereo[] = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR };

/* What a tap is told, and when */
struct event {
	uint32_t at;			/**< in samples */
	double delay;
	float gain;
	enum role role;
};

struct scene {
	float in[2][TOTAL];
	float out[2][TOTAL];
	struct role_map maps[ROLE_N];
};

static void scene_noise(struct scene *s)
{
	uint32_t i, seed = 7;

	for (i = 0; i < TOTAL; i++) {
		s->in[0][i] = harness_noise(&seed);
		s->in[1][i] = harness_noise(&seed);
	}
}

static void scene_sine(struct scene *s)
{
	uint32_t i;

	for (i = 0; i < TOTAL; i++)
		s->in[0][i] = s->in[1][i] = sinf((float)(2 * M_PI * SINE_HZ * i / RATE));
}

static void start_tap(struct tap *t)
{
	struct tap_params params = { .delay_max = 10000, .interpolator = interpolator_get() };

	tap_params_set_rate(&params, RATE);
	check_int(params.fade, FADE);
	check_int(params.near, NEAR);
	tap_init(t, &params);
}

/* Without slews: those are in test-tap-slew.c */
static void set_tap(struct tap *t, double delay, float gain, const struct role_map *map)
{
	check(tap_set(t, &(struct tap_target) { .delay = delay, .gain = gain, .map = map }));
}

/* block 0: of random sizes; no block reaches over an event */
static void scene_run(struct scene *s, const struct event *events, uint32_t n_events, uint32_t block)
{
	struct history h;
	struct tap t;
	uint32_t at, n, c, e = 0, seed = 3;

	check_int(history_init(&h, 2, 16384), 0);
	for (c = 0; c < ROLE_N; c++)
		role_map_init(&s->maps[c], c, stereo, 2);
	start_tap(&t);

	for (at = 0; at < TOTAL; at += n) {
		float *dst[ROLE_CHANNELS_MAX] = { s->out[0] + at, s->out[1] + at };

		for (; e < n_events && events[e].at == at; e++)
			set_tap(&t, events[e].delay, events[e].gain, &s->maps[events[e].role]);
		n = block ? block : 1 + (uint32_t)((harness_noise(&seed) + 1.0f) * 700);
		n = SPA_MIN(n, (e < n_events ? events[e].at : TOTAL) - at);
		for (c = 0; c < 2; c++)
			history_write(&h, c, s->in[c] + at, n, n);
		history_advance(&h, n);
		tap_process(&t, &h, n, dst, n);
	}
	history_finish(&h);
}

static struct scene scene, other;

static void a_whole_delay_is_exact(void)
{
	static const uint32_t delays[] = { 0, 1, 2, 31, 1024, 4801 };
	uint32_t i, d, c;

	scene_noise(&scene);
	for (i = 0; i < SPA_N_ELEMENTS(delays); i++) {
		struct event events[] = { { 0, delays[i], 1.0f, ROLE_STEREO } };

		d = delays[i];
		scene_run(&scene, events, 1, 0);
		for (c = 0; c < 2; c++)
			check(memcmp(scene.out[c] + d + FADE, scene.in[c] + FADE,
					(TOTAL - d - FADE) * sizeof(float)) == 0);
	}
}

static void a_delay_between_samples_takes_the_nearest(void)
{
	struct event events[] = { { 0, 99.6, 1.0f, ROLE_STEREO } };

	scene_noise(&scene);
	scene_run(&scene, events, 1, 512);
	check(memcmp(scene.out[0] + 100 + FADE, scene.in[0] + FADE,
			(TOTAL - 100 - FADE) * sizeof(float)) == 0);
}

static void the_start_is_a_ramp_from_silence(void)
{
	struct event events[] = { { 0, 0, 1.0f, ROLE_STEREO } };
	uint32_t i;

	for (i = 0; i < TOTAL; i++)
		scene.in[0][i] = scene.in[1][i] = 1.0f;
	scene_run(&scene, events, 1, 0);
	for (i = 0; i < FADE; i++) {
		double u = (i + 1.0) / FADE;

		check(fabs(scene.out[0][i] - u * u * (3 - 2 * u)) < 1e-6);
	}
	check(scene.out[0][FADE] == 1.0f);
}

static const struct event busy[] = {
	{ 0, 480, 1.0f, ROLE_STEREO },
	{ 3000, 500, 0.5f, ROLE_STEREO },
	{ 3400, 4000, 0.7f, ROLE_LEFT },	/* in the middle of the crossfade and the ramp */
	{ 4000, 100, 0.2f, ROLE_MONO },		/* and again: only this one is taken */
	{ 9000, 100, 0.0f, ROLE_MONO },
	{ 12000, 7, 1.0f, ROLE_RIGHT },		/* while silent */
	{ 16000, 2000, 0.3f, ROLE_STEREO },
};

static void blocks_of_any_size_give_the_same_samples(void)
{
	static const uint32_t blocks[] = { 1, 16, 255, 256, 257, 1024, 8192 };
	uint32_t i;

	scene_noise(&scene);
	scene_noise(&other);
	scene_run(&scene, busy, SPA_N_ELEMENTS(busy), 0);
	for (i = 0; i < SPA_N_ELEMENTS(blocks); i++) {
		scene_run(&other, busy, SPA_N_ELEMENTS(busy), blocks[i]);
		check(memcmp(scene.out, other.out, sizeof(scene.out)) == 0);
	}
}

static void a_target_that_comes_during_a_crossfade_is_taken_after_it(void)
{
	struct event events[] = {
		{ 0, 0, 1.0f, ROLE_STEREO },
		{ 4000, 1000, 1.0f, ROLE_STEREO },
		{ 4500, 3000, 1.0f, ROLE_STEREO },
		{ 4600, 2000, 1.0f, ROLE_STEREO },
	};
	uint32_t i;

	/* The delay shows as the offset of a ramp */
	for (i = 0; i < TOTAL; i++)
		scene.in[0][i] = scene.in[1][i] = i;
	scene_run(&scene, events, SPA_N_ELEMENTS(events), 0);

	for (i = FADE; i < 4000; i++)
		check(scene.out[0][i] == i);
	for (i = 4000 + 2 * FADE; i < TOTAL; i++)
		check(scene.out[0][i] == i - 2000);

	scene_run(&other, events, 2, 0);
	scene_run(&scene, events, SPA_N_ELEMENTS(events), 0);
	for (i = 0; i < TOTAL; i++)
		other.in[0][i] = other.in[1][i] = i;
	scene_run(&other, events, 2, 0);
	check(memcmp(scene.out[0], other.out[0], (4000 + FADE) * sizeof(float)) == 0);
}

static float steepest(const float *x, uint32_t n)
{
	float max = 0.0f;
	uint32_t i;

	for (i = 1; i < n; i++)
		max = fmaxf(max, fabsf(x[i] - x[i - 1]));
	return max;
}

/* A click is a step that the signal itself would not make. Both sides of an
 * equal power crossfade add up to sqrt(2) of its own steepest step, and the
 * weights add their own slope: each sqrt(2) * 1.5 / fade at most. */
static void a_crossfade_does_not_click(void)
{
	static const double moves[] = { 1, 20, 54.5, 95, 96, 109, 1000, 9000 };
	float own, bound, worst = 0.0f;
	uint32_t i;

	scene_sine(&scene);
	own = steepest(scene.in[0], TOTAL);
	bound = (float)(M_SQRT2 * (own + 2 * 1.5 / FADE));
	for (i = 0; i < SPA_N_ELEMENTS(moves); i++) {
		struct event events[] = {
			{ 0, 0, 1.0f, ROLE_STEREO },
			{ 12000, moves[i], 1.0f, ROLE_STEREO },
			{ 18000, 3, 1.0f, ROLE_STEREO },
		};

		scene_run(&scene, events, SPA_N_ELEMENTS(events), 0);
		worst = fmaxf(worst, steepest(scene.out[0], TOTAL));
	}
	note("steepest step %.5f, the signal's own %.5f, bound %.5f", worst, own, bound);
	check(worst <= bound);
}

static void a_ramp_or_a_role_does_not_click(void)
{
	struct event events[] = {
		{ 0, 0, 1.0f, ROLE_STEREO },
		{ 4000, 0, 0.2f, ROLE_STEREO },
		{ 4700, 0, 1.0f, ROLE_STEREO },
		{ 9000, 0, 1.0f, ROLE_MONO },
		{ 13000, 0, 0.0f, ROLE_MONO },
		{ 17000, 5000, 1.0f, ROLE_LEFT },
	};
	float own, bound, worst;

	scene_sine(&scene);
	own = steepest(scene.in[0], TOTAL);
	bound = own + 2 * 1.5f / FADE;	/* equal gain: never above the signal's own, plus the slope */
	scene_run(&scene, events, SPA_N_ELEMENTS(events), 0);
	worst = steepest(scene.out[0], TOTAL);
	note("steepest step %.5f, bound %.5f", worst, bound);
	check(worst <= bound);
}

/* Of a constant signal all that is not straight is the gain's: where a ramp of D is steepest
 * its slope is 1.5 D / T, and it bends by 6 D / T^2 at most */
static void a_gain_that_changes_in_the_middle_of_a_ramp_has_no_corner(void)
{
	static const uint32_t at[] = { 10, 300, FADE / 2, FADE - 10 };
	const float bound = 6.0f / FADE / FADE + 2e-7f;	/* and rounding */
	float bend, worst = 0.0f;
	uint32_t i, k;

	for (i = 0; i < TOTAL; i++)
		scene.in[0][i] = scene.in[1][i] = 1.0f;
	for (k = 0; k < SPA_N_ELEMENTS(at); k++) {
		struct event events[] = {
			{ 0, 0, 1.0f, ROLE_STEREO },
			{ 4000, 0, 0.0f, ROLE_STEREO },
			{ 4000 + at[k], 0, 0.6f, ROLE_STEREO },
		};

		scene_run(&scene, events, SPA_N_ELEMENTS(events), 0);
		for (i = 1; i + 1 < TOTAL; i++) {
			bend = scene.out[0][i - 1] - 2 * scene.out[0][i] + scene.out[0][i + 1];
			worst = fmaxf(worst, fabsf(bend));
		}
		check(scene.out[0][4000 + 2 * FADE] == 0.6f);
	}
	note("bends by %.2e, bound %.2e", worst, bound);
	check(worst <= bound);
}

static double power(const float *x, uint32_t n)
{
	double sum = 0.0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
	return sum / n;
}

static void a_far_move_keeps_the_power(void)
{
	struct event events[] = {
		{ 0, 0, 1.0f, ROLE_STEREO },
		{ 8000, 3000, 1.0f, ROLE_STEREO },
	};
	double db;

	scene_noise(&scene);
	scene_run(&scene, events, 2, 0);
	/* 1440 samples of noise: its power is known to about 0.3 dB */
	db = 10 * log10(power(scene.out[0] + 8000, FADE) / power(scene.in[0], TOTAL));
	note("%.2f dB", db);
	check(fabs(db) < 0.5);
}

static void a_near_move_keeps_the_level(void)
{
	struct event events[] = {
		{ 0, 0, 1.0f, ROLE_STEREO },
		{ 8000, NEAR - 1, 1.0f, ROLE_STEREO },
	};
	uint32_t i;

	for (i = 0; i < TOTAL; i++)
		scene.in[0][i] = scene.in[1][i] = 0.5f;
	scene_run(&scene, events, 2, 0);
	for (i = 8000; i < TOTAL; i++)
		check(fabsf(scene.out[0][i] - 0.5f) < 1e-6f);
}

static void a_gain_scales_and_never_lifts(void)
{
	struct event events[] = { { 0, 10, 0.25f, ROLE_STEREO } };
	uint32_t i;

	scene_noise(&scene);
	scene_run(&scene, events, 1, 0);
	for (i = FADE; i + 10 < TOTAL; i++)
		check(scene.out[0][i + 10] == scene.in[0][i] * 0.25f);
	for (i = 0; i < FADE; i++)
		check(fabsf(scene.out[0][i + 10]) <= fabsf(scene.in[0][i]));
}

static void roles_pick_their_channels(void)
{
	static const enum role roles[] = { ROLE_STEREO, ROLE_LEFT, ROLE_RIGHT, ROLE_MONO };
	uint32_t r, i;

	scene_noise(&scene);
	for (r = 0; r < SPA_N_ELEMENTS(roles); r++) {
		struct event events[] = { { 0, 5, 1.0f, roles[r] } };

		scene_run(&scene, events, 1, 0);
		for (i = FADE; i + 5 < TOTAL; i++) {
			float l = scene.in[0][i], x = scene.in[1][i], m = 0.5f * l + 0.5f * x;
			float a = scene.out[0][i + 5], b = scene.out[1][i + 5];

			switch (roles[r]) {
			case ROLE_STEREO: check(a == l && b == x); break;
			case ROLE_LEFT: check(a == l && b == l); break;
			case ROLE_RIGHT: check(a == x && b == x); break;
			default: check(a == m && b == m); break;
			}
		}
	}
}

/* The same at full scale in all channels: what is added up must not be more */
static void no_role_is_louder_than_its_source(void)
{
	static const uint32_t positions[] = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR,
		SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_LFE, SPA_AUDIO_CHANNEL_RL, SPA_AUDIO_CHANNEL_RR,
		SPA_AUDIO_CHANNEL_SL, SPA_AUDIO_CHANNEL_SR };
	static const uint32_t aux[ROLE_CHANNELS_MAX] = { SPA_AUDIO_CHANNEL_AUX0 };
	struct role_map map;
	float most = 0.0f, sum;
	uint32_t n, port, i, known;
	int role;

	for (n = 1; n <= ROLE_CHANNELS_MAX; n++)
		for (role = 0; role < ROLE_N; role++)
			for (known = 0; known < 2; known++) {
				role_map_init(&map, role, known ? positions : aux, n);
				for (port = 0; port < n; port++) {
					for (i = 0, sum = 0.0f; i < n; i++)
						sum += fabsf(map.weight[port][i]);
					most = fmaxf(most, sum);
				}
			}
	note("at most %.3f dB", 20 * log10(most));
	/* sevenths are rounded */
	check(most <= 1.0f + 0x1p-22f);
}

static void roles_follow_positions(void)
{
	static const uint32_t swapped[] = {
		SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_FL
	};
	static const uint32_t aux[] = { SPA_AUDIO_CHANNEL_AUX0, SPA_AUDIO_CHANNEL_AUX1,
		SPA_AUDIO_CHANNEL_AUX2, SPA_AUDIO_CHANNEL_AUX3 };
	static const uint32_t mono[] = { SPA_AUDIO_CHANNEL_MONO };
	struct role_map map;
	uint32_t i;

	role_map_init(&map, ROLE_LEFT, swapped, 3);
	check_int(map.direct[0], 2);
	role_map_init(&map, ROLE_RIGHT, swapped, 3);
	check_int(map.direct[2], 1);
	role_map_init(&map, ROLE_MONO, swapped, 3);
	check(map.weight[0][0] == 0.0f && map.weight[0][1] == 0.5f && map.weight[0][2] == 0.5f);

	role_map_init(&map, ROLE_MONO, aux, 4);
	for (i = 0; i < 4; i++)
		check(map.weight[3][i] == 0.25f);
	role_map_init(&map, ROLE_RIGHT, aux, 4);
	check_int(map.direct[0], 1);

	for (i = 0; i < ROLE_N; i++) {
		role_map_init(&map, i, mono, 1);
		check_int(map.direct[0], 0);
	}
}

static void role_names_go_both_ways(void)
{
	int i;

	for (i = 0; i < ROLE_N; i++)
		check_int(role_from_name(role_name(i)), i);
	check_int(role_from_name("Left"), -EINVAL);
	check_int(role_from_name(""), -EINVAL);
}

static void a_channel_that_nobody_takes_is_skipped(void)
{
	struct role_map map;
	struct history h;
	struct tap t;
	float one[2000], out[2000];
	float *dst[ROLE_CHANNELS_MAX] = { NULL, out };
	uint32_t i;

	for (i = 0; i < 2000; i++)
		one[i] = 1.0f;
	role_map_init(&map, ROLE_STEREO, stereo, 2);
	check_int(history_init(&h, 2, 4096), 0);
	start_tap(&t);
	set_tap(&t, 0, 1.0f, &map);
	history_write(&h, 0, one, 2000, 2000);
	history_write(&h, 1, one, 2000, 2000);
	history_advance(&h, 2000);
	tap_process(&t, &h, 2000, dst, 2000);
	check(out[FADE] == 1.0f);
	history_finish(&h);
}

static void a_tap_is_silent_until_told_and_after_its_gain_went(void)
{
	struct role_map map;
	struct history h;
	struct tap t;
	float *dst[ROLE_CHANNELS_MAX] = { 0 };

	role_map_init(&map, ROLE_STEREO, stereo, 2);
	check_int(history_init(&h, 2, 4096), 0);
	start_tap(&t);
	check(tap_is_silent(&t));
	set_tap(&t, 0, 1.0f, &map);
	check(!tap_is_silent(&t));
	tap_process(&t, &h, FADE, dst, FADE);
	set_tap(&t, 0, 0.0f, &map);
	check(!tap_is_silent(&t));
	tap_process(&t, &h, FADE, dst, FADE);
	check(tap_is_silent(&t));
	history_finish(&h);
}

int main(void)
{
	run(a_whole_delay_is_exact);
	run(a_delay_between_samples_takes_the_nearest);
	run(the_start_is_a_ramp_from_silence);
	run(blocks_of_any_size_give_the_same_samples);
	run(a_target_that_comes_during_a_crossfade_is_taken_after_it);
	run(a_crossfade_does_not_click);
	run(a_ramp_or_a_role_does_not_click);
	run(a_far_move_keeps_the_power);
	run(a_near_move_keeps_the_level);
	run(a_gain_that_changes_in_the_middle_of_a_ramp_has_no_corner);
	run(a_gain_scales_and_never_lifts);
	run(roles_pick_their_channels);
	run(no_role_is_louder_than_its_source);
	run(roles_follow_positions);
	run(role_names_go_both_ways);
	run(a_channel_that_nobody_takes_is_skipped);
	run(a_tap_is_silent_until_told_and_after_its_gain_went);
	return harness_finish();
}
