/* Somebody where the microphone is, who hears how far apart the speakers are, however long it takes */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_LISTENER_H
#define ROOM_SCENE_LISTENER_H

#include "listen/measure-click.h"
#include "listen/tape.h"
#include "stage/scene.h"

#define LISTENER_SPEAKERS_MAX	16

/** A while of the music */
struct listener_window {
	double t;		/**< s of the timeline, its middle */
	bool complete;		/**< whoever plays has a figure */
	double late_ms[LISTENER_SPEAKERS_MAX];	/**< at the microphone, against each other; NAN: not known */
};

struct listener_span {
	double from, to;	/**< s */
};

/**
 * Hears nothing by itself: what it knows is from the timelines of the speakers, and from how far each is. It reads them
 * as they are written, so that half an hour of them takes no room.
 */
struct listener {
	struct scene *scene;
	struct tape tapes[LISTENER_SPEAKERS_MAX + 1];	/**< the Echo's is the last */
	double metres[LISTENER_SPEAKERS_MAX];		/**< from the microphone, now */
	double range_s;		/**< they are no further apart */
	double heard_s;		/**< of the timeline, up to here */
	GArray *windows;	/**< struct listener_window */
	GArray *excuses;	/**< struct listener_span, in which nobody is asked to be in place */
	double wanted_ms[LISTENER_SPEAKERS_MAX];	/**< when each is to be heard, against each other */
	struct click bends[LISTENER_SPEAKERS_MAX + 1];	/**< sharpest so far, of each timeline: listen/measure-click.h */
	bool bend_excused[LISTENER_SPEAKERS_MAX];	/**< what it does now is not clean by itself */
};

/** What somebody hears of those \a among the speakers, all if NULL, in some span: of the earliest against the latest */
struct listener_figures {
	int windows, complete;		/**< with music in them; of these, with all their figures */
	double median_ms, rms_ms, p99_ms, worst_ms;
};

/** Speakers and the Echo have been added, and the Echo has not played. 0 or -errno, as all that return int */
int listener_open(struct listener *l, struct scene *sc, const double *metres);
/** A zeroed one is fine. */
void listener_close(struct listener *l);
/** Let time pass, and listen */
int listener_pass(struct listener *l, double seconds);
/** To the last that has been played */
int listener_end(struct listener *l);

/** From now on for so long */
void listener_excuse(struct listener *l, double seconds);
bool listener_is_excused(const struct listener *l, double t);
/** They are to be heard as they were then. */
void listener_want(struct listener *l, double from, double to);

struct listener_figures listener_figures(const struct listener *l, double from, double to, const bool *among);
/** How far apart those among them are in one window, in ms, against what is wanted; NAN: not known, or excused */
double listener_spread(const struct listener *l, const struct listener_window *w, const bool *among);
/** Of each window its time, in s, and the spread in ms, or nan; a picture of them beside it: PATH.png. 0 or -errno */
int listener_draw(const struct listener *l, const char *path, const char *title);
/** How long after \a from they were last further apart than that; 0: never, NAN: they are in the end, at \a to */
double listener_together(const struct listener *l, double from, double to, double limit_ms);

#endif /* ROOM_SCENE_LISTENER_H */
