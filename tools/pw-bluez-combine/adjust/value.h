/* How far a speaker is moved by hand */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ADJUST_VALUE_H
#define BLUEZ_COMBINE_ADJUST_VALUE_H

#include "adjust/keys.h"

/*
 * Pure. A listener moves what is heard: later is positive. A latency offset says how late a speaker sounds by
 * itself, and the more it does the earlier it is sent to: what plays later has a smaller offset.
 */

struct adjust_value {
	double later_ms;		/**< than it was at first */
	double offset_ms;		/**< latency offset that it had at first */
	double report_ms;		/**< its latency without that; NAN: not known */
};

/** By how much a key moves; 0: it does not. */
double adjust_step_ms(enum key key);

/** Move it, as far as an offset goes: 2 s either way, and not below what the speaker reports, taken negative, as no speaker is heard before it is sent something.
 * Returns whether that was far enough. */
bool adjust_move(struct adjust_value *value, double by_ms);

/** The offset that has the same effect, with the sign of the one in pavucontrol. */
static inline double adjust_offset_ms(const struct adjust_value *value)
{
	return value->offset_ms - value->later_ms;
}

#endif /* BLUEZ_COMBINE_ADJUST_VALUE_H */
