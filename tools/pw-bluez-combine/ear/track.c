/* Tracking: when each of several speakers that play the same music is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/acquire.h"
#include "ear/decimate.h"
#include "ear/linearity.h"
#include "ear/reference.h"
#include "ear/separate.h"
#include "ear/spectra.h"
#include "ear/track.h"

#define N_MAX		EAR_TRACK_SPEAKERS
#define RATE_MIN	14000.0
#define RATE_MAX	192000.0
#define WINDOW_MIN_SEC	4.0
#define WINDOW_MAX_SEC	60.0
#define LAG_MAX_SEC	10.0

#define LOWER_RATE	14000.0	/* at least: the band ends well below its half */
#define BAND_FROM_HZ	500.0
#define BAND_TO_HZ	6200.0
#define BAND_OF_RATE	0.42
/* Rooms sound on for longer; what is later than this is noise here */
#define FRAME_SEC	0.68

#define KNOWN_TAU_SEC	0.050	/* a prior that is as good as that needs no search */
#define KNOWN_RATE	8e-6
#define FOUND_RATE	10e-6	/* what a search leaves */
#define REACH_SEC	0.080	/* so far from there a speaker is looked for */
#define REACH_UNKNOWN_SEC 0.250	/* while it is not known where all of them are */
#define OFF_CENTRE_SEC	0.025	/* then the sent signal is shifted anew */
#define ROUNDS		3

#define SILENT_DB	-65.0
#define QUIET_DB	-75.0	/* the microphone: nothing at all */
#define USABLE_MIN	0.6
#define CLIPPED_PART	2e-4	/* of the samples in a second */
#define CLIPPED_MAX	0.2	/* of the seconds */
#define RESIDUAL_DB	-1.0
#define ALIKE		1e3	/* by what the others' likeness raises the variance */
#define HEIGHT_MIN	6.0
#define CERTAIN		5.0	/* a response's size, in sigmas */
#define LIKENESS_MIN	0.6
#define LIKENESS_SURE	0.8	/* less is too unlike to be sure of */
#define SECOND_MAX	0.45
#define SIGMA_MAX	100e-6
#define SIGMA_MIN	3e-6
#define JUMP_SEC	3e-3
#define DRIFT_MAX	150e-6
#define PROVEN		2	/* windows that are alike */
/* Of a speaker that is less loud than another by more than 12 dB, what is left of the other may pass for its first sound */
#define PLACED_LEVEL	0.06
#define PATIENCE	5	/* windows, for its first sound to be clear */
#define MISSES		4	/* windows, until it is another one for good */

struct ear_track {
	struct ear_track_params params;
	uint32_t n;				/**< speakers; the microphone is channel n */
	double rate;				/**< lower, in Hz */
	uint32_t max_lag, window, hop, capacity;	/**< in samples of the lower rate */

	struct ear_decimator decimators[N_MAX + 1];
	float *samples[N_MAX + 1];		/**< capacity; all channels have as many */
	uint32_t count;
	uint64_t first;				/**< of samples[.][0], since the last gap */
	uint64_t next;				/**< analyse when so many have been there */
	uint64_t pushed, origin;		/**< frames in all, and at the last gap */
	float *scratch;

	float *second;				/**< of the microphone, as it was */
	uint32_t second_n, second_fill;
	uint64_t clipped;			/**< bits, the newest second is the lowest */

	struct ear_spectra spectra;
	struct ear_separation separation;
	struct ear_shape shape;
	struct ear_reference references[N_MAX];
	uint32_t misses[N_MAX];
	double complex *clean, *shift_probe, *size_probe;	/**< [speaker][bin] */
};

/* One analysis */
struct look {
	struct ear_track *t;
	const struct ear_track_prior *prior;
	uint32_t at;				/* the window's first sample, in samples[] */
	double middle;				/* frames */
	double predicted[N_MAX], expected[N_MAX];	/* s: by the prior, and where it is looked for */
	uint32_t lag[N_MAX];			/* samples by which each speaker's signal is shifted */
	double rates[N_MAX], rate_sigmas[N_MAX];
	double height[N_MAX], peak_s[N_MAX];	/* of the response */
	double likeness[N_MAX];
	struct ear_match match[N_MAX];
	double level[N_MAX];			/* against the loudest */
	double size_sigma[N_MAX], shift_sigma[N_MAX];	/* of a size of 1; s */
};

double ear_track_window(uint32_t n_speakers)
{
	return SPA_CLAMP(8.0 + 1.0 * n_speakers, 12.0, 24.0);
}

static bool is_valid(const struct ear_track_params *p)
{
	return p->rate >= RATE_MIN && p->rate <= RATE_MAX && p->n_speakers >= 1 && p->n_speakers <= N_MAX &&
		(p->window_sec == 0 || (p->window_sec >= WINDOW_MIN_SEC && p->window_sec <= WINDOW_MAX_SEC)) &&
		(p->hop_sec == 0 || (p->hop_sec >= 0.1 && p->hop_sec <= WINDOW_MAX_SEC)) &&
		p->max_lag_frames <= LAG_MAX_SEC * p->rate;
}

static int init_buffers(struct ear_track *t, uint32_t factor)
{
	uint32_t i, bins;
	int res;

	for (i = 0; i <= t->n; i++) {
		t->samples[i] = calloc(t->capacity, sizeof(float));
		if (t->samples[i] == NULL || (res = ear_decimator_init(&t->decimators[i], factor)) < 0)
			return -ENOMEM;
	}
	res = ear_spectra_init(&t->spectra, t->rate, kiss_fftr_next_fast_size_real((int)(FRAME_SEC * t->rate)), t->window, t->n + 1,
			BAND_FROM_HZ, SPA_MIN(BAND_TO_HZ, BAND_OF_RATE * t->rate));
	if (res < 0 || (res = ear_separation_init(&t->separation, &t->spectra)) < 0)
		return res;
	bins = t->spectra.n_bins;
	if ((res = ear_shape_init(&t->shape, t->rate, t->spectra.n_fft, t->spectra.first_bin, bins)) < 0)
		return res;
	t->scratch = calloc(SPA_MAX(t->capacity, t->window + t->max_lag), sizeof(float));
	t->second_n = (uint32_t)t->params.rate;
	t->second = calloc(t->second_n, sizeof(float));
	t->clean = calloc((size_t)t->n * bins, sizeof(*t->clean));
	t->shift_probe = calloc((size_t)t->n * bins, sizeof(*t->shift_probe));
	t->size_probe = calloc((size_t)t->n * bins, sizeof(*t->size_probe));
	return t->scratch && t->second && t->clean && t->shift_probe && t->size_probe ? 0 : -ENOMEM;
}

struct ear_track *ear_track_new(const struct ear_track_params *params)
{
	struct ear_track *t;
	uint32_t factor, i;

	if (!is_valid(params)) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->params = *params;
	t->n = params->n_speakers;
	if (t->params.window_sec == 0)
		t->params.window_sec = ear_track_window(t->n);
	if (t->params.hop_sec == 0)
		t->params.hop_sec = t->params.window_sec / 4;
	if (t->params.max_lag_frames == 0)
		t->params.max_lag_frames = (uint32_t)t->params.rate;
	factor = (uint32_t)(params->rate / LOWER_RATE);
	t->rate = params->rate / factor;
	t->max_lag = t->params.max_lag_frames / factor + 1;
	t->window = (uint32_t)(t->params.window_sec * t->rate);
	t->hop = (uint32_t)(t->params.hop_sec * t->rate);
	t->capacity = t->window + t->max_lag + (uint32_t)(2 * t->rate);
	for (i = 0; i < N_MAX; i++)
		t->references[i].first_s = NAN;
	if (init_buffers(t, factor) < 0) {
		ear_track_destroy(t);
		errno = ENOMEM;
		return NULL;
	}
	ear_track_gap(t);
	return t;
}

void ear_track_destroy(struct ear_track *t)
{
	uint32_t i;

	if (t == NULL)
		return;
	for (i = 0; i <= t->n; i++) {
		ear_decimator_finish(&t->decimators[i]);
		free(t->samples[i]);
	}
	for (i = 0; i < t->n; i++)
		ear_reference_finish(&t->references[i]);
	ear_separation_finish(&t->separation);
	ear_spectra_finish(&t->spectra);
	ear_shape_finish(&t->shape);
	free(t->scratch);
	free(t->second);
	free(t->clean);
	free(t->shift_probe);
	free(t->size_probe);
	free(t);
}

void ear_track_gap(struct ear_track *t)
{
	uint32_t i;

	for (i = 0; i <= t->n; i++)
		ear_decimator_reset(&t->decimators[i]);
	t->count = 0;
	t->first = 0;
	t->next = (uint64_t)t->window + t->max_lag;
	t->origin = t->pushed;
	t->second_fill = 0;
	t->clipped = 0;
}

void ear_track_forget(struct ear_track *t, uint32_t i)
{
	if (i < t->n) {
		ear_reference_finish(&t->references[i]);
		t->misses[i] = 0;
	}
}

static void look_for_clipping(struct ear_track *t, const float *heard, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		t->second[t->second_fill++] = heard[i] > -10.0f && heard[i] < 10.0f ? heard[i] : 0.0f;
		if (t->second_fill < t->second_n)
			continue;
		t->clipped = t->clipped << 1 | (ear_clipped(t->second, t->second_n) > CLIPPED_PART * t->second_n);
		t->second_fill = 0;
	}
}

static double clipped_part(const struct ear_track *t)
{
	uint32_t i, n = SPA_MIN((uint32_t)t->params.window_sec, 64u), count = 0;

	for (i = 0; i < n; i++)
		count += t->clipped >> i & 1;
	return (double)count / n;
}

static void push_some(struct ear_track *t, const float *const *sent, const float *heard, uint32_t offset, uint32_t n)
{
	uint32_t i, more = 0, keep = t->window + t->max_lag;

	if (t->count + n / t->decimators[0].factor + 1 > t->capacity) {
		uint32_t drop = t->count - keep;

		for (i = 0; i <= t->n; i++)
			memmove(t->samples[i], t->samples[i] + drop, keep * sizeof(float));
		t->count = keep;
		t->first += drop;
	}
	for (i = 0; i <= t->n; i++)
		more = ear_decimator_run(&t->decimators[i], (i < t->n ? sent[i] : heard) + offset, n, t->samples[i] + t->count);
	t->count += more;
	look_for_clipping(t, heard + offset, n);
	t->pushed += n;
}

void ear_track_push(struct ear_track *t, const float *const *sent, const float *heard, uint32_t n)
{
	uint32_t done, some, most = (uint32_t)t->params.rate;

	for (done = 0; done < n; done += some) {
		some = SPA_MIN(n - done, most);
		push_some(t, sent, heard, done, some);
	}
}

static double level_db(const float *x, uint32_t n)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (x[i] > -1e3f && x[i] < 1e3f)
			sum += (double)x[i] * x[i];
	return 10 * log10(sum / n + 1e-20);
}

/* What is expected, and by how much later all of those are heard of which not enough is known */
static int expect(struct look *k)
{
	struct ear_track *t = k->t;
	const float *heard = t->samples[t->n] + k->at;
	double least = INFINITY, most = 0, lag;
	bool unknown[N_MAX], any = false;
	uint32_t i, j;
	int res;

	for (i = 0; i < t->n; i++) {
		const struct ear_track_prior *p = &k->prior[i];
		double since = (k->middle - (double)p->at) / t->params.rate, tau = p->tau_s + (isfinite(p->rate) ? p->rate * since : 0);

		unknown[i] = !(p->sigma_s <= KNOWN_TAU_SEC);
		k->expected[i] = isfinite(tau) ? SPA_CLAMP(tau, 0.0, t->max_lag / t->rate) : 0.0;
		any |= unknown[i];
		if (unknown[i]) {
			least = SPA_MIN(least, k->expected[i]);
			most = SPA_MAX(most, k->expected[i]);
		}
	}
	if (!any)
		return 0;
	memset(t->scratch, 0, (t->window + t->max_lag) * sizeof(float));
	for (i = 0; i < t->n; i++) {
		uint32_t shift = unknown[i] ? (uint32_t)((k->expected[i] - least) * t->rate) : 0;
		const float *x = t->samples[i] + k->at - t->max_lag;

		for (j = shift; unknown[i] && j < t->window + t->max_lag; j++)
			t->scratch[j] += x[j - shift];
	}
	res = ear_acquire_lag(t->scratch, heard, t->window, t->max_lag - (uint32_t)((most - least) * t->rate), t->rate, &lag);
	for (i = 0; i < t->n; i++)
		if (unknown[i])
			k->expected[i] += (isfinite(lag) ? lag / t->rate : 0.0) - least;
	return res;
}

static void load(struct look *k)
{
	struct ear_track *t = k->t;
	uint32_t i;

	ear_spectra_clear(&t->spectra);
	for (i = 0; i < t->n; i++) {
		k->lag[i] = (uint32_t)SPA_CLAMP(lrint(k->expected[i] * t->rate), 0L, (long)t->max_lag);
		ear_spectra_load(&t->spectra, i, t->samples[i] + k->at - k->lag[i]);
	}
	ear_spectra_load(&t->spectra, t->n, t->samples[t->n] + k->at);
	ear_separation_reset(&t->separation);
}

static void find_rates(struct look *k)
{
	struct ear_separation *s = &k->t->separation;
	bool wanted[N_MAX], any = false;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		const struct ear_track_prior *p = &k->prior[i];

		wanted[i] = !(p->rate_sigma <= KNOWN_RATE) || !(fabs(p->rate) <= DRIFT_MAX);
		any |= wanted[i];
		s->rates[i] = wanted[i] ? 0 : p->rate;
		k->rate_sigmas[i] = wanted[i] ? FOUND_RATE : SPA_MAX(p->rate_sigma, 1e-6);
	}
	if (any)
		ear_acquire_rates(s, wanted);
	memcpy(k->rates, s->rates, sizeof(k->rates));
}

static void separate(struct look *k)
{
	struct ear_separation *s = &k->t->separation;
	uint32_t round;

	for (round = 0; round < ROUNDS; round++) {
		ear_separation_solve(s, k->rates, k->rate_sigmas);
		if (round == 0) {
			ear_separation_solve(s, NULL, NULL);
			ear_separation_weigh(s);
		}
	}
	ear_separation_solve(s, NULL, NULL);
	ear_separation_likeness(s, k->likeness);
}

static void find_peaks(struct look *k, double reach)
{
	const struct ear_separation *s = &k->t->separation;
	uint32_t i, bins = k->t->spectra.n_bins;

	for (i = 0; i < s->n; i++)
		k->height[i] = ear_shape_height(&k->t->shape, &s->response[(size_t)i * bins], &s->variance[(size_t)i * bins],
				reach, &k->peak_s[i]);
}

static double at_of(const struct look *k, uint32_t i)
{
	return SPA_CLAMP(k->lag[i] / k->t->rate + k->peak_s[i], 0.0, k->t->max_lag / k->t->rate);
}

/* A signal that was shifted by too much, or too little, is in the window in part only */
static bool is_off_centre(struct look *k)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < k->t->n; i++) {
		if (k->height[i] < HEIGHT_MIN || fabs(k->peak_s[i]) < OFF_CENTRE_SEC)
			continue;
		any |= fabs(at_of(k, i) - k->expected[i]) > 0.5 * OFF_CENTRE_SEC;
		k->expected[i] = at_of(k, i);
	}
	return any;
}

/* Music is like itself a beat later, and that may have been taken for the lag that all have in common: what most say counts */
static bool is_common_off(struct look *k)
{
	double off[N_MAX], x;
	uint32_t i, j, n = 0;

	for (i = 0; i < k->t->n; i++) {
		if (k->prior[i].sigma_s <= KNOWN_TAU_SEC || k->height[i] < HEIGHT_MIN)
			continue;
		x = at_of(k, i) - k->expected[i];
		for (j = n++; j > 0 && off[j - 1] > x; j--)
			off[j] = off[j - 1];
		off[j] = x;
	}
	if (n == 0 || fabs(off[n / 2]) < 0.5 * OFF_CENTRE_SEC)
		return false;
	for (i = 0; i < k->t->n; i++)
		if (!(k->prior[i].sigma_s <= KNOWN_TAU_SEC))
			k->expected[i] = SPA_CLAMP(k->expected[i] + off[n / 2], 0.0, k->t->max_lag / k->t->rate);
	return true;
}

static double spread(const double effect[EAR_SEPARATE_BLOCKS])
{
	double sum = 0;
	uint32_t b;

	for (b = 0; b < EAR_SEPARATE_BLOCKS; b++)
		sum += effect[b] * effect[b];
	return sqrt(sum * EAR_SEPARATE_BLOCKS / (EAR_SEPARATE_BLOCKS - 1));
}

static bool is_silent(const struct look *k, uint32_t i)
{
	return level_db(k->t->samples[i] + k->at - k->lag[i], k->t->window) < SILENT_DB;
}

/* What holds for the window as a whole */
static enum ear_reason judge_window(const struct look *k, const struct ear_track_window *w)
{
	if (w->sent_db < SILENT_DB)
		return EAR_SILENT;
	if (w->usable < USABLE_MIN)
		return EAR_INTERRUPTED;
	if (clipped_part(k->t) > CLIPPED_MAX)
		return EAR_CLIPPED;
	if (w->heard_db < QUIET_DB)
		return EAR_TOO_QUIET;
	return EAR_HEARD;
}

/* If one may be another, then all that is known is in doubt */
static bool is_alike(const struct look *k)
{
	uint32_t i;

	for (i = 0; i < k->t->n; i++)
		if (!(k->likeness[i] < ALIKE) && !is_silent(k, i))
			return true;
	return false;
}

static enum ear_reason judge(const struct look *k, uint32_t i, const struct ear_track_heard *h, const struct ear_track_window *w)
{
	const struct ear_match *m = &k->match[i];

	if (is_silent(k, i))
		return EAR_SILENT;
	if (!(k->height[i] >= HEIGHT_MIN))
		return w->residual_db > RESIDUAL_DB ? EAR_TOO_NOISY : EAR_TOO_QUIET;
	if (!(k->size_sigma[i] * CERTAIN < 1))
		return EAR_TOO_NOISY;
	if (!(fabs(h->rate) <= DRIFT_MAX))
		return EAR_INCONSISTENT;
	if (m->second > SECOND_MAX)
		return EAR_JUMPED;
	if (m->likeness < LIKENESS_MIN)
		return EAR_MOVED;
	if (!(h->sigma_s <= SIGMA_MAX))
		return EAR_TOO_NOISY;
	if (m->likeness < LIKENESS_SURE || k->t->references[i].n < PROVEN || !isfinite(k->t->references[i].first_s))
		return EAR_LEARNING;
	return EAR_HEARD;
}

/* Where the sound begins is told once: where it moves to after that is told by the whole response */
static void place(struct look *k, uint32_t i)
{
	struct ear_reference *r = &k->t->references[i];

	if (isfinite(r->first_s) || r->n < PROVEN)
		return;
	r->placed = k->level[i] >= PLACED_LEVEL && ear_shape_first(&k->t->shape, r->response, &r->first_s);
	if (!r->placed)
		r->first_s = r->n >= PATIENCE && k->match[i].likeness >= LIKENESS_SURE ? k->peak_s[i] - k->match[i].shift_s : NAN;
}

/* One that was alike twice is known; one that is not, twice, is another one */
static int learn(struct look *k, uint32_t i, enum ear_reason reason)
{
	struct ear_track *t = k->t;
	struct ear_reference *r = &t->references[i];
	const double *variance = &t->separation.variance[(size_t)i * t->spectra.n_bins];
	const double complex *clean = &t->clean[(size_t)i * t->spectra.n_bins];

	switch (reason) {
	case EAR_HEARD:
	case EAR_LEARNING:
		t->misses[i] = 0;
		if (r->response == NULL)
			return ear_reference_begin(r, &t->shape, clean, variance);
		ear_reference_add(r, &t->shape, clean, variance, k->match[i].shift_s);
		place(k, i);
		return 0;
	case EAR_MOVED:
	case EAR_JUMPED:
		if (r->response == NULL || (r->n >= PROVEN && ++t->misses[i] < MISSES))
			return 0;
		t->misses[i] = 0;
		return ear_reference_begin(r, &t->shape, clean, variance);
	default:
		return 0;
	}
}

/* Each response against the one that is known; where none is, against itself, for what its noise does */
static void compare(struct look *k)
{
	struct ear_track *t = k->t;
	struct ear_separation *s = &t->separation;
	double shift[N_MAX][EAR_SEPARATE_BLOCKS], size[N_MAX][EAR_SEPARATE_BLOCKS], loudest = 1e-20;
	uint32_t i, b, bins = t->spectra.n_bins;

	for (i = 0; i < t->n; i++) {
		size_t at = (size_t)i * bins;
		struct ear_reference own = { .response = &t->clean[at], .variance = &s->variance[at] };
		const struct ear_reference *r = t->references[i].response != NULL ? &t->references[i] : &own;

		ear_shape_clean(&t->shape, &s->response[at], &s->variance[at], k->peak_s[i], &t->clean[at]);
		ear_reference_match(r, &t->shape, &t->clean[at], &s->variance[at], &k->match[i]);
		ear_reference_probes(r, &t->shape, &s->variance[at], k->match[i].shift_s, &t->shift_probe[at], &t->size_probe[at]);
		for (b = 0; b < bins; b++)
			k->level[i] += creal(conj(t->clean[at + b]) * t->clean[at + b]);
		loudest = SPA_MAX(loudest, k->level[i]);
	}
	ear_separation_influence(s, t->shift_probe, shift);
	ear_separation_influence(s, t->size_probe, size);
	for (i = 0; i < t->n; i++) {
		double now = 0;

		for (b = 0; b < bins; b++)
			now += creal(conj(t->size_probe[(size_t)i * bins + b]) * s->response[(size_t)i * bins + b]);
		k->level[i] /= loudest;
		k->size_sigma[i] = spread(size[i]) / SPA_MAX(now, 1e-3);
		k->shift_sigma[i] = hypot(spread(shift[i]) / SPA_MAX(now, 0.1), SIGMA_MIN);
	}
}

static int tell(struct look *k, uint32_t i, const struct ear_track_window *w, struct ear_track_heard *h)
{
	struct ear_track *t = k->t;
	const struct ear_reference *r = &t->references[i];
	bool known = r->response != NULL;
	double base = k->lag[i] / t->rate;
	int res;

	*h = (struct ear_track_heard) {
		.sigma_s = k->shift_sigma[i],
		.rate = t->separation.rates[i],
		.rate_sigma = t->separation.rate_sigmas[i],
		.level_db = 10 * log10(k->level[i] + 1e-20),
		.match = known ? k->match[i].likeness : NAN,
	};
	h->reason = is_alike(k) ? EAR_ALIKE : judge(k, i, h, w);
	if ((res = learn(k, i, h->reason)) < 0)
		return res;
	h->tau_s = base + (known ? k->match[i].shift_s : 0) + r->first_s;
	h->placed = isfinite(h->tau_s) && r->placed;
	if (!isfinite(h->tau_s))
		h->tau_s = base + k->peak_s[i];
	h->jumped = k->prior[i].sigma_s <= KNOWN_TAU_SEC &&
		fabs(h->tau_s - k->predicted[i]) > SPA_MAX(JUMP_SEC, 4 * k->prior[i].sigma_s);
	/* what is only guessed is looked for again */
	if (h->reason != EAR_HEARD)
		h->rate_sigma = INFINITY;
	else
		h->confidence = k->match[i].likeness * SPA_MIN(k->height[i] / (2 * HEIGHT_MIN), 1.0);
	return 0;
}

/* The newest window, and what is in it */
static void begin(struct look *k, struct ear_track_window *w)
{
	struct ear_track *t = k->t;
	uint32_t factor = t->decimators[0].factor;
	uint64_t from;

	t->next = t->first + t->count + t->hop;
	k->at = t->count - t->window;
	from = t->origin + (t->first + k->at) * factor;
	from -= SPA_MIN(from, (uint64_t)ear_decimator_delay(&t->decimators[0]));
	*w = (struct ear_track_window) {
		.from = from,
		.to = from + (uint64_t)factor * ((t->spectra.n_frames - 1) * t->spectra.hop + t->spectra.n_fft),
		.heard_db = level_db(t->samples[t->n] + k->at, t->window),
	};
	k->middle = 0.5 * (double)(w->from + w->to);
}

static void measure(const struct look *k, struct ear_track_window *w)
{
	const struct ear_spectra *x = &k->t->spectra;
	uint32_t i, m, good = 0;

	w->sent_db = -INFINITY;
	for (i = 0; i < k->t->n; i++)
		w->sent_db = SPA_MAX(w->sent_db, level_db(k->t->samples[i] + k->at - k->lag[i], k->t->window));
	for (m = 0; m < x->n_frames; m++)
		good += !x->spoilt[m];
	w->usable = (double)good / x->n_frames;
}

static void solve(struct look *k, struct ear_track_window *w)
{
	const struct ear_separation *s = &k->t->separation;

	find_rates(k);
	separate(k);
	find_peaks(k, REACH_UNKNOWN_SEC);
	if (is_common_off(k)) {
		load(k);
		find_rates(k);
		separate(k);
	}
	find_peaks(k, REACH_SEC);
	if (is_off_centre(k)) {
		load(k);
		find_rates(k);
		separate(k);
		find_peaks(k, REACH_SEC);
	}
	w->residual_db = s->heard > 0 ? 10 * log10(s->residual / s->heard) : 0.0;
	compare(k);
}

int ear_track_analyse(struct ear_track *t, const struct ear_track_prior *prior, struct ear_track_heard *heard,
		struct ear_track_window *window)
{
	struct look k = { .t = t, .prior = prior };
	enum ear_reason reason;
	uint32_t i;
	int res;

	if (t->first + t->count < t->next)
		return 0;
	begin(&k, window);
	if ((res = expect(&k)) < 0)
		return res;
	memcpy(k.predicted, k.expected, sizeof(k.predicted));
	load(&k);
	measure(&k, window);
	reason = judge_window(&k, window);
	if (reason == EAR_HEARD)
		solve(&k, window);
	for (i = 0; i < t->n; i++)
		if (reason != EAR_HEARD)
			heard[i] = (struct ear_track_heard) { .reason = reason, .tau_s = NAN, .sigma_s = NAN, .rate = NAN,
				.rate_sigma = NAN, .level_db = NAN, .match = NAN };
		else if ((res = tell(&k, i, window, &heard[i])) < 0)
			return res;
	return 1;
}
