/* Delay and skew over time, systems side by side, as a picture */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_REPORT_DELAY_H
#define ROOM_REPORT_DELAY_H

#include <glib.h>

#include "listen/measure.h"

#define DELAY_COLUMNS_MAX 4

/** One system's part of the picture: above the delay, below the skew */
struct delay_column {
	char *title;
	char *data;		/**< file: time, delay of each speaker, skew of each; ms */
	GArray *gaps;		/**< struct event, of all speakers */
	double delay_min, delay_max, skew_max; /**< ms */
};

struct delay_picture {
	char *path;		/**< of the PNG; the script is beside it */
	char *title;
	double length;		/**< s */
	GPtrArray *names;	/**< of the speakers; they are the same in all columns */
	struct delay_column columns[DELAY_COLUMNS_MAX];
	int n_columns;
};

void delay_picture_init(struct delay_picture *p, const char *path, const char *title);
/** A zeroed one is fine. */
void delay_picture_finish(struct delay_picture *p);
/**
 * Another column, of \a from to \a to on the timeline. The delay of a speaker is what it is later than
 * the source, less its own latency.
 * \param data file to be written
 * \param zero time on the timeline that is 0 in the picture
 * \param own latency of a speaker of its own at a time, in ms
 * 0 or -errno
 */
int delay_picture_add(struct delay_picture *p, const char *title, const char *data,
		const struct measure *m, double from, double to, double zero,
		double (*own)(const struct measure_speaker *s, double t));
/** Draw what there is. 0 or -errno */
int delay_picture_draw(const struct delay_picture *p);

#endif /* ROOM_REPORT_DELAY_H */
