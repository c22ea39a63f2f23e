/* How far a speaker is moved by hand */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "adjust/value.h"
#include "client/calibration.h"

double adjust_step_ms(enum key key)
{
	switch (key) {
	case KEY_LEFT:
	case KEY_MINUS:
		return -1.0;
	case KEY_RIGHT:
	case KEY_PLUS:
		return 1.0;
	case KEY_DOWN:
		return -10.0;
	case KEY_UP:
		return 10.0;
	default:
		return 0.0;
	}
}

bool adjust_move(struct adjust_value *v, double by_ms)
{
	double wanted = v->later_ms + by_ms;
	double least = v->offset_ms - CALIBRATION_OFFSET_MAX_MS;
	double most = v->offset_ms + CALIBRATION_OFFSET_MAX_MS;

	if (!isnan(v->report_ms))
		most = fmin(most, v->offset_ms + v->report_ms);
	/* And a lease's correction goes as far */
	least = fmax(least, -CALIBRATION_OFFSET_MAX_MS);
	most = fmin(most, CALIBRATION_OFFSET_MAX_MS);
	v->later_ms = fmax(least, fmin(most, wanted));
	return v->later_ms == wanted;
}
