/* Moved: is it speakers that are heard elsewhere, or the microphone? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_MOVED_H
#define BLUEZ_COMBINE_TRACK_MOVED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure calculation. A microphone that is carried elsewhere changes when every speaker is heard, each by another time, no more than
 * sound takes for the way, and how the room sounds. A speaker that jumps does that alone, by any time, and
 * sounds as before. So it needs somebody who stands still to say that a speaker has jumped.
 */

/** What a microphone that was moved is believed to do: 3.4 m. Who carries it farther carries it for longer, and is heard to do so */
#define MOVED_MAX_S		10e-3
/** All that are later by the same, but for this, are where they were: it is the recording that is not */
#define MOVED_SAME_S		0.3e-3
/** A speaker that is heard, or was in the last windows, and had been heard before. */
struct moved_speaker {
	bool still;			/**< where it was expected */
	bool sure;			/**< elsewhere, and that is sure */
	double step_s;			/**< so much later than expected; 0 if it is still */
	bool altered;			/**< it sounds otherwise than before */
};

enum moved_verdict {
	MOVED_NOBODY,			/**< so far */
	MOVED_SPEAKERS,			/**< those of which it is sure */
	MOVED_MICROPHONE,
	MOVED_UNCLEAR,			/**< somebody has, and it has to be waited for what the others do */
};

enum moved_verdict moved_judge(const struct moved_speaker *speakers, uint32_t n);

#endif /* BLUEZ_COMBINE_TRACK_MOVED_H */
