/* What the daemons have written into their logs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_LOGS_H
#define ROOM_LOGS_H

#include "stage/scene.h"

struct log_lines {
	int ours;	/**< of our topics */
	int others;
	int most;	/**< of ours: how often the most frequent text came, addresses and numbers aside */
};

/** Lines in the logs of pipewire, wireplumber and clients so far: warnings and errors, as they log by default */
struct log_lines scene_log_lines(const struct scene *sc);
/** As figures: log_ours and log_same with bounds, log_others only told */
void scene_figure_logs(struct scene *sc, int ours_max, int same_max);

#endif /* ROOM_LOGS_H */
