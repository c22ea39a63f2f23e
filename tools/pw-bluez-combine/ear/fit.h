/* Fit: from arrivals to the differences between speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_FIT_H
#define BLUEZ_COMBINE_EAR_FIT_H

#include <stdint.h>

#include "ear/listen.h"

/*
 * An arrival a (s, by the microphone's clock) of what was played at e (s, by the player's):
 *
 *	a - e = common + late_i + (rate + drift_i) (e - at)
 *
 * rate is the microphone's clock against the player's, drift_i that of speaker i against the
 * mean of them. All are solved for at once (least squares), with what is known
 * beforehand: clocks are some ten ppm apart. Without that a speaker that was heard once
 * could be anything; with it the error grows by as much as its clock may have gone.
 */

struct ear_fit_speaker {
	enum ear_reason reason;	/**< EAR_HEARD, or why nothing is known */
	double late_s;		/**< heard so much later than the reference */
	double sigma_s;		/**< of late_s */
	double drift_ppm;	/**< its sound comes so much later with time, against the mean */
	uint32_t heard;		/**< slots in which it was */
};

struct ear_fit {
	uint32_t reference;	/**< the first speaker that was heard: its late_s is 0 */
	double rate_ppm;	/**< of the microphone's clock: positive is fast */
	double residual_s;	/**< root mean square of what the model does not explain */
};

/** \param rate_hz nominal, of the recording
 * \param emitted_s for each slot: when its sweep was played, by the player's clock
 * \param instant_s ear_listener_instant()
 * \param at_s the moment for which the differences hold, by the player's clock
 * \param speakers \a n_speakers, by ear_slot.speaker
 * \return how many speakers were heard, or -errno: EINVAL a slot's speaker is too large, ENOMEM */
int ear_fit(struct ear_fit *fit, struct ear_fit_speaker *speakers, uint32_t n_speakers, double rate_hz,
		const struct ear_slot *slots, const double *emitted_s, const struct ear_heard *heard,
		uint32_t n, double instant_s, double at_s);

#endif /* BLUEZ_COMBINE_EAR_FIT_H */
