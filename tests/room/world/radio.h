/* The thread that serves all links */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_RADIO_H
#define ROOM_RADIO_H

#include <stdbool.h>

#include "clock/clock.h"
#include "listen/recorder.h"
#include "world/link.h"
#include "world/sender.h"

/*
 * One thread does all of the room's work in time, at SCHED_FIFO where that is
 * allowed. Other threads call the functions of a link or sender between
 * radio_lock() and radio_unlock().
 */
struct radio;

/** NULL with errno on failure */
struct radio *radio_new(struct room_clock *clock, struct recorder *recorder);
/** Ends the thread; links and senders stay their owners'. \a radio may be NULL */
void radio_destroy(struct radio *radio);

void radio_lock(struct radio *radio);
/** And let the thread see what changed. */
void radio_unlock(struct radio *radio);

/** Have \a alarm called by the radio's thread, with the lock held, at \a t_ns or soon after, once; a new one
 * takes its place. With the lock held. */
void radio_set_alarm(struct radio *radio, int64_t t_ns, void (*alarm)(void *data), void *data);

/** Have \a listen called by the radio's thread, with the lock held, after the links were served; it returns when
 * it wants to be called again. NULL: nobody. With the lock held. */
void radio_set_listener(struct radio *radio, int64_t (*listen)(void *data, int64_t now_ns), void *data);

/** Serve these; with the lock held. -ENOSPC when there are too many. */
int radio_add_link(struct radio *radio, struct link *link);
int radio_add_sender(struct radio *radio, struct sender *sender);

#endif /* ROOM_RADIO_H */
