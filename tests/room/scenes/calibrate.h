/* What scenes of calibrating by ear are made of */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_CALIBRATE_H
#define ROOM_SCENE_CALIBRATE_H

#include "random.h"
#include "stage/scene.h"

#define CALIBRATE_MICROPHONE	"laptop"
#define CALIBRATE_LIMIT_MS	180000	/* longer, and it hangs */
#define CALIBRATE_SPEED_M_S	343.0

struct range {
	double min, max;
};

/** What one room is like; the seed of the run draws the rest. T60 is from 0.2 to 0.8 s */
struct conditions {
	const char *name;
	struct range reflection_db;	/**< the strongest, against the direct sound */
	struct range snr_db;		/**< of a sweep of -20 dBFS from 2 m */
	bool boxes;			/**< each has a band of its own, and distorts */
	struct range talk_db;		/**< dBFS of a syllable of somebody who talks; 0: nobody does */
	double ppm;			/**< of the microphone, up to so much either way */
	bool slow;			/**< half of them are of 16 kHz */
	double agc;			/**< up to so much */
	const char *microphone;		/**< more options of it, NULL: none */
	const char *may_refuse;		/**< the reason that a speaker may have not to be heard; NULL: none; "*": any */
	bool moves;			/**< the microphone does, while it listens */
	bool distances;			/**< are said, and so all sound at one time where they stand */
};

/** What the tool said in the end */
struct calibration {
	int status;			/**< of its exit; -1: by a signal */
	bool kept;
	double after_ms;		/**< as it says itself; NAN */
	double seconds;			/**< from the command to its end */
	struct {
		char address[18], reason[32];
		double offset_ms;	/**< NAN */
	} speakers[SCENE_SPEAKERS_MAX];
	int n_speakers;
};

/** How late each is heard, against one of them, in ms; NAN: not known */
struct heard_late {
	double late_ms[SCENE_SPEAKERS_MAX];	/**< in the order of sc->speakers */
};

/** Between the earliest and the latest of n speakers, or of those \a among them; NAN: somebody's is not known */
double heard_late_spread(const struct heard_late *late, int n, const bool *among);

/** Speakers and a microphone in a room of that kind. \a metres: of each speaker. 0 or -errno, as all below */
int calibrate_build(struct scene *sc, const struct conditions *c, double *metres);
/** The option of a report that is wrong by as much as those of real speakers are, or of none */
char *calibrate_draw_report(struct random *random, double latency_ms);
/** Their distances, for other speakers and microphones */
int calibrate_place(struct scene *sc, struct random *random, double *metres);
/** Start a command of the tool that has --json and --microphone; more arguments, NULL: none */
struct process *calibrate_start_tool(struct scene *sc, const char *command, const char *const *more);
/** Start calibrating */
struct process *calibrate_start(struct scene *sc, const char *const *more);
/** Until it has ended. Read what it says. */
int calibrate_end(struct scene *sc, struct process *p, struct calibration *result);
/** All of that */
int calibrate_run(struct scene *sc, const char *const *more, struct calibration *result);
/** What the microphone hears between two moments (s) of music */
int calibrate_listen(struct scene *sc, const double *metres, double from, double to, struct heard_late *late);
/** All that a user has set: offsets, volumes, what is mute, the group's metadata but the status; to be freed */
char *calibrate_settings(struct scene *sc);

#endif /* ROOM_SCENE_CALIBRATE_H */
