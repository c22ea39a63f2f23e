/* Resampling: a recording, at the places of another clock's frames */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_RESAMPLE_H
#define BLUEZ_COMBINE_EAR_RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation. A stream's clock: which of its frames belongs to which time of the machine's clock. Marks come once in a cycle, and
 * jitter by some us to some hundred; a delay-locked loop of second order goes through them (F. Adriaensen, "Using a DLL to filter
 * time", 2005), wide at first. What it is off by is the same for all speakers.
 */
struct ear_clock {
	double rate;			/**< nominal, in Hz */
	bool begun;
	double frame;			/**< at ns */
	double ns;
	double speed;			/**< of the nominal rate */
	double since_s;			/**< the first mark */
};

void ear_clock_init(struct ear_clock *c, double rate);

/** Frame \a frame is at \a ns. A mark that is off by more than 50 ms begins anew.
 * \return false if it did: something is missing */
bool ear_clock_mark(struct ear_clock *c, uint64_t frame, int64_t ns);

/** After the first mark. */
double ear_clock_ns(const struct ear_clock *c, double frame);
double ear_clock_frame(const struct ear_clock *c, double ns);

/** A recording that is read between its frames, by a windowed sinc. */
struct ear_resampler;

/** \param ratio of the rates, of the recording's to that which it is read at, 0.05 to 20
 * \param keep frames of the recording that can be read
 * \return NULL with errno: EINVAL, ENOMEM */
struct ear_resampler *ear_resampler_new(double ratio, uint32_t keep);
void ear_resampler_destroy(struct ear_resampler *r);

/** Go on by \a n frames. */
void ear_resampler_push(struct ear_resampler *r, const float *samples, uint32_t n);

/** How many frames were pushed: up to some frames less can be read. */
uint64_t ear_resampler_pushed(const struct ear_resampler *r);

/** Read \a n samples, the first at frame \a at, the others \a step apart; NAN where there is none, or no longer. */
void ear_resampler_read(const struct ear_resampler *r, double at, double step, float *dst, uint32_t n);

#endif /* BLUEZ_COMBINE_EAR_RESAMPLE_H */
