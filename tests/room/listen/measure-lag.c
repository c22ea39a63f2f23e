/* How much later one recording has the sound of another */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kiss_fftr.h>

#include "listen/measure-lag.h"

/*
 * Music has most of its energy below 500 Hz, where the correlation's peak is
 * milliseconds wide: y[n] = x[n] - 0.95 x[n-1] levels the usual slope. What is
 * above some 5 kHz is coded worst by SBC, and in noise would make the peak so
 * narrow that 100 ppm within a window blur it: two poles take it back.
 */
#define EMPHASIS	0.95f
#define TREBLE		0.48f	/* 1 - exp(-2 pi 5 kHz / 48 kHz) */
/* -74 dBFS: SBC decodes silence to one bit of noise, and the dither that keeps speakers awake
 * to four */
#define SILENCE_FLOOR	2e-4f

#define LOW_TAPS	160	/* of the decimation filter */
#define LOW_CUTOFF	2500.0	/* Hz */

#define CANDIDATES	8	/* peaks of the coarse search that are looked at closely */
#define CANDIDATE_MIN	0.5	/* of the best, or it is not worth it */
#define CANDIDATE_GAP	6	/* low samples (1 ms) between two peaks */
#define FINE_HALF	10	/* samples around a coarse peak */
/* The coarse search hears nothing above LOW_CUTOFF and may take a lobe of a high tone for the peak
 * beside it: where two windows are not all but equal, everything up to the next candidate is looked at. */
#define WIDE_HALF	(CANDIDATE_GAP * LAG_DECIMATE)
#define ALL_BUT_EQUAL	0.999
#define SINC_HALF	8
#define RHO_MIN		0.4	/* below, two windows have little in common */
/* The second best place must leave so many times the energy of the best */
#define UNAMBIGUOUS	1.5

double signal_energy(const struct signal *s, int64_t from, int64_t to)
{
	if (from < 0)
		from = 0;
	if (to > s->n)
		to = s->n;
	return to > from ? s->energy[to] - s->energy[from] : 0.0;
}

static double low_energy(const struct signal *s, int64_t from, int64_t to)
{
	if (from < 0)
		from = 0;
	if (to > s->n_low)
		to = s->n_low;
	return to > from ? s->low_energy[to] - s->low_energy[from] : 0.0;
}

bool signal_touches_silence(const struct signal *s, int64_t from, int64_t to)
{
	if (s->first < 0 || from < s->first || to > s->last + 1)
		return true;
	return signal_silent_samples(s, from, to) > 0;
}

int64_t signal_silent_samples(const struct signal *s, int64_t from, int64_t to)
{
	size_t low = 0, high = s->n_silences;
	int64_t sum = 0;

	if (s->first < 0)
		return to - from;
	if (from < s->first)
		sum += (to < s->first ? to : s->first) - from;
	if (to > s->last + 1)
		sum += to - (from > s->last + 1 ? from : s->last + 1);
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (s->silences[mid].end <= from)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < s->n_silences && s->silences[low].begin < to; low++) {
		int64_t begin = s->silences[low].begin, end = s->silences[low].end;
		sum += (end < to ? end : to) - (begin > from ? begin : from);
	}
	return sum;
}

static int find_silences(struct signal *s)
{
	int64_t begin = -1;
	size_t allocated = 0;

	s->first = s->last = -1;
	for (int64_t i = 0; i < s->n; i++) {
		if (s->peak[i] <= s->silence_level)
			continue;
		if (s->first < 0)
			s->first = i;
		s->last = i;
	}
	if (s->first < 0)
		return 0;
	for (int64_t i = s->first; i <= s->last; i++) {
		if (s->peak[i] <= s->silence_level) {
			if (begin < 0)
				begin = i;
			continue;
		}
		if (begin >= 0 && i - begin >= SILENCE_MIN) {
			if (s->n_silences == allocated) {
				allocated = allocated ? 2 * allocated : 64;
				s->silences = reallocarray(s->silences, allocated, sizeof(*s->silences));
				if (s->silences == NULL)
					return -ENOMEM;
			}
			s->silences[s->n_silences++] = (struct silence) { begin, i };
		}
		begin = -1;
	}
	return 0;
}

static void decimate(struct signal *s)
{
	float h[LOW_TAPS];
	double sum = 0.0;

	for (int i = 0; i < LOW_TAPS; i++) {
		double t = i - (LOW_TAPS - 1) / 2.0;
		double w = 2.0 * M_PI * LOW_CUTOFF / MEASURE_RATE;
		h[i] = sin(w * t) / t * (0.54 + 0.46 * cos(2.0 * M_PI * t / LOW_TAPS));
		sum += h[i];
	}
	for (int i = 0; i < LOW_TAPS; i++)
		h[i] /= sum;
	for (int64_t m = 0; m < s->n_low; m++) {
		/* half a sample off is the same in both signals that are compared */
		int64_t base = m * LAG_DECIMATE - LOW_TAPS / 2;
		float acc = 0.0f;

		for (int i = 0; i < LOW_TAPS; i++)
			if (base + i >= 0 && base + i < s->n)
				acc += h[i] * s->x[base + i];
		s->low[m] = acc;
		s->low_energy[m + 1] = s->low_energy[m] + (double)acc * acc;
	}
}

int signal_init(struct signal *s, const char *name, const float *data,
		uint32_t channels, int64_t frames, double rel)
{
	double power = 0.0;
	int64_t sounding = 0;
	float before = 0.0f, pole[2] = { 0.0f };
	int res;

	*s = (struct signal) { .n = frames, .n_low = frames / LAG_DECIMATE };
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->x = malloc((frames + 1) * sizeof(float));
	s->peak = malloc((frames + 1) * sizeof(float));
	s->energy = calloc(frames + 1, sizeof(double));
	s->low = malloc((s->n_low + 1) * sizeof(float));
	s->low_energy = calloc(s->n_low + 1, sizeof(double));
	if (!s->x || !s->peak || !s->energy || !s->low || !s->low_energy) {
		signal_finish(s);
		return -ENOMEM;
	}
	for (int64_t i = 0; i < frames; i++) {
		const float *d = &data[i * channels];
		float left = d[0], right = channels > 1 ? d[1] : d[0];
		float mono = 0.5f * (left + right);

		pole[0] += TREBLE * (mono - EMPHASIS * before - pole[0]);
		pole[1] += TREBLE * (pole[0] - pole[1]);
		s->x[i] = pole[1];
		before = mono;
		s->peak[i] = fmaxf(fabsf(left), fabsf(right));
		s->max = fmax(s->max, s->peak[i]);
		s->energy[i + 1] = s->energy[i] + (double)s->x[i] * s->x[i];
		if (s->peak[i] > SILENCE_FLOOR) {
			power += 0.5 * ((double)left * left + (double)right * right);
			sounding++;
		}
	}
	s->rms = sounding ? sqrt(power / sounding) : 0.0;
	s->silence_level = fmax(SILENCE_FLOOR, rel * s->rms);
	decimate(s);
	if ((res = find_silences(s)) < 0)
		signal_finish(s);
	return res;
}

void signal_finish(struct signal *s)
{
	free(s->x);
	free(s->peak);
	free(s->energy);
	free(s->low);
	free(s->low_energy);
	free(s->silences);
	*s = (struct signal) { .first = -1, .last = -1 };
}

typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));

static double dot(const float *a, const float *b, int64_t n)
{
	double sum = 0.0;

	/* in pieces, so that the float sums stay short */
	while (n >= 16) {
		int64_t piece = n < 4096 ? n / 16 * 16 : 4096;
		v4 s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };

		for (int64_t i = 0; i < piece; i += 16) {
			s0 += *(const v4 *)(a + i) * *(const v4 *)(b + i);
			s1 += *(const v4 *)(a + i + 4) * *(const v4 *)(b + i + 4);
			s2 += *(const v4 *)(a + i + 8) * *(const v4 *)(b + i + 8);
			s3 += *(const v4 *)(a + i + 12) * *(const v4 *)(b + i + 12);
		}
		s0 += s1 + s2 + s3;
		sum += (double)s0[0] + s0[1] + s0[2] + s0[3];
		a += piece;
		b += piece;
		n -= piece;
	}
	for (; n > 0; n--)
		sum += *a++ * *b++;
	return sum;
}

/* sum a[pos + i] b[pos + k + i], i < len, with zeros around b */
static double correlate(const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, int64_t k)
{
	int64_t begin = pos + k < 0 ? -(pos + k) : 0;
	int64_t end = pos + k + len > b->n ? b->n - pos - k : len;

	return end > begin ? dot(&a->x[pos + begin], &b->x[pos + k + begin], end - begin) : 0.0;
}

/* The same in pieces, within which a lag that changes by slope stays within a sample */
static double correlate_moving(const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, int64_t k, double slope)
{
	int64_t piece = fabs(slope) * len < 1.0 ? len : (int64_t)(1.0 / fabs(slope)) + 1;
	double sum = 0.0;

	for (int64_t at = 0; at < len; at += piece) {
		int64_t n = at + piece > len ? len - at : piece;
		sum += correlate(a, pos + at, n, b, k + llrint(slope * (at + n / 2 - len / 2)));
	}
	return sum;
}

/* r(t) from its samples around 0: Hann-windowed sinc, exact for a constant */
static double between(const double *r, double t)
{
	double sum = 0.0, weights = 0.0;

	for (int i = -SINC_HALF; i <= SINC_HALF; i++) {
		double d = t - i, w = d / (SINC_HALF + 1), h;
		if (fabs(w) >= 1.0)
			continue;
		h = (fabs(d) < 1e-9 ? 1.0 : sin(M_PI * d) / (M_PI * d)) *
			0.5 * (1.0 + cos(M_PI * w));
		sum += h * r[i];
		weights += h;
	}
	return sum / weights;
}

/* The maximum of r between -1 and 1: a grid, then the section is narrowed. */
static double summit(const double *r)
{
	double best = 0.0, step = 0.125, value = r[0];

	for (double t = -1.0; t <= 1.0; t += step) {
		double v = between(r, t);
		if (v > value) {
			value = v;
			best = t;
		}
	}
	for (step /= 2.0; step > 1e-4; step /= 2.0) {
		double low = between(r, best - step), high = between(r, best + step);
		if (low > value && low >= high) {
			best -= step;
			value = low;
		} else if (high > value) {
			best += step;
			value = high;
		}
	}
	return best;
}

struct lag lag_refine(const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, double center, int half, double slope)
{
	struct lag lag = { .state = LAG_SILENT, .lag = center };
	int64_t mid = llrint(center), k, best;
	int n = 2 * (half + SINC_HALF) + 1;
	double r[n], t, ea, eb;

	if (pos < 0 || pos + len > a->n)
		return lag;
	ea = signal_energy(a, pos, pos + len);
	best = half + SINC_HALF;
	for (k = 0; k < n; k++)
		r[k] = 0.0;
	for (k = SINC_HALF; k < n - SINC_HALF; k++) {
		r[k] = correlate_moving(a, pos, len, b, mid + k - half - SINC_HALF, slope);
		if (r[k] > r[best])
			best = k;
	}
	/* the neighbours that the interpolation needs and the search did not */
	for (k = best - SINC_HALF; k <= best + SINC_HALF; k++)
		if (k < SINC_HALF || k >= n - SINC_HALF)
			r[k] = correlate_moving(a, pos, len, b, mid + k - half - SINC_HALF, slope);
	t = summit(&r[best]);
	lag.lag = mid + best - half - SINC_HALF + t;
	eb = signal_energy(b, pos + llrint(lag.lag), pos + llrint(lag.lag) + len);
	if (ea <= 0.0 || eb <= 0.0)
		return lag;
	lag.rho = fmin(1.0, between(&r[best], t) / sqrt(ea * eb));
	lag.state = best == SINC_HALF || best == n - SINC_HALF - 1 ? LAG_WEAK : LAG_OK;
	return lag;
}

struct lag_finder {
	int size;			/**< of the transforms */
	kiss_fftr_cfg forward, inverse;
	float *time;			/**< size */
	kiss_fft_cpx *a, *b;		/**< size / 2 + 1 */
	const struct signal *cached;	/**< what is in a: window of this signal */
	int64_t cached_pos, cached_len;
};

struct lag_finder *lag_finder_new(void)
{
	return calloc(1, sizeof(struct lag_finder));
}

static void finder_clear(struct lag_finder *f)
{
	kiss_fftr_free(f->forward);
	kiss_fftr_free(f->inverse);
	free(f->time);
	free(f->a);
	free(f->b);
	*f = (struct lag_finder) { 0 };
}

void lag_finder_destroy(struct lag_finder *f)
{
	if (f == NULL)
		return;
	finder_clear(f);
	free(f);
}

static int finder_size(struct lag_finder *f, int size)
{
	size = kiss_fftr_next_fast_size_real(size);
	if (f->size == size)
		return 0;
	finder_clear(f);
	f->forward = kiss_fftr_alloc(size, 0, NULL, NULL);
	f->inverse = kiss_fftr_alloc(size, 1, NULL, NULL);
	f->time = malloc(size * sizeof(float));
	f->a = malloc((size / 2 + 1) * sizeof(*f->a));
	f->b = malloc((size / 2 + 1) * sizeof(*f->b));
	if (!f->forward || !f->inverse || !f->time || !f->a || !f->b) {
		finder_clear(f);
		return -ENOMEM;
	}
	f->size = size;
	return 0;
}

static void load(struct lag_finder *f, const struct signal *s, int64_t from, int64_t len)
{
	for (int64_t i = 0; i < f->size; i++)
		f->time[i] = i < len && from + i >= 0 && from + i < s->n_low ?
			s->low[from + i] : 0.0f;
}

/* Normalised correlation of the low signals into f->time[0 ... max - min] */
static int coarse(struct lag_finder *f, const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, int64_t min, int64_t max)
{
	double ea = low_energy(a, pos, pos + len), floor;
	int64_t span = max - min + 1;

	if (ea <= 0.0 || finder_size(f, (int)(len + span)) < 0)
		return -1;
	if (f->cached != a || f->cached_pos != pos || f->cached_len != len) {
		load(f, a, pos, len);
		kiss_fftr(f->forward, f->time, f->a);
		f->cached = a;
		f->cached_pos = pos;
		f->cached_len = len;
	}
	load(f, b, pos + min, len + span);
	kiss_fftr(f->forward, f->time, f->b);
	for (int i = 0; i <= f->size / 2; i++) {
		kiss_fft_cpx x = f->a[i], y = f->b[i];
		f->b[i].r = x.r * y.r + x.i * y.i;
		f->b[i].i = x.r * y.i - x.i * y.r;
	}
	kiss_fftri(f->inverse, f->b, f->time);
	/* a place with next to no sound would match anything */
	floor = 1e-4 * low_energy(b, 0, b->n_low) * len / (b->n_low + 1);
	for (int64_t k = 0; k < span; k++) {
		double eb = low_energy(b, pos + min + k, pos + min + k + len);
		f->time[k] = eb > floor ? f->time[k] / f->size / sqrt(ea * eb) : 0.0;
	}
	return (int)span;
}

static int peaks(const float *r, int n, int *found)
{
	int count = 0;
	float best = 0.0f;

	while (count < CANDIDATES) {
		int at = -1;

		for (int i = 0; i < n; i++) {
			bool near = false;

			if ((at >= 0 && r[i] <= r[at]) ||
			    (i > 0 && r[i - 1] > r[i]) || (i < n - 1 && r[i + 1] > r[i]))
				continue;
			for (int j = 0; j < count; j++)
				near |= abs(found[j] - i) < CANDIDATE_GAP;
			if (!near)
				at = i;
		}
		if (at < 0 || r[at] <= 0.0f || r[at] < CANDIDATE_MIN * best)
			break;
		if (count == 0)
			best = r[at];
		found[count++] = at;
	}
	return count;
}

static bool is_elsewhere(const struct lag *a, const struct lag *b)
{
	/* ranges overlap: both may have come upon the same place */
	return fabs(a->lag - b->lag) > 1.0;
}

/* The best of the candidates, and how good the next is */
static struct lag choose(const struct signal *a, int64_t pos, int64_t len, const struct signal *b,
		const int *at, int n, int64_t low_min, int half)
{
	struct lag best = { .state = LAG_WEAK };

	for (int i = 0; i < n; i++) {
		struct lag lag = lag_refine(a, pos, len, b,
				(double)(at[i] + low_min) * LAG_DECIMATE, half, 0.0);

		if (lag.rho > best.rho) {
			double next = is_elsewhere(&lag, &best) ? best.rho : best.next;
			best = lag;
			best.next = next;
		} else if (lag.rho > best.next && is_elsewhere(&lag, &best)) {
			best.next = lag.rho;
		}
	}
	return best;
}

struct lag lag_find(struct lag_finder *f, const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, int64_t min, int64_t max)
{
	struct lag best = { .state = LAG_SILENT };
	int64_t low_pos = (pos + LAG_DECIMATE - 1) / LAG_DECIMATE, low_min = min / LAG_DECIMATE - 1;
	int at[CANDIDATES], n, span;

	if (pos < 0 || pos + len > a->n)
		return best;
	span = coarse(f, a, low_pos, len / LAG_DECIMATE, b, low_min, max / LAG_DECIMATE + 1);
	if (span < 0)
		return best;
	n = peaks(f->time, span, at);
	best = choose(a, pos, len, b, at, n, low_min, FINE_HALF);
	if (best.rho < ALL_BUT_EQUAL)
		best = choose(a, pos, len, b, at, n, low_min, WIDE_HALF);
	if (best.rho < RHO_MIN)
		best.state = LAG_WEAK;
	else if (lag_residual(best.next) < UNAMBIGUOUS * lag_residual(best.rho))
		best.state = LAG_AMBIGUOUS;
	else
		best.state = LAG_OK;
	return best;
}
