/* What plays and what talks, a frame at a time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MUSIC_KINDS_H
#define ROOM_MUSIC_KINDS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "random.h"

/** All are zeroed, and then initialised */

/* music-talk.c */

#define TALKER_FORMANTS	3

/** y[n] = gain x[n] + b y[n-1] - c y[n-2] */
struct resonator {
	double gain, b, c, y[2];
};

enum talker_sound {
	TALKER_PAUSE,
	TALKER_FRICATIVE,
	TALKER_VOWEL,
	TALKER_N_SOUNDS,
};

struct talker {
	struct random random;
	double rate;
	double pitch_hz, formant_scale;	/**< of this person */
	enum talker_sound sound;
	uint32_t length, left;		/**< frames of that sound */
	int syllables;			/**< left of the phrase */
	double phase, hz, glide;	/**< of the vocal folds; glide: Hz a frame */
	double level, hiss;
	struct resonator formants[TALKER_FORMANTS];
};

struct talk {
	struct random random;
	double rate;
	bool turns;			/**< there are two, who take turns */
	struct talker talkers[2];
	int turn;
	int64_t left, silent;		/**< frames of the turn, and of the pause after it */
};

void talk_init(struct talk *talk, bool turns, uint32_t rate, uint64_t seed);
void talk_next(struct talk *talk, float *frame);

/* music-piano.c */

#define PIANO_NOTES	8
#define PIANO_PARTIALS	10

struct note {
	int n;				/**< partials; 0: free */
	/** y[n] = b y[n-1] - c y[n-2]: a sine that fades */
	struct partial {
		double b, c, y[2];
	} partials[PIANO_PARTIALS];
	double hammer;			/**< level of its noise */
	double age, pan;		/**< s; 0: left */
};

struct piano {
	struct random random;
	double rate;
	int64_t wait;			/**< frames until the next note */
	int next;			/**< that is struck, the oldest */
	double knock;			/**< state of the hammer's low-pass */
	struct note notes[PIANO_NOTES];
};

void piano_init(struct piano *piano, uint32_t rate, uint64_t seed);
void piano_next(struct piano *piano, float *frame);

/* music-pop.c */

#define POP_CHORD	3
#define POP_SIDES	2

struct saw {
	double phase, step;
};

/** Sounds once, and fades */
struct drum {
	double age;			/**< s since it was hit, below 0: not yet */
	double phase;
};

struct pop {
	struct random random;
	double rate;
	double beat_s, swing_s;		/**< of an eighth */
	int64_t frame, next;		/**< of the next eighth */
	int eighth, chord;
	struct drum kick, snare, hat;
	double last_noise;
	struct saw bass, pads[POP_SIDES][POP_CHORD], lead;
	double bass_low, pad_low[POP_SIDES], lead_age;
};

void pop_init(struct pop *pop, uint32_t rate, uint64_t seed);
void pop_next(struct pop *pop, float *frame);

/** A number from low to high, each ratio as likely */
static inline double random_ratio(struct random *r, double low, double high)
{
	return low * pow(high / low, random_unit(r));
}

#endif /* ROOM_MUSIC_KINDS_H */
