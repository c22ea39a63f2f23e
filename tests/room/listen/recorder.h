/* What the room leaves behind: WAV timelines and events */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_RECORDER_H
#define ROOM_RECORDER_H

#include <stdint.h>

/*
 * Rendering and files are the work of a thread of the recorder's own. Handing
 * something over takes no lock, so that the radio thread never waits for the
 * disk.
 */
struct recorder;
struct track;

/** \a dir must exist. NULL with errno on failure. */
struct recorder *recorder_new(const char *dir);
/** Finish, if that was not done, and free. \a recorder may be NULL */
void recorder_destroy(struct recorder *recorder);

/**
 * A new file \a kind-\a name.wav. Main thread.
 * \return NULL with errno on failure
 */
struct track *recorder_track(struct recorder *recorder, const char *kind, const char *name);

/** Place samples: timeline_add(). Any thread. */
void track_add(struct track *track, double t_ns, double period_ns, const float *frames,
	       uint32_t n_frames);

/** A line in events.jsonl. \a fields is empty or more of the JSON object: "\"a\":1". Any thread. */
void recorder_event(struct recorder *recorder, int64_t t_ns, const char *device, const char *event,
		    const char *fields, ...) __attribute__((format(printf, 5, 6)));

/** Nothing before \a t_ns comes any more: what is known is written. Any thread. */
void recorder_advance(struct recorder *recorder, int64_t t_ns);

/** All timelines end at \a t_ns; close the files. What comes later is dropped. Main thread. */
int recorder_finish(struct recorder *recorder, int64_t t_ns);

/** \a text as it stands between the quotes of a JSON string. Free it with free(). */
char *recorder_quote(const char *text);

#endif /* ROOM_RECORDER_H */
