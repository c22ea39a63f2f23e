/* How loud each channel of a recording is, moment by moment */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_LEVELS_H
#define ROOM_LEVELS_H

#define LEVELS_BLOCK_S	0.01
/** Nothing is softer: digital silence has a figure */
#define LEVELS_FLOOR_DB	-120.0

/** Of noise_write_turns() */
enum turn { TURN_LEFT, TURN_RIGHT, TURN_N };

struct levels {
	float *power[2];	/**< mean square of each block, by channel */
	int n;			/**< blocks */
	double peak;		/**< linear */
};

/** Read a stereo file. 0 or -errno. */
int levels_read(struct levels *l, const char *path);
void levels_finish(struct levels *l);

/** Mean dB over full scale of a channel while in \a by only that of \a turn sounds, but not within 50 ms of
 * a change; NAN: it never does */
double levels_in_turn(const struct levels *l, int channel, const struct levels *by, enum turn turn,
		double from, double to);
/** By how many dB \a l is louder than \a by at most, block by block, where that sounds steadily or is silent;
 * NAN: \a l is never as loud as that to within 1 dB */
double levels_over(const struct levels *l, const struct levels *by, double from, double to);
/** Mean dB over full scale of both channels; NAN: the recording ends before */
double levels_mean(const struct levels *l, double from, double to);

#endif /* ROOM_LEVELS_H */
