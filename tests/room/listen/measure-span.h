/* What happened within a span of time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MEASURE_SPAN_H
#define ROOM_MEASURE_SPAN_H

#include "listen/measure.h"

/*
 * Scenes in which something happens at a known time ask what it was like before and after. All
 * times are in s of the timeline. What cannot be told is NAN, never a good figure: a speaker that
 * is not heard is not in sync.
 */

/** Events of one speaker that begin within from..to */
struct span_events {
	int gaps, repeats, skips, absences;
	double first, last;	/**< s, NAN: none */
	double largest_step;	/**< ms, of repeats and skips */
	double largest_gap;	/**< ms, of gaps and absences */
};

/** Index of a speaker by its name, -1: there is none */
int span_find_speaker(const struct measure *m, const char *name);

/** Worst spread of the windows that are wholly within from..to, in ms. NAN when there is no such
 * window, or one in which a speaker that plays has no figure. */
double span_spread(const struct measure *m, double from, double to);

struct span_events span_events(const struct measure_speaker *s, double from, double to);

/** The number of them in all speakers but one */
int span_others(const struct measure *m, int speaker, double from, double to);

/** How much later than the source the speaker is, in ms; NAN: nothing within 50 ms of \a t */
double span_lag(const struct measure_speaker *s, double t);

/** The same of the last point within \a back s before \a t, by the middle of what it was seen in */
double span_point(const struct measure_speaker *s, double t, double back);

/**
 * When two speakers were last more than \a limit_ms apart within from..to, or one of them could
 * not be heard in its place for 0.1 s; \a from if they were together all the time, NAN if they
 * are not in the end. Both must have been followed against the source.
 */
double span_together(const struct measure_speaker *a, const struct measure_speaker *b, double from,
		double to, double limit_ms);

/** The longest silence that ends after \a from, in ms: one that lasts to the end of the recording, too, and
 * all of it when there is no sound in it */
double span_silence(const struct signal *s, double from);

#endif /* ROOM_MEASURE_SPAN_H */
