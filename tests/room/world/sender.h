/* An Echo's stream on its way to PipeWire */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SENDER_H
#define ROOM_SENDER_H

#include <stdint.h>

#include "clock/clock.h"
#include "listen/recorder.h"
#include "world/echo.h"

struct sender_stats {
	uint64_t packets;	/**< that were sent */
	uint64_t dropped;	/**< because the socket was full */
	int64_t late_max_ns;	/**< that this machine made a packet late */
};

struct sender;

/** Takes \a echo. All functions but new and destroy: with the radio's lock held. */
struct sender *sender_new(struct room_clock *clock, struct recorder *recorder, const char *name,
			  struct track *track, struct echo *echo);
void sender_destroy(struct sender *sender);

/** The stream begins or goes on. Takes \a fd. */
int sender_attach(struct sender *sender, int fd, const uint8_t *configuration, uint32_t size,
		  uint32_t mtu);
void sender_detach(struct sender *sender);
/** Send nothing before \a t_ns. */
void sender_stall(struct sender *sender, int64_t t_ns);

/** Do what is due. \return when something is due again */
int64_t sender_process(struct sender *sender, int64_t now_ns);

struct echo *sender_echo(struct sender *sender);
const struct sender_stats *sender_stats(const struct sender *sender);

#endif /* ROOM_SENDER_H */
