/* A room in numbers: speakers, walls, a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_EAR_ROOM_H
#define TESTS_EAR_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ear/fit.h"
#include "ear/listen.h"

#define EAR_ROOM_SPEAKERS	16
#define EAR_ROOM_SLOTS		64

/*
 * What the listening library has to survive, from a seed: places, walls, clocks, responses, and noise
 * are different with each. 0 is nothing of it. The truth is what the times and the distances are.
 */
struct ear_room_options {
	uint64_t seed;
	uint32_t n_speakers;
	bool coarse;			/**< A B C A, and any time within +-500 ms; else A B C C B A, within 5 ms */
	double t60_s;			/**< 0: 0.2 to 0.8 */
	double snr_db;			/**< of the sweeps, as recorded, against the noise; not 0 of it */
	double direct_below_db;		/**< the direct sound may be weaker than the strongest reflection by that */
	double harmonic;		/**< amplitude of the second one, of 1 */
	double mic_rate;		/**< 0: 48000 */
	double mic_ppm;			/**< at most */
	double drift_ppm;		/**< of the speakers, at most */
	double step_db;			/**< the second time each is played so much less loud */
	double agc_slope;		/**< dB heard per dB played; 0: 1 */
	double clip;			/**< at which fraction of its peak the recording is cut off; 0: not */
	double talk_db;			/**< somebody talks, so loud against the sweeps; 0: nobody */
	bool pop;			/**< at the start of the recording */
	uint32_t lost;			/**< frames that are missing somewhere */
	bool sbc;			/**< coded, at bitpool 53 */
	bool plain;			/**< speakers without a response of their own */
};

struct ear_room {
	float *recording;
	size_t n_frames;
	double rate;			/**< nominal */
	struct ear_slot slots[EAR_ROOM_SLOTS];
	double emitted_s[EAR_ROOM_SLOTS];
	uint32_t n_slots;
	double at_s;			/**< the middle */
	double late_s[EAR_ROOM_SPEAKERS];	/**< the truth at at_s, to the first */
	double lost_at;			/**< frame of the recording */
};

void ear_room_init(struct ear_room *room, const struct ear_sweep *sweep, const struct ear_room_options *o);
void ear_room_finish(struct ear_room *room);

#endif /* TESTS_EAR_ROOM_H */
