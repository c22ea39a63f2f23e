/* Speakers as they are, and what would be heard of them, in numbers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_TRACK_PLANT_H
#define TESTS_TRACK_PLANT_H

#include <stdbool.h>
#include <stdint.h>

#include "track/loop.h"

/*
 * Simulated, not measured: speakers whose clocks and buffers behave as those of docs/room.md, a microphone whose clock
 * is known to some 0.1 ms, an estimator that is as right as it says but for what is asked for, and a group
 * that carries out what the loop says as the module does.
 */

#define PLANT_STEP_SEC	0.05
#define PLANT_PAST	1024		/* steps: 51 s */

enum plant_kind {
	PLANT_CLOCK,			/**< plays what it has, by its own clock */
	PLANT_DECAY,			/**< and its buffer decays by up to 60 ms, with a time constant of 500 s */
	PLANT_PI,			/**< holds its buffer by a PI loop */
	PLANT_DEADBAND,			/**< turns its clock by 0.39 % when its buffer is 29 ms off */
	PLANT_KINDS
};

struct plant_speaker {
	enum plant_kind kind;
	double ppm;
	double report_s;		/**< what it tells, and what the group knows */
	double true_s;			/**< and what it is, its way to the microphone included */
	double lose_every_sec;		/**< a packet, 13 ms: on average; 0: never */
	double jump_s, jump_at_sec;	/**< it is so much later from then on */
	bool faint;			/**< its first sound is not told */
	bool deaf;			/**< the microphone does not hear it */

	double decay_s;			/**< by which its buffer decays */
	double fill_s, smooth_s, integral, turn;
	double shift_s;			/**< by what it has lost */
	double past[PLANT_PAST];	/**< tau */
	double noise_s[64], noise_rate;	/**< of a hop's piece of sound */
	double outlier_s;		/**< what leads windows astray, */
	uint32_t outlier_left;		/**< and in how many more it is */

	uint32_t altered;		/**< windows in which it sounded otherwise than before */

	double place_s;			/**< where it should be */
	double arrival_s;		/**< what the record says; NAN: there is none */
	double trim_s;
	double correction_s;		/**< what is in force */
};

struct plant {
	uint64_t seed;
	uint32_t n;
	struct plant_speaker speakers[LOOP_SPEAKERS_MAX];
	struct loop loop;
	bool tracked;			/**< false: the loop is not asked */

	double window_sec, hop_sec, late_sec;
	double sigma_s;			/**< of what is heard in a window */
	double outliers, refusals;	/**< part of the windows */
	double silence_every_sec, silence_sec;
	bool rates;			/**< the estimator tells rates, too */

	uint32_t steps;
	double microphone_s;		/**< its clock against the group's */
	double moved_at_sec;		/**< the microphone */
	double moved_s[LOOP_SPEAKERS_MAX];

	/* out */
	double sum;
	uint32_t count, pairs;		/**< skews that count; and all of them */
	double worst_s;			/**< of all skews after a minute more, whatever the loop says of itself */
	double worst_step_s;		/**< of a correction, in a second, of one that was not known to be elsewhere */
	uint32_t histogram[4096];	/**< of |skew| of any two, by 2 us */
	double moved_told_sec;		/**< 0: never */
};

/** n speakers of that kind, 30 to 300 ms, whose reports are right: the loop begins with what calibrate has left. */
void plant_init(struct plant *p, enum plant_kind kind, uint32_t n, uint64_t seed);
/** Go on until \a until_sec, and take figures from \a from_sec on. */
void plant_run(struct plant *p, double from_sec, double until_sec);

double plant_now(const struct plant *p);
double plant_random(struct plant *p);	/**< 0 to 1 */
double plant_gauss(struct plant *p);
/** How late it is heard, but for what is wanted and what is the same for all. */
double plant_late_s(const struct plant *p, uint32_t i);
/** Between the latest and the earliest of those that are heard. */
double plant_spread_s(const struct plant *p);
double plant_rms_s(const struct plant *p);
/** What \a part of all skews are below. */
double plant_within_s(const struct plant *p, double part);

#endif /* TESTS_TRACK_PLANT_H */
