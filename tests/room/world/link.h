/* The way of a stream through the air to a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_LINK_H
#define ROOM_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "clock/clock.h"
#include "listen/recorder.h"
#include "world/speaker.h"

/*
 * PipeWire's packets wait in the kernel's socket until the controller has room
 * for them, in the controller until the air is free, and take their time on
 * the air. A radio that serves nobody for a while first fills the controller's
 * queue and then the socket, and then PipeWire cannot send: as with a real one.
 */
#define LINK_QUEUE_MAX	64	/* packets in the controller */
#define LINK_MTU_MAX	2048
/* A packet gets its time stamp this much before it can be read, at the most: so long after a moment it is
 * known what sounded then. */
#define LINK_KNOWN_NS	2000000LL

struct link_config {
	double loss;		/**< probability, 0-1, that a packet is lost on the air */
	double service_ms;	/**< time that a packet takes on the air */
	double jitter_ms;	/**< and up to so much more, in order */
	uint32_t queue_packets;	/**< room in the controller, 1-LINK_QUEUE_MAX */
};

struct link_stats {
	uint64_t packets;	/**< that arrived */
	uint64_t lost;		/**< on the air */
	uint64_t corrupt;	/**< that the decoder refused */
	uint32_t queued;	/**< in the controller now */
};

struct link;

/** Stereo frames sound from \a t_ns on, \a period_ns apart */
typedef void (*link_sound_t)(void *data, double t_ns, double period_ns, const float *frames, uint32_t n_frames);

/** All functions but new and destroy: with the radio's lock held. */
struct link *link_new(struct room_clock *clock, struct recorder *recorder, const char *name,
		      struct track *track, const struct link_config *config,
		      const struct speaker_config *speaker, uint64_t seed);
void link_destroy(struct link *link);
/** Hear what comes out of its speaker; NULL: nobody does. */
void link_set_listener(struct link *link, link_sound_t listener, void *data);
void link_configure(struct link *link, const struct link_config *config,
		    const struct speaker_config *speaker);

/** A stream begins. Takes \a fd. \a configuration is that of the A2DP SBC codec. */
int link_attach(struct link *link, int fd, const uint8_t *configuration, uint32_t size);
/** The stream ends; with \a cut the speaker is silent at once. */
void link_detach(struct link *link, bool cut);

/** Serve nobody until \a t_ns. */
void link_stall(struct link *link, int64_t t_ns);
/** Lose the next \a packets. */
void link_drop(struct link *link, uint32_t packets);

/** Do what is due. \return when something is due again */
int64_t link_process(struct link *link, int64_t now_ns);
/** The socket to wait for, or -1 */
int link_fd(const struct link *link);

struct speaker *link_speaker(struct link *link);
const struct link_stats *link_stats(const struct link *link);

#endif /* ROOM_LINK_H */
