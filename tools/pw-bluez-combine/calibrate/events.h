/* What happens while a calibration runs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EVENTS_H
#define BLUEZ_COMBINE_EVENTS_H

struct calibrate;

/** Something has changed; \a data is the struct calibrate. The first time it begins. */
void events_changed(void *data);

/** Ctrl-C and its like */
void events_signal(void *data, int number);

/** Play and record. Returns 0 or -errno. */
int events_start_streams(struct calibrate *c);

#endif /* BLUEZ_COMBINE_EVENTS_H */
