/* What a speaker makes of the sound that it plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CABINET_H
#define ROOM_CABINET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Zeroed it changes nothing. All of it is of minimum phase, but for the bass that comes late: what sounds first is not later than
 * without it, what is loudest is, by some sqrt(2) / (2 pi high_hz), 19 us for 12 kHz.
 */
struct cabinet_config {
	double low_hz, high_hz;	/**< its band, 12 dB an octave; 0: no limit */
	double harmonic;	/**< second harmonic against the tone, at any level; 0: none */
	double bass_hz;		/**< what is below, */
	double bass_ms;		/**< comes so much later; 0: not */
	double limiter_db;	/**< dBFS, the level that peaks are held at; 0: none */
	double dynamic_db;	/**< by so much loud bass is lowered at most; 0: none */
};

/* y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], in the transposed form */
struct biquad {
	double b0, b1, b2, a1, a2;
};

struct biquad_state {
	double s1, s2;
};

/*
 * Bass is lowered by a shelf of first order with its middle here: by nothing while its level, rms, is below
 * CABINET_QUIET_DB, by all of it from CABINET_LOUD_DB on, and by as many dB in proportion between.
 */
#define CABINET_SHELF_HZ	150.0
#define CABINET_QUIET_DB	(-40.0)
#define CABINET_LOUD_DB		(-12.0)

#define CABINET_BASS_MAX_MS	100
#define CABINET_BASS_SIZE	8192	/* frames, for that at any rate */

/** Of one speaker; zeroed is what changes nothing */
struct cabinet {
	bool low, high, bass, harmonic, dynamic, limiter;
	struct biquad low_pass, high_pass, crossover;
	double asymmetry;
	double shelf, dynamic_db, ceiling;
	double attack, release, recovery;	/* share of the way that a level takes in a frame */
	uint32_t bass_frames;
	struct biquad_state low_state[2], high_state[2], crossover_state[2];
	double bass_level;			/* mean square, of both channels */
	double peak;				/* that the limiter holds */
	double shelf_state[2];
	float late[2][CABINET_BASS_SIZE];	/* bass that is still to come */
	uint32_t at;
};

/** Another configuration, or another \a rate in Hz; what rings in the filters goes on. */
void cabinet_configure(struct cabinet *cabinet, const struct cabinet_config *config, double rate);
/** Stereo, in place. */
void cabinet_play(struct cabinet *cabinet, float *frames, uint32_t n);

#endif /* ROOM_CABINET_H */
