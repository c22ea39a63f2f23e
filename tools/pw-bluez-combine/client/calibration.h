/* What a speaker's latency offset was found to be: an entry calibration.<address> of the metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CLIENT_CALIBRATION_H
#define BLUEZ_COMBINE_CLIENT_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

/** Records of a speaker, one for each codec and rate: of more the newest stay, and they come last. */
#define CALIBRATION_RECORDS_MAX	16
/** Either way, of what an offset can be */
#define CALIBRATION_OFFSET_MAX_MS	2000.0

struct calibration_record {
	char codec[32];			/**< as in status.<address> */
	uint32_t rate;			/**< in Hz, of the stream that the speaker is sent */
	double offset_ms;		/**< the latency offset, with the sign of the one in pavucontrol */
	double was_ms;			/**< what it was before: NAN if that is not known */
	int64_t report_ns;		/**< the latency without the offset at that time; 0: not known */
	bool by_ear;			/**< measured; false: by hand, a user's word */
	int64_t at;			/**< when: seconds since 1970; 0: not known */
	double sigma_ms;		/**< how sure: a standard deviation; NAN: not known */
	double arrival_ms;		/**< how much later it was left to be heard than one that has 0 here; NAN: not known */
	char microphone[256];		/**< node.name of the one that heard it; "": not known */
};

/** The record of a codec and rate in the JSON object \a json, NULL or a broken one for none. A field of it
 * that can't be so is as one that is not there; a record without codec, rate or offset is none. */
bool calibration_find(const char *json, const char *codec, uint32_t rate, struct calibration_record *record);

/**
 * The JSON object \a json, NULL or one that is broken for none, with the record in the place of the one of its codec and
 * rate. Other records stay, and so do fields that are not known, as far as a value of the metadata has room for
 * them. To be freed; NULL without memory.
 */
char *calibration_put(const char *json, const struct calibration_record *record);

/** The same without the record of this codec and rate. */
char *calibration_drop(const char *json, const char *codec, uint32_t rate);

#endif /* BLUEZ_COMBINE_CLIENT_CALIBRATION_H */
