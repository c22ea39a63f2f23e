/* How much later one recording has the sound of another */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MEASURE_LAG_H
#define ROOM_MEASURE_LAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEASURE_RATE	48000	/* Hz, of every signal that is compared */
#define LAG_DECIMATE	8	/* coarse search runs at 6 kHz */

struct silence {
	int64_t begin, end;	/**< samples, end exclusive */
};

/** A recording, prepared for comparing */
struct signal {
	char name[64];
	int64_t n;		/**< samples */
	float *x;		/**< mono, filtered for comparing */
	float *peak;		/**< the larger of |left| and |right| */
	double *energy;		/**< sum of x^2 before sample i, n + 1 of them */
	int64_t n_low;
	float *low;		/**< x at MEASURE_RATE / LAG_DECIMATE */
	double *low_energy;	/**< as energy */
	double rms;		/**< of the sounding part, both channels, linear */
	double max;		/**< largest peak */
	int64_t first, last;	/**< first and last sounding sample, -1 if silent */
	float silence_level;	/**< at or below is silence */
	struct silence *silences; /**< runs of SILENCE_MIN and more within first..last */
	size_t n_silences;
};

#define SILENCE_MIN	(MEASURE_RATE * 2 / 1000)	/* 2 ms make a gap */

/** rel is the level, relative to the rms, below which it counts as silent. */
int signal_init(struct signal *s, const char *name, const float *data,
		uint32_t channels, int64_t frames, double rel);
void signal_finish(struct signal *s);
/** Sum of x^2 over [from, to), outside of the recording counts as zero. */
double signal_energy(const struct signal *s, int64_t from, int64_t to);
/** Does [from, to) touch a run of silence, or lie outside of the sounding part? */
bool signal_touches_silence(const struct signal *s, int64_t from, int64_t to);
/** Samples of [from, to) that are within silences. */
int64_t signal_silent_samples(const struct signal *s, int64_t from, int64_t to);

enum lag_state {
	LAG_OK,
	LAG_SILENT,	/**< nothing to compare */
	LAG_WEAK,	/**< not alike anywhere in the range */
	LAG_AMBIGUOUS,	/**< alike in two places */
};

struct lag {
	enum lag_state state;
	double lag;	/**< samples by which b is later than a */
	double rho;	/**< normalised correlation there, at most 1 */
	double next;	/**< the best correlation elsewhere */
};

/* Less says nothing about a match: interpolation and drift leave so much */
#define LAG_RESIDUAL_MIN	2e-3

/** The energy that a match at rho leaves unexplained, relative */
static inline double lag_residual(double rho)
{
	double residual = rho <= 0.0 ? 1.0 : 1.0 - rho * rho;

	return residual > LAG_RESIDUAL_MIN ? residual : LAG_RESIDUAL_MIN;
}

struct lag_finder;
struct lag_finder *lag_finder_new(void);
void lag_finder_destroy(struct lag_finder *f);

/** Find [pos, pos + len) of a in b, at pos + min ... pos + max (samples). */
struct lag lag_find(struct lag_finder *f, const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, int64_t min, int64_t max);
/** The best lag within center +- half, between samples, in the middle of the window.
 * slope is what it is known to change, per sample. lag.state is LAG_OK, LAG_SILENT,
 * or LAG_WEAK when the best is at the edge. */
struct lag lag_refine(const struct signal *a, int64_t pos, int64_t len,
		const struct signal *b, double center, int half, double slope);

#endif /* ROOM_MEASURE_LAG_H */
