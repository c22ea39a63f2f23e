/* Text that is drawn again and again over itself on a terminal */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SCREEN_H
#define BLUEZ_COMBINE_SCREEN_H

#include <stdbool.h>

/** Nothing of the terminal's modes is changed: who is killed leaves it as it was. */
struct screen {
	int columns, rows;		/**< 0: nothing was drawn yet */
	int columns_now, rows_now;	/**< since screen_measure() */
};

/** Can standard output be drawn on? */
bool screen_is_possible(void);

/** See how large it is. True if that is another size than what was drawn for. */
bool screen_measure(struct screen *screen);

/** Lines over what was there, so that nothing flickers, and each cut off at the edge: one that goes on in
 * the next row, or a row too many, would spoil all others. In one piece. Returns 0 or -errno. */
int screen_draw(struct screen *screen, const char *text);

#endif /* BLUEZ_COMBINE_SCREEN_H */
