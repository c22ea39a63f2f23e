/* What sound meets on its way: speakers, walls, noise */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SBC
#include <sbc/sbc.h>
#endif
#include <spa/utils/defs.h>

#include "air.h"
#include "harness.h"

#define SOUND		343.0		/* m/s */
#define IMAGES_SEC	0.06		/* reflections one by one; then they are too many */

#define TAPS		AIR_TAPS
#define PHASES		AIR_PHASES

double air_gauss(struct random *r)
{
	return sqrt(-2 * log(1 - random_unit(r))) * cos(2 * M_PI * random_unit(r));
}

double air_between(struct random *r, double a, double b)
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

/* cutoff: of the rate of what is read, 1 is half of it */
struct air_sinc *air_sinc_new(double cutoff)
{
	struct air_sinc *s = malloc(sizeof(*s));
	int p, t;

	for (p = 0; p <= PHASES; p++)
		for (t = 0; t < TAPS; t++) {
			double x = t - (TAPS / 2 - 1) - (double)p / PHASES, u = x / (TAPS / 2);
			double w = fabs(u) < 1 ? bessel(9 * sqrt(1 - u * u)) / bessel(9) : 0;

			s->taps[p][t] = (float)(w * (x == 0 ? cutoff : sin(M_PI * cutoff * x) / (M_PI * x)));
		}
	return s;
}

float air_sinc_read(const struct air_sinc *s, const float *x, size_t n, double at)
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

/* A pulse at a place air_between samples */
static void sinc_add(const struct air_sinc *s, float *x, size_t n, double at, double gain)
{
	int64_t first = (int64_t)floor(at);
	int p = (int)lrint((at - first) * PHASES), t;

	for (t = 0; t < TAPS; t++) {
		int64_t i = first + t - (TAPS / 2 - 1);

		if (i >= 0 && i < (int64_t)n)
			x[i] += (float)(gain * s->taps[PHASES - p][TAPS - 1 - t]);
	}
}

/* Robert Bristow-Johnson's cookbook */

void air_biquad(float *x, size_t n, enum air_filter kind, double hz, double q, double gain_db)
{
	double w = 2 * M_PI * hz / AIR_RATE, c = cos(w), alpha = sin(w) / (2 * q), A = pow(10, gain_db / 40);
	double a0 = 1 + alpha, a1 = -2 * c, a2 = 1 - alpha, b0, b1, b2, z1 = 0, z2 = 0;
	size_t i;

	switch (kind) {
	case AIR_LOWPASS:
		b0 = b2 = (1 - c) / 2;
		b1 = 1 - c;
		break;
	case AIR_HIGHPASS:
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

void air_convolver_init(struct air_convolver *c, uint32_t n)
{
	c->n = kiss_fftr_next_fast_size_real(n);
	c->forward = kiss_fftr_alloc(c->n, 0, NULL, NULL);
	c->inverse = kiss_fftr_alloc(c->n, 1, NULL, NULL);
	c->time = calloc(c->n, sizeof(float));
	c->a = calloc(c->n / 2 + 1, sizeof(kiss_fft_cpx));
	c->b = calloc(c->n / 2 + 1, sizeof(kiss_fft_cpx));
}

void air_convolver_finish(struct air_convolver *c)
{
	kiss_fftr_free(c->forward);
	kiss_fftr_free(c->inverse);
	free(c->time);
	free(c->a);
	free(c->b);
}

/* c->time = x * y */
void air_convolve(struct air_convolver *c, const float *x, uint32_t nx, const float *y, uint32_t ny)
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

void air_walls_init(struct air_walls *w, struct random *r, double t60)
{
	double *s = w->size, surface;
	int i;

	s[0] = air_between(r, 3, 8);
	s[1] = air_between(r, 2.8, 6);
	s[2] = air_between(r, 2.4, 3);
	w->t60 = t60;
	surface = 2 * (s[0] * s[1] + s[1] * s[2] + s[0] * s[2]);
	/* Eyring */
	w->beta = sqrt(exp(-0.161 * s[0] * s[1] * s[2] / (surface * t60)));
	for (i = 0; i < 3; i++)
		w->mic[i] = s[i] * air_between(r, 0.2, 0.8);
	w->mic[2] = air_between(r, 0.6, 1.2);
}

/* Allen and Berkley's image sources, then noise that decays as they do; returns the direct sound's way in s */
double air_room_response(const struct air_walls *w, struct random *r, const struct air_sinc *sinc, double below_db,
		float *h, uint32_t n)
{
	double place[3], direct = 0, strongest = 0, energy = 0, level;
	int x, y, z, i, reach = (int)(IMAGES_SEC * SOUND / w->size[2]) / 2 + 2;
	uint32_t from = (uint32_t)(0.6 * IMAGES_SEC * AIR_RATE), to = (uint32_t)(0.9 * IMAGES_SEC * AIR_RATE), k;
	double table = random_unit(r) < 0.5 ? air_between(r, 0.2, 0.7) : 0, table_s = air_between(r, 0.3e-3, 1e-3);

	do {
		for (direct = 0, i = 0; i < 3; i++) {
			place[i] = w->size[i] * air_between(r, 0.08, 0.92);
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
				sinc_add(sinc, h, n, sqrt(d2) / SOUND * AIR_RATE, gain);
			}
	for (k = from; k < to; k++)
		energy += (double)h[k] * h[k] * exp(13.8 * (k / AIR_RATE) / w->t60);
	level = sqrt(energy / (to - from));
	for (k = to; k < n; k++)
		h[k] = (float)(SPA_MIN((k - to) / (0.1 * IMAGES_SEC * AIR_RATE), 1.0) *
				level * exp(-6.9 * (k / AIR_RATE) / w->t60) * air_gauss(r));
	level = below_db > 0 ? strongest * pow(10, -air_between(r, 0, below_db) / 20) : 1 / direct;
	sinc_add(sinc, h, n, direct / SOUND * AIR_RATE, level);
	/* what a table adds */
	sinc_add(sinc, h, n, (direct / SOUND + table_s) * AIR_RATE, level * table);
	return direct / SOUND;
}

void air_speaker_response(struct random *r, float *x, uint32_t n)
{
	double low = air_between(r, 80, 180), high = air_between(r, 7500, 18000);
	bool steep = random_unit(r) < 0.5, late_bass = random_unit(r) < 0.2;
	uint32_t i, late = (uint32_t)(air_between(r, 0.005, 0.03) * AIR_RATE);

	if (late_bass) {
		float *bass = malloc(n * sizeof(*bass));

		memcpy(bass, x, n * sizeof(*bass));
		for (i = 0; i < 2; i++) {
			air_biquad(bass, n, AIR_LOWPASS, 150, M_SQRT1_2, 0);
			air_biquad(x, n, AIR_HIGHPASS, 150, M_SQRT1_2, 0);
		}
		for (i = late; i < n; i++)
			x[i] += bass[i - late];
		free(bass);
	}
	air_biquad(x, n, AIR_HIGHPASS, low, steep ? 0.54 : M_SQRT1_2, 0);
	air_biquad(x, n, AIR_LOWPASS, high, steep ? 0.54 : M_SQRT1_2, 0);
	if (steep) {
		air_biquad(x, n, AIR_HIGHPASS, low, 1.31, 0);
		air_biquad(x, n, AIR_LOWPASS, high, 1.31, 0);
	}
	for (i = 0; i < 3; i++)
		air_biquad(x, n, AIR_PEAKING, 300 * pow(20, random_unit(r)), air_between(r, 0.7, 3), random_around(r, 5));
}

#ifdef HAVE_SBC
void air_code(float *x, size_t n)
{
	sbc_t enc, dec;
	uint8_t frame[1024];
	int16_t in[256], out[256];
	ssize_t written;
	size_t got, k;
	int i;

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
	for (k = 0; k + 128 <= n; k += 128) {
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
#else
void air_code(float *x, size_t n)
{
}
#endif

/* Half of it pink, as rooms are */
void air_add_noise(float *x, size_t n, struct random *r, double rms)
{
	double p0 = 0, p1 = 0, p2 = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double w = air_gauss(r);

		p0 = 0.99765 * p0 + w * 0.0990460;
		p1 = 0.96300 * p1 + w * 0.2965164;
		p2 = 0.57000 * p2 + w * 1.0526913;
		x[i] += (float)(rms * (0.7 * air_gauss(r) + 0.7 * 0.57 * (p0 + p1 + p2 + w * 0.1848)));
	}
}

/* A voice: pulses of a wandering pitch through three formants, in syllables */
void air_add_talk(float *x, size_t n, struct random *r, double rms)
{
	float *v = calloc(n, sizeof(*v));
	double phase = 0, pitch = 120, sum = 0;
	size_t i, next = 0;
	float loud = 0, target = 0;

	for (i = 0; i < n; i++) {
		if (i >= next) {
			pitch = air_between(r, 90, 220);
			target = random_unit(r) < 0.3 ? 0 : (float)air_between(r, 0.3, 1);
			next = i + (size_t)(air_between(r, 0.08, 0.3) * AIR_RATE);
		}
		loud += (target - loud) * 0.001f;
		phase += pitch / AIR_RATE;
		if (phase >= 1) {
			phase -= 1;
			v[i] += loud;
		}
		v[i] += (float)(0.05 * loud * air_gauss(r));
	}
	air_biquad(v, n, AIR_PEAKING, 600, 4, 20);
	air_biquad(v, n, AIR_PEAKING, 1500, 5, 18);
	air_biquad(v, n, AIR_PEAKING, 2700, 6, 14);
	air_biquad(v, n, AIR_LOWPASS, 4000, 0.7, 0);
	for (i = 0; i < n; i++)
		sum += (double)v[i] * v[i];
	for (i = 0; i < n; i++)
		x[i] += (float)(v[i] * rms / sqrt(sum / n));
	free(v);
}

/* Attack 5 ms, release 300 ms, at most 15 dB */
void air_ride_gain(float *x, size_t n, double rate, double slope)
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
