/* A room in numbers in which music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "air.h"
#include "ear-track-room.h"
#include "harness.h"

#define CHIP_SEC	1.0
#define MOVE_SEC	0.17
#define SPARE_SEC	2.0	/* music ahead of the first frame */
#define BLOCK		32768
#define SOUND		343.0	/* m/s */

/* A row of a Sylvester-Hadamard matrix of 16 by 16; chips in a scrambled order */
static double bit(uint32_t row, int64_t chip)
{
	static const uint32_t order[16] = { 5, 12, 2, 9, 15, 4, 10, 7, 0, 13, 6, 3, 8, 14, 1, 11 };

	return __builtin_parity((row + 1) & order[((chip % 16) + 16) % 16]);
}

/* 0 to 1, a cubic between chips */
static double code(uint32_t row, double t)
{
	double chip = floor(t / CHIP_SEC), x = (t - chip * CHIP_SEC) / MOVE_SEC;
	double to = bit(row, (int64_t)chip), from = bit(row, (int64_t)chip - 1);

	return x < 1 ? from + (to - from) * x * x * (3 - 2 * x) : to;
}

static void send(struct ear_track_room *room, const struct ear_track_room_options *o, uint32_t i, const float *music,
		const struct air_sinc *sinc, double delay)
{
	double samples = o->samples < 0 ? 0 : o->samples > 0 ? o->samples : 1;
	size_t k, n = room->n_frames, all = n + (size_t)((SPARE_SEC + 1) * AIR_RATE);
	double start = SPARE_SEC * AIR_RATE - round(delay * AIR_RATE);

	for (k = 0; k < n; k++) {
		double c = code(i, k / AIR_RATE), at = start + k - samples * c;
		float x = at == floor(at) ? music[(size_t)at] : air_sinc_read(sinc, music, all, at);

		room->sent[i][k] = x * (float)pow(10, o->gain_db * (c - 0.5) / 20);
	}
}

static void limit(float *x, size_t n, double times)
{
	double sum = 0, level = 0, top;
	size_t k;

	for (k = 0; k < n; k++)
		sum += (double)x[k] * x[k];
	top = times * sqrt(sum / n);
	for (k = 0; k < n; k++) {
		double a = fabs(x[k]);

		level += (a - level) * (a > level ? 1 / (0.001 * AIR_RATE) : 1 / (0.1 * AIR_RATE));
		if (level > top)
			x[k] *= (float)(top / level);
	}
}

/* y += x * h */
static void add_convolved(float *y, const float *x, size_t n, const float *h, uint32_t n_h)
{
	struct air_convolver c;
	size_t at, k;

	air_convolver_init(&c, BLOCK + n_h);
	for (at = 0; at < n; at += BLOCK) {
		uint32_t some = (uint32_t)SPA_MIN((size_t)BLOCK, n - at);

		air_convolve(&c, x + at, some, h, n_h);
		for (k = 0; k < some + n_h && at + k < n; k++)
			y[at + k] += c.time[k];
	}
	air_convolver_finish(&c);
}

double ear_track_room_tau(const struct ear_track_room *room, uint32_t i, double frame)
{
	double t = frame / AIR_RATE * (1 + room->mic), e = t - room->way_s[i];
	double jump = i == 0 && room->jump_at_s > 0 && e >= room->jump_at_s ? room->jump_s : 0;

	return frame / AIR_RATE - (e - room->tau_s[i] - jump) / (1 + room->drift[i]);
}

static void play(struct ear_track_room *room, const struct ear_track_room_options *o, uint32_t i, const float *h, uint32_t n_h,
		const struct air_sinc *sinc, float *air, float *work)
{
	size_t k, n = room->n_frames;
	float *x = malloc(n * sizeof(*x));

	memcpy(x, room->sent[i], n * sizeof(*x));
	if (o->sbc)
		air_code(x, n);
	if (o->limit > 0)
		limit(x, n, o->limit);
	for (k = 0; k < n; k++) {
		double e = k / AIR_RATE;
		double jump = i == 0 && room->jump_at_s > 0 && e >= room->jump_at_s ? room->jump_s : 0;

		work[k] = air_sinc_read(sinc, x, n, (e - room->tau_s[i] - jump) / (1 + room->drift[i]) * AIR_RATE);
	}
	add_convolved(air, work, n, h, n_h);
	free(x);
}

static double rms_of(const float *x, size_t n)
{
	double sum = 0;
	size_t k;

	for (k = 0; k < n; k++)
		sum += (double)x[k] * x[k];
	return sqrt(sum / n);
}

static void record(struct ear_track_room *room, const struct ear_track_room_options *o, const float *air,
		const struct air_sinc *sinc, double rms)
{
	float top = 0, cut;
	size_t k, n = room->n_frames;

	for (k = 0; k < n; k++) {
		double t = k * (1 + room->mic), away = o->walk_m_s * SPA_MAX(k / AIR_RATE - 15, 0.0) / SOUND * AIR_RATE;

		room->heard[k] = air_sinc_read(sinc, air, n, t - away) * (float)(0.05 / rms);
	}
	if (o->agc_slope > 0)
		air_ride_gain(room->heard, n, AIR_RATE, o->agc_slope);
	for (k = 0; k < n; k++)
		top = SPA_MAX(top, fabsf(room->heard[k]));
	cut = o->clip > 0 ? (float)(o->clip * top) : 1.0f;
	for (k = 0; k < n; k++)
		room->heard[k] = roundf(32767 * SPA_CLAMP(room->heard[k], -cut, cut)) / 32768;
}

void ear_track_room_init(struct ear_track_room *room, const struct ear_track_room_options *o)
{
	struct random r = { o->seed * 6151 + 3 };
	double t60 = o->t60_s > 0 ? o->t60_s : air_between(&r, 0.2, 0.8), rms, below;
	size_t n = (size_t)(o->seconds * AIR_RATE), all = n + (size_t)((SPARE_SEC + 1) * AIR_RATE), k;
	uint32_t i, n_h = (uint32_t)(1.1 * t60 * AIR_RATE);
	float *music[2], *air = calloc(n, sizeof(float)), *work = calloc(n, sizeof(float)), *h = calloc(n_h, sizeof(float));
	struct air_sinc *sinc = air_sinc_new(0.98);
	struct air_walls walls;

	*room = (struct ear_track_room) { .rate = AIR_RATE, .n_frames = n, .n_speakers = o->n_speakers,
		.mic = random_around(&r, o->mic_ppm * 1e-6), .jump_s = o->jump_ms / 1e3, .jump_at_s = o->jump_at_s };
	check(o->n_speakers <= EAR_TRACK_ROOM_SPEAKERS);
	for (i = 0; i < 2; i++) {
		music[i] = calloc(all, sizeof(float));
		if (i == 0 || o->stereo)
			music_fill(o->music, music[i], all, &r);
	}
	for (k = 0; o->stereo && k < all; k++) {	/* what is in the middle, and at the sides */
		float a = music[0][k], b = 0.5f * music[1][k];

		music[0][k] = 0.7f * (a + b);
		music[1][k] = 0.7f * (a - b);
	}
	for (k = 0; o->gap_s > 0 && k < all; k++) {
		double t = k / AIR_RATE - SPARE_SEC - o->gap_at_s;

		if (t >= 0 && t < o->gap_s)
			music[0][k] = music[1][k] = 0;
	}
	air_walls_init(&walls, &r, t60);
	below = o->direct_below_db;
	for (i = 0; i < o->n_speakers; i++) {
		double latency = air_between(&r, 0.1, 0.3), gain = i == 1 ? o->silent ? 0 : pow(10, -o->quiet_db / 20) : 1;
		struct random place = { o->seed * 977 + (o->together && i == 1 ? 0 : i) };
		float *mono = music[0];

		room->sent[i] = calloc(n, sizeof(float));
		if (o->stereo && i % 3 == 2) {
			mono = malloc(all * sizeof(float));
			for (k = 0; k < all; k++)
				mono[k] = 0.5f * (music[0][k] + music[1][k]);
		}
		send(room, o, i, o->stereo && i % 3 == 1 ? music[1] : mono, sinc, 0.4 - latency);
		if (mono != music[0])
			free(mono);
		room->tau_s[i] = latency + random_around(&r, o->spread_ms / 2e3);
		room->drift[i] = random_around(&r, o->drift_ppm * 1e-6);
		memset(h, 0, n_h * sizeof(float));
		room->way_s[i] = air_room_response(&walls, &place, sinc, below, h, n_h);
		air_speaker_response(&place, h, n_h);
		for (k = 0; k < n_h; k++)
			h[k] *= (float)gain;
		play(room, o, i, h, n_h, sinc, air, work);
	}
	rms = rms_of(air, n);
	air_add_noise(air, n, &r, rms * pow(10, -o->snr_db / 20));
	if (o->talk_db != 0)
		air_add_talk(air, n, &r, rms * pow(10, o->talk_db / 20));
	room->heard = calloc(n, sizeof(float));
	record(room, o, air, sinc, rms);
	for (i = 0; i < 2; i++)
		free(music[i]);
	free(air);
	free(work);
	free(h);
	free(sinc);
}

void ear_track_room_finish(struct ear_track_room *room)
{
	uint32_t i;

	for (i = 0; i < room->n_speakers; i++)
		free(room->sent[i]);
	free(room->heard);
	memset(room, 0, sizeof(*room));
}
