/* Pattern: how much later than the others each speaker is to be heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_PATTERN_H
#define BLUEZ_COMBINE_TRACK_PATTERN_H

#include <stdbool.h>

/*
 * Pure calculation. All times at the microphone would be one only for who sits there. What is to be kept is how it was: as
 * calibrate has left it, if that was with this microphone, or as it is heard at first.
 * Both have a part in common that nobody knows. So the first speaker that has a record stays where it is heard, which says where
 * the others with a record belong; and who has none stays where it is.
 */

struct pattern {
	bool here;			/**< records do not count */
	double origin_s;		/**< where a record's 0 is; NAN: not known yet */
};

void pattern_init(struct pattern *p, bool here);

/** Where one belongs that is heard for the first time, in s.
 * \param record_s what calibrate left it at; NAN: nothing
 * \param heard_s where it is heard, its correction taken out */
double pattern_place(struct pattern *p, double record_s, double heard_s);

#endif /* BLUEZ_COMBINE_TRACK_PATTERN_H */
