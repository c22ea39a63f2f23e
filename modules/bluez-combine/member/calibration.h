/* What a speaker's latency offset was found to be by listening, and whether that still holds */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBER_CALIBRATION_H
#define BLUEZ_COMBINE_MEMBER_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/list.h>

/*
 * Pure. The offset itself is the speaker's own, which the session manager keeps, and counts as any other; nothing
 * of what is read here moves anybody. It says what a figure rests on.
 */

/** An offset that is as far from the record's is another one: the user's */
#define CALIBRATION_OFFSET_NS	50000
/** What a report may be off by, and the offset still good: the steps of one are 0.1 ms, and a packet is longer */
#define CALIBRATION_REPORT_NS	2000000
/** Records of a speaker: the newest count, and they come last */
#define CALIBRATION_RECORDS_MAX	16

struct calibration_record {
	char codec[32];
	uint32_t rate;			/**< of what the speaker is sent, in Hz */
	int64_t offset_ns;
	int64_t report_ns;		/**< its latency then, without the offset; 0: not known */
	int64_t at;			/**< when, in seconds since 1970; 0: not known */
	bool by_ear;			/**< measured; false: a user's word */
};

/** calibration.<address> */
struct calibration {
	struct spa_list link;		/**< the owner's list */
	char *address;
	struct calibration_record records[CALIBRATION_RECORDS_MAX];
	uint32_t n_records;
};

/** What stands under this address now, JSON, takes the place of what stood there; NULL or no JSON object: nothing does. A record
 * that is not what it may be is passed over: whoever keeps them puts that right. A new address beyond max of them is ignored. */
void calibration_put(struct spa_list *list, const char *address, const char *json, uint32_t max);

void calibration_clear(struct spa_list *list);

/** NULL if there is none. */
const struct calibration *calibration_find(const struct spa_list *list, const char *address);

/** How a speaker is now. */
struct calibration_facts {
	const char *codec;
	uint32_t rate;			/**< 0: not known */
	int64_t offset_ns;
	int64_t report_ns;		/**< 0: nothing is known of it yet, that could be another one */
};

enum calibration_state {
	CALIBRATION_NONE,		/**< nobody has listened */
	CALIBRATION_GOOD,		/**< it is as it was found */
	CALIBRATION_BY_HAND,		/**< the user has the last word */
	CALIBRATION_OTHER_CODEC,	/**< it was found for another codec, */
	CALIBRATION_OTHER_RATE,		/**< or for this one at another rate, */
	CALIBRATION_OTHER_REPORT,	/**< or it tells another latency than then */
};

/** \param calibration  of this speaker, or NULL. \param record  takes the one that it is about, or NULL. */
enum calibration_state calibration_judge(const struct calibration *calibration, const struct calibration_facts *facts,
		const struct calibration_record **record);

#endif /* BLUEZ_COMBINE_MEMBER_CALIBRATION_H */
