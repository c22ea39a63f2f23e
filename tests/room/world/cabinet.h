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
};

/* y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], in the transposed form */
struct biquad {
	double b0, b1, b2, a1, a2;
};

struct biquad_state {
	double s1, s2;
};

#define CABINET_BASS_MAX_MS	100
#define CABINET_BASS_SIZE	8192	/* frames, for that at any rate */

/** Of one speaker; zeroed is what changes nothing */
struct cabinet {
	bool low, high, bass, harmonic;
	struct biquad low_pass, high_pass, crossover;
	double asymmetry;
	uint32_t bass_frames;
	struct biquad_state low_state[2], high_state[2], crossover_state[2];
	float late[2][CABINET_BASS_SIZE];	/* bass that is still to come */
	uint32_t at;
};

/** Another configuration, or another \a rate in Hz; what rings in the filters goes on. */
void cabinet_configure(struct cabinet *cabinet, const struct cabinet_config *config, double rate);
/** Stereo, in place. */
void cabinet_play(struct cabinet *cabinet, float *frames, uint32_t n);

#endif /* ROOM_CABINET_H */
