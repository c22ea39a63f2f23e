/* A room in which speakers wander while music plays, and who keeps them together */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_WANDER_H
#define ROOM_SCENE_WANDER_H

#include "scenes/calibrate.h"
#include "scenes/listener.h"

enum wander_kind {
	WANDER_REAL,		/**< reports are wrong; buffers drain, packets are lost, clocks differ */
	WANDER_CLOCKS,		/**< only those */
};

/** What is told of a speaker */
enum tracked_state {
	TRACKED_UNKNOWN,	/**< nothing */
	TRACKED_LEARNING,
	TRACKED_TRACKING,
	TRACKED_HOLDING,
	TRACKED_LOST,
	TRACKED_SILENT,
};

/** What the tracker told at some moment */
struct tracked_moment {
	double t;		/**< s of the timeline */
	enum tracked_state speakers[SCENE_SPEAKERS_MAX];	/**< in the order of sc->speakers */
};

struct wander {
	struct scene *scene;
	double metres[SCENE_SPEAKERS_MAX];
	struct calibration calibration;
	struct listener listener;
	struct process *tracker;	/**< NULL: nobody tracks */
	GArray *moments;		/**< struct tracked_moment, one a second */
	double began_s;			/**< on the timeline: the music */
};

/** Zeroed, or of an earlier run. Speakers, a microphone and an Echo that is connected. 0 or -errno, as all below */
int wander_build(struct wander *w, struct scene *sc, enum wander_kind kind);
/** A little music, and calibrate */
int wander_calibrate(struct wander *w);
/** What real speakers do by themselves begins */
int wander_begin(struct wander *w);
/** Start the tracker; more arguments, NULL: none */
int wander_track(struct wander *w, const char *const *more);
/** The Echo plays, and is listened to */
int wander_play(struct wander *w, double range_s);
/** Let time pass */
int wander_pass(struct wander *w, double seconds);
/** To the last that has been played */
int wander_end(struct wander *w);
double wander_now_s(const struct wander *w);

/** The share of the moments within from..to in which a speaker (-1: all) was in that state; NAN: nothing was told */
double wander_share(const struct wander *w, int speaker, enum tracked_state state, double from, double to);
/** Nobody is asked to be in place while the tracker does not say that all are tracked, and until the delays have
 * followed. Returns the share of the moments from \a from on that are excused by nothing but this. */
double wander_excuse_untracked(struct wander *w, double from);
/** A number of status.<address>, in ms; NAN: none */
double wander_status_ms(const struct wander *w, int speaker, const char *field);

#endif /* ROOM_SCENE_WANDER_H */
