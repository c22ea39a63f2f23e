/* For how long speakers are kept awake after the last sound */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_KEEP_WARM_H
#define BLUEZ_COMBINE_KEEP_WARM_H

#include <stdbool.h>
#include <stdint.h>

/* As long as there is a sink */
#define KEEP_WARM_ALWAYS	INT64_MAX

/**
 * An amplifier falls asleep in silence, and takes a moment to wake up, which is lost of the next sound. It is
 * all the same to it whether the stream has ended, or goes on and brings nothing. Zeroed: there was no sound yet.
 */
struct keep_warm {
	bool sound;			/**< something is still to be heard */
	int64_t until_ns;		/**< valid if not; 0: there was none yet, KEEP_WARM_ALWAYS: without end */
};

/**
 * \param for_ns  how long after the last sound, or KEEP_WARM_ALWAYS
 * \param sound   something that can be heard comes in, or is still in the delay lines
 * Returns whether the speakers are to be kept awake now, which ends at until_ns.
 */
static inline bool keep_warm_update(struct keep_warm *k, int64_t now_ns, int64_t for_ns, bool sound)
{
	if (k->sound && !sound)
		k->until_ns = for_ns == KEEP_WARM_ALWAYS ? KEEP_WARM_ALWAYS : now_ns + for_ns;
	k->sound = sound;
	return !sound && now_ns < k->until_ns;
}

#endif /* BLUEZ_COMBINE_KEEP_WARM_H */
