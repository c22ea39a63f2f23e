/* Which latency offsets make all sound together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>

#include "calibrate/offsets.h"

/* What the group will count, but for k */
static double true_latency(const struct offset_speaker *s)
{
	return s->latency_ms + s->correction_ms + s->late_ms;
}

double offsets_work_out(struct offset_speaker *speakers, uint32_t n)
{
	const struct offset_speaker *slowest = NULL;
	double least = INFINITY, k;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct offset_speaker *s = &speakers[i];

		if (!s->heard)
			continue;
		if (slowest == NULL || true_latency(s) > true_latency(slowest))
			slowest = s;
		least = fmin(least, s->latency_ms + s->late_ms);
	}
	k = slowest ? fmin(slowest->late_ms, least) : 0.0;
	for (i = 0; i < n; i++)
		speakers[i].change_ms = speakers[i].heard ? speakers[i].late_ms - k : 0.0;
	return k;
}
