/* A room in numbers: speakers, walls, a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kiss_fftr.h>
#ifdef HAVE_SBC
#include <sbc/sbc.h>
#endif
#include <spa/utils/defs.h>

#include "ear-room.h"
#include "harness.h"
#include "random.h"

#define AIR		48000.0		/* rate of what is in the air */
#define PLAYER		44100.0		/* and of what is played */
#define SOUND		343.0		/* m/s */
#define LEVEL_DB	-20.0
#define IMAGES_SEC	0.06		/* reflections one by one; then they are too many */
#define MARGIN_SEC	0.5

/* Windowed sinc, Kaiser beta 9, with PHASES steps from sample to sample */
#define TAPS		32
#define PHASES		512

static double gauss(struct random *r)
{
	return sqrt(-2 * log(1 - random_unit(r))) * cos(2 * M_PI * random_unit(r));
}

static double between(struct random *r, double a, double b)
{
	return a + (b - a) * random_unit(r);
}

static double bessel(double x)
{
	double sum = 1, term = 1;
	int k;

	for (k = 1; k < 40; k++)
		sum += term *= x * x / (4.0 * k * k);
	return sum;
}

struct sinc {
	float taps[PHASES + 1][TAPS];
};

/* cutoff: of the rate of what is read, 1 is half of it */
static struct sinc *sinc_new(double cutoff)
{
	struct sinc *s = malloc(sizeof(*s));
	int p, t;

	for (p = 0; p <= PHASES; p++)
		for (t = 0; t < TAPS; t++) {
			double x = t - (TAPS / 2 - 1) - (double)p / PHASES, u = x / (TAPS / 2);
			double w = fabs(u) < 1 ? bessel(9 * sqrt(1 - u * u)) / bessel(9) : 0;

			s->taps[p][t] = (float)(w * (x == 0 ? cutoff : sin(M_PI * cutoff * x) / (M_PI * x)));
		}
	return s;
}

static float sinc_read(const struct sinc *s, const float *x, size_t n, double at)
{
	int64_t first = (int64_t)floor(at);
	double phase = (at - first) * PHASES;
	int p = (int)phase, t;
	float f = (float)(phase - p), sum = 0;

	if (first < -TAPS || first > (int64_t)n + TAPS)
		return 0;
	for (t = 0; t < TAPS; t++) {
		int64_t i = first + t - (TAPS / 2 - 1);

		if (i >= 0 && i < (int64_t)n)
			sum += x[i] * (s->taps[p][t] + f * (s->taps[p + 1][t] - s->taps[p][t]));
	}
	return sum;
}

/* A pulse at a place between samples */
static void sinc_add(const struct sinc *s, float *x, size_t n, double at, double gain)
{
	int64_t first = (int64_t)floor(at);
	int p = (int)lrint((at - first) * PHASES), t;

	for (t = 0; t < TAPS; t++) {
		int64_t i = first + t - (TAPS / 2 - 1);

		if (i >= 0 && i < (int64_t)n)
			x[i] += (float)(gain * s->taps[PHASES - p][TAPS - 1 - t]);
	}
}

/* Second order sections: Robert Bristow-Johnson's cookbook */
enum biquad_kind { LOWPASS, HIGHPASS, PEAKING };

static void biquad(float *x, size_t n, enum biquad_kind kind, double hz, double q, double gain_db)
{
	double w = 2 * M_PI * hz / AIR, c = cos(w), alpha = sin(w) / (2 * q), A = pow(10, gain_db / 40);
	double a0 = 1 + alpha, a1 = -2 * c, a2 = 1 - alpha, b0, b1, b2, z1 = 0, z2 = 0;
	size_t i;

	switch (kind) {
	case LOWPASS:
		b0 = b2 = (1 - c) / 2;
		b1 = 1 - c;
		break;
	case HIGHPASS:
		b0 = b2 = (1 + c) / 2;
		b1 = -1 - c;
		break;
	default:
		a0 = 1 + alpha / A;
		a2 = 1 - alpha / A;
		b0 = 1 + alpha * A;
		b1 = a1;
		b2 = 1 - alpha * A;
		break;
	}
	for (i = 0; i < n; i++) {
		double in = x[i], y = b0 / a0 * in + z1;

		z1 = b1 / a0 * in - a1 / a0 * y + z2;
		z2 = b2 / a0 * in - a2 / a0 * y;
		x[i] = (float)y;
	}
}

struct convolver {
	uint32_t n;
	kiss_fftr_cfg forward, inverse;
	float *time;
	kiss_fft_cpx *a, *b;
};

static void convolver_init(struct convolver *c, uint32_t n)
{
	c->n = kiss_fftr_next_fast_size_real(n);
	c->forward = kiss_fftr_alloc(c->n, 0, NULL, NULL);
	c->inverse = kiss_fftr_alloc(c->n, 1, NULL, NULL);
	c->time = calloc(c->n, sizeof(float));
	c->a = calloc(c->n / 2 + 1, sizeof(kiss_fft_cpx));
	c->b = calloc(c->n / 2 + 1, sizeof(kiss_fft_cpx));
}

static void convolver_finish(struct convolver *c)
{
	kiss_fftr_free(c->forward);
	kiss_fftr_free(c->inverse);
	free(c->time);
	free(c->a);
	free(c->b);
}

/* c->time = x * y */
static void convolve(struct convolver *c, const float *x, uint32_t nx, const float *y, uint32_t ny)
{
	uint32_t i;

	memset(c->time, 0, c->n * sizeof(float));
	memcpy(c->time, x, nx * sizeof(float));
	kiss_fftr(c->forward, c->time, c->a);
	memset(c->time, 0, c->n * sizeof(float));
	memcpy(c->time, y, ny * sizeof(float));
	kiss_fftr(c->forward, c->time, c->b);
	for (i = 0; i <= c->n / 2; i++) {
		kiss_fft_cpx a = c->a[i], b = c->b[i];

		c->a[i].r = (a.r * b.r - a.i * b.i) / c->n;
		c->a[i].i = (a.r * b.i + a.i * b.r) / c->n;
	}
	kiss_fftri(c->inverse, c->a, c->time);
}

/* A box, its walls' reflection, and where the microphone stands */
struct walls {
	double size[3], mic[3], beta, t60;
};

static void walls_init(struct walls *w, struct random *r, double t60)
{
	double *s = w->size, surface;
	int i;

	s[0] = between(r, 3, 8);
	s[1] = between(r, 2.8, 6);
	s[2] = between(r, 2.4, 3);
	w->t60 = t60;
	surface = 2 * (s[0] * s[1] + s[1] * s[2] + s[0] * s[2]);
	/* Eyring */
	w->beta = sqrt(exp(-0.161 * s[0] * s[1] * s[2] / (surface * t60)));
	for (i = 0; i < 3; i++)
		w->mic[i] = s[i] * between(r, 0.2, 0.8);
	w->mic[2] = between(r, 0.6, 1.2);
}

/* Allen and Berkley's image sources, then noise that decays as they do; returns the direct sound's way in s */
static double room_response(const struct walls *w, struct random *r, const struct sinc *sinc, double below_db,
		float *h, uint32_t n)
{
	double place[3], direct = 0, strongest = 0, energy = 0, level;
	int x, y, z, i, reach = (int)(IMAGES_SEC * SOUND / w->size[2]) / 2 + 2;
	uint32_t from = (uint32_t)(0.6 * IMAGES_SEC * AIR), to = (uint32_t)(0.9 * IMAGES_SEC * AIR), k;
	double table = random_unit(r) < 0.5 ? between(r, 0.2, 0.7) : 0, table_s = between(r, 0.3e-3, 1e-3);

	do {
		for (direct = 0, i = 0; i < 3; i++) {
			place[i] = w->size[i] * between(r, 0.08, 0.92);
			direct += (place[i] - w->mic[i]) * (place[i] - w->mic[i]);
		}
		direct = sqrt(direct);
	} while (direct < 0.7);

	for (x = -2 * reach; x <= 2 * reach; x++)
		for (y = -2 * reach; y <= 2 * reach; y++)
			for (z = -2 * reach; z <= 2 * reach; z++) {
				const int at[3] = { x, y, z };
				double d2 = 0, gain;
				int bounces = abs(x) + abs(y) + abs(z);

				for (i = 0; i < 3; i++) {
					double image = at[i] & 1 ? (at[i] + 1) * w->size[i] - place[i] : at[i] * w->size[i] + place[i];

					image += bounces > 0 ? random_around(r, 0.03) : 0;
					d2 += (image - w->mic[i]) * (image - w->mic[i]);
				}
				if (bounces == 0 || sqrt(d2) / SOUND > IMAGES_SEC)
					continue;
				gain = pow(w->beta, bounces) / sqrt(d2);
				strongest = SPA_MAX(strongest, gain);
				sinc_add(sinc, h, n, sqrt(d2) / SOUND * AIR, gain);
			}
	for (k = from; k < to; k++)
		energy += (double)h[k] * h[k] * exp(13.8 * (k / AIR) / w->t60);
	level = sqrt(energy / (to - from));
	for (k = to; k < n; k++)
		h[k] = (float)(SPA_MIN((k - to) / (0.1 * IMAGES_SEC * AIR), 1.0) *
				level * exp(-6.9 * (k / AIR) / w->t60) * gauss(r));
	level = below_db > 0 ? strongest * pow(10, -between(r, 0, below_db) / 20) : 1 / direct;
	sinc_add(sinc, h, n, direct / SOUND * AIR, level);
	/* what a table adds */
	sinc_add(sinc, h, n, (direct / SOUND + table_s) * AIR, level * table);
	return direct / SOUND;
}

static void speaker_response(struct random *r, float *x, uint32_t n)
{
	double low = between(r, 80, 180), high = between(r, 7500, 18000);
	bool steep = random_unit(r) < 0.5, late_bass = random_unit(r) < 0.2;
	uint32_t i, late = (uint32_t)(between(r, 0.005, 0.03) * AIR);

	if (late_bass) {
		float *bass = malloc(n * sizeof(*bass));

		memcpy(bass, x, n * sizeof(*bass));
		for (i = 0; i < 2; i++) {
			biquad(bass, n, LOWPASS, 150, M_SQRT1_2, 0);
			biquad(x, n, HIGHPASS, 150, M_SQRT1_2, 0);
		}
		for (i = late; i < n; i++)
			x[i] += bass[i - late];
		free(bass);
	}
	biquad(x, n, HIGHPASS, low, steep ? 0.54 : M_SQRT1_2, 0);
	biquad(x, n, LOWPASS, high, steep ? 0.54 : M_SQRT1_2, 0);
	if (steep) {
		biquad(x, n, HIGHPASS, low, 1.31, 0);
		biquad(x, n, LOWPASS, high, 1.31, 0);
	}
	for (i = 0; i < 3; i++)
		biquad(x, n, PEAKING, 300 * pow(20, random_unit(r)), between(r, 0.7, 3), random_around(r, 5));
}

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
#ifdef HAVE_SBC
	if (coded) {
		sbc_t enc, dec;
		uint8_t frame[1024];
		int16_t in[256], out[256];
		ssize_t written;
		size_t got;
		uint32_t k;

		sbc_init(&enc, 0);
		enc.frequency = SBC_FREQ_44100;
		enc.mode = SBC_MODE_JOINT_STEREO;
		enc.blocks = SBC_BLK_16;
		enc.subbands = SBC_SB_8;
		enc.allocation = SBC_AM_LOUDNESS;
		enc.bitpool = 53;
		enc.endian = SBC_LE;
		sbc_init(&dec, 0);
		dec.endian = SBC_LE;
		for (k = 0; k + 128 <= *n; k += 128) {
			for (i = 0; i < 256; i++)
				in[i] = (int16_t)lrintf(32767 * x[k + i / 2]);
			check(sbc_encode(&enc, in, sizeof(in), frame, sizeof(frame), &written) > 0);
			check(sbc_decode(&dec, frame, written, out, sizeof(out), &got) > 0);
			for (i = 0; i < 128; i++)
				x[k + i] = out[2 * i] / 32768.0f;
		}
		sbc_finish(&enc);
		sbc_finish(&dec);
	}
#endif
	return x;
}

/* Half of it pink, as rooms are */
static void add_noise(float *x, size_t n, struct random *r, double rms)
{
	double p0 = 0, p1 = 0, p2 = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double w = gauss(r);

		p0 = 0.99765 * p0 + w * 0.0990460;
		p1 = 0.96300 * p1 + w * 0.2965164;
		p2 = 0.57000 * p2 + w * 1.0526913;
		x[i] += (float)(rms * (0.7 * gauss(r) + 0.7 * 0.57 * (p0 + p1 + p2 + w * 0.1848)));
	}
}

/* A voice: pulses of a wandering pitch through three formants, in syllables */
static void add_talk(float *x, size_t n, struct random *r, double rms)
{
	float *v = calloc(n, sizeof(*v));
	double phase = 0, pitch = 120, sum = 0;
	size_t i, next = 0;
	float loud = 0, target = 0;

	for (i = 0; i < n; i++) {
		if (i >= next) {
			pitch = between(r, 90, 220);
			target = random_unit(r) < 0.3 ? 0 : (float)between(r, 0.3, 1);
			next = i + (size_t)(between(r, 0.08, 0.3) * AIR);
		}
		loud += (target - loud) * 0.001f;
		phase += pitch / AIR;
		if (phase >= 1) {
			phase -= 1;
			v[i] += loud;
		}
		v[i] += (float)(0.05 * loud * gauss(r));
	}
	biquad(v, n, PEAKING, 600, 4, 20);
	biquad(v, n, PEAKING, 1500, 5, 18);
	biquad(v, n, PEAKING, 2700, 6, 14);
	biquad(v, n, LOWPASS, 4000, 0.7, 0);
	for (i = 0; i < n; i++)
		sum += (double)v[i] * v[i];
	for (i = 0; i < n; i++)
		x[i] += (float)(v[i] * rms / sqrt(sum / n));
	free(v);
}

/* Attack 5 ms, release 300 ms, at most 15 dB */
static void ride_gain(float *x, size_t n, double rate, double slope)
{
	double level = 1e-4;
	size_t i;

	for (i = 0; i < n; i++) {
		double a = fabs(x[i]), gain;

		level += (a - level) * (a > level ? 1 / (0.005 * rate) : 1 / (0.3 * rate));
		gain = pow(SPA_MAX(level, 1e-4) / 0.03, slope - 1);
		x[i] *= (float)SPA_CLAMP(gain, 0.18, 5.6);
	}
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
	double t60 = o->t60_s > 0 ? o->t60_s : between(&r, 0.2, 0.8), mic_ppm = random_around(&r, o->mic_ppm);
	double delay[EAR_ROOM_SPEAKERS], drift[EAR_ROOM_SPEAKERS], way[EAR_ROOM_SPEAKERS], power = 0, rms, ratio, top = 0;
	uint32_t i, k, n_played, n_h = (uint32_t)(1.1 * t60 * AIR), n_dry, n = o->n_speakers;
	struct sinc *sinc = sinc_new(0.98), *down;
	float *h[EAR_ROOM_SPEAKERS], *source = played(sweep, o->sbc, &n_played), *dry, *air;
	struct convolver conv;
	struct walls walls;
	size_t n_air;

	*room = (struct ear_room) { .rate = o->mic_rate > 0 ? o->mic_rate : 48000 };
	check(n <= EAR_ROOM_SPEAKERS);
	plan(room, &r, sweep, o, delay);
	walls_init(&walls, &r, t60);
	for (i = 0; i < n; i++) {
		h[i] = calloc(n_h, sizeof(float));
		way[i] = room_response(&walls, &r, sinc, o->direct_below_db, h[i], n_h);
		if (!o->plain)
			speaker_response(&r, h[i], n_h);
		drift[i] = random_around(&r, o->drift_ppm * 1e-6);
		room->late_s[i] = delay[i] + way[i] + drift[i] * room->at_s;
	}
	for (i = n; i-- > 0;)
		room->late_s[i] -= room->late_s[0];

	n_air = (size_t)((room->emitted_s[room->n_slots - 1] + sweep->seconds + 2.5) * AIR);
	air = calloc(n_air, sizeof(*air));
	n_dry = (uint32_t)(n_played * AIR / PLAYER) + 64;
	dry = calloc(n_dry, sizeof(*dry));
	convolver_init(&conv, n_dry + n_h);
	for (i = 0; i < room->n_slots; i++) {
		uint32_t s = room->slots[i].speaker;
		double e = room->emitted_s[i];
		size_t first = (size_t)((e + delay[s]) * AIR);
		double sum = 0;

		/* at the time t the speaker is at u of the player's: t = u + delay + drift u */
		for (k = 0; k < n_dry; k++) {
			double u = ((first + k) / AIR - delay[s]) / (1 + drift[s]), x;
			double peak = pow(10, LEVEL_DB / 20);

			x = sinc_read(sinc, source, n_played, (u - e) * PLAYER);
			x += o->harmonic * 2 * x * x / peak;
			dry[k] = (float)(x * pow(10, (room->slots[i].level_db - LEVEL_DB) / 20));
		}
		if (o->harmonic > 0)
			biquad(dry, n_dry, HIGHPASS, 60, M_SQRT1_2, 0);
		convolve(&conv, dry, n_dry, h[s], n_h);
		for (k = 0; k < n_dry + n_h && first + k < n_air; k++) {
			air[first + k] += conv.time[k];
			sum += k < n_dry ? (double)conv.time[k] * conv.time[k] : 0;
		}
		power += sum / n_dry / room->n_slots;
	}
	rms = sqrt(power);
	add_noise(air, n_air, &r, rms * pow(10, -(o->snr_db) / 20));
	if (o->talk_db != 0)
		add_talk(air, n_air, &r, rms * pow(10, o->talk_db / 20));

	/* by the microphone's clock */
	ratio = AIR / (room->rate * (1 + mic_ppm * 1e-6));
	down = sinc_new(SPA_MIN(0.95 / ratio, 0.95));
	room->n_frames = (size_t)(n_air / ratio);
	room->recording = calloc(room->n_frames, sizeof(float));
	for (k = 0; k < room->n_frames; k++) {
		room->recording[k] = sinc_read(down, air, n_air, k * ratio) * (float)(0.05 / rms);
		if (o->pop)
			room->recording[k] += (float)(0.9 * exp(-(double)k / (0.03 * room->rate)));
	}
	if (o->agc_slope > 0)
		ride_gain(room->recording, room->n_frames, room->rate, o->agc_slope);
	for (k = 0; k < room->n_frames; k++)
		top = SPA_MAX(top, fabsf(room->recording[k]));
	for (k = 0; k < room->n_frames; k++) {
		float limit = o->clip > 0 ? (float)(o->clip * top) : 1.0f;

		room->recording[k] = roundf(32767 * SPA_CLAMP(room->recording[k], -limit, limit)) / 32768;
	}
	if (o->lost > 0) {
		k = (uint32_t)(between(&r, 0.15, 0.9) * room->n_frames);
		memmove(room->recording + k, room->recording + k + o->lost, (room->n_frames - k - o->lost) * sizeof(float));
		room->n_frames -= o->lost;
		room->lost_at = k;
	}

	convolver_finish(&conv);
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
