/* An Echo's stream on its way to PipeWire */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world/sender.h"

#define LATE_NS		2000000LL	/* worth telling */

struct sender {
	struct room_clock *clock;
	struct recorder *recorder;
	char *name;
	struct track *track;
	struct echo *echo;
	struct sender_stats stats;
	int fd;
	bool begun, ended;	/* said once for each stream */
	int64_t free_ns;
};

struct sender *sender_new(struct room_clock *clock, struct recorder *recorder, const char *name,
			  struct track *track, struct echo *echo)
{
	struct sender *sender;

	sender = calloc(1, sizeof(*sender));
	if (sender == NULL)
		return NULL;
	sender->name = strdup(name);
	if (sender->name == NULL) {
		free(sender);
		return NULL;
	}
	sender->fd = -1;
	sender->clock = clock;
	sender->recorder = recorder;
	sender->track = track;
	sender->echo = echo;
	return sender;
}

void sender_destroy(struct sender *sender)
{
	if (sender == NULL)
		return;
	if (sender->fd >= 0)
		close(sender->fd);
	echo_destroy(sender->echo);
	free(sender->name);
	free(sender);
}

int sender_attach(struct sender *sender, int fd, const uint8_t *configuration, uint32_t size,
		  uint32_t mtu)
{
	int res;

	sender_detach(sender);
	res = echo_start(sender->echo, room_clock_now_ns(sender->clock), configuration, size, mtu);
	if (res < 0) {
		close(fd);
		return res;
	}
	sender->fd = fd;
	sender->begun = sender->ended = false;
	return 0;
}

void sender_detach(struct sender *sender)
{
	if (sender->fd >= 0) {
		shutdown(sender->fd, SHUT_RDWR);
		close(sender->fd);
	}
	sender->fd = -1;
	echo_stop(sender->echo);
}

void sender_stall(struct sender *sender, int64_t t_ns)
{
	if (sender->free_ns < t_ns)
		sender->free_ns = t_ns;
}

/* The Echo's own jitter is in t: this is the machine's. */
static void watch_lateness(struct sender *sender, int64_t now, int64_t late)
{
	if (late > sender->stats.late_max_ns)
		sender->stats.late_max_ns = late;
	if (late > LATE_NS)
		recorder_event(sender->recorder, now, sender->name, "late", "\"msec\": %.3f", late * 1e-6);
}

int64_t sender_process(struct sender *sender, int64_t now)
{
	const struct echo_packet *p;

	while (sender->fd >= 0 && (p = echo_next(sender->echo)) != NULL) {
		int64_t t = p->t_ns > sender->free_ns ? p->t_ns : sender->free_ns;

		if (t > now)
			return t;
		watch_lateness(sender, now, now - t);
		if (send(sender->fd, p->data, p->size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			sender->stats.packets++;
			if (!sender->begun)
				recorder_event(sender->recorder, now, sender->name, "first-packet", "%s", "");
			sender->begun = true;
		} else if (errno == EAGAIN) {
			sender->stats.dropped++;
			recorder_event(sender->recorder, now, sender->name, "dropped", "%s", "");
		} else {
			close(sender->fd);
			sender->fd = -1;
			echo_stop(sender->echo);
			break;
		}
		track_add(sender->track, p->nominal_ns, p->period_ns, p->frames, p->n_frames);
		echo_sent(sender->echo);
	}
	if (sender->fd >= 0 && !sender->ended) {
		sender->ended = true;
		recorder_event(sender->recorder, now, sender->name, "ended", "%s", "");
	}
	return ROOM_CLOCK_NEVER;
}

struct echo *sender_echo(struct sender *sender)
{
	return sender->echo;
}

const struct sender_stats *sender_stats(const struct sender *sender)
{
	return &sender->stats;
}
