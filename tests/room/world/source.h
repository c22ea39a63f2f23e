/* Microphones as sources in PipeWire */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SOURCE_H
#define ROOM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "world/heard.h"
#include "world/pickup.h"

#define SOURCE_PREFIX	"room_microphone."	/* of node.name */

/** The connection to the daemon; made again for as long as there is none. Main thread */
struct sources;

/** \a epoch_ns: when the room began, on the clock of PipeWire. NULL with errno on failure */
struct sources *sources_new(int64_t epoch_ns);
void sources_destroy(struct sources *sources);

/**
 * A source with a clock of its own, as a sound card has one: it drives the graph that it is in, or follows that
 * one's driver and resamples to it.
 */
struct source;

/** NULL with errno on failure. \a heard outlives it */
struct source *source_new(struct sources *sources, const char *name, const char *description,
			  const struct pickup_config *config, const struct heard *heard, uint32_t seed);
void source_destroy(struct source *source);
/** What of it can change: neither its rate nor its clock nor its latency */
void source_configure(struct source *source, const struct pickup_config *config);
/** Its node comes or goes. */
void source_plug(struct source *source, bool plugged);
/** Samples so far that were not known in time */
uint64_t source_missed(const struct source *source);

#endif /* ROOM_SOURCE_H */
