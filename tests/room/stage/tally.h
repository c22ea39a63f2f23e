/* What the runs of a scene came to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_TALLY_H
#define ROOM_TALLY_H

#include "stage/scene.h"

extern const char *const scene_system_names[];

/** What all runs of one system came to */
struct tally {
	enum stack_system system;
	GArray *spreads;	/**< double, ms, of all windows of all runs */
	GArray *worst;		/**< double, ms, of each run */
	int runs, failed, missing;
	int discarded;		/**< attempts, because of stalls */
	int spoilt;		/**< runs of which no attempt was without a stall: nothing is known of them */
	int own_stalls;		/**< runs in which the processes of the room stalled the machine */
	double wall_s, music_s;	/**< while nothing but time passed */
	int gaps, repeats, skips, absences;
	int partial, blind;	/**< windows in which some, or all figures are missing */
	bool bounds_broken;	/**< by a figure of the scene's own */
	bool faults;
};

void tally_init(struct tally *t, enum stack_system system);
void tally_finish(struct tally *t);
/** Measure a run, count it, and tell it: as members of an object if the output is JSON. */
void tally_measure(struct scene *sc, struct tally *t, struct json *j);
/** Tell all of it; returns the verdict. */
enum scene_verdict tally_tell(const struct scene_type *type, struct tally *t, bool json,
			      struct json *j);

#endif /* ROOM_TALLY_H */
