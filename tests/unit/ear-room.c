/* A room in numbers: speakers, walls, a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "air.h"
#include "ear-room.h"
#include "harness.h"

#define PLAYER		44100.0		/* rate of what is played */
#define LEVEL_DB	-20.0
#define MARGIN_SEC	0.5

/* What is played: the sweep, coded if so wanted */
static float *played(const struct ear_sweep *sweep, bool coded, uint32_t *n)
{
	float gain = (float)pow(10, LEVEL_DB / 20), *x;
	uint32_t i;

	*n = ear_sweep_frames(sweep, PLAYER) + 1024;
	x = calloc(*n, sizeof(*x));
	ear_sweep_fill(sweep, PLAYER, x);
	for (i = 0; i < *n; i++)
		x[i] *= gain;
	if (coded)
		air_code(x, *n);
	return x;
}

static void plan(struct ear_room *room, struct random *r, const struct ear_sweep *sweep, const struct ear_room_options *o,
		double *delay)
{
	uint32_t i, n = o->n_speakers, m = o->coarse ? n + 1 : 2 * n;
	double window = o->coarse ? 0.6 : 0.02, gap = sweep->seconds + (o->coarse ? 0.75 : 0.3);

	for (i = 0; i < n; i++)
		delay[i] = 0.6 + random_around(r, o->coarse ? 0.5 : 0.004);
	for (i = 0; i < m; i++) {
		struct ear_slot *s = &room->slots[i];

		s->speaker = o->coarse ? i % n : i < n ? i : m - 1 - i;
		room->emitted_s[i] = MARGIN_SEC + i * gap;
		s->expected = (room->emitted_s[i] + 0.6 + 0.008) * room->rate;
		s->before = s->after = window * room->rate;
		s->level_db = LEVEL_DB - (i >= n ? o->step_db : 0);
	}
	room->n_slots = m;
	room->at_s = 0.5 * (room->emitted_s[0] + room->emitted_s[m - 1] + sweep->seconds);
}

void ear_room_init(struct ear_room *room, const struct ear_sweep *sweep, const struct ear_room_options *o)
{
	struct random r = { o->seed * 7919 + 1 };
	double t60 = o->t60_s > 0 ? o->t60_s : air_between(&r, 0.2, 0.8), mic_ppm = random_around(&r, o->mic_ppm);
	double delay[EAR_ROOM_SPEAKERS], drift[EAR_ROOM_SPEAKERS], way[EAR_ROOM_SPEAKERS], power = 0, rms, ratio, top = 0;
	uint32_t i, k, n_played, n_h = (uint32_t)(1.1 * t60 * AIR_RATE), n_dry, n = o->n_speakers;
	struct air_sinc *sinc = air_sinc_new(0.98), *down;
	float *h[EAR_ROOM_SPEAKERS], *source = played(sweep, o->sbc, &n_played), *dry, *air;
	struct air_convolver conv;
	struct air_walls walls;
	size_t n_air;

	*room = (struct ear_room) { .rate = o->mic_rate > 0 ? o->mic_rate : 48000 };
	check(n <= EAR_ROOM_SPEAKERS);
	plan(room, &r, sweep, o, delay);
	air_walls_init(&walls, &r, t60);
	for (i = 0; i < n; i++) {
		h[i] = calloc(n_h, sizeof(float));
		way[i] = air_room_response(&walls, &r, sinc, o->direct_below_db, h[i], n_h);
		if (!o->plain)
			air_speaker_response(&r, h[i], n_h);
		drift[i] = random_around(&r, o->drift_ppm * 1e-6);
		room->late_s[i] = delay[i] + way[i] + drift[i] * room->at_s;
	}
	for (i = n; i-- > 0;)
		room->late_s[i] -= room->late_s[0];

	n_air = (size_t)((room->emitted_s[room->n_slots - 1] + sweep->seconds + 2.5) * AIR_RATE);
	air = calloc(n_air, sizeof(*air));
	n_dry = (uint32_t)(n_played * AIR_RATE / PLAYER) + 64;
	dry = calloc(n_dry, sizeof(*dry));
	air_convolver_init(&conv, n_dry + n_h);
	for (i = 0; i < room->n_slots; i++) {
		uint32_t s = room->slots[i].speaker;
		double e = room->emitted_s[i];
		size_t first = (size_t)((e + delay[s]) * AIR_RATE);
		double sum = 0;

		/* at the time t the speaker is at u of the player's: t = u + delay + drift u */
		for (k = 0; k < n_dry; k++) {
			double u = ((first + k) / AIR_RATE - delay[s]) / (1 + drift[s]), x;
			double peak = pow(10, LEVEL_DB / 20);

			x = air_sinc_read(sinc, source, n_played, (u - e) * PLAYER);
			x += o->harmonic * 2 * x * x / peak;
			dry[k] = (float)(x * pow(10, (room->slots[i].level_db - LEVEL_DB) / 20));
		}
		if (o->harmonic > 0)
			air_biquad(dry, n_dry, AIR_HIGHPASS, 60, M_SQRT1_2, 0);
		air_convolve(&conv, dry, n_dry, h[s], n_h);
		for (k = 0; k < n_dry + n_h && first + k < n_air; k++) {
			air[first + k] += conv.time[k];
			sum += k < n_dry ? (double)conv.time[k] * conv.time[k] : 0;
		}
		power += sum / n_dry / room->n_slots;
	}
	rms = sqrt(power);
	air_add_noise(air, n_air, &r, rms * pow(10, -(o->snr_db) / 20));
	if (o->talk_db != 0)
		air_add_talk(air, n_air, &r, rms * pow(10, o->talk_db / 20));

	/* by the microphone's clock */
	ratio = AIR_RATE / (room->rate * (1 + mic_ppm * 1e-6));
	down = air_sinc_new(SPA_MIN(0.95 / ratio, 0.95));
	room->n_frames = (size_t)(n_air / ratio);
	room->recording = calloc(room->n_frames, sizeof(float));
	for (k = 0; k < room->n_frames; k++) {
		room->recording[k] = air_sinc_read(down, air, n_air, k * ratio) * (float)(0.05 / rms);
		if (o->pop)
			room->recording[k] += (float)(0.9 * exp(-(double)k / (0.03 * room->rate)));
	}
	if (o->agc_slope > 0)
		air_ride_gain(room->recording, room->n_frames, room->rate, o->agc_slope);
	for (k = 0; k < room->n_frames; k++)
		top = SPA_MAX(top, fabsf(room->recording[k]));
	for (k = 0; k < room->n_frames; k++) {
		float limit = o->clip > 0 ? (float)(o->clip * top) : 1.0f;

		room->recording[k] = roundf(32767 * SPA_CLAMP(room->recording[k], -limit, limit)) / 32768;
	}
	if (o->lost > 0) {
		k = (uint32_t)(air_between(&r, 0.15, 0.9) * room->n_frames);
		memmove(room->recording + k, room->recording + k + o->lost, (room->n_frames - k - o->lost) * sizeof(float));
		room->n_frames -= o->lost;
		room->lost_at = k;
	}

	air_convolver_finish(&conv);
	for (i = 0; i < n; i++)
		free(h[i]);
	free(source);
	free(dry);
	free(air);
	free(sinc);
	free(down);
}

void ear_room_finish(struct ear_room *room)
{
	free(room->recording);
	memset(room, 0, sizeof(*room));
}
