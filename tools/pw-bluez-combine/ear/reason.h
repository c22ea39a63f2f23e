/* Reasons: why there is no arrival */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_EAR_REASON_H
#define BLUEZ_COMBINE_EAR_REASON_H

enum ear_reason {
	EAR_HEARD,		/**< none: it was heard */
	EAR_TOO_QUIET,		/**< hardly anything above a quiet room: play louder, or it is too far */
	EAR_TOO_NOISY,		/**< the room is louder than the sweep */
	EAR_CLIPPED,		/**< the microphone's signal is cut off at the top: play less loud */
	EAR_NARROW,		/**< too little of the sweep's frequencies came through */
	EAR_AMBIGUOUS,		/**< several sounds could be the first */
	EAR_UNEXPECTED,		/**< heard, and not within the slot's window */
	EAR_INTERRUPTED,	/**< a piece of the recording is missing, or no number */
	EAR_INCONSISTENT,	/**< low and high frequencies, or one time and the next, disagree */
	EAR_AGC,		/**< the microphone changes its gain by itself */
	/* While music plays */
	EAR_SILENT,		/**< hardly anything was sent */
	EAR_ALIKE,		/**< what speakers were sent differs too little to tell one from another */
	EAR_LEARNING,		/**< heard, and not yet a second time */
	EAR_JUMPED,		/**< its time changed within the window */
	EAR_MOVED,		/**< it sounds different than before: it, or the microphone, stands elsewhere */
	EAR_REASONS
};

/** For logs and JSON: "heard", "too-quiet"... */
const char *ear_reason_name(enum ear_reason reason);

#endif /* BLUEZ_COMBINE_EAR_REASON_H */
