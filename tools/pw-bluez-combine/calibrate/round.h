/* Round: sweeps are played, one after the other, and listened to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ROUND_H
#define BLUEZ_COMBINE_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "calibrate/plan.h"
#include "calibrate/schedule.h"
#include "ear/fit.h"
#include "ear/listen.h"
#include "hearing/timeline.h"

struct calibrate;

/** What was heard of a speaker around its arrival, for a picture. */
struct round_response {
	float *envelope;		/**< NULL: nothing */
	uint32_t n;
	double start_ms;		/**< place of envelope[0]: later than one that is in place */
	double step_ms;
	double late_ms;			/**< where its first arrival was taken to be */
};

void round_response_finish(struct round_response *response);

enum round_state {
	ROUND_PLAYING,
	ROUND_HEARD,			/**< results are there */
	ROUND_BROKEN,			/**< the recording, or the group's clock, has a hole: do it again */
};

struct round {
	struct timeline player, recorder;
	int64_t followed_ns;			/**< by the loop's clock: they were last followed */
	int64_t player_quiet_ns, recorder_quiet_ns;	/**< so long they have told nothing */
	struct ear_listener *listener;

	struct plan_round plan;
	struct schedule_slot times[PLAN_SLOTS_MAX];
	struct ear_slot slots[PLAN_SLOTS_MAX];
	struct ear_heard heard[PLAN_SLOTS_MAX];
	uint32_t counts[PLAN_SLOTS_MAX];	/**< of the lease that mutes the others */
	double margin_sec;		/**< what muting takes at most: more if it ever took more */
	uint64_t begin;			/**< of the player's frames: time 0 of the schedule */
	uint32_t n_played, n_asked;	/**< slots whose sound is under way, whose muting was asked for */
	uint32_t n_placed;		/**< slots that the recording has come to: where it was then, they stay expected */
	uint32_t awaited;		/**< slot whose muting is not in place yet; PLAN_ALL: none */
	bool broken;
	bool shifted;			/**< what was learnt of where sounds are heard is of before a hole, and may be off by its length */
	double look_sec;		/**< after the last sound is expected: it is looked then, whether it has come */
	int64_t restarts;		/**< of speakers, when it began */
	uint32_t missed;		/**< sounds that came too late, when it began */

	struct plan_result results[PLAN_SPEAKERS_MAX];
	struct ear_fit_speaker fit[PLAN_SPEAKERS_MAX];
	double rate_ppm;		/**< of the microphone */
};

/** Returns 0 or -errno; round_finish() in both cases. */
int round_init(struct calibrate *c);
void round_finish(struct calibrate *c);

/** Begin what c->round.plan says. */
void round_begin(struct calibrate *c);

/** Go on with it. With ROUND_HEARD the results are there; of a level round heard[0] is. */
enum round_state round_tick(struct calibrate *c);

/** Take over what both streams have told since; between rounds, too. */
void round_follow(struct calibrate *c);

/** The module has what was asked for with this count. */
void round_taken(struct calibrate *c, uint32_t count);

#endif /* BLUEZ_COMBINE_ROUND_H */
