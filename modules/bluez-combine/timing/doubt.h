/* Reports that may be another speaker's */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_DOUBT_H
#define BLUEZ_COMBINE_DOUBT_H

#include "timing/report.h"

/*
 * BlueZ (5.83 to 5.87 at least) gives each delay report to the first transport of the adapter's endpoint. So of speakers that share one
 * the first has what the last of them has said, and the others have nothing. It shows where one that has told
 * its latency before, alone, tells none now. From then on nobody's reports are believed, nor remembered, until its node is
 * another one: what each has told before is better. Where bluetoothd does it right nobody ever falls silent so.
 */

/** Look at all members' reports, each of them updated. Returns when to call again, or INT64_MAX. */
int64_t doubt_update(struct report *const *reports, uint32_t n_reports, int64_t now_ns);

#endif /* BLUEZ_COMBINE_DOUBT_H */
