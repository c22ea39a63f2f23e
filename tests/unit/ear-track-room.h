/* A room in numbers in which music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_EAR_TRACK_ROOM_H
#define TESTS_EAR_TRACK_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "music.h"

#define EAR_TRACK_ROOM_SPEAKERS	16

/* From a seed. 0 is nothing of it. */
struct ear_track_room_options {
	uint64_t seed;
	uint32_t n_speakers;
	enum music music;
	double seconds;
	double t60_s;			/**< 0: 0.2 to 0.8 */
	double snr_db;			/**< of what is heard, against the room's noise */
	double drift_ppm;		/**< of the speakers' clocks, at most */
	double mic_ppm;			/**< of the microphone's, what is left of it, at most */
	double spread_ms;		/**< by which speakers are apart, at most */
	double samples;			/**< by which delay lines move to and fro; 0: 1; negative: not at all */
	double gain_db;			/**< by which gains do, beside or instead */
	double direct_below_db;
	double jump_ms, jump_at_s;	/**< of the first speaker */
	double gap_at_s, gap_s;		/**< the music pauses */
	double quiet_db;		/**< the second speaker is less loud by this */
	bool silent;			/**< the second speaker is not heard at all */
	bool together;			/**< the first two stand in one place, with the same response */
	bool stereo;			/**< roles: left, right, mono ... */
	bool sbc;
	double limit;			/**< speakers limit what is above so many times the mean level */
	double talk_db;			/**< somebody talks in the room, against the music */
	double clip;			/**< the microphone cuts off there, of the peak */
	double agc_slope;
	double walk_m_s;		/**< the microphone is carried away from all */
};

struct ear_track_room {
	double rate;
	size_t n_frames;
	uint32_t n_speakers;
	float *sent[EAR_TRACK_ROOM_SPEAKERS];
	float *heard;
	double tau_s[EAR_TRACK_ROOM_SPEAKERS], drift[EAR_TRACK_ROOM_SPEAKERS], way_s[EAR_TRACK_ROOM_SPEAKERS];
	double mic, jump_s, jump_at_s;
};

void ear_track_room_init(struct ear_track_room *room, const struct ear_track_room_options *o);
void ear_track_room_finish(struct ear_track_room *room);

/** The truth: from sent to heard, for what is heard in a frame. */
double ear_track_room_tau(const struct ear_track_room *room, uint32_t i, double frame);

#endif /* TESTS_EAR_TRACK_ROOM_H */
