/* Plot: a picture of what was heard of each speaker, before and after */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PLOT_H
#define BLUEZ_COMBINE_PLOT_H

#include <stdint.h>

/*
 * A row for each speaker, and one axis of time for all: how much later it is heard than the reference,
 * which is at 0. Each curve is as high as its row, as how loud a speaker is does not matter here.
 */

/** What was heard of one speaker at one time. */
struct plot_curve {
	const float *envelope;		/**< NULL: nothing */
	uint32_t n;
	double start_ms;		/**< place of envelope[0] on the axis */
	double step_ms;			/**< > 0 */
	double late_ms;			/**< where its first sound is; NAN: not known */
};

struct plot_row {
	const char *name;
	struct plot_curve before, after;
};

/** Texts are UTF-8. Names and titles that are too long are cut off. */
struct plot {
	const char *title;
	const char *subtitle;
	const char *axis;		/**< what it shows, with its unit */
	const char *before, *after;	/**< of the figures, and so of the colours: short */
	const struct plot_row *rows;
	uint32_t n_rows;
};

/** Write it to the file \a path as PNG. Returns 0 or -errno; a file that could not be written whole is gone. */
int plot_write(const char *path, const struct plot *plot);

#endif /* BLUEZ_COMBINE_PLOT_H */
