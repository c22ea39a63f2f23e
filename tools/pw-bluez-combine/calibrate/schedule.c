/* When each speaker of a round is asked to play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>

#include "calibrate/schedule.h"

double schedule_work_out(const struct schedule *schedule, struct schedule_slot *slots, uint32_t n)
{
	double sweep = schedule->sweep_sec, margin = schedule->margin_sec, over_sec = -INFINITY;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct schedule_slot *s = &slots[i], *last = i > 0 ? s - 1 : NULL;

		if (last == NULL) {
			s->solo_sec = 0.0;
			s->emit_sec = margin;
			s->ready_sec = s->emit_sec + s->delay_sec;
			over_sec = s->emit_sec + s->sound_sec + s->after_sec;
			continue;
		}
		s->emit_sec = fmax(over_sec + schedule->apart_sec + s->before_sec - s->sound_sec,
				last->emit_sec + sweep + fabs(last->delay_sec - s->delay_sec) + margin);
		over_sec = fmax(over_sec, s->emit_sec + s->sound_sec + s->after_sec);
		s->solo_sec = last->emit_sec + sweep + fmax(last->delay_sec, s->delay_sec);
		s->ready_sec = s->emit_sec + fmin(last->delay_sec, s->delay_sec);
	}
	return n > 0 ? slots[n - 1].emit_sec + sweep : 0.0;
}
