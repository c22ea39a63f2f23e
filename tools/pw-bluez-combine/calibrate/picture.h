/* The option --plot: a picture of what a calibration has heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PICTURE_H
#define BLUEZ_COMBINE_PICTURE_H

struct calibrate;

/** Before anything is played: can there be one? Returns an exit code; stderr has the reason. */
int picture_check(const struct calibrate *c);

/** Write it, if one is asked for. stderr says if that fails: what was measured is no worse for it. */
void picture_write(const struct calibrate *c);

#endif /* BLUEZ_COMBINE_PICTURE_H */
