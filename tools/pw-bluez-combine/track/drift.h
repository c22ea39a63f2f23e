/* Drift: how late a speaker is, and how fast that changes */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_DRIFT_H
#define BLUEZ_COMBINE_TRACK_DRIFT_H

/*
 * Pure calculation. What is followed is x, in s, which grows by r, in s per s. Both wander: r is a clock whose
 * temperature changes, or a buffer that is led back to where it should be. A window tells x with a variance
 * R, now and then, and each time with another one. The weights of the old and the new that are best then are
 * Kalman's: with windows that come evenly and are all as good it is a second-order loop (x += b1 e, r += b2 e), of a
 * bandwidth that follows from R and how much r wanders. It is not one with fixed coefficients, as
 * - it begins wide and becomes narrow by itself, and opens again after it had to wait;
 * - it knows how sure it is, which decides what is taken for a jump, and how long nothing need be heard.
 */

/** What r wanders by in a second, in s per s (one sigma). A buffer that decays by
 * 57 ms in 25 minutes is followed to within 0.1 ms; with windows of 12 s every 3 s, of 0.025 ms each, it makes a loop of 0.01 Hz. */
#define DRIFT_RATE_WANDER	0.35e-6
/** What x wanders by in a second, in s: a speaker that holds its buffer by a loop of its own is never at rest. */
#define DRIFT_WANDER		8e-6

struct drift {
	double at_s;			/**< when x and r are as they are here */
	double late_s, rate;		/**< x, r */
	double late_var, both_cov, rate_var;	/**< their covariance */
};

/** One that was heard for the first time. */
void drift_begin(struct drift *d, double at_s, double late_s, double late_sigma, double rate, double rate_sigma);

/** Time passes, until \a at_s. */
void drift_go_on(struct drift *d, double at_s);

/** It was heard later than expected by \a error_s. */
void drift_correct(struct drift *d, double error_s, double variance);
/** It was heard to go faster than expected. */
void drift_correct_rate(struct drift *d, double error, double variance);

/** Where it should be at another time, and how far off that may be (one sigma). */
double drift_late_s(const struct drift *d, double at_s);
double drift_sigma_s(const struct drift *d, double at_s);

#endif /* BLUEZ_COMBINE_TRACK_DRIFT_H */
