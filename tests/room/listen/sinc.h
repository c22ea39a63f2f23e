/* Windowed-sinc interpolation between samples */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SINC_H
#define ROOM_SINC_H

#define SINC_TAPS	32			/* samples that one value is made of */
#define SINC_HALF	(SINC_TAPS / 2)

/** Build the table. Again is harmless, two threads at once are not. */
void sinc_init(void);

/** What each of SINC_TAPS samples counts for at \a fraction [0, 1) past sample SINC_HALF - 1 */
void sinc_weights(double fraction, float weights[SINC_TAPS]);

/** The same kernel at any place: 0 from SINC_HALF on, its sum over whole numbers is 1 */
float sinc_at(double x);

/**
 * The value of stereo \a frames at \a fraction [0, 1) past frame SINC_HALF - 1.
 * \a frames has SINC_TAPS frames.
 */
void sinc_stereo(const float *frames, double fraction, float out[2]);

#endif /* ROOM_SINC_H */
