/* Speakers as they are, and what would be heard of them, in numbers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>

#include "track-plant.h"

#define SAMPLE_S	(1.0 / 48000.0)
#define SLEW		500e-6
#define PACKET_S	13.3e-3
#define DECAY_MAX_S	60e-3
#define DECAY_SEC	500.0
#define BAND_S		29e-3
#define BAND_TURN	3.9e-3
#define PI_HZ		0.03
#define SMOOTH_SEC	0.5
#define FILL_JITTER_S	0.5e-3
#define WRONG_S		0.5e-3
/* Windows until another response is taken for what there is, and until that was heard again */
#define ALTERED		7
#define LEARNING	2

double plant_random(struct plant *p)
{
	p->seed = p->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(p->seed >> 11) / (double)(1ull << 53);
}

double plant_gauss(struct plant *p)
{
	double u = plant_random(p) + 1e-12, v = plant_random(p);

	return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

double plant_now(const struct plant *p)
{
	return p->steps * PLANT_STEP_SEC;
}

static double between(struct plant *p, double from, double to)
{
	return from + (to - from) * plant_random(p);
}

void plant_init(struct plant *p, enum plant_kind kind, uint32_t n, uint64_t seed)
{
	uint32_t i;

	*p = (struct plant) {
		.seed = seed * 0x9e3779b97f4a7c15ull + 1, .n = n, .tracked = true,
		.window_sec = 12.0, .hop_sec = 3.0, .late_sec = 1.0,
		.sigma_s = 20e-6, .outliers = 0.01, .refusals = 0.15,
		.silence_every_sec = 180.0, .silence_sec = 20.0, .rates = true,
	};
	loop_init(&p->loop, false);
	for (i = 0; i < n; i++) {
		struct plant_speaker *s = &p->speakers[i];

		s->kind = kind;
		s->ppm = between(p, -40.0, 40.0);
		s->report_s = s->true_s = between(p, 0.03, 0.3);
		s->decay_s = between(p, 0.0, DECAY_MAX_S);
	}
}

static double turn_of(struct plant *p, struct plant_speaker *s)
{
	const double w = 2.0 * M_PI * PI_HZ;

	s->smooth_s += (s->fill_s + FILL_JITTER_S * plant_gauss(p) - s->smooth_s) * PLANT_STEP_SEC / SMOOTH_SEC;
	switch (s->kind) {
	case PLANT_PI:
		s->integral += s->smooth_s * PLANT_STEP_SEC;
		return M_SQRT2 * w * s->smooth_s + w * w * s->integral;
	case PLANT_DEADBAND:
		return s->smooth_s > BAND_S ? BAND_TURN : s->smooth_s < -BAND_S ? -BAND_TURN : 0.0;
	default:
		return 0.0;
	}
}

static double tau_s(const struct plant *p, const struct plant_speaker *s)
{
	double t = plant_now(p), moved = p->moved_at_sec > 0.0 ? SPA_CLAMPD((t - p->moved_at_sec) / 2.0, 0.0, 1.0) : 0.0;

	return s->true_s + s->fill_s + s->shift_s + (s->jump_at_sec > 0.0 && t >= s->jump_at_sec ? s->jump_s : 0.0) +
		moved * p->moved_s[s - p->speakers] -
		(s->kind == PLANT_DECAY ? s->decay_s * (1.0 - exp(-t / DECAY_SEC)) : 0.0);
}

static void play(struct plant *p, struct plant_speaker *s)
{
	s->turn = turn_of(p, s);
	s->fill_s += (s->ppm * 1e-6 - s->turn) * PLANT_STEP_SEC;
	if (s->lose_every_sec > 0.0 && plant_random(p) < PLANT_STEP_SEC / s->lose_every_sec) {
		s->shift_s -= s->kind == PLANT_PI || s->kind == PLANT_DEADBAND ? 0.0 : PACKET_S;
		s->fill_s -= s->kind == PLANT_PI || s->kind == PLANT_DEADBAND ? PACKET_S : 0.0;
	}
	s->past[p->steps % PLANT_PAST] = tau_s(p, s);
}

/* As the module does it: whole samples, slews, and what is more by a crossfade */
static void carry_out(struct plant_speaker *s, double wanted_s)
{
	const double error_s = wanted_s - s->correction_s, most_s = SLEW * PLANT_STEP_SEC;

	s->correction_s += fabs(error_s) >= 1e-3 ? error_s : SPA_CLAMPD(error_s, -most_s, most_s);
}

double plant_late_s(const struct plant *p, uint32_t i)
{
	const struct plant_speaker *s = &p->speakers[i];

	return s->past[(p->steps - 1) % PLANT_PAST] - s->report_s -
		round(s->correction_s / SAMPLE_S) * SAMPLE_S - s->place_s;
}

/* A straight line through what tau was in the window; returns by how much it is none */
static double fit(const struct plant *p, const struct plant_speaker *s, double *middle, double *slope)
{
	uint32_t n = lrint(p->window_sec / PLANT_STEP_SEC), k;
	double sum = 0.0, sum_kx = 0.0, sum_kk = 0.0, most = 0.0, centre = 0.5 * (n - 1);

	for (k = 0; k < n; k++) {
		double x = s->past[(p->steps - n + k) % PLANT_PAST];

		sum += x;
		sum_kx += (k - centre) * x;
		sum_kk += (k - centre) * (k - centre);
	}
	*middle = sum / n;
	*slope = sum_kx / sum_kk;
	for (k = 0; k < n; k++)
		most = fmax(most, fabs(s->past[(p->steps - n + k) % PLANT_PAST] - *middle - *slope * (k - centre)));
	*slope /= PLANT_STEP_SEC;
	return most;
}

static bool is_silent(const struct plant *p)
{
	return p->silence_every_sec > 0.0 && fmod(plant_now(p), p->silence_every_sec) >
		p->silence_every_sec - p->silence_sec;
}

/* The error of a window is that of its pieces, so windows that overlap have it in common */
static double error_of(const struct plant *p, const struct plant_speaker *s)
{
	uint32_t pieces = lrint(p->window_sec / p->hop_sec), hop = lrint(plant_now(p) / p->hop_sec), i;
	double sum = 0.0;

	for (i = 0; i < pieces; i++)
		sum += s->noise_s[(hop - i) % 64];
	return sum / pieces;
}

/* What leads a window astray may do so with any other that it is in */
static double wrong(struct plant *p, struct plant_speaker *s)
{
	const uint32_t all = lrint(p->window_sec / p->hop_sec);

	if (s->outlier_left > 0)
		s->outlier_left--;
	else if (plant_random(p) < p->outliers)
		s->outlier_left = all - 1;
	else
		return 0.0;
	if (s->outlier_left == all - 1)
		return s->outlier_s = plant_random(p) < 0.5 ? WRONG_S : -WRONG_S;
	return plant_random(p) < 0.5 ? s->outlier_s : 0.0;
}

static void hear(struct plant *p, uint32_t i, struct ear_track_heard *h)
{
	struct plant_speaker *s = &p->speakers[i];
	uint32_t hop = lrint(plant_now(p) / p->hop_sec);
	double bend, pieces = p->window_sec / p->hop_sec;

	*h = (struct ear_track_heard) { .reason = EAR_HEARD, .sigma_s = p->sigma_s, .confidence = 0.9,
		.placed = !s->faint };
	s->noise_s[hop % 64] = p->sigma_s * sqrt(pieces) * plant_gauss(p);
	bend = fit(p, s, &h->tau_s, &h->rate);
	h->tau_s += error_of(p, s) + p->microphone_s;
	/* A straight line's slope by its ends */
	h->rate_sigma = p->rates ? p->sigma_s * sqrt(12.0) / p->window_sec : INFINITY;
	h->rate += p->rates ? h->rate_sigma * plant_gauss(p) : 0.0;
	h->tau_s += wrong(p, s);
	if (s->deaf || is_silent(p))
		h->reason = EAR_TOO_QUIET;
	else if (p->moved_at_sec > 0.0 && plant_now(p) - p->window_sec / 2 > p->moved_at_sec && s->altered < ALTERED)
		h->reason = s->altered++ < ALTERED - LEARNING ? EAR_MOVED : EAR_LEARNING;
	else if (bend > 0.15e-3 || plant_random(p) < p->refusals)
		h->reason = EAR_INCONSISTENT;
}

static void listen(struct plant *p)
{
	const double now = plant_now(p);
	struct loop_window window = { now - p->window_sec, now };
	struct ear_track_heard heard[LOOP_SPEAKERS_MAX];
	uint32_t i;

	p->microphone_s += 30e-6 * plant_gauss(p);
	for (i = 0; i < p->n; i++)
		hear(p, i, &heard[i]);
	if (p->tracked)
		loop_heard(&p->loop, now + p->late_sec, &window, heard, p->n);
}

static void take_figures(struct plant *p, double from_sec)
{
	uint32_t i, j, k;

	if (plant_now(p) > from_sec + 60.0)
		p->worst_s = fmax(p->worst_s, plant_spread_s(p));
	for (i = 0; i < p->n; i++)
		for (j = 0; j < i; j++) {
			double skew;

			p->pairs++;
			if (p->tracked && (p->loop.speakers[i].state != LOOP_TRACKING ||
					p->loop.speakers[j].state != LOOP_TRACKING))
				continue;
			skew = fabs(plant_late_s(p, i) - plant_late_s(p, j));
			p->sum += skew * skew;
			p->count++;
			k = (uint32_t)fmin(skew / 2e-6, SPA_N_ELEMENTS(p->histogram) - 1);
			p->histogram[k]++;
		}
}

static void tick(struct plant *p, double from_sec)
{
	double before_s[LOOP_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < p->n && p->tracked; i++) {
		const struct plant_speaker *s = &p->speakers[i];

		before_s[i] = p->loop.speakers[i].stepped ? NAN : p->loop.speakers[i].tracked_s;
		loop_facts(&p->loop, i, plant_now(p), &(struct loop_facts) {
			.latency_s = s->report_s, .arrival_s = s->arrival_s, .trim_s = s->trim_s, .plays = true,
		});
	}
	if (p->tracked)
		loop_tick(&p->loop, plant_now(p));
	for (i = 0; i < p->n && p->tracked; i++)
		p->worst_step_s = fmax(p->worst_step_s, fabs(p->loop.speakers[i].tracked_s - before_s[i]));
	if (p->loop.moved && p->moved_told_sec == 0.0)
		p->moved_told_sec = plant_now(p);
	if (plant_now(p) > from_sec)
		take_figures(p, from_sec);
}

void plant_run(struct plant *p, double from_sec, double until_sec)
{
	const uint32_t second = lrint(1.0 / PLANT_STEP_SEC), hop = lrint(p->hop_sec / PLANT_STEP_SEC);
	uint32_t i;

	while (plant_now(p) < until_sec) {
		for (i = 0; i < p->n; i++) {
			play(p, &p->speakers[i]);
			carry_out(&p->speakers[i], p->loop.speakers[i].tracked_s);
		}
		p->steps++;
		if (p->steps % hop == 0 && plant_now(p) >= p->window_sec)
			listen(p);
		if (p->steps % second == 0)
			tick(p, from_sec);
	}
}

double plant_spread_s(const struct plant *p)
{
	double least = INFINITY, most = -INFINITY;
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (!p->speakers[i].deaf) {
			least = fmin(least, plant_late_s(p, i));
			most = fmax(most, plant_late_s(p, i));
		}
	return most - least;
}

double plant_rms_s(const struct plant *p)
{
	return sqrt(p->sum / p->count);
}

double plant_within_s(const struct plant *p, double part)
{
	double wanted = part * p->count, so_far = 0.0;
	uint32_t k;

	for (k = 0; k < SPA_N_ELEMENTS(p->histogram) - 1 && so_far < wanted; k++)
		so_far += p->histogram[k];
	return k * 2e-6;
}
