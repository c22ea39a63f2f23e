/* The way of a speaker's sound to a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_PATH_H
#define ROOM_PATH_H

#include <stdint.h>

#include "world/convolver.h"

#define PATH_SPEED_M_S	343.0	/* of sound, at 20 degrees */

#define PATH_WALK_FAR_M	0.3	/* so far away the room's answer has little in common with that here */

/*
 * What is heard of a speaker begins with its direct sound, distance / 343 m/s after it came out: that is the
 * first arrival, and the response of the room is counted from there. Its sample 0 is the direct sound, 1
 * before the distance makes it weaker (1 at a metre); early reflections follow from 0.5 ms on, and from 5 ms on
 * noise that falls by 60 dB in T60. All of it is drawn from the seed. At both ends of a walk it is another one, and
 * changes into that on the way; that of PATH_AWAY_SEED instead of the seed.
 */
struct path_config {
	double distance_m;
	double walk_m;		/**< to and fro by so much; below 0: the other way first */
	double walk_s;		/**< there and back in so long */
	double gain_db;		/**< at a distance of 1 m */
	double t60_s;		/**< 0: nothing but the direct sound and the reflections */
	double reverb_db;	/**< energy of what falls by T60, against the direct sound's */
	double reflection_db;	/**< the strongest early reflection, against the direct sound; -100: none */
	uint32_t seed;
};

#define PATH_AWAY_SEED(seed)	((seed) ^ 0x61776179)

struct path;

/** \a frame of TIMELINE_RATE is the first to be heard. All functions: one thread at a time. NULL: out of memory */
struct path *path_new(const struct path_config *config, struct transform *transform, int64_t frame);
void path_destroy(struct path *path);
/**
 * Be another one from now on; the distance changes steadily over \a move_ns. A walk begins in the middle, now, if it is
 * another one: the distance is more by walk_m sin(2 pi t / walk_s), t from then on. 0 or -ENOMEM, and it is as it was.
 */
int path_configure(struct path *path, const struct path_config *config, int64_t now_ns, int64_t move_ns);
const struct path_config *path_config(const struct path *path);

/** Stereo frames come out of the speaker from \a t_ns on; a microphone hears what both sides give together. */
void path_sound(struct path *path, double t_ns, double period_ns, const float *frames, uint32_t n);
/** Add what is heard in the next CONVOLVER_BLOCK frames of TIMELINE_RATE to \a sum. */
void path_hear(struct path *path, struct spectrum *sum);
/** Samples so far that came too late to be heard */
uint64_t path_missed(const struct path *path);

/** The response of the room by itself, \a n samples at TIMELINE_RATE; free() it. NULL: out of memory */
float *path_response(const struct path_config *config, uint32_t *n);

#endif /* ROOM_PATH_H */
