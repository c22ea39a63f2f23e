/* Sounds for a listener's ear */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SOUND_H
#define BLUEZ_COMBINE_SOUND_H

#include <stdint.h>

enum sound_kind {
	SOUND_NOISE,			/**< pink noise that wanders from left to right and back */
	SOUND_CLICKS,			/**< a click every half second: left, both, right, both */
	SOUND_BOTH,			/**< a click every half second, in both channels */
};

#define SOUND_CLICK_SEC		0.5	/**< from click to click */
#define SOUND_WANDER_SEC	4.0	/**< from left to right and back */

/** Two channels. The same parameters give the same samples. */
struct sound {
	enum sound_kind kind;
	uint32_t rate;			/**< in Hz */
	float peak;			/**< never exceeded, linear */

	uint64_t pos;			/**< in samples */
	uint64_t length;		/**< in samples; silence after that */
	uint32_t state;			/**< of the random numbers, not 0 */
	float pink[3];			/**< filter's memory */
};

/** \param rate in Hz, > 0
 * \param level_db of the peak, <= 0
 * \param seconds how long it lasts; it begins and ends with a fade */
void sound_init(struct sound *s, enum sound_kind kind, uint32_t rate, double level_db, double seconds);

/** The next \a n samples, left and right in turn. Any number of calls gives the same. */
void sound_fill(struct sound *s, float *dst, uint32_t n);

/** Has all of it been given out? */
static inline int sound_is_over(const struct sound *s)
{
	return s->pos >= s->length;
}

#endif /* BLUEZ_COMBINE_SOUND_H */
