/* Listening: which slot was heard when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/arrival.h"
#include "ear/band.h"
#include "ear/linearity.h"
#include "ear/listen.h"
#include "ear/response.h"

#define RATE_MIN	8000.0
#define RATE_MAX	192000.0
#define SECONDS_MIN	0.1	/* of a sweep */
#define SECONDS_MAX	5.0
#define WINDOW_MAX_SEC	10.0	/* on each side */

/* How much earlier than the strongest peak the first sound may be: reflections that are louder than the
 * direct sound come soon. And by far less than the lead of the second harmonic. */
#define LEAD_SEC	0.030
#define LEAD_OF_SECOND	0.8
/* What is ahead of a sound shows the noise; not its own rise */
#define FLOOR_SEC	0.015
#define GUARD_SEC	0.002
/* In the common band another reflection may be the strongest than in the whole */
#define STRONGEST_SEC	0.025
/* What is kept of each slot's response, around its strongest peak */
#define KEEP_BEFORE_SEC	(LEAD_SEC + GUARD_SEC + FLOOR_SEC + STRONGEST_SEC)
#define KEEP_AFTER_SEC	0.250
/* Elsewhere in the window there is nothing that is nearly as loud */
#define ELSEWHERE	0.5	/* -6 dB: harmonics are weaker */
#define FADE_SEC	0.004	/* where a recording or a response is cut */
#define EARLY_SEC	0.050	/* what counts as the level of the sound */
#define STEP_MAX_SEC	(1 / 64e3)	/* of the envelope */

#define BAND_OF_RATE	0.44	/* the band ends there at the latest */
#define BAND_SIGNAL_SEC	0.025	/* ahead of the strongest, and behind */

#define HANN_WIDTH	0.14	/* standard deviation of a Hann window squared, of its width */
#define SIGMA_MIN_SEC	5e-6	/* what no noise accounts for */
#define NOISY		3e-3	/* -50 dBFS: a room that is louder is not quiet */

struct kept {
	bool is_heard;			/**< there is a response */
	double first;			/**< place of its first sample in the recording, in frames */
	uint32_t peak;			/**< where it is strongest */
	bool is_alone;			/**< and nothing elsewhere in the window */
	float *response;		/**< listener.n_response */
	float *envelope;		/**< listener.n_response * factor */
};

struct ear_listener {
	struct ear_sweep sweep;
	double rate;			/**< in Hz */
	uint32_t sweep_frames;

	struct ear_deconvolver deconvolver;
	struct ear_envelope envelope;
	uint32_t n_response;		/**< frames of a kept response */
	uint32_t before;		/**< of them ahead of its strongest */

	struct kept *kept;
	uint32_t n_kept;
	double from_hz, to_hz;		/**< the common band */
};

static uint32_t frames(const struct ear_listener *l, double seconds)
{
	return (uint32_t)lrint(seconds * l->rate);
}

struct ear_listener *ear_listener_new(const struct ear_sweep *sweep, double rate_hz)
{
	struct ear_listener *l;
	uint32_t factor = 1;

	if (!(rate_hz >= RATE_MIN && rate_hz <= RATE_MAX) ||
	    !(sweep->seconds >= SECONDS_MIN && sweep->seconds <= SECONDS_MAX) ||
	    !(sweep->from_hz >= 20 && sweep->from_hz < EAR_BAND_FROM_HZ && sweep->to_hz > EAR_CORE_TO_HZ && sweep->to_hz < 96000)) {
		errno = EINVAL;
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return NULL;
	l->sweep = *sweep;
	l->rate = rate_hz;
	l->sweep_frames = ear_sweep_frames(sweep, rate_hz);
	l->before = frames(l, KEEP_BEFORE_SEC);
	l->n_response = ear_fast_length(l->before + frames(l, KEEP_AFTER_SEC));
	while (1 / (factor * rate_hz) > STEP_MAX_SEC)
		factor *= 2;
	if (ear_envelope_init(&l->envelope, l->n_response, factor) < 0) {
		ear_listener_destroy(l);
		errno = ENOMEM;
		return NULL;
	}
	return l;
}

static void forget(struct ear_listener *l)
{
	for (uint32_t i = 0; i < l->n_kept; i++) {
		free(l->kept[i].response);
		free(l->kept[i].envelope);
	}
	free(l->kept);
	l->kept = NULL;
	l->n_kept = 0;
}

void ear_listener_destroy(struct ear_listener *l)
{
	if (l == NULL)
		return;
	forget(l);
	ear_deconvolver_finish(&l->deconvolver);
	ear_envelope_finish(&l->envelope);
	free(l);
}

/* What is cut out is not to begin with a click */
static void fade_ends(float *x, uint32_t n, uint32_t length)
{
	for (uint32_t i = 0; i < length && i < n / 2; i++) {
		float gain = (float)(0.5 * (1 - cos(M_PI * (i + 0.5) / length)));

		x[i] *= gain;
		x[n - 1 - i] *= gain;
	}
}

static bool all_numbers(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(fabsf(x[i]) < 1e6f))
			return false;
	return true;
}

static double rms(const float *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
	return n > 0 ? sqrt(sum / n) : 0.0;
}

/* Of a slot: the part of the recording that has to do with it */
struct part {
	int64_t first;			/**< frame of the recording */
	uint32_t n;			/**< frames */
	uint32_t from, to;		/**< of them, where the sweep may begin */
};

static bool part_of(const struct ear_listener *l, const struct ear_slot *slot, size_t n_frames, struct part *p)
{
	double max = WINDOW_MAX_SEC * l->rate, from, to;
	int64_t end;

	if (!(slot->expected >= 0 && slot->expected < (double)n_frames) ||
	    !(slot->before >= 0 && slot->before <= max && slot->after >= 0 && slot->after <= max))
		return false;
	from = floor(slot->expected - slot->before);
	to = ceil(slot->expected + slot->after);
	p->first = SPA_MAX((int64_t)from - (int64_t)l->before, 0);
	end = SPA_MIN((int64_t)to + (int64_t)l->sweep_frames + (int64_t)(l->n_response - l->before), (int64_t)n_frames);
	p->from = (uint32_t)SPA_MAX((int64_t)from - p->first, 0);
	p->to = (uint32_t)((int64_t)to - p->first);
	p->n = (uint32_t)(end - p->first);
	/* the whole sweep has to be there, wherever in the window it begins */
	return (int64_t)p->to + (int64_t)l->sweep_frames <= (int64_t)p->n;
}

static int deconvolve(struct ear_listener *l, const float *x, uint32_t n)
{
	uint32_t length = ear_fast_length(n);
	struct ear_deconvolver *d = &l->deconvolver;
	int res;

	if (d->n != length) {
		ear_deconvolver_finish(d);
		if ((res = ear_deconvolver_init(d, &l->sweep, l->rate, length)) < 0)
			return res;
	}
	memcpy(d->time, x, n * sizeof(*x));
	memset(d->time + n, 0, (length - n) * sizeof(*x));
	fade_ends(d->time, n, frames(l, FADE_SEC));
	ear_deconvolver_run(d);
	return 0;
}

static uint32_t strongest(const float *x, uint32_t from, uint32_t to)
{
	uint32_t i, best = from;

	for (i = from; i < to; i++)
		if (fabsf(x[i]) > fabsf(x[best]))
			best = i;
	return best;
}

/* Of several speakers the first that is about as loud as the loudest: it has no other one's reverberation ahead of it */
static uint32_t first_loud(const float *x, uint32_t from, uint32_t to, uint32_t peak)
{
	float loud = (float)ELSEWHERE * fabsf(x[peak]);

	while (from < to && fabsf(x[from]) < loud)
		from++;
	return from;
}

/* Is there nothing that is nearly as loud, further away than reflections are? */
static bool is_alone(const struct ear_listener *l, const float *x, uint32_t from, uint32_t to, uint32_t peak)
{
	uint32_t ahead = SPA_MAX(peak, l->before) - l->before, behind = peak + l->n_response - l->before;
	float loud = (float)ELSEWHERE * fabsf(x[peak]);

	return (ahead <= from || fabsf(x[strongest(x, from, ahead)]) <= loud) &&
		(behind >= to || fabsf(x[strongest(x, behind, to)]) <= loud);
}

/* The response around its strongest peak. A direct sound at the end of the window may have its strongest
 * reflection behind it. */
static int keep_response(struct ear_listener *l, const struct ear_slot *slot, const struct part *p, struct kept *k)
{
	const struct ear_deconvolver *d = &l->deconvolver;
	uint32_t to = SPA_MIN(p->to + frames(l, LEAD_SEC), p->n - l->sweep_frames);
	uint32_t peak = strongest(d->time, p->from, to + 1), skip, i;

	k->is_alone = true;
	if (slot->speaker == EAR_EVERYBODY)
		peak = first_loud(d->time, p->from, peak, peak);
	else
		k->is_alone = is_alone(l, d->time, p->from, to + 1, peak);
	k->response = calloc(l->n_response, sizeof(*k->response));
	k->envelope = calloc((size_t)l->n_response * l->envelope.factor, sizeof(*k->envelope));
	if (k->response == NULL || k->envelope == NULL)
		return -ENOMEM;
	/* what was before the recording is silence */
	skip = peak < l->before ? l->before - peak : 0;
	for (i = skip; i < l->n_response && peak - l->before + i < d->n; i++)
		k->response[i] = d->time[peak + i - l->before];
	fade_ends(k->response, l->n_response, frames(l, FADE_SEC));
	k->peak = l->before;
	k->first = (double)p->first + peak - l->before;
	k->is_heard = true;
	return 0;
}

/* First pass: responses, each by itself */
static int take(struct ear_listener *l, const float *recording, size_t n_frames, const struct ear_slot *slot,
		struct kept *k, struct ear_heard *heard)
{
	struct part p;
	int res;

	*heard = (struct ear_heard) { .reason = EAR_INTERRUPTED, .arrival = NAN, .sigma = NAN,
		.snr_db = -INFINITY, .level_db = -INFINITY };
	if (slot->spoilt || !part_of(l, slot, n_frames, &p) || !all_numbers(recording + p.first, p.n))
		return 0;
	heard->reason = rms(recording + p.first, p.n) > NOISY ? EAR_TOO_NOISY : EAR_TOO_QUIET;
	if ((res = deconvolve(l, recording + p.first, p.n)) < 0 || (res = keep_response(l, slot, &p, k)) < 0)
		return res;
	return 0;
}

static void load(struct ear_listener *l, const struct kept *k, uint32_t from, uint32_t to)
{
	float *x = l->envelope.time;

	memset(x, 0, l->n_response * sizeof(*x));
	memcpy(x + from, k->response + from, (to - from) * sizeof(*x));
	fade_ends(x + from, to - from, frames(l, FADE_SEC));
	ear_envelope_load(&l->envelope);
}

/* Power per Hz between two places of a response */
static void measure_bands(struct ear_listener *l, const struct kept *k, uint32_t from, uint32_t to, double power[EAR_BANDS])
{
	load(l, k, from, to);
	for (uint32_t i = 0; i < EAR_BANDS; i++)
		power[i] = ear_envelope_density(&l->envelope, l->rate, ear_band_edge(i), ear_band_edge(i + 1));
}

/* What all speakers have */
static void choose_band(struct ear_listener *l, uint32_t n, struct ear_heard *heard)
{
	uint32_t i, common = EAR_BANDS_ALL, length = frames(l, BAND_SIGNAL_SEC);

	for (i = 0; i < n; i++) {
		const struct kept *k = &l->kept[i];
		double signal[EAR_BANDS], noise[EAR_BANDS];
		uint32_t bands;
		bool is_narrow;

		if (!k->is_heard)
			continue;
		measure_bands(l, k, k->peak - length / 2, k->peak + length / 2, signal);
		measure_bands(l, k, 0, length, noise);
		bands = ear_band_heard(signal, noise, &is_narrow);
		if (ear_band_has_core(bands))
			common &= bands;
		else if (is_narrow)
			heard[i].reason = EAR_NARROW;
	}
	ear_band_around_core(common, &l->from_hz, &l->to_hz);
	l->to_hz = SPA_MIN(l->to_hz, BAND_OF_RATE * l->rate);
}

static bool is_expected(const struct ear_listener *l, const struct ear_slot *slot, double arrival, size_t n_frames)
{
	if (!(arrival >= 0 && arrival + l->sweep_frames <= (double)n_frames))
		return false;
	return slot->speaker == EAR_EVERYBODY ||
		(arrival >= slot->expected - slot->before && arrival <= slot->expected + slot->after);
}

/* How loud it was, in power: the first sound and what comes soon after it, less the noise */
static double early_power(const struct ear_listener *l, const struct kept *k, const struct ear_arrival *a)
{
	uint32_t factor = l->envelope.factor, at = (uint32_t)a->at;
	uint32_t from = at - SPA_MIN(at, frames(l, 0.001) * factor), to = at + frames(l, EARLY_SEC) * factor, i;
	double sum = 0;

	for (i = from; i < to; i++)
		sum += (double)k->envelope[i] * k->envelope[i] - a->floor * a->floor;
	return SPA_MAX(sum, 1e-30) / l->envelope.unit_energy;
}

/* Cramer and Rao's bound for the delay of an envelope, from its bandwidth, that of a Hann window, and what it is above
 * the noise */
static double sigma_sec(const struct ear_listener *l, const struct ear_arrival *a)
{
	double width = HANN_WIDTH * (l->to_hz - l->from_hz), above = a->peak / a->floor;

	return hypot(1 / (2 * M_PI * width * M_SQRT2 * above), SIGMA_MIN_SEC);
}

/* Second pass: the first sound, in the common band */
static void judge(struct ear_listener *l, const float *recording, size_t n_frames, const struct ear_slot *slot,
		struct kept *k, struct ear_heard *heard)
{
	uint32_t factor = l->envelope.factor;
	double lead = SPA_MIN(LEAD_SEC, LEAD_OF_SECOND * ear_sweep_lead(&l->sweep, 2));
	struct ear_search search = {
		.peak_from = (k->peak - frames(l, STRONGEST_SEC)) * factor,
		.peak_to = (k->peak + frames(l, STRONGEST_SEC)) * factor,
		/* the transform of a Hann window of the width B is at half its height 1 / B from its middle */
		.half_rise = l->rate * factor / (l->to_hz - l->from_hz),
		.lead = frames(l, lead) * factor,
		.floor = frames(l, FLOOR_SEC) * factor,
		.guard = frames(l, GUARD_SEC) * factor,
	};
	struct ear_arrival a;
	enum ear_reason reason;

	load(l, k, 0, l->n_response);
	ear_envelope_run(&l->envelope, l->rate, l->from_hz, l->to_hz, k->envelope);
	reason = ear_arrival_find(&a, k->envelope, l->n_response * factor, &search);
	heard->snr_db = 20 * log10(a.strongest / a.floor);
	if (reason == EAR_TOO_QUIET || heard->reason == EAR_NARROW)
		return;
	heard->arrival = k->first + a.at / factor;
	heard->sigma = l->rate * sigma_sec(l, &a);
	heard->level_db = 10 * log10(early_power(l, k, &a));
	if (ear_clipped(recording + (size_t)(k->first + k->peak), l->sweep_frames) > 0)
		heard->reason = EAR_CLIPPED;
	else if (reason != EAR_HEARD || !k->is_alone)
		heard->reason = EAR_AMBIGUOUS;
	else
		heard->reason = is_expected(l, slot, heard->arrival, n_frames) ? EAR_HEARD : EAR_UNEXPECTED;
}

int ear_listen(struct ear_listener *l, const float *recording, size_t n_frames,
		const struct ear_slot *slots, uint32_t n, struct ear_heard *heard)
{
	uint32_t i, count = 0;
	int res;

	forget(l);
	if (n == 0)
		return 0;
	l->kept = calloc(n, sizeof(*l->kept));
	if (l->kept == NULL)
		return -ENOMEM;
	l->n_kept = n;
	for (i = 0; i < n; i++)
		if ((res = take(l, recording, n_frames, &slots[i], &l->kept[i], &heard[i])) < 0)
			return res;
	choose_band(l, n, heard);
	for (i = 0; i < n; i++) {
		if (l->kept[i].is_heard)
			judge(l, recording, n_frames, &slots[i], &l->kept[i], &heard[i]);
		count += heard[i].reason == EAR_HEARD;
	}
	return (int)count;
}

bool ear_listener_response(const struct ear_listener *l, uint32_t slot, struct ear_response *r)
{
	if (slot >= l->n_kept || !l->kept[slot].is_heard)
		return false;
	*r = (struct ear_response) {
		.envelope = l->kept[slot].envelope,
		.n = l->n_response * l->envelope.factor,
		.first = l->kept[slot].first,
		.step = 1.0 / l->envelope.factor,
	};
	return true;
}

void ear_listener_band(const struct ear_listener *l, double *from_hz, double *to_hz)
{
	*from_hz = l->from_hz;
	*to_hz = l->to_hz;
}

double ear_listener_instant(const struct ear_listener *l)
{
	/* A chirp that is played faster by e seems to come early by e times the slowness L besides */
	return ear_sweep_time(&l->sweep, 0.5 * (l->from_hz + l->to_hz)) +
		l->sweep.seconds / log(l->sweep.to_hz / l->sweep.from_hz);
}
