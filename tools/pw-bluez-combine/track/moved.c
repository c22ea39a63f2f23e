/* Moved: is it speakers that are heard elsewhere, or the microphone? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "track/moved.h"

static bool is_by_microphone(const struct moved_speaker *s)
{
	return s->altered && fabs(s->step_s) <= MOVED_MAX_S;
}

enum moved_verdict moved_judge(const struct moved_speaker *speakers, uint32_t n)
{
	uint32_t i, still = 0, sure = 0, unsure = 0, by_microphone = 0;
	double least = INFINITY, most = -INFINITY;

	for (i = 0; i < n; i++) {
		least = fmin(least, speakers[i].step_s);
		most = fmax(most, speakers[i].step_s);
		still += speakers[i].still;
		sure += !speakers[i].still && speakers[i].sure;
		unsure += !speakers[i].still && !speakers[i].sure;
		by_microphone += !speakers[i].still && is_by_microphone(&speakers[i]);
	}
	if (sure == 0)
		return MOVED_NOBODY;
	/* Of two one that stands still will do: the microphone's way would have to keep its distance */
	if (still > sure + unsure || (still == 1 && sure == 1 && unsure == 0))
		return MOVED_SPEAKERS;
	if (unsure > 0 || still + sure == 1)
		return MOVED_UNCLEAR;
	return by_microphone == sure && most - least > MOVED_SAME_S ? MOVED_MICROPHONE : MOVED_SPEAKERS;
}
