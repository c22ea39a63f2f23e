/* What a listener would hear: skew, gaps, steps, level */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MEASURE_H
#define ROOM_MEASURE_H

#include "listen/measure-playout.h"

struct measure_options {
	double window;	/**< s, of the skew; 0: 0.5 */
	double hop;	/**< s, from window to window; 0: 0.25 */
	double range;	/**< s, of skew that is searched either way; 0: 0.6 */
	double from;	/**< s on the timeline, what is before is left out */
	double to;	/**< s, 0: to the end */
	const char *changed; /**< speaker that skews are not against if there is another; NULL: any may be */
};

/** Distribution of absolute values */
struct measure_summary {
	int n;
	double median, p99, max;
};

struct measure_speaker {
	struct signal signal;
	struct playout track;
	double *skew;		/**< ms to the reference, n_windows of them, NAN: none */
	double skew_median;	/**< ms, signed */
	struct measure_summary skew_abs; /**< ms */
	int silent, weak, ambiguous; /**< windows without a figure */
	double latency;		/**< ms after the source, median; NAN without a timeline */
	double latency_min, latency_max;
	double drift;		/**< ppm against the source, > 0: the speaker is slow; NAN
				 * when steps or gaps would be mixed in */
	int gaps, repeats, skips, absences; /**< within from..to */
	double largest_step;	/**< ms, of repeats and skips */
	double largest_gap;	/**< ms */
	double absent;		/**< s in which it did not play though the source did */
};

struct measure {
	struct measure_options options;
	struct measure_speaker *speakers;
	int n_speakers;
	struct signal source;
	bool has_source;
	bool source_on_timeline; /**< its sample 0 is that of the speakers */
	int reference;		/**< index of the speaker that skews are against, -1: none plays */
	int n_windows;
	double *window_time;	/**< s, middle of each window */
	double *spread;		/**< ms, latest less earliest speaker, NAN: not known */
	int *heard;		/**< speakers with a figure in each window */
	int *playing;		/**< speakers that play in each window */
	struct measure_summary spread_abs;
	int windows_partial;	/**< windows in which some playing speaker has no figure */
	int windows_none;	/**< windows without a spread */
};

void measure_init(struct measure *m, const struct measure_options *options);
/** Add a recording; its name is taken from speaker-<name>.wav. 0 or -errno. */
int measure_add_speaker(struct measure *m, const char *path);
int measure_add_speaker_samples(struct measure *m, const char *name, const float *data,
		uint32_t channels, int64_t frames);
/** Set the source. on_timeline: sample 0 is at the same time as the speakers'. */
int measure_set_source(struct measure *m, const char *path, bool on_timeline);
int measure_set_source_samples(struct measure *m, const float *data, uint32_t channels,
		int64_t frames, bool on_timeline);
/** Add all speaker-*.wav of dir, and as the source the only echo-*.wav, if source is NULL. */
int measure_add_dir(struct measure *m, const char *dir, const char *source);
/** Do the work. 0 or -errno. */
int measure_run(struct measure *m);
void measure_finish(struct measure *m);

/** Sorts values. */
struct measure_summary measure_summarise(double *values, int n);
/** Median of n values, which are sorted by this. NAN of none. */
double measure_median(double *values, int n);

#endif /* ROOM_MEASURE_H */
