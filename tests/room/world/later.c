/* What the main thread does at a later time of the room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/roomd.h"

/*
 * GLib's timers follow the machine's clock. The radio's thread waits by the room's; it wakes the
 * main thread when something is due, and time stands until that has been done.
 */
struct later {
	int64_t t_ns;
	void (*run)(void *data);
	void *data;
};

static gboolean on_due(void *data);

/* radio thread, with its lock held */
static void on_alarm(void *data)
{
	g_idle_add_full(G_PRIORITY_DEFAULT, on_due, data, NULL);
}

static void set_alarm(struct room *room)
{
	int64_t first = ROOM_CLOCK_NEVER;

	for (guint i = 0; i < room->laters->len; i++)
		first = MIN(first, ((struct later *)room->laters->pdata[i])->t_ns);
	radio_lock(room->radio);
	radio_set_alarm(room->radio, first, on_alarm, room);
	radio_unlock(room->radio);
}

/* What is run may add and cancel others. */
static struct later *take_due(struct room *room, int64_t now)
{
	for (guint i = 0; i < room->laters->len; i++) {
		struct later *l = room->laters->pdata[i];

		if (l->t_ns <= now)
			return g_ptr_array_steal_index(room->laters, i);
	}
	return NULL;
}

static gboolean on_due(void *data)
{
	struct room *room = data;
	int64_t now = room_clock_now_ns(room->clock);
	struct later *l;

	while ((l = take_due(room, now)) != NULL) {
		l->run(l->data);
		g_free(l);
	}
	set_alarm(room);
	return G_SOURCE_REMOVE;
}

void room_later(struct room *room, double msec, void (*run)(void *data), void *data)
{
	struct later *l = g_new0(struct later, 1);

	l->t_ns = room_clock_now_ns(room->clock) + (int64_t)(msec * 1e6);
	l->run = run;
	l->data = data;
	g_ptr_array_add(room->laters, l);
	set_alarm(room);
}

void room_not_later(struct room *room, const void *data)
{
	for (guint i = room->laters->len; i > 0; i--)
		if (((struct later *)room->laters->pdata[i - 1])->data == data)
			g_ptr_array_remove_index(room->laters, i - 1);
}
