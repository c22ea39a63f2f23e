/* What a microphone makes of what is heard: its clock, its amplifier, its faults */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_PICKUP_H
#define ROOM_PICKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"
#include "world/heard.h"

struct pickup_config {
	uint32_t rate;		/**< of its converter, in Hz */
	double ppm;		/**< how much that is fast */
	double latency_ms;	/**< from the sound to the cycle of the graph that gets it */
	double gain_db;
	double noise_db;	/**< its own, dBFS; -200: none */
	double agc;		/**< dB that it takes away for each dB that it gets louder, 0-1; 0: none */
	double agc_db;		/**< level, dBFS, at which that has changed nothing */
	double clip_db;		/**< dBFS beyond which it clips */
	double pop_db;		/**< a pop at its start, dBFS; -200: none */
	bool mute;
};

/** Of one stream; of the data loop. Zeroed: as it is turned on */
struct pickup {
	struct pickup_config config;
	const struct heard *heard;
	struct random random;
	double level;		/**< mean square that the AGC sees */
	uint64_t n;		/**< samples since the start */
	uint64_t missed;	/**< that were not known in time, and are 0 */
};

void pickup_start(struct pickup *pickup, const struct heard *heard, uint32_t seed);
/**
 * What is heard from \a t_ns on, \a period_ns apart. Nothing above half of config.rate is in it.
 * Without waiting: what is not known yet is 0.
 */
void pickup_read(struct pickup *pickup, double t_ns, double period_ns, float *samples, uint32_t n);

#endif /* ROOM_PICKUP_H */
