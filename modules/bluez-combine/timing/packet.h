/* How long a packet is, and what cycle of the graph that asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PACKET_H
#define BLUEZ_COMBINE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "timing/codec.h"

#define PACKET_MAX_NS	(120 * INT64_C(1000000))	/* 15 frames of SBC at 16 kHz */

/*
 * A Bluetooth sink sends a packet when it is full. If a cycle of the graph is at least as long,
 * each packet leaves at a fixed delay; if it is shorter, the delay is a sawtooth of up to a cycle,
 * and the reported latency is wrong by some of it.
 *
 * Nothing says how long a packet is: it follows from the socket's MTU, which only bluez5 knows.
 * But the first packet of a stream adds its length to the latency that the sink reports.
 */

/** The longest that is common with this codec at this rate (0: not known), in ns. */
int64_t packet_common_ns(const struct codec *codec, uint32_t rate);

/**
 * How long the packet is that a stream's first report lacks and the second one has.
 *
 * With it comes the delay of the encoder, which is known for SBC only.
 * Returns ns, or 0 if the difference is not one that an SBC packet makes: the speaker itself
 * may have reported another delay.
 */
int64_t packet_between_ns(const struct codec *codec, uint32_t rate, int64_t first_ns, int64_t second_ns);

/**
 * By how much packets of \a packet_ns have become longer while the stream goes on, if a report that rises by \a rise_ns says so.
 *
 * A bitpool that is lowered makes room for more frames in a packet. Returns ns, or 0 if the rise is not one that only frames of
 * SBC make: then the speaker itself reports another delay.
 */
int64_t packet_growth_ns(const struct codec *codec, uint32_t rate, int64_t packet_ns, int64_t rise_ns);

/**
 * Does a report that falls by \a fall_ns say that the sink has begun another stream? A packet is no part of it then, as long as none
 * was sent; what the encoder takes goes with it or, after an error of the transport, stays.
 */
bool packet_is_gone(const struct codec *codec, uint32_t rate, int64_t fall_ns);

/**
 * Does a report that falls by \a fall_ns say that the sink has begun another stream, and has sent a packet of it? A stream begins
 * with the shortest packets, so it is shorter by frames than the \a packet_ns of the former one, which was in the report until then.
 */
bool packet_is_shorter(const struct codec *codec, uint32_t rate, int64_t packet_ns, int64_t fall_ns);

/**
 * Is there a packet in the \a n_reports -th report of a stream, \a report_ns with the user's \a offset_ns?
 *
 * Where it is seen, by its fraction of a step: a second report may be the speaker's own. Else it is in the second one.
 */
bool packet_is_sent(const struct codec *codec, int64_t report_ns, int64_t offset_ns, uint32_t n_reports);

/**
 * Does the first packet always make a report a fraction of the step of 0.1 ms that a speaker's own has?
 *
 * Of SBC it does, at any rate, with the 73 samples of its encoder.
 */
bool packet_is_seen(const struct codec *codec);

/** Is it the encoder's delay alone by which a report rises? PipeWire 1.6 tells of it before the first packet. */
bool packet_is_encoder(const struct codec *codec, uint32_t rate, int64_t rise_ns);

/** Is it whole steps of 0.1 ms, as what a speaker says of itself, and what is assumed for it? */
bool packet_is_step(int64_t ns);

/** Is that a packet's length that somebody may have measured? */
static inline bool packet_is_possible(int64_t ns)
{
	return ns > 0 && ns <= PACKET_MAX_NS;
}

/** The smallest power of two of samples that is no shorter than the packet. */
uint32_t packet_quantum(int64_t packet_ns, uint32_t rate);

#endif /* BLUEZ_COMBINE_PACKET_H */
