/* The status as bars, for a terminal that stays open */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_STATUS_BARS_H
#define BLUEZ_COMBINE_STATUS_BARS_H

#include <stdio.h>

#include "client/report.h"

#define STATUS_BARS_PERIOD_SEC	0.1

struct status_bars {
	struct spa_list meters;		/**< struct meter.link: a speaker that plays has one */
	struct pw_core *core;
};

void status_bars_init(struct status_bars *bars, struct pw_core *core);
void status_bars_finish(struct status_bars *bars);

/** Listen to those that play now. */
void status_bars_follow(struct status_bars *bars, const struct report *report);

/** A line for each speaker that is here: how loud it plays, and by how much it is off, as far as
 * the reports are right; in \a columns. Every STATUS_BARS_PERIOD_SEC. */
void status_bars_print(struct status_bars *bars, FILE *out, const struct report *report, int columns);

/** By how much this speaker sounds later than the group, in ms, as it is heard, or else by its report; NaN if neither is known. */
double status_bars_skew_ms(const struct report *report, const struct report_speaker *speaker);

#endif /* BLUEZ_COMBINE_STATUS_BARS_H */
